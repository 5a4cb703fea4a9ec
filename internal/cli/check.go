package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/session"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

type checkFlags struct {
	session.CheckOptions
	watch, hints, verbose bool
	dir                   string
}

func newCheck(a *app) *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use: "check [LAB] [CHECK…]", Short: "Check your work and show the evidence",
		Long: "check copies your workspace into the machine, builds it there and runs the lab's checks,\n" +
			"except those that are hidden: they are run when your work is graded.\n" +
			"What cannot have changed since it passed is not run again, unless --all is given.\n" +
			"It ends with 0 when everything passed, 1 when your work falls short, 3 when the\n" +
			"machine is in trouble and 4 when the lab itself is at fault.",
		ValidArgsFunction: a.completeChecks,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.session(args[:min(1, len(args))], f.dir)
			if err != nil {
				return err
			}
			if len(args) > 1 {
				f.Only = args[1:]
			}
			if f.watch {
				return a.watch(c.Context(), s, f)
			}
			report, err := a.check(c.Context(), s, f)
			if err != nil {
				return err
			}
			return verdictOf(report)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.All, "all", false, "run every check, also what cannot have changed")
	flags.BoolVar(&f.Independent, "independent", false, "run checks whatever became of those they need")
	flags.BoolVarP(&f.watch, "watch", "w", false, "check again whenever you save a file")
	flags.BoolVar(&f.hints, "hint", false, "show the first hint for what failed")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the evidence for what passed, too")
	flags.StringVar(&f.dir, "dir", "", "the `folder` to check (default: your workspace)")
	return a.withJSON(c)
}

func (a *app) completeChecks(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeLabs(c, args, word)
	}
	var ids []string
	if lab, err := a.lab(args[0]); err == nil {
		for _, check := range lab.Visible() {
			ids = append(ids, check.ID)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// check runs the checks once and prints them as they end.
func (a *app) check(ctx context.Context, s *session.Session, f checkFlags) (*grader.Report, error) {
	if a.json {
		report, err := s.Check(ctx, f.CheckOptions, nil)
		if err == nil {
			err = printJSON(a.out, report)
		}
		return report, err
	}
	show := &checkPrinter{app: a, lab: s.Lab, flags: f}
	report, err := s.Check(ctx, f.CheckOptions, func(e grader.Event) {
		if ctx.Err() == nil { // what was broken off says nothing
			show.event(e)
		}
	})
	if err != nil {
		return report, err
	}
	show.sum(report)
	return report, nil
}

// verdictOf turns a report into the exit code.
func verdictOf(r *grader.Report) error {
	code := codeDone
	for _, res := range r.Results {
		code = max(code, codeOfResult(res))
	}
	if code == codeDone {
		return nil
	}
	return &exitError{code}
}

func codeOfResult(r grader.Result) int {
	switch {
	case r.Verdict == grader.Pass:
		return codeDone
	case r.Fault == grader.Machine:
		return codeMachine
	case r.Fault == grader.Lab:
		return codeLab
	}
	return codeStudent
}

// watch checks whenever the workspace changes, until Ctrl-C.
func (a *app) watch(ctx context.Context, s *session.Session, f checkFlags) error {
	changes, err := workspace.Watch(ctx, s.Dir)
	if err != nil {
		return err
	}
	for {
		if _, err := a.check(ctx, s, f); err != nil {
			var work *workspace.Error
			if !errors.As(err, &work) {
				return err
			}
			a.printError(err) // the next save may mend it
		}
		fmt.Fprintln(a.out, a.style.faint("\nwaiting for a change in "+s.Dir+" (Ctrl-C ends)"))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case _, ok := <-changes:
			if !ok {
				return context.Cause(ctx)
			}
		}
	}
}

// checkPrinter prints results as they come.
type checkPrinter struct {
	app   *app
	lab   *labs.Lab
	flags checkFlags
	step  string
}

func (p *checkPrinter) event(e grader.Event) {
	if done, ok := e.(grader.CheckFinished); ok {
		p.result(done.Result)
	}
}

func (p *checkPrinter) result(r grader.Result) {
	if step := stepOf(p.lab, r.Check); step != p.step {
		p.step = step
		fmt.Fprintf(p.app.out, "\n%s\n", p.app.style.bold(step))
	}
	fmt.Fprintf(p.app.out, "  %s %s%s\n", p.mark(r), r.Title, p.aside(r))
	if r.Verdict == grader.Pass && !p.flags.verbose && r.By == "" {
		return
	}
	p.explain(r)
}

// mark is the verdict as a sign and a word.
func (p *checkPrinter) mark(r grader.Result) string {
	st := p.app.style
	switch {
	case r.Verdict == grader.Pass:
		return st.good("✓ pass")
	case r.Verdict == grader.Skipped:
		return st.faint("· skip")
	case r.Verdict == grader.Fail:
		return st.bad("✗ FAIL")
	}
	return st.warn("! " + string(r.Fault))
}

func (p *checkPrinter) aside(r grader.Result) string {
	parts := []string{fmt.Sprintf("%s, %d/%d", r.Check, r.Points, r.MaxPoints)}
	if r.By != "" {
		parts = append(parts, "by "+r.By)
	}
	if len(r.Unmet) > 0 {
		parts = append(parts, "needs "+strings.Join(r.Unmet, ", "))
	}
	if r.Unchanged {
		parts = append(parts, "unchanged")
	}
	return p.app.style.faint("  (" + strings.Join(parts, ", ") + ")")
}

// explain shows what was expected, what happened, and the evidence.
func (p *checkPrinter) explain(r grader.Result) {
	if r.Verdict == grader.Fail || r.Verdict == grader.Broken {
		p.line("expected", r.Expected)
		p.line("happened", r.Message)
		if r.Script != nil {
			p.line("where", fmt.Sprintf("%s: %s", r.Script, r.Script.Said()))
		}
	}
	for _, text := range p.evidence(r) {
		p.line("evidence", text)
	}
	if c := p.lab.Check(r.Check); p.flags.hints && r.Verdict == grader.Fail && c != nil && len(c.Hints) > 0 {
		p.line("hint", c.Hints[0])
	}
}

// evidence is what is shown of a result's evidence: of a pass only the denials,
// unless more is asked for.
func (p *checkPrinter) evidence(r grader.Result) []string {
	var lines []string
	for _, e := range r.Evidence {
		denied := e.AVC != nil || (e.Probe != nil && e.Probe.Errno != "")
		if r.Verdict == grader.Pass && !p.flags.verbose && !denied {
			continue
		}
		if text := evidenceText(e); !slices.Contains(lines, text) {
			lines = append(lines, text)
		}
	}
	return lines
}

// evidenceText is one piece of evidence: a line, except that a compiler's words
// are shown as they are, and a mistake in the rules with what to do about it.
func evidenceText(e grader.Evidence) string {
	switch {
	case e.Kind == grader.KindCompiler && e.Output != nil:
		return strings.TrimSpace(e.Output.Text)
	case e.Finding != nil && e.Finding.Hint != "":
		return e.Text + "\n" + e.Finding.Hint
	}
	return e.Text
}

func (p *checkPrinter) line(what, text string) {
	if text == "" {
		return
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	const most = 20
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("… and %d more lines", len(lines)-most))
	}
	fmt.Fprintf(p.app.out, "      %-9s %s\n", what+":", strings.Join(lines, "\n                "))
}

