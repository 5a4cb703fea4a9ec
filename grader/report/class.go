package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// class collects what the page of the class shows. Of each submission it keeps
// a row of a few hundred bytes.
type class struct {
	book *gradebook.Book
	lab  gradebook.Lab
	rows []row
}

// row is one submission.
type row struct {
	ID, Name, Student string
	Status            badge
	Score             *int
	Max               int
	Marks             [][]mark // by step
	Checks            int
	Passed            int
	Late, Foreign     bool
	Noted             bool
	Took              string
	Seconds           float64
	Reasons           []string // why somebody should have a look

	status   gradebook.Status
	fault    grader.Fault
	problem  string
	outcomes []outcome
}

// mark is a check in a row.
type mark struct{ Class, Mark, Title string }

// outcome is what the class has to know of a result.
type outcome struct {
	check, message string
	verdict        grader.Verdict
}

func newClass(book *gradebook.Book, lab gradebook.Lab) *class {
	return &class{book: book, lab: lab}
}

func (c *class) add(g gradebook.Grade) {
	r := row{ID: g.ID, Name: line(nameOf(g.Student), mostName), Student: line(g.Student.ID, mostName), Status: statusBadge(g),
		Score: g.Score, Max: g.MaxScore, Late: g.Late, Foreign: g.Variant != nil && g.Variant.Foreign, Noted: len(g.Notes) > 0,
		Took: took(g.Duration), Seconds: g.Duration.Seconds(),
		status: g.Status, fault: g.Fault, problem: sentence(line(g.Problem, mostTest))}
	if g.Report != nil {
		r.Passed, r.Checks = g.Report.Passed, len(g.Report.Results)
		step := ""
		for _, res := range g.Report.Results {
			b := verdictBadge(res.Verdict)
			if check, _ := c.lab.Check(res.Check); len(r.Marks) == 0 || check.Step != step {
				r.Marks, step = append(r.Marks, nil), check.Step
			}
			last := &r.Marks[len(r.Marks)-1]
			*last = append(*last, mark{b.Class, b.Mark, line(res.Title, mostName) + ": " + b.Word})
			r.outcomes = append(r.outcomes, outcome{res.Check, groupable(res), res.Verdict})
		}
	}
	r.Reasons = r.reasons()
	c.rows = append(c.rows, r)
}

// groupable is the message by which failures of a check are put together.
func groupable(r grader.Result) string {
	if r.Verdict != grader.Fail && r.Verdict != grader.Broken {
		return ""
	}
	return line(r.Message, mostTest)
}

// reasons are why somebody should have a look at the submission.
func (r row) reasons() []string {
	var out []string
	switch {
	case r.status == gradebook.Ungraded && r.fault == grader.Lab:
		out = append(out, "mistake in the lab")
	case r.status == gradebook.Ungraded:
		out = append(out, "machine trouble")
	case r.status == gradebook.Refused:
		out = append(out, "refused")
	case slices.ContainsFunc(r.outcomes, func(o outcome) bool { return o.verdict == grader.Broken }):
		out = append(out, "not all could be checked")
	}
	if r.Foreign {
		out = append(out, "foreign variant")
	}
	if r.Noted {
		out = append(out, "not as it was packed")
	}
	if r.Late {
		out = append(out, "late")
	}
	return out
}

// classPage is what the page of the class shows.
type classPage struct {
	page
	Lab       gradebook.Lab
	Partial   bool
	When      string
	Facts     []fact
	Tiles     []tile
	Headline  string // the check that stops most students
	Worst     string // its id
	Histogram []bin
	Spread    string // the histogram in words
	Attention []group
	Checks    []checkRow
	Stops     []stop
	Rows      []row
	Counted   int
}

type tile struct{ Value, Of, Name, Class, Link string }

// bin is one column of the histogram.
type bin struct {
	Label  string
	Count  int
	Height int // percent of the highest
}

// group is a reason to have a look, and whom it is about.
type group struct {
	Class, Mark, Reason, Help string
	Rows                      []row
	Why                       bool // the rows' problems differ and are shown
	Open                      bool
}

// Name begins with a capital letter.
func (g group) Name() string { return strings.TrimSuffix(sentence(g.Reason), ".") }

// Problem is why the submission was not judged.
func (r row) Problem() string { return r.problem }

// checkRow is a check with what became of it in the class.
type checkRow struct {
	ID, Step, Title               string
	FirstOfStep                   bool
	Points                        int
	Hidden, Worst                 bool
	Passed, Failed, Skipped, Errs int
	Rate                          int // percent of those judged
	FailX, SkipX                  float64
	PassW, FailW, SkipW           float64
	Held                          int // skipped because of it, directly or not
}

