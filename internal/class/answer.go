package class

import (
	"errors"
	"fmt"
	"slices"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/intake"
	"ipclab/labs"
)

// refusal is the answer for what cannot be taken, or not be read.
func refusal(err error) *Answer {
	a := &Answer{Status: gradebook.Refused, Fault: grader.Student, Problem: err.Error(), Hint: hintOf(err)}
	var e *intake.Error
	if !errors.As(err, &e) || e.Fault != grader.Student {
		a.Status, a.Fault = gradebook.Ungraded, grader.Machine
		return a
	}
	a.Problem = e.Problem() // the student is told, who need not know the instructor's folders
	return a
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// trouble is the answer when the machine kept us from judging.
func trouble(format string, args ...any) *Answer {
	return &Answer{Status: gradebook.Ungraded, Fault: grader.Machine, Problem: fmt.Sprintf(format, args...)}
}

// enter writes the answer into a grade.
func (a *Answer) enter(g *gradebook.Grade) {
	g.Status, g.Fault, g.Problem, g.Hint = a.Status, a.Fault, a.Problem, a.Hint
	g.Report, g.Variant, g.Notes, g.Tries = a.Report, a.Variant, a.Notes, a.tries
	switch a.Status {
	case gradebook.Graded:
		g.Score = &a.Report.Points
	case gradebook.Refused:
		g.Score = new(int)
	}
}

// slow names the first check that failed for want of time; empty if none did.
func (a *Answer) slow() string {
	if a.Report == nil {
		return ""
	}
	for _, r := range a.Report.Results {
		if r.Slow && r.Verdict != grader.Pass {
			return r.Check
		}
	}
	return ""
}

// machineTrouble tells whether another machine might do better.
func (a *Answer) machineTrouble() bool {
	return a.Status == gradebook.Ungraded && a.Fault == grader.Machine
}

// audit holds a worker's answer against the lab, and says what the results come
// to. Nothing that the worker added up is believed.
func audit(a *Answer, lab *labs.Lab) *Answer {
	switch a.Status {
	case gradebook.Ungraded:
		return a
	case gradebook.Refused:
		return &Answer{Status: a.Status, Fault: grader.Student, Problem: a.Problem, Hint: a.Hint}
	case gradebook.Graded:
	default:
		return trouble("the worker's answer has no status that a worker can give")
	}
	if a.Report == nil {
		return trouble("the worker's answer has no report")
	}
	sum, err := addUp(a.Report, lab)
	if err != nil {
		return trouble("the worker's answer does not fit the lab: %v", err)
	}
	return weigh(&Answer{Status: a.Status, Variant: a.Variant, Notes: a.Notes, Report: sum})
}

// addUp counts the results anew. There must be one for each check of the lab,
// in its order.
func addUp(r *grader.Report, lab *labs.Lab) (*grader.Report, error) {
	checks := lab.Checks()
	if len(r.Results) != len(checks) {
		return nil, fmt.Errorf("%d results for %d checks", len(r.Results), len(checks))
	}
	sum := &grader.Report{Lab: lab.Name, Title: lab.Title, Complete: true, Duration: r.Duration}
	for i, c := range checks {
		res := r.Results[i]
		if err := fits(res, c); err != nil {
			return nil, err
		}
		sum.Add(res)
	}
	return sum, nil
}

// fits tells what is wrong with a result of a check.
func fits(r grader.Result, c *labs.Check) error {
	earned := 0
	if r.Verdict == grader.Pass {
		earned = c.Points
	}
	verdicts := []grader.Verdict{grader.Pass, grader.Fail, grader.Skipped, grader.Broken}
	switch {
	case r.Check != c.ID:
		return fmt.Errorf("%q stands where %s belongs", r.Check, c.ID)
	case !slices.Contains(verdicts, r.Verdict):
		return fmt.Errorf("%s has the verdict %q", c.ID, r.Verdict)
	case r.Points != earned || r.MaxPoints != c.Points:
		return fmt.Errorf("%s has %d of %d points", c.ID, r.Points, r.MaxPoints)
	}
	return nil
}

// weigh sees whether there is a score: not if a check could not be judged. The
// lab's mistake outweighs the machine's trouble, because no other machine helps.
func weigh(a *Answer) *Answer {
	for _, fault := range []grader.Fault{grader.Lab, grader.Machine} {
		for _, r := range a.Report.Results {
			if r.Verdict == grader.Broken && r.Fault == fault {
				a.Status, a.Fault, a.Hint = gradebook.Ungraded, fault, faultHint(fault)
				a.Problem = fmt.Sprintf("%s could not be judged: %s", r.Check, r.Message)
				return a
			}
		}
	}
	return a
}

func faultHint(f grader.Fault) string {
	if f == grader.Lab {
		return "mend the lab: `ipclab lab check` proves it; then grade again with --resume"
	}
	return "grade again with --resume; `ipclab doctor` looks for the cause"
}