// sum tells the points and the next step.
func (p *checkPrinter) sum(r *grader.Report) {
	fmt.Fprintf(p.app.out, "\n%s  %d of %d points; %d passed, %d failed, %d skipped", p.app.style.bold(p.lab.Name),
		r.Points, r.MaxPoints, r.Passed, r.Failed, r.Skipped)
	if r.Errors > 0 {
		fmt.Fprintf(p.app.out, ", %d in trouble that is not yours", r.Errors)
	}
	fmt.Fprintf(p.app.out, "  (%.1f s)\n", r.Duration.Seconds())
	if n := r.Left.Checks; n > 0 {
		fmt.Fprintf(p.app.out, "%s, not run here: run when your work is graded\n", hiddenChecks(r.Left))
	}
	first := slices.IndexFunc(r.Results, func(x grader.Result) bool { return x.Verdict == grader.Fail })
	switch {
	case first >= 0 && !p.flags.hints:
		fmt.Fprintf(p.app.out, "next: ipclab hint %s %s\n", p.lab.Name, r.Results[first].Check)
	case r.Done() && r.Left.Checks > 0:
		fmt.Fprintln(p.app.out, "All checks that can be run here pass.")
	case r.Done():
		fmt.Fprintln(p.app.out, "Everything passes.")
	}
}

// hiddenChecks says what is left to the grading.
func hiddenChecks(l grader.Left) string {
	word := "checks"
	if l.Checks == 1 {
		word = "check"
	}
	return fmt.Sprintf("%d hidden %s (%d points)", l.Checks, word, l.Points)
}

// stepOf names the step that a check belongs to.
func stepOf(lab *labs.Lab, id string) string {
	for i, s := range lab.Steps {
		for _, c := range s.Checks {
			if c.ID == id {
				return fmt.Sprintf("Step %d: %s", i+1, s.Title)
			}
		}
	}
	return ""
}
