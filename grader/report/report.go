// Package report writes what a class's grades look like to people and to
// course platforms: pages, JUnit, and the files that Canvas, Moodle, Gradescope
// and Classroom 50 take. Everything in it comes out of a gradebook; it judges
// nothing, prints nothing and needs no machine.
//
// Texts that students had a hand in are cleaned once, when a grade comes in
// (see clean), and escaped by every sink in its own way.
package report

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"ipclab/grader/gradebook"
)

// FormatError is a format that Write doesn't know.
type FormatError struct{ Format string }

func (e *FormatError) Error() string { return fmt.Sprintf("there is no format %q", e.Format) }

// Hint names those there are.
func (e *FormatError) Hint() string { return "there are " + strings.Join(Formats(), ", ") }

// Formats are the formats that Write knows, beside results.json.
func Formats() []string {
	return []string{"html", "junit", "canvas", "moodle", "gradescope", "classroom50"}
}

// CheckFormats says whether Write knows all of these.
func CheckFormats(formats []string) error {
	for _, f := range formats {
		if !slices.Contains(Formats(), f) {
			return &FormatError{Format: f}
		}
	}
	return nil
}

// Option changes what Write does beside the formats.
type Option func(*job)

// ForStudents writes, beside results.json, only the folder student/, which is
// what may be given out.
func ForStudents() Option { return func(j *job) { j.studentsOnly = true } }

// WithRoster fills in the list of a course that its platform exported, so that
// rows and ids are the platform's own. The function is told what came of it.
func WithRoster(r *Roster, filled func(Filling)) Option {
	return func(j *job) { j.roster, j.filled = r, filled }
}

// InClassroom says where in a Classroom 50 the work was handed in.
func InClassroom(c Classroom50) Option { return func(j *job) { j.classroom = c } }

// job is one writing of reports.
type job struct {
	dir          string
	book         *gradebook.Book
	lab          gradebook.Lab // its texts cleaned
	formats      []string
	studentsOnly bool
	roster       *Roster
	filled       func(Filling)
	classroom    Classroom50
}

// entry is a grade on its way into the sinks.
type entry struct {
	gradebook.Grade                 // as it was judged
	clean           gradebook.Grade // its texts cleaned
	student         gradebook.Grade // what the student may see, cleaned
}

// sink makes one kind of file. After finish it may be dropped without effect.
type sink interface {
	add(entry) error
	finish() error
	drop()
}

// Write writes results.json and its schema, what students may see of it, and
// the formats, into the folder. It reads the grades once, one at a time and
// ordered by ID; those of the book itself are not looked at.
func Write(dir string, book *gradebook.Book, grades iter.Seq2[gradebook.Grade, error], formats []string, options ...Option) error {
	if err := CheckFormats(formats); err != nil {
		return err
	}
	j := &job{dir: dir, book: book, lab: clean(book.Lab), formats: formats}
	for _, o := range options {
		o(j)
	}
	sinks, err := j.sinks()
	for _, s := range sinks {
		defer s.drop()
	}
	if err != nil {
		return err
	}
	if err := j.feed(sinks, grades); err != nil {
		return err
	}
	for _, s := range sinks {
		if err := s.finish(); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) feed(sinks []sink, grades iter.Seq2[gradebook.Grade, error]) error {
	last := ""
	for g, err := range grades {
		if err != nil {
			return err
		}
		if err := gradebook.CheckID(g.ID); err != nil {
			return err
		}
		if g.ID <= last {
			return fmt.Errorf("writing reports: %s comes after %s", g.ID, last)
		}
		last = g.ID
		e := entry{Grade: g, clean: clean(g), student: clean(g.ForStudent(j.book.Lab))}
		for _, s := range sinks {
			if err := s.add(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// sinks opens what is to be written. Those that were opened come back with an
// error, too.
func (j *job) sinks() ([]sink, error) {
	all := []func() (sink, error){j.newResults, j.newStudents}
	if !j.studentsOnly {
		for _, f := range j.formats {
			all = append(all, j.newFormat(f))
		}
	}
	var out []sink
	for _, open := range all {
		s, err := open()
		if err != nil {
			return out, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (j *job) newFormat(format string) func() (sink, error) {
	return map[string]func() (sink, error){
		"html": j.newPages, "junit": j.newJUnit, "canvas": j.newCanvas, "moodle": j.newMoodle,
		"gradescope": j.newGradescope, "classroom50": j.newClassroom50,
	}[format]
}

func (j *job) wants(format string) bool { return slices.Contains(j.formats, format) }

func (j *job) path(parts ...string) string {
	return filepath.Join(append([]string{j.dir}, parts...)...)
}

// each is a sink that writes a file or more for each grade, and none for all.
type each func(entry) error

func (f each) add(e entry) error { return f(e) }
func (each) finish() error       { return nil }
func (each) drop()               {}
