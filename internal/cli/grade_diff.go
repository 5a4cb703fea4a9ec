package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// codeDifferent says that two runs differ, as diff(1) does.
const codeDifferent = 1

func newGradeDiff(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "diff FOLDER FOLDER",
		Short: "Compare two grading runs, student by student and check by check",
		Long: "diff compares what `ipclab grade --out` left in two folders, the older one first. How long\n" +
			"something took is no difference. It ends with 0 when all grades are the same, and with 1\n" +
			"when they are not.",
		Args: exactly(2, "two folders with grades"),
		RunE: func(_ *cobra.Command, args []string) error {
			old, err := gradebook.Read(args[0])
			if err != nil {
				return err
			}
			now, err := gradebook.Read(args[1])
			if err != nil {
				return err
			}
			return a.gradeDiff(gradebook.Diff(old, now))
		},
	}
	return a.withJSON(c)
}

func (a *app) gradeDiff(d gradebook.Difference) error {
	if a.json {
		if err := printJSON(a.out, d); err != nil {
			return err
		}
	} else {
		a.printDifference(d)
	}
	if d.Same() {
		return nil
	}
	return &exitError{codeDifferent}
}

func (a *app) printDifference(d gradebook.Difference) {
	for _, c := range d.Changes {
		a.printChange(c)
	}
	for _, g := range d.Removed {
		fmt.Fprintf(a.out, "%s  only in the first: %s\n", a.style.bold(studentName(g.Student)), scoreOf(g))
	}
	for _, g := range d.Added {
		fmt.Fprintf(a.out, "%s  only in the second: %s\n", a.style.bold(studentName(g.Student)), scoreOf(g))
	}
	if !d.Same() {
		fmt.Fprintln(a.out)
	}
	fmt.Fprintf(a.out, "%d changed, %d the same", len(d.Changes), d.Unchanged)
	if n := len(d.Removed) + len(d.Added); n > 0 {
		fmt.Fprintf(a.out, ", %d in one of them only", n)
	}
	if len(d.Causes) > 0 {
		fmt.Fprintf(a.out, "; they were graded with another %s", strings.Join(d.Causes, " and another "))
	}
	fmt.Fprintln(a.out)
}

func (a *app) printChange(c gradebook.Change) {
	note := ""
	if c.Work {
		note = a.style.faint("  (other work was handed in)")
	}
	fmt.Fprintf(a.out, "%s  %s → %s%s\n", a.style.bold(studentName(c.Student)),
		standing(c.OldStatus, c.OldScore), standing(c.NewStatus, c.NewScore), note)
	for _, check := range c.Checks {
		fmt.Fprintf(a.out, "    %-20s %s → %s, %d → %d points\n", grader.Escape(check.Check),
			verdictWord(check.Old), verdictWord(check.New), check.OldPoints, check.NewPoints)
		for _, m := range []struct{ when, text string }{{"before", check.OldMessage}, {"now", check.NewMessage}} {
			if m.text != "" {
				fmt.Fprintf(a.out, "        %-7s %s\n", m.when+":", oneLine(m.text, 200))
			}
		}
	}
}

// standing is a score, or why there is none.
func standing(s gradebook.Status, score *int) string {
	switch {
	case score == nil:
		return string(s)
	case s == gradebook.Graded:
		return fmt.Sprint(*score)
	}
	return fmt.Sprintf("%d (%s)", *score, s)
}

func verdictWord(v grader.Verdict) string {
	if v == "" {
		return "not there"
	}
	return string(v)
}

// studentName names a student in one short line.
func studentName(s gradebook.Student) string {
	if s.Name == "" || s.Name == s.ID {
		return oneLine(s.ID, 60)
	}
	return oneLine(s.ID, 30) + " " + oneLine(s.Name, 60)
}

// oneLine shows a text of unknown origin on one line, cut if it is long.
func oneLine(text string, most int) string {
	text = strings.Join(strings.Fields(grader.Escape(text)), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
