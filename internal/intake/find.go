package intake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ipclab/grader/gradebook"
	"ipclab/internal/workspace"
)

// Find finds the submissions in paths: files, folders, and folders of either.
// They are ordered by ID. Two names for one file are one submission. A
// submission that cannot be taken is among them, with its Problem. The error is
// an *ArgumentError, or the context's.
func Find(ctx context.Context, paths []string, o Options) ([]Submission, error) {
	n, err := newNamer(o)
	if err != nil {
		return nil, err
	}
	f := &finder{namer: n, marks: append(marksOf(o.Lab), ManifestFile), seen: map[string]bool{}}
	var args []*argument
	for _, path := range paths {
		a, err := f.argument(path)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	classes := !slices.ContainsFunc(args, func(a *argument) bool { return !a.class })
	for _, a := range args {
		if err := f.follow(ctx, a, classes); err != nil {
			return nil, err
		}
	}
	return settle(f.found), nil
}

// finder gathers submissions.
type finder struct {
	*namer
	marks []string
	seen  map[string]bool // real paths
	found []*found
}

// found is a submission and what decides about its ID and which one counts.
type found struct {
	Submission
	reading
	long  string    // the student's name where the short one is ambiguous
	key   string    // whose it is: the same for all that one student handed in
	loose bool      // a single file: it counts only where there is nothing else
	when  time.Time // of the last change; decides only where the name tells nothing
}

// argument is a path that Find was given.
type argument struct {
	shown, real string
	name        string // its base name; that of a link, not of what it leads to
	info        fs.FileInfo
	entries     []fs.DirEntry
	list        map[string]exported // Gradescope's list of what is in it, if there is one
	class       bool                // by itself it would be taken for a class
}

// maxClass is how many submissions a folder may have.
const maxClass = 100_000

// argument looks at one path.
func (f *finder) argument(path string) (*argument, error) {
	abs, err := filepath.Abs(path)
	a := &argument{shown: filepath.Clean(path), name: filepath.Base(abs)}
	if err == nil {
		a.real, err = filepath.EvalSymlinks(abs)
	}
	if err == nil {
		a.info, err = os.Stat(a.real)
	}
	if err != nil {
		return nil, argumentError(path, err)
	}
	if !a.info.IsDir() {
		return a, nil
	}
	a.entries, err = entriesOf(a.real, maxClass+1)
	if err != nil || len(a.entries) > maxClass {
		return a, nil // one submission: what is wrong with it is told when it is opened
	}
	a.list, err = readGradescope(a.real)
	a.class = a.list != nil || f.isClass(a.real, a.entries)
	return a, err
}

func argumentError(path string, err error) error {
	tips := "name a submission, or a folder of submissions"
	if errors.Is(err, fs.ErrPermission) {
		tips = "see to it that you may read it"
	}
	return &ArgumentError{path, withoutPath(err), tips}
}

// follow takes a path as one submission or as many; see the package's comment.
func (f *finder) follow(ctx context.Context, a *argument, class bool) error {
	if !class {
		f.take(a.name, a.shown, a.real, a.info)
		return nil
	}
	before := len(f.found)
	for _, e := range a.entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := f.entry(a, e); err != nil {
			return err
		}
	}
	if len(f.found) == before {
		return &ArgumentError{a.shown, errors.New("there is no submission in it"), "name a submission, or a folder of submissions"}
	}
	return nil
}

// isClass decides whether a folder holds submissions, or is one.
func (f *finder) isClass(dir string, entries []fs.DirEntry) bool {
	for _, e := range entries {
		if f.read(e.Name()).fits {
			return true
		}
	}
	for _, mark := range f.marks {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(mark))); err == nil {
			return false
		}
	}
	return len(entries) == 0 || slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		if !e.Type().IsRegular() {
			return e.IsDir()
		}
		s, err := sniff(filepath.Join(dir, e.Name()))
		return err == nil && s.meant
	})
}

// entry takes one entry of a class's folder.
func (f *finder) entry(a *argument, e fs.DirEntry) error {
	name := e.Name()
	if strings.HasPrefix(name, ".") || name == gradescopeFile || name == taskFile {
		return nil
	}
	shown, real := filepath.Join(a.shown, name), filepath.Join(a.real, name)
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it went away meanwhile
	}
	if err != nil {
		return argumentError(shown, err)
	}
	students := a.list[name].students()
	if (f.asked || a.list != nil) && !f.read(name).fits && len(students) == 0 && isLoose(real, info) {
		return nil
	}
	if s := f.take(name, shown, real, info); s != nil && len(students) > 0 {
		f.found = append(f.found[:len(f.found)-1], s.together(students, a.list[name].Created)...)
	}
	return nil
}

// together makes a group's submission one of each of its members.
func (s *found) together(students []gradebook.Student, created string) []*found {
	var all []*found
	for _, student := range students {
		one := *s
		one.Student, one.date, one.fits = student, created, true
		one.key, one.long = personKey(student.ID), student.ID
		all = append(all, &one)
	}
	return all
}

// isLoose tells a single file that nobody meant as an archive.
func isLoose(path string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() {
		return false
	}
	s, err := sniff(path)
	return err == nil && !s.meant
}

// personKey is whose a submission is, by what a platform calls the student.
func personKey(person string) string { return "student " + normal(person) }

// normal is a name without what people and platforms do not agree about.
func normal(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// take makes a submission of a file or folder; nil if it was taken already.
func (f *finder) take(name, shown, real string, info fs.FileInfo) *found {
	if f.seen[real] {
		return nil
	}
	f.seen[real] = true
	r := f.read(name)
	s := &found{
		Submission: Submission{Student: r.student, Path: real, Source: shown, Late: r.late},
		reading:    r, when: info.ModTime(),
	}
	if r.fits {
		s.key, s.long = personKey(r.person), r.person
	} else {
		s.key, s.long = "path "+normal(filepath.Join(filepath.Dir(real), stem(name))), stem(shown)
	}
	problem, loose := examine(real, name, info, r)
	s.Problem, s.loose = of(shown, problem), loose
	f.found = append(f.found, s)
	return s
}

// examine tells what is wrong with a submission at first sight, and whether it
// is a loose file.
func examine(path, name string, info fs.FileInfo, r reading) (problem error, loose bool) {
	mode := info.Mode()
	switch {
	case !workspace.IsPlain(name):
		return refused("", ErrName, "it has characters that cannot be shown"), !mode.IsDir()
	case r.typed:
		return refused("", ErrKind, "it is a text that was typed into the platform"), true
	case mode.IsDir():
		return nil, false
	case mode&fs.ModeSymlink != 0:
		return refused("", ErrLink, ""), true
	case !mode.IsRegular():
		return refused("", ErrSpecial, ""), true
	}
	s, err := sniff(path)
	if err != nil {
		return err, false
	}
	return s.problem(), !s.meant
}