// stop is a check at which students stopped, with what they ran into.
type stop struct {
	ID, Title string
	Failed    int
	Groups    []messageGroup
}

type messageGroup struct {
	Message string
	Rows    []row
}

func (c *class) page() classPage {
	p := classPage{page: newPage(c.lab.Title + " – grades"), Lab: c.lab, Partial: c.book.Partial, Facts: c.facts(), Rows: c.rows}
	if !c.book.Ended.IsZero() {
		p.When = moment(c.book.Ended)
	}
	judged := c.judged()
	p.Counted = len(judged)
	p.Histogram, p.Spread = histogram(judged)
	p.Attention = c.attention()
	p.Checks = c.checks(judged)
	p.Stops = c.stops(judged)
	p.Headline, p.Worst = headline(p.Checks, len(judged))
	p.Tiles = c.tiles(judged)
	return p
}

func (c *class) facts() []fact {
	out := []fact{{"Lab", c.lab.Name}}
	for _, f := range []fact{{"Lab digest", c.book.Lab.Digest}, {"Image", c.book.Image}, {"Grader", c.book.Grader}} {
		if f.Value != "" {
			out = append(out, fact{f.Name, short(cleanText(f.Value))})
		}
	}
	return out
}

// judged are the submissions that say something about the checks.
func (c *class) judged() []row {
	var out []row
	for _, r := range c.rows {
		if r.status == gradebook.Graded && r.Score != nil {
			out = append(out, r)
		}
	}
	return out
}

func (c *class) tiles(judged []row) []tile {
	var full, look, counting int
	for _, r := range c.rows {
		if r.status != gradebook.Superseded {
			counting++
		}
		if len(r.Reasons) > 0 && !slices.Equal(r.Reasons, []string{"late"}) {
			look++
		}
	}
	for _, r := range judged {
		if *r.Score >= r.Max {
			full++
		}
	}
	out := []tile{{Value: fmt.Sprint(len(judged)), Of: fmt.Sprintf("of %d", counting), Name: "graded"}}
	if len(judged) > 0 {
		out = append(out, tile{Value: median(judged), Of: fmt.Sprintf("of %d", c.lab.Points), Name: "median score"},
			tile{Value: fmt.Sprint(full), Of: fmt.Sprintf("of %d", len(judged)), Name: "full score"})
	}
	t := tile{Value: fmt.Sprint(look), Name: "need a look", Class: "calm"}
	if look > 0 {
		t.Class, t.Link = "alarm", "#attention"
	}
	return append(out, t)
}

func median(judged []row) string {
	var scores []int
	for _, r := range judged {
		scores = append(scores, *r.Score)
	}
	slices.Sort(scores)
	mid := len(scores) / 2
	if len(scores)%2 == 0 && (scores[mid-1]+scores[mid])%2 == 1 {
		return fmt.Sprintf("%.1f", float64(scores[mid-1]+scores[mid])/2)
	} else if len(scores)%2 == 0 {
		return fmt.Sprint((scores[mid-1] + scores[mid]) / 2)
	}
	return fmt.Sprint(scores[mid])
}

// histogram counts scores in tenths of what can be reached; the full score has
// a column of its own.
func histogram(judged []row) ([]bin, string) {
	bins := make([]bin, 11)
	most := 0
	for _, r := range judged {
		at := 0
		if r.Max > 0 {
			at = min(10, max(0, *r.Score*10/r.Max))
		}
		bins[at].Count++
		most = max(most, bins[at].Count)
	}
	var words []string
	for i := range bins {
		bins[i].Label = fmt.Sprintf("%d", i*10)
		if bins[i].Count > 0 {
			bins[i].Height = max(3, bins[i].Count*100/most)
			words = append(words, fmt.Sprintf("%s %s", count(bins[i].Count, "submission", "submissions"), binName(i)))
		}
	}
	return bins, strings.Join(words, "; ")
}

func binName(i int) string {
	if i == 10 {
		return "with the full score"
	}
	return fmt.Sprintf("from %d %% to below %d %%", i*10, i*10+10)
}

