package intake

import "ipclab/grader"

// Error says why a submission cannot be taken.
type Error struct {
	Source string       // the submission, as a person would name it
	Path   string       // what in it is wrong; empty when it is the whole
	Err    error        // one of the reasons of this package, or an error of the system
	Note   string       // details, such as the limit; may be empty
	Fault  grader.Fault // Student, or Machine when this computer cannot read it
}

// Error says what is wrong.
func (e *Error) Error() string { return e.Source + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do; empty when there is nothing to say.
func (e *Error) Hint() string { return "" }

// ArgumentError says that a path or an option that Find was given is of no use.
// That is nobody's work: it is for whoever asked.
type ArgumentError struct {
	Arg  string // the path or the option
	Err  error
	Tips string // what to do
}

// Error says what is wrong.
func (e *ArgumentError) Error() string { return e.Arg + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *ArgumentError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ArgumentError) Hint() string { return e.Tips }
