package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/class"
)

// gradePrinter shows how grading goes: on a terminal in one line that changes,
// elsewhere in a line for each submission.
type gradePrinter struct {
	app     *app
	run     *class.Run
	out     io.Writer
	live    bool
	begun   time.Time
	summary class.Summary

	mu   sync.Mutex
	over chan struct{}
}

func newGradePrinter(a *app, r *class.Run) *gradePrinter {
	f, ok := a.err.(*os.File)
	p := &gradePrinter{
		app: a, run: r, out: a.out, begun: time.Now(), over: make(chan struct{}),
		live: ok && term.IsTerminal(int(f.Fd())), summary: class.NewSummary(r.Lab, len(r.Submissions)),
	}
	if p.live {
		go p.tick()
	}
	return p
}

func (p *gradePrinter) tick() {
	for {
		select {
		case <-p.over:
			return
		case <-time.After(time.Second):
		}
		p.mu.Lock()
		p.line()
		p.mu.Unlock()
	}
}

func (p *gradePrinter) event(e class.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case class.Finished:
		p.summary.Add(e)
		if !p.live {
			p.plain(e)
		}
	case class.Troubled:
		p.note("%s: trouble with the machine (%d of %d): %s", e.ID, e.Try, e.Of, e.Problem)
	case class.Confirming:
		p.note("%s: %s ran out of time; it is judged once more, alone and with twice the time", e.ID, e.Check)
	}
	if p.live {
		p.line()
	}
}

// plain is the line of a submission.
func (p *gradePrinter) plain(e class.Finished) {
	if p.app.json {
		return
	}
	text := fmt.Sprintf("%d/%d %s  %s", e.Done, e.Total, e.Grade.ID, scoreOf(e.Grade))
	if why := whyNot(e.Grade); why != "" {
		text += "  " + why
	}
	if e.Kept {
		text += "  (kept)"
	}
	fmt.Fprintln(p.out, grader.Escape(text))
}

// whyNot says what stands between a submission and the full score, and whose it
// is if it is another student's.
func whyNot(g gradebook.Grade) string {
	why := g.Problem
	if id := class.StoppedBy(g); id != "" {
		why = "first to fail: " + id
	}
	if v := g.Variant; v != nil && v.Foreign {
		return strings.TrimSuffix("made from the variant of "+v.Of+"; "+why, "; ")
	}
	return why
}

func (p *gradePrinter) note(format string, args ...any) {
	p.clear()
	fmt.Fprintf(p.app.err, "note: %s\n", grader.Escape(fmt.Sprintf(format, args...)))
}

// line is the changing line of a terminal.
func (p *gradePrinter) line() {
	p.clear()
	fmt.Fprintf(p.app.err, "grading %s: %d of %d%s", p.run.Lab.Name, p.summary.Done, p.summary.Total, p.left())
}

// left is the time that is left if the rest goes as what was judged so far.
func (p *gradePrinter) left() string {
	judged := p.summary.Judged
	if judged < 2 {
		return ""
	}
	rest := p.summary.Total - p.summary.Done
	left := time.Since(p.begun) / time.Duration(judged) * time.Duration(rest)
	return fmt.Sprintf(", about %s left", left.Round(5*time.Second))
}

func (p *gradePrinter) clear() {
	if p.live {
		fmt.Fprint(p.app.err, "\r\x1b[K")
	}
}

// end ends the changing line.
func (p *gradePrinter) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	close(p.over)
}

// broken tells what is there when the run was broken off.
func (p *gradePrinter) broken() {
	if p.app.json || p.summary.Done == 0 {
		return
	}
	fmt.Fprintf(p.app.err, "%d of %d are graded and kept in %s; --resume goes on\n", p.summary.Done, p.summary.Total, p.run.Out)
}

// sum prints what the class came to, and gives the exit code.
func (p *gradePrinter) sum() error {
	if p.app.json {
		if err := printJSON(p.app.out, struct {
			Out string `json:"out"`
			class.Summary
		}{p.run.Out, p.summary}); err != nil {
			return err
		}
	} else {
		p.table()
	}
	switch {
	case p.summary.LabFault > 0:
		return &exitError{codeLab}
	case p.summary.Ungraded > 0:
		return &exitError{codeMachine}
	}
	return nil
}

func (p *gradePrinter) table() {
	s, out := p.summary, p.app.out
	took := time.Since(p.begun)
	what := "submissions"
	if s.Total == 1 {
		what = "submission"
	}
	fmt.Fprintf(out, "\n%s  %d %s in %s: %d graded", p.app.style.bold(p.run.Lab.Name), s.Total, what, took.Round(time.Second), s.Graded)
	for _, part := range []struct {
		n    int
		what string
	}{{s.Refused, "refused"}, {s.Ungraded, "ungraded"}, {s.Superseded, "superseded"}, {s.Kept, "kept from before"}} {
		if part.n > 0 {
			fmt.Fprintf(out, ", %d %s", part.n, part.what)
		}
	}
	fmt.Fprintln(out)
	if s.Graded > 0 {
		fmt.Fprintf(out, "  mean     %.1f of %d points, %d with the full score\n", s.Mean, s.MaxScore, s.Whole)
	}
	if id, n := s.Hardest(); n > 0 {
		fmt.Fprintf(out, "  hardest  %s stops %d\n", id, n)
	}
	if s.Foreign > 0 {
		fmt.Fprintf(out, "  foreign  %d made from another student's variant\n", s.Foreign)
	}
	fmt.Fprintf(out, "  reports  %s\n", p.reports())
	p.next()
}

func (p *gradePrinter) reports() string {
	page := filepath.Join(p.run.Out, "index.html")
	if _, err := os.Stat(page); err == nil {
		return page
	}
	return p.run.Out
}

// next says what to do about what has no grade.
func (p *gradePrinter) next() {
	switch s := p.summary; {
	case s.LabFault > 0:
		fmt.Fprintf(p.app.out, "%d could not be graded because of a fault in the lab: `ipclab lab check %s` finds it; then --resume\n", s.LabFault, p.run.Lab.Name)
	case s.Ungraded > 0:
		fmt.Fprintf(p.app.out, "%d could not be graded because of the machine, and have no score: give the command again with --resume\n", s.Ungraded)
	}
}

// points reads "80/100".
func points(earned, most int) string { return fmt.Sprintf("%d/%d", earned, most) }
