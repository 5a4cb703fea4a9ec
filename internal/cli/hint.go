package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/session"
	"ipclab/labs"
)

func newHint(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "hint [LAB] [CHECK]", Short: "Give the next hint for the first check that failed",
		Args: cobra.MaximumNArgs(2), ValidArgsFunction: a.completeChecks,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.session(args[:min(1, len(args))], "")
			if err != nil {
				return err
			}
			c, err := hintedCheck(s, args)
			if err != nil || c == nil {
				return orPraise(a, err)
			}
			return a.hint(s, c)
		},
	}
}

func orPraise(a *app, err error) error {
	if err == nil {
		fmt.Fprintln(a.out, "Nothing failed in your last check.")
	}
	return err
}

// hintedCheck is the check that a hint is wanted for; nil when nothing failed.
func hintedCheck(s *session.Session, args []string) (*labs.Check, error) {
	if len(args) == 2 {
		c := s.Lab.Check(args[1])
		switch {
		case c == nil:
			return nil, &grader.UnknownCheckError{Lab: s.Lab.Name, Check: args[1]}
		case c.Hidden:
			return nil, &grader.HiddenCheckError{Lab: s.Lab.Name, Check: args[1]}
		}
		return c, nil
	}
	report, err := s.Report()
	if errors.Is(err, fs.ErrNotExist) {
		return s.Lab.Visible()[0], nil
	}
	if err != nil {
		return nil, err
	}
	for _, r := range report.Results {
		if r.Verdict == grader.Fail {
			return s.Lab.Check(r.Check), nil
		}
	}
	return nil, nil
}

// hint shows the hints given so far and one more.
func (a *app) hint(s *session.Session, c *labs.Check) error {
	shown, err := s.NextHint(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s\n  %s\n\n", a.style.bold(c.ID), c.Title, c.Expect)
	for i := range shown {
		fmt.Fprintf(a.out, "  %d. %s\n", i+1, c.Hints[i])
	}
	if left := len(c.Hints) - shown; left > 0 {
		fmt.Fprintf(a.out, "\n%d more: ask again with `ipclab hint %s %s`\n", left, s.Lab.Name, c.ID)
	}
	return nil
}
