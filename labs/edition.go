package labs

import (
	"io/fs"
	"slices"
)

// The folders that students do not get.
const (
	solutionDir = "solution"
	mutantsDir  = "mutants"
	hiddenDir   = "hidden"
)

// instructorDirs are the folders that students do not get.
func instructorDirs() []string { return []string{solutionDir, mutantsDir, hiddenDir} }

// EditionError says that a lab is a student's edition: it can be started and
// checked, and neither graded nor proved, because the solution, the wrong
// solutions and the scripts of hidden checks are not there.
type EditionError struct {
	Lab  string // its name
	File string // its manifest
}

// Error names the lab.
func (e *EditionError) Error() string {
	return "the lab " + e.Lab + " is a student's edition: it has no solution, no wrong solutions and no hidden checks (" + e.File + ")"
}

// Hint says where the rest is.
func (e *EditionError) Hint() string {
	return "use the instructor's folder of the lab, with --labs FOLDER, or an ipclab that was built with the solutions"
}

// Whole is an *EditionError for a student's edition of a lab, and nil for a
// lab that can be graded and proved.
func (l *Lab) Whole() error {
	if l.student {
		return &EditionError{Lab: l.Name, File: l.file}
	}
	return nil
}

// isStudentEdition tells whether a lab's folder lacks everything that students
// do not get.
func isStudentEdition(dir fs.FS) bool {
	return !slices.ContainsFunc(instructorDirs(), func(name string) bool {
		_, err := fs.Stat(dir, name)
		return err == nil
	})
}
