package grader

import "ipclab/labs"

// Event is what an observer of a run is told: a CheckStarted or a
// CheckFinished. Observers are called one at a time, in order.
type Event interface{ event() }

// CheckStarted says that a check's script begins. Checks that are skipped or
// remembered are only finished, never started.
type CheckStarted struct {
	Check *labs.Check
	Index int // from 0, among the checks of this run
	Count int
}

// CheckFinished says what came of a check.
type CheckFinished struct {
	Check  *labs.Check
	Index  int
	Count  int
	Result Result
}

func (CheckStarted) event()  {}
func (CheckFinished) event() {}
