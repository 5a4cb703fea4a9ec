// Package labs is the model of a lab, and the labs themselves. A lab is a
// folder of data: a manifest (lab.yaml), the task (README.md), what the
// student gets (starter), a reference (solution), wrong solutions (mutants),
// given policy modules (policy) and the check scripts (checks, and hidden for
// those that only the instructor runs). Students get it without the solution,
// the wrong solutions and the hidden checks, and may each get a variant of
// their own, drawn from a seed.
//
// The package reads and judges such folders as files. It runs nothing: checks
// are run by package grader, and the commands inside a check script are known
// only there.
package labs
