package class

import "ipclab/grader/gradebook"

// Event is something that happened while a class was graded: a Checking, a
// Troubled, a Confirming or a Finished.
type Event interface{ event() }

// Checking says that a check of a submission begins.
type Checking struct {
	ID, Check string
	Index, Of int
}

// Troubled says that the machine kept a submission from being judged. It is
// tried again unless Try is Of.
type Troubled struct {
	ID      string
	Try, Of int
	Problem string
	Detail  string // what the worker printed at its end; may be empty
}

// Confirming says that a submission is judged again because it ran out of time.
type Confirming struct {
	ID    string
	Check string // the first that did
}

// Finished says that a submission has its grade, which comes without evidence.
type Finished struct {
	Grade       gradebook.Grade
	Kept        bool // it was known from an earlier run
	Done, Total int
}

func (Checking) event()   {}
func (Troubled) event()   {}
func (Confirming) event() {}
func (Finished) event()   {}
