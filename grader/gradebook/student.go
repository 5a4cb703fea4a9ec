package gradebook

import (
	"fmt"
	"path/filepath"
	"slices"

	"ipclab/grader"
)

// HiddenID is the id under which students see all hidden checks as one. No
// check of a lab can have it.
const HiddenID = "(hidden)"

// ForStudent is what the student may see of the grade: hidden checks are one
// line without names, messages and evidence, and what concerns others or the
// instructor alone is left out.
func (g Grade) ForStudent(lab Lab) Grade {
	g.Key, g.Source, g.Notes = "", filepath.Base(g.Source), nil
	if g.Status == Ungraded {
		g.Problem = "This submission could not be graded yet. That is not your fault, and it is not a zero."
		g.Hint = "Your instructor sees why."
	}
	if g.Variant != nil {
		g.Variant = &Variant{Expected: g.Variant.Expected, Foreign: g.Variant.Foreign}
	}
	if g.Report != nil {
		g.Report = studentReport(g.Report, lab)
	}
	return g
}

// ForStudent is what students may know of the lab's checks.
func (l Lab) ForStudent() Lab {
	var shown, hidden []Check
	for _, c := range l.Checks {
		if c.Hidden {
			hidden = append(hidden, c)
			continue
		}
		c.Needs = l.veiled(c.Needs)
		shown = append(shown, c)
	}
	if len(hidden) > 0 {
		shown = append(shown, foldChecks(hidden))
	}
	l.Digest, l.Checks = "", shown
	return l
}

// veiled names hidden checks by what students know them as.
func (l Lab) veiled(ids []string) []string {
	var out []string
	for _, id := range ids {
		if c, ok := l.Check(id); !ok || c.Hidden {
			id = HiddenID
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func foldChecks(hidden []Check) Check {
	c := Check{ID: HiddenID, Step: "Hidden checks", Title: hiddenTitle(len(hidden)), Hidden: true,
		Expect: "What these checks demand follows from the task; they are not shown."}
	for _, h := range hidden {
		c.Points += h.Points
	}
	return c
}

func hiddenTitle(n int) string {
	if n == 1 {
		return "1 hidden check"
	}
	return fmt.Sprintf("%d hidden checks", n)
}

// studentReport counts anew over what is shown. A result whose check the lab
// doesn't know is taken for hidden, to be on the safe side.
func studentReport(r *grader.Report, lab Lab) *grader.Report {
	out := &grader.Report{Lab: r.Lab, Title: r.Title, Complete: r.Complete, Left: r.Left, Duration: r.Duration}
	var hidden []grader.Result
	for _, res := range r.Results {
		if c, ok := lab.Check(res.Check); !ok || c.Hidden {
			hidden = append(hidden, res)
			continue
		}
		res.Unmet = lab.veiled(res.Unmet)
		out.Add(studentResult(res))
	}
	if len(hidden) > 0 {
		out.Add(foldResults(hidden))
	}
	return out
}

// studentResult leaves out what only whoever keeps the lab or the machine has
// to know.
func studentResult(r grader.Result) grader.Result {
	if r.Verdict == grader.Broken && r.Fault != grader.Student {
		r.Message, r.Evidence, r.Script = "This could not be checked. That is not your fault.", nil, nil
	}
	return r
}

// foldResults says of hidden checks how many points they gave. They passed only
// if each of them did.
func foldResults(hidden []grader.Result) grader.Result {
	sum := grader.Result{Check: HiddenID, Title: hiddenTitle(len(hidden)), Verdict: grader.Pass}
	for _, r := range hidden {
		sum.Points += r.Points
		sum.MaxPoints += r.MaxPoints
		if r.Verdict != grader.Pass {
			sum.Verdict, sum.Fault = grader.Fail, grader.Student
			sum.Message = "Not all hidden checks passed."
		}
	}
	return sum
}

// WithoutEvidence is the grade as the book has it.
func (g Grade) WithoutEvidence() Grade {
	if g.Report == nil {
		return g
	}
	report := *g.Report
	report.Results = slices.Clone(report.Results)
	for i := range report.Results {
		report.Results[i].Evidence = nil
	}
	g.Report = &report
	return g
}
