package grader

import (
	"fmt"
	"strings"
	"time"

	"ipclab/labs"
)

// Verdict is how a check ended.
type Verdict string

// The verdicts.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"    // what the check demands is not so
	Skipped Verdict = "skipped" // a check that it needs did not pass
	Broken  Verdict = "error"   // nothing can be said; Fault tells why
)

// Fault names who has to act for a check to pass.
type Fault string

// Who may be at fault. A check that passed or was skipped has no fault.
const (
	NoFault Fault = ""
	Student Fault = "student"
	Lab     Fault = "lab"     // a mistake in the lab's files
	Machine Fault = "machine" // the guest, its connection, or this program
)

// Position is a place in a check script.
type Position struct {
	File  string `json:"file"`  // in the lab's folder
	Line  int    `json:"line"`  // from 1
	Text  string `json:"text"`  // the line
	Phase string `json:"phase"` // the comment that it stands under
	// Means is, of a line that stands for several attempts, the attempt that decided,
	// as a line of its own.
	Means string `json:"means,omitempty"`
}

// Said is the line for people, with what it meant.
func (p Position) Said() string {
	if p.Means == "" {
		return strings.TrimSpace(p.Text)
	}
	return fmt.Sprintf("%s (%s)", strings.TrimSpace(p.Text), p.Means)
}

// String reads "checks/builds.txtar:3".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Result is what came of one check.
type Result struct {
	Check     string        `json:"check"` // id
	Title     string        `json:"title"`
	Verdict   Verdict       `json:"verdict"`
	Fault     Fault         `json:"fault,omitempty"`
	Points    int           `json:"points"`             // earned
	MaxPoints int           `json:"max_points"`         // to be earned
	By        string        `json:"by,omitempty"`       // the layer that the check is about
	Message   string        `json:"message,omitempty"`  // what happened; empty when it passed
	Expected  string        `json:"expected,omitempty"` // what must be so
	Unmet     []string      `json:"unmet,omitempty"`    // for Skipped: the needed checks that did not pass
	Evidence  []Evidence    `json:"evidence,omitempty"`
	Script    *Position     `json:"script,omitempty"` // the line that decided; nil when none did
	Slow      bool          `json:"slow,omitempty"`   // it failed for want of time: a slower computer could be to blame
	Duration  time.Duration `json:"duration_ns"`
	Unchanged bool          `json:"unchanged"` // remembered from an earlier run, not run again
}

// Report is what came of a run.
type Report struct {
	Lab       string        `json:"lab"`
	Title     string        `json:"title"`
	Results   []Result      `json:"results"`    // in the lab's order; only the checks that were asked for and their needs
	Points    int           `json:"points"`     // earned by these
	MaxPoints int           `json:"max_points"` // to be earned by these
	Passed    int           `json:"passed"`
	Failed    int           `json:"failed"`
	Skipped   int           `json:"skipped"`
	Errors    int           `json:"errors"`
	Complete  bool          `json:"complete"` // every check that the run could have is among the results
	Left      Left          `json:"left,omitzero"`
	Duration  time.Duration `json:"duration_ns"`
}

// Left is what is left to the instructor's grading: hidden checks.
type Left struct {
	Checks int `json:"checks"`
	Points int `json:"points"`
}

// LeaveOut notes checks that were not run because they are hidden.
func (r *Report) LeaveOut(hidden []*labs.Check) {
	for _, c := range hidden {
		r.Left.Checks++
		r.Left.Points += c.Points
	}
}

// Done says whether every check of the report passed. Hidden checks may be left:
// see Left.
func (r *Report) Done() bool { return r.Passed == len(r.Results) }

// Result finds the result of a check.
func (r *Report) Result(id string) (Result, bool) {
	for _, res := range r.Results {
		if res.Check == id {
			return res, true
		}
	}
	return Result{}, false
}

// Add enters a result and adds to the totals.
func (r *Report) Add(res Result) {
	r.Results = append(r.Results, res)
	r.Points += res.Points
	r.MaxPoints += res.MaxPoints
	switch res.Verdict {
	case Pass:
		r.Passed++
	case Fail:
		r.Failed++
	case Skipped:
		r.Skipped++
	default:
		r.Errors++
	}
}
