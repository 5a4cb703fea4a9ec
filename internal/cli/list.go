package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/host"
	"ipclab/internal/session"
	"ipclab/labs"
)

// labLine is one lab as list and status show it.
type labLine struct {
	Name      string       `json:"name"`
	Title     string       `json:"title"`
	Summary   string       `json:"summary"`
	Minutes   int          `json:"minutes"`
	Points    int          `json:"points"`
	Earned    int          `json:"earned"`
	Passed    int          `json:"passed"`
	Checks    int          `json:"checks"`         // that can be run here
	Left      *grader.Left `json:"left,omitempty"` // hidden: run when the work is graded
	Tried     bool         `json:"tried"`
	Running   bool         `json:"running"`
	Workspace string       `json:"workspace"`
	Variant   string       `json:"variant,omitempty"` // fingerprint
}

func newList(a *app) *cobra.Command {
	return a.withJSON(&cobra.Command{
		Use: "list", Short: "List the labs, with your points", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.list() },
	})
}

func (a *app) list() error {
	h, err := a.host()
	if err != nil {
		return err
	}
	catalog, err := a.catalog()
	if err != nil {
		return err
	}
	lines, err := labLines(h, catalog.All())
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, lines)
	}
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "LAB\tTIME\tPOINTS\t\tWHAT")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%d min\t%s\t%s\t%s\n", l.Name, l.Minutes, l.points(), l.state(), l.Summary)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return catalog.Broken()
}

func (l labLine) points() string {
	if !l.Tried {
		return fmt.Sprintf("– / %d", l.Points)
	}
	return fmt.Sprintf("%d / %d", l.Earned, l.Points)
}

func (l labLine) state() string {
	if l.Running {
		return "running"
	}
	return ""
}

// labLines collects what is known of labs.
func labLines(h *host.Host, all []*labs.Lab) ([]labLine, error) {
	lines := []labLine{}
	for _, lab := range all {
		l, err := lineOf(h, lab)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func lineOf(h *host.Host, lab *labs.Lab) (labLine, error) {
	l := labLine{
		Name: lab.Name, Title: lab.Title, Summary: lab.Summary, Minutes: int(lab.Time.Minutes()),
		Points: lab.Points(), Checks: len(lab.Visible()),
	}
	if hidden := lab.Hidden(); len(hidden) > 0 {
		var r grader.Report
		r.LeaveOut(hidden)
		l.Left = &r.Left
	}
	s, err := session.Open(h, lab, "")
	if err != nil {
		return l, err
	}
	l.Workspace, l.Variant = s.Dir, fingerprint(s.Lab)
	_, err = h.Machines().Find(s.Machine)
	l.Running = err == nil
	report, err := s.Report()
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.Tried, l.Earned, l.Passed = true, report.Points, report.Passed
	return l, nil
}
