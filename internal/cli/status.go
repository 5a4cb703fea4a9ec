package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/host"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/session"
	"ipclab/labs"
)

// statusLine is one lab that was begun.
type statusLine struct {
	labLine
	Machine *machineLine    `json:"machine,omitempty"`
	Checks  []grader.Result `json:"results,omitempty"`
}

// machineLine is a running clone.
type machineLine struct {
	Hostname string    `json:"hostname"`
	Accel    string    `json:"accel"`
	Begun    time.Time `json:"begun"`
	QEMU     int       `json:"qemu_pid"`
}

func newStatus(a *app) *cobra.Command {
	return a.withJSON(&cobra.Command{
		Use: "status [LAB]", Short: "Show what runs, and your progress", Args: atMostOne("the name of a lab"),
		ValidArgsFunction: a.completeLabs,
		RunE:              func(_ *cobra.Command, args []string) error { return a.status(args) },
	})
}

func (a *app) status(args []string) error {
	h, err := a.host()
	if err != nil {
		return err
	}
	chosen, err := a.chosen(args)
	if err != nil {
		return err
	}
	lines := []statusLine{}
	for _, lab := range chosen {
		l, err := statusOf(h, lab)
		if err != nil {
			return err
		}
		if l.Running || l.Tried || len(args) > 0 {
			lines = append(lines, l)
		}
	}
	if a.json {
		return printJSON(a.out, lines)
	}
	if len(lines) == 0 {
		fmt.Fprintln(a.out, "Nothing is begun. `ipclab list` shows the labs, `ipclab start LAB` starts one.")
	}
	for _, l := range lines {
		a.printStatus(l)
	}
	return nil
}

func (a *app) chosen(args []string) ([]*labs.Lab, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return catalog.All(), nil
	}
	lab, err := catalog.Find(args[0])
	return []*labs.Lab{lab}, err
}

func statusOf(h *host.Host, lab *labs.Lab) (statusLine, error) {
	line, err := lineOf(h, lab)
	if err != nil {
		return statusLine{}, err
	}
	st := statusLine{labLine: line}
	clone, err := h.Machines().Find(lab.Name)
	var not *qemu.NotRunningError
	if err != nil && !errors.As(err, &not) {
		return st, err
	}
	if err == nil {
		st.Machine = &machineLine{clone.Hostname, string(clone.Hardware.Accel), clone.Begun, clone.QEMU}
	}
	s, err := session.Open(h, lab, "")
	if err != nil {
		return st, err
	}
	report, err := s.Report()
	if err == nil {
		st.Checks = report.Results
	} else if !errors.Is(err, fs.ErrNotExist) {
		return st, err
	}
	return st, nil
}

func (a *app) printStatus(l statusLine) {
	fmt.Fprintf(a.out, "%s  %s\n", a.style.bold(l.Name), l.Title)
	fmt.Fprintf(a.out, "  workspace  %s\n", l.Workspace)
	if l.Variant != "" {
		fmt.Fprintf(a.out, "  variant    %s\n", l.Variant)
	}
	if m := l.Machine; m != nil {
		fmt.Fprintf(a.out, "  machine    %s, %s, up %s\n", m.Hostname, m.Accel, time.Since(m.Begun).Round(time.Second))
	} else {
		fmt.Fprintf(a.out, "  machine    not running\n")
	}
	if !l.Tried {
		fmt.Fprintf(a.out, "  points     not checked yet: ipclab check %s\n\n", l.Name)
		return
	}
	fmt.Fprintf(a.out, "  points     %s, %d of %d checks pass\n  checks     ", l.points(), l.Passed, l.labLine.Checks)
	for _, r := range l.Checks {
		fmt.Fprint(a.out, a.dot(r))
	}
	fmt.Fprintln(a.out, a.style.faint("   ✓ pass  ✗ fail  · not run  ! trouble"))
	if l.Left != nil {
		fmt.Fprintf(a.out, "  left       %s, run when your work is graded\n", hiddenChecks(*l.Left))
	}
	fmt.Fprintln(a.out)
}

func (a *app) dot(r grader.Result) string {
	switch r.Verdict {
	case grader.Pass:
		return a.style.good("✓")
	case grader.Fail:
		return a.style.bad("✗")
	case grader.Skipped:
		return a.style.faint("·")
	}
	return a.style.warn("!")
}
