package grader

import (
	"fmt"
	"slices"
)

// failure ends a script. It is the error type of every command.
type failure struct {
	verdict  Verdict
	fault    Fault
	message  string
	evidence []Evidence
	err      error // the cause, for machine trouble
	slow     bool  // it was for want of time
}

// Error is the message.
func (f *failure) Error() string { return f.message }

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.err }

// failed is a fail of the student's work.
func failed(evidence []Evidence, format string, args ...any) *failure {
	return &failure{verdict: Fail, fault: Student, evidence: evidence, message: fmt.Sprintf(format, args...)}
}

// labFault is a mistake of the lab's author.
func labFault(format string, args ...any) *failure {
	return &failure{verdict: Broken, fault: Lab, message: fmt.Sprintf(format, args...)}
}

// machineFault is trouble with the machine while doing something.
func machineFault(doing string, err error) *failure {
	return &failure{verdict: Broken, fault: Machine, err: err,
		message: fmt.Sprintf("%s: %s", doing, short(oneLine(err.Error())))}
}

// forWantOfTime says that more time might have made a difference.
func (f *failure) forWantOfTime() *failure {
	f.slow = true
	return f
}

// with adds evidence to a failure.
func (f *failure) with(evidence ...Evidence) *failure {
	f.evidence = append(f.evidence, evidence...)
	return f
}

// tells says whether a run's end is among the evidence already.
func (f *failure) tells(end Evidence) bool {
	return slices.ContainsFunc(f.evidence, func(e Evidence) bool { return e.Exit != nil && *e.Exit == *end.Exit })
}
