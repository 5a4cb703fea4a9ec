package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// submissionPage is what the page of one submission shows.
type submissionPage struct {
	page
	ForStudent bool
	Lab        gradebook.Lab
	Name, ID   string // of the student
	Status     badge
	Score      string // empty: there is none
	Max        int
	Facts      []fact
	Alerts     []alert
	Next       *advice
	Steps      []stepView
	Flow       *flowMatrix
}

type badge struct{ Class, Mark, Word string }

type fact struct{ Name, Value string }

// alert is something that has to be said before all else.
type alert struct{ Class, Title, Text, Hint string }

type stepView struct {
	Title       string
	Points, Max int
	Checks      []checkView
}

type checkView struct {
	ID, Title   string
	Verdict     badge
	Points, Max int
	By          string
	Open        bool
	Hidden      bool
	Expected    string
	Message     string
	Needs       []link
	Where       string // place in the script
	Line        string // and what stands there
	Hint        string
	Evidence    []evidenceView
	Took        string
}

type link struct{ To, Text string }

type evidenceView struct {
	Kind, Text string
	Block      string // output, shown as it is
	Note       string
}

func (j *job) submissionPage(g gradebook.Grade, lab gradebook.Lab, forStudent bool) submissionPage {
	p := submissionPage{ForStudent: forStudent, Lab: lab, Name: line(nameOf(g.Student), mostName), ID: line(g.Student.ID, mostName),
		Status: statusBadge(g), Max: g.MaxScore, Facts: facts(g, forStudent), Alerts: alerts(g, forStudent), Flow: newFlowMatrix(g)}
	p.page = newPage(p.Name + " – " + lab.Title)
	if g.Score != nil {
		p.Score = fmt.Sprint(*g.Score)
	}
	if g.Report != nil {
		p.Steps = steps(*g.Report, lab, forStudent)
	}
	if forStudent {
		p.Next = nextFor(g, lab)
	}
	return p
}

func nameOf(s gradebook.Student) string { return cmp.Or(s.Name, s.ID) }

func statusBadge(g gradebook.Grade) badge {
	switch g.Status {
	case gradebook.Graded:
		return badge{"graded", "●", "graded"}
	case gradebook.Refused:
		return badge{"refused", "✗", "refused"}
	case gradebook.Superseded:
		return badge{"superseded", "↻", "superseded"}
	}
	return badge{"ungraded", "!", "not graded"}
}

func verdictBadge(v grader.Verdict) badge {
	switch v {
	case grader.Pass:
		return badge{"pass", "✓", "passed"}
	case grader.Fail:
		return badge{"fail", "✗", "failed"}
	case grader.Skipped:
		return badge{"skipped", "↷", "skipped"}
	}
	return badge{"error", "!", "not checked"}
}

func facts(g gradebook.Grade, forStudent bool) []fact {
	out := []fact{{"Handed in", line(g.Source, 3*mostName)}}
	if g.Student.Email != "" {
		out = append(out, fact{"E-mail", line(g.Student.Email, mostName)})
	}
	if g.Digest != "" {
		out = append(out, fact{"Digest", short(g.Digest)})
	}
	if !g.Begun.IsZero() && g.Report != nil {
		out = append(out, fact{"Judged", moment(g.Begun)})
	}
	if g.Variant != nil && g.Variant.Expected != "" {
		out = append(out, fact{"Variant", g.Variant.Expected})
	}
	if !forStudent {
		out = append(out, fact{"Submission", g.ID}, fact{"Took", fmt.Sprintf("%s, %s", took(g.Duration), count(g.Tries, "machine", "machines"))})
	}
	return out
}

