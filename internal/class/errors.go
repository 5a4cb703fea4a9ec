package class

import "fmt"

// NotEmptyError says that the folder for grades has something in it already.
type NotEmptyError struct{ Dir string }

func (e *NotEmptyError) Error() string { return "the folder " + e.Dir + " has grades in it already" }

// Hint says how to go on.
func (e *NotEmptyError) Hint() string {
	return "--resume goes on where grading stopped, --regrade failed judges again what has not the full score, or name another folder"
}

// ForeignError says that the folder for grades belongs to something else.
type ForeignError struct{ Dir string }

func (e *ForeignError) Error() string {
	return "the folder " + e.Dir + " is not empty, and no grades are in it"
}

// Hint says what to do.
func (e *ForeignError) Hint() string { return "name a new folder: --out FOLDER" }

// LockedError says that another grader works on the folder.
type LockedError struct{ Dir string }

func (e *LockedError) Error() string { return "another ipclab is grading into " + e.Dir }

// Hint says what to do.
func (e *LockedError) Hint() string { return "wait until it has ended, or name another folder" }

// FullError says that a disk has no room.
type FullError struct {
	Dir string
	Err error
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk that holds %s is full: %v", e.Dir, e.Err)
}
func (e *FullError) Unwrap() error { return e.Err }

// Hint says how to go on.
func (e *FullError) Hint() string {
	return "make room there, then give the same command again with --resume: what is graded stays graded"
}