// attention groups the submissions that somebody should look at, the most
// pressing reason first.
func (c *class) attention() []group {
	groups := []group{
		{Class: "error", Mark: "!", Reason: "machine trouble", Why: true, Open: true,
			Help: "They have no score, which is not a zero. Grade them again: `ipclab grade … --regrade failed`."},
		{Class: "error", Mark: "!", Reason: "mistake in the lab", Why: true, Open: true,
			Help: "They have no score. Mend the lab (`ipclab lab check`) and grade again."},
		{Class: "fail", Mark: "⇄", Reason: "foreign variant", Open: true,
			Help: "Made from another student's variant of the lab. The score stands as it was earned; the page says whose variant it is."},
		{Class: "fail", Mark: "✗", Reason: "refused", Why: true, Open: true,
			Help: "They could not be taken as submissions, and count as zero."},
		{Class: "error", Mark: "?", Reason: "not all could be checked", Open: true,
			Help: "Some checks ended in an error that is not the student's fault."},
		{Class: "note", Mark: "≠", Reason: "not as it was packed",
			Help: "What was handed in differs from what `ipclab submit` packed. It does not change the score; the page says what differs."},
		{Class: "note", Mark: "⏱", Reason: "late", Help: "The course platform says so. It does not change the score."},
	}
	for i := range groups {
		for _, r := range c.rows {
			if slices.Contains(r.Reasons, groups[i].Reason) {
				groups[i].Rows = append(groups[i].Rows, r)
			}
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Rows) == 0 })
}

// checks counts what became of each check.
func (c *class) checks(judged []row) []checkRow {
	var out []checkRow
	step := ""
	for _, check := range c.lab.Checks {
		r := checkRow{ID: check.ID, Step: check.Step, Title: check.Title, Points: check.Points, Hidden: check.Hidden,
			FirstOfStep: check.Step != step}
		step = check.Step
		for _, j := range judged {
			r.count(j, c.lab)
		}
		r.draw(len(judged))
		out = append(out, r)
	}
	worst := slices.MaxFunc(append(out, checkRow{}), func(a, b checkRow) int { return cmp.Compare(a.Failed, b.Failed) })
	for i := range out {
		out[i].Worst = worst.Failed > 0 && out[i].ID == worst.ID
	}
	return out
}

// count adds what became of the check in one submission.
func (r *checkRow) count(j row, lab gradebook.Lab) {
	for _, o := range j.outcomes {
		if o.check == r.ID {
			*map[grader.Verdict]*int{grader.Pass: &r.Passed, grader.Fail: &r.Failed, grader.Skipped: &r.Skipped, grader.Broken: &r.Errs}[o.verdict]++
		}
	}
	if !slices.ContainsFunc(j.outcomes, func(o outcome) bool { return o.check == r.ID && o.verdict == grader.Fail }) {
		return
	}
	for _, o := range j.outcomes {
		if o.verdict == grader.Skipped && reaches(lab, o.check, r.ID) {
			r.Held++
		}
	}
}

// draw computes the bar, in percent of its width.
func (r *checkRow) draw(n int) {
	if n == 0 {
		return
	}
	percent := func(k int) float64 { return float64(k) * 100 / float64(n) }
	r.Rate = int(percent(r.Passed) + 0.5)
	if r.Rate == 100 && r.Passed < n {
		r.Rate = 99 // all is all
	}
	r.PassW, r.FailW, r.SkipW = percent(r.Passed), percent(r.Failed), percent(r.Skipped)
	r.FailX = r.PassW
	r.SkipX = r.PassW + r.FailW
}

// headline names the check that stops most students: those whom an earlier one
// stopped did not get there.
func headline(checks []checkRow, n int) (text, id string) {
	for _, c := range checks {
		if !c.Worst {
			continue
		}
		text = fmt.Sprintf("%d of %d fail it", c.Failed, n)
		if c.Held > 0 {
			text += fmt.Sprintf("; %s could not be tried because of it", count(c.Held, "other check", "other checks"))
		}
		return text + ".", c.ID
	}
	return "", ""
}

// stops lists for each check who failed it, put together by what happened.
func (c *class) stops(judged []row) []stop {
	var out []stop
	for _, check := range c.lab.Checks {
		s := stop{ID: check.ID, Title: check.Title}
		for _, r := range judged {
			for _, o := range r.outcomes {
				if o.check == check.ID && (o.verdict == grader.Fail || o.verdict == grader.Broken) {
					s.add(o.message, r)
				}
			}
		}
		if s.Failed > 0 {
			slices.SortStableFunc(s.Groups, func(a, b messageGroup) int { return cmp.Compare(len(b.Rows), len(a.Rows)) })
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b stop) int { return cmp.Compare(b.Failed, a.Failed) })
	return out
}

func (s *stop) add(message string, r row) {
	s.Failed++
	at := slices.IndexFunc(s.Groups, func(g messageGroup) bool { return g.Message == message })
	if at < 0 {
		at = len(s.Groups)
		s.Groups = append(s.Groups, messageGroup{Message: message})
	}
	s.Groups[at].Rows = append(s.Groups[at].Rows, r)
}