func short(digest string) string {
	if len(digest) > 16 {
		return digest[:16] + "…"
	}
	return digest
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func took(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// alerts are what stands above the checks.
func alerts(g gradebook.Grade, forStudent bool) []alert {
	var out []alert
	problem := func(class, title string) {
		out = append(out, alert{class, title, sentence(g.Problem), sentence(g.Hint)})
	}
	switch {
	case g.Status == gradebook.Refused:
		problem("fail", "This could not be taken as a submission")
	case g.Status == gradebook.Superseded:
		problem("note", "Another submission counts")
	case g.Status == gradebook.Ungraded && forStudent:
		problem("error", "Not graded yet")
	case g.Status == gradebook.Ungraded && g.Fault == grader.Lab:
		problem("error", "Not graded: a mistake in the lab")
	case g.Status == gradebook.Ungraded:
		problem("error", "Not graded: trouble with the machine")
	}
	if g.Variant != nil && g.Variant.Foreign {
		out = append(out, foreignAlert(*g.Variant, forStudent))
	}
	if len(g.Notes) > 0 {
		out = append(out, alert{"note", "Not as it was packed", sentence(line(strings.Join(g.Notes, "; "), mostTest)), ""})
	}
	if g.Late {
		out = append(out, alert{"note", "Handed in late", "The course platform says so. It does not change the score here.", ""})
	}
	return out
}

func foreignAlert(v gradebook.Variant, forStudent bool) alert {
	if forStudent {
		return alert{"fail", "This was made from another student's variant of the lab", "Each student works on a variant of their own.",
			"Begin from your own starter, or speak to your instructor."}
	}
	whose := "It is not known whose."
	if v.Of != "" {
		whose = "It is the variant of " + line(v.Of, mostName) + "."
	}
	return alert{"fail", "Made from another student's variant", strings.TrimSpace(whose + " " + sentence(v.Note)),
		fmt.Sprintf("Expected variant %s, found %s.", cmp.Or(v.Expected, "none"), cmp.Or(v.Found, "none"))}
}

// steps groups the results as the lab does.
func steps(r grader.Report, lab gradebook.Lab, forStudent bool) []stepView {
	var out []stepView
	for _, res := range r.Results {
		check, ok := lab.Check(res.Check)
		if !ok {
			check = gradebook.Check{ID: res.Check, Step: "Other checks", Title: res.Title}
		}
		if len(out) == 0 || out[len(out)-1].Title != check.Step {
			out = append(out, stepView{Title: check.Step})
		}
		step := &out[len(out)-1]
		step.Points += res.Points
		step.Max += res.MaxPoints
		step.Checks = append(step.Checks, newCheckView(res, check, lab, forStudent))
	}
	return out
}

func newCheckView(r grader.Result, check gradebook.Check, lab gradebook.Lab, forStudent bool) checkView {
	v := checkView{ID: r.Check, Title: cmp.Or(r.Title, check.Title), Verdict: verdictBadge(r.Verdict), Points: r.Points, Max: r.MaxPoints,
		Open: r.Verdict == grader.Fail || r.Verdict == grader.Broken, Hidden: check.Hidden,
		Expected: cmp.Or(r.Expected, check.Expect), Message: r.Message, Took: took(r.Duration)}
	if r.By != "" {
		v.By = layerName(r.By)
	}
	for _, id := range r.Unmet {
		need, _ := lab.Check(id)
		v.Needs = append(v.Needs, link{To: anchor(id), Text: cmp.Or(need.Title, id)})
	}
	if r.Script != nil && r.Verdict != grader.Pass {
		v.Where, v.Line = r.Script.String(), r.Script.Said()
	}
	if r.Verdict == grader.Fail && forStudent {
		v.Hint = check.Hint
	}
	for _, e := range r.Evidence { // a check may look at the same thing twice
		if e := newEvidenceView(e); !slices.Contains(v.Evidence, e) {
			v.Evidence = append(v.Evidence, e)
		}
	}
	if r.Fault == grader.Lab || r.Fault == grader.Machine {
		v.Verdict.Word += " (" + string(r.Fault) + ")"
	}
	return v
}

// anchor is where a check stands in a page.
func anchor(id string) string { return "check-" + strings.Trim(id, "()") }

func newEvidenceView(e grader.Evidence) evidenceView {
	names := map[grader.EvidenceKind]string{grader.KindAVC: "audit record", grader.KindProbe: "probe", grader.KindObject: "object",
		grader.KindExit: "program", grader.KindOutput: "output", grader.KindCompiler: "compiler", grader.KindFinding: "policy"}
	v := evidenceView{Kind: cmp.Or(names[e.Kind], string(e.Kind)), Text: e.Text}
	switch {
	case e.Output != nil:
		v.Text = fmt.Sprintf("%s of %s, %s", e.Output.Stream, e.Output.Program, count(e.Output.Bytes, "byte", "bytes"))
		v.Block = strings.TrimRight(e.Output.Text, "\n")
	case e.Finding != nil:
		v.Note = e.Finding.Hint
	case e.AVC != nil && e.AVC.Raw != "":
		v.Block = e.AVC.Raw
	}
	return v
}

// advice is what a student should do next.
type advice struct {
	Title, Text string
	Check       *checkView
	Waiting     string // what waits for the check
	Commands    []fact // what to type, and what it does
	Others      []link // checks that failed, too
}

// nextFor finds the check to begin with: the first that failed, for those after
// it may hang on it.
func nextFor(g gradebook.Grade, lab gradebook.Lab) *advice {
	if g.Status != gradebook.Graded || g.Report == nil {
		return nil
	}
	var failed []grader.Result
	for _, r := range g.Report.Results {
		if r.Verdict == grader.Fail {
			failed = append(failed, r)
		}
	}
	switch {
	case len(failed) == 0:
		return adviceWithout(g)
	case failed[0].Check == gradebook.HiddenID:
		return &advice{Title: "Read the task again", Text: "The checks that you can see pass, but not all that count are shown. " +
			"Look for what the task demands and no visible check tries."}
	}
	first := failed[0]
	check, _ := lab.Check(first.Check)
	view := newCheckView(first, check, lab, true)
	a := &advice{Title: "What to do next", Check: &view, Waiting: waiting(*g.Report, lab, first.Check),
		Commands: []fact{
			{"ipclab hint " + lab.Name + " " + first.Check, "more hints, one at a time"},
			{"ipclab check " + lab.Name + " " + first.Check, "try it again in your own machine"},
		}}
	for _, r := range failed[1:] {
		if r.Check != gradebook.HiddenID {
			a.Others = append(a.Others, link{To: anchor(r.Check), Text: r.Title})
		}
	}
	return a
}

func adviceWithout(g gradebook.Grade) *advice {
	if g.Report.Passed == len(g.Report.Results) {
		return &advice{Title: "Nothing is left to do", Text: "Everything that was checked passed."}
	}
	return &advice{Title: "Nothing is left to do for you", Text: "Some of it could not be checked, which is not your fault."}
}

// waiting tells how many checks were skipped because of this one.
func waiting(r grader.Report, lab gradebook.Lab, id string) string {
	n, points := 0, 0
	for _, res := range r.Results {
		if res.Verdict == grader.Skipped && reaches(lab, res.Check, id) {
			n++
			points += res.MaxPoints
		}
	}
	if n == 0 {
		return ""
	}
	verb := "wait"
	if n == 1 {
		verb = "waits"
	}
	return fmt.Sprintf("%s, worth %s, %s for it.", count(n, "more check", "more checks"), count(points, "point", "points"), verb)
}

// reaches says whether a check needs another one, directly or not.
func reaches(lab gradebook.Lab, from, to string) bool {
	check, _ := lab.Check(from)
	return slices.ContainsFunc(check.Needs, func(need string) bool {
		return need == to || need != from && reaches(lab, need, to)
	})
}
