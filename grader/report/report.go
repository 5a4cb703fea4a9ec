// Package report writes what a class's grades look like to people and to
// course platforms: pages, JUnit, and the files that Canvas, Moodle, Gradescope
// and Classroom 50 take. Everything in it comes out of a gradebook; it judges
// nothing, prints nothing and needs no machine.
package report

import (
	"io"
	"iter"

	"ipclab/grader/gradebook"
)

// Option changes what Write does beside the formats.
type Option func(*job)

// ForStudents writes only the folder student/, which is what may be given out.
func ForStudents() Option { return func(j *job) { j.studentsOnly = true } }

// job is one writing of reports.
type job struct {
	dir          string
	book         *gradebook.Book
	studentsOnly bool
}

// Formats are the formats that Write knows, beside results.json.
func Formats() []string {
	return []string{"html", "junit", "canvas", "moodle", "gradescope", "classroom50"}
}

// Write writes results.json and its schema, what students may see of it, and
// the formats, into the folder. It reads the grades once, one at a time and
// ordered by ID; those of the book itself are not looked at.
func Write(dir string, book *gradebook.Book, grades iter.Seq2[gradebook.Grade, error], formats []string, options ...Option) error {
	j := &job{dir: dir, book: book}
	for _, o := range options {
		o(j)
	}
	return gradebook.Replace(gradebook.BookPath(dir), func(w io.Writer) error {
		f, err := newResults(w, book)
		if err != nil {
			return err
		}
		for g, err := range grades {
			if err != nil {
				return err
			}
			if err := f.add(g); err != nil {
				return err
			}
		}
		return f.finish()
	}, gradebook.Durable)
}
