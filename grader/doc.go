// Package grader runs the check scripts of a lab against a guest and says, for
// each check, what was expected, what happened and what shows it.
//
// Scripts are in the syntax of testscript (github.com/rogpeppe/go-internal).
// They stay on the host together with everything they compare with; what they
// do happens in the guest, through the interface Guest. Student code and what
// it prints are never trusted: output is bounded, is escaped before anyone
// sees it, and no verdict is read out of any log. Verdicts come from typed
// values: how a process ended, what the kernel answered to a trusted probe,
// what it wrote to the audit trail, and what an object looks like to root.
//
// Before a script runs, every line of it is read and judged (Lint): the
// built-in commands of testscript, which were made for friendly programs, are
// all replaced or refused. The commands that exist are in commands.go.
//
// A check ends in one of four ways. A pass earns its points. A fail is the
// student's to mend. An error is not: Fault says whether the lab or the machine
// is to blame, and it is never a zero. A check that needs another one which did
// not pass is skipped.
//
// The package prints nothing, starts no guest and keeps no state between runs
// beside the file that a Memory is told to use.
package grader
