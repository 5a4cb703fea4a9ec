package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ipclab/internal/explain"
	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/internal/session"
	"ipclab/scenarios"
)

type traceFlags struct {
	length time.Duration
	svg    string
}

const traceLong = "trace makes the kernel record what the subjects are let do and what they are refused,\n" +
	"counts it in the machine, and shows the counts: who, which operation, on which object.\n" +
	"It ends with Ctrl-C, after --for, or with the command after --, which runs on this\n" +
	"computer. Then the machine is as it was before.\n\n" +
	"Checks may run meanwhile; what they load is watched, too:\n" +
	"  ipclab trace fifo -- ipclab check fifo --all\n" +
	"  ipclab trace fifo -- ipclab shell fifo -- ./writer /run/ipclab/fifo/channel"

func newTrace(a *app) *cobra.Command {
	var f traceFlags
	c := &cobra.Command{
		Use: "trace [LAB] [--for 10s | -- COMMAND…]", Short: "Watch who does what to which object in the running machine",
		Long: traceLong, ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			names, command := splitDash(c, args)
			if len(names) > 1 {
				return usagef("want at most the name of a lab; a command stands after --")
			}
			s, err := a.session(names, "")
			if err != nil {
				return err
			}
			return a.trace(c.Context(), s.Trace(session.ScenarioOf(s.Lab)), f, command)
		},
	}
	return a.withTraceFlags(c, &f)
}

// newScenarioTrace watches the subjects of a scenario that is not a lab's.
func newScenarioTrace(a *app) *cobra.Command {
	var f traceFlags
	var name string
	c := &cobra.Command{
		Use: "trace SCENARIO [--machine NAME] [--for 10s | -- COMMAND…]", Short: "Watch a scenario's subjects in a running machine",
		Long: traceLong, ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			names, command := splitDash(c, args)
			if len(names) != 1 {
				return usagef("want a scenario; a command stands after --")
			}
			s, err := scenarioOf(names[0])
			if err != nil {
				return err
			}
			t, err := a.scenarioTrace(s, name)
			if err != nil {
				return err
			}
			return a.trace(c.Context(), t, f, command)
		},
	}
	c.Flags().StringVar(&name, "machine", "", "the running `MACHINE` (default: the only one)")
	return a.withTraceFlags(c, &f)
}

func (a *app) withTraceFlags(c *cobra.Command, f *traceFlags) *cobra.Command {
	c.Flags().DurationVar(&f.length, "for", 0, "end after this `TIME`, such as 10s")
	c.Flags().StringVar(&f.svg, "svg", "", "also draw what was seen first as a sequence diagram into this `FILE`")
	return a.withJSON(c)
}

// scenarioTrace watches a machine in which a scenario's policy is loaded.
func (a *app) scenarioTrace(s *scenarios.Scenario, name string) (session.Trace, error) {
	clone, err := a.clone(name)
	if err != nil {
		return session.Trace{}, err
	}
	h, err := a.host()
	if err != nil {
		return session.Trace{}, err
	}
	modules, err := s.Modules()
	if err != nil {
		return session.Trace{}, err
	}
	return session.Trace{Host: h, Machine: clone.Name, Scenario: s, Policies: func() [][]policy.Module { return [][]policy.Module{modules} }}, nil
}

// trace watches until it is to end, and shows what was counted.
func (a *app) trace(ctx context.Context, t session.Trace, f traceFlags, command []string) error {
	if f.length < 0 || f.length > 0 && len(command) > 0 {
		return usagef("trace: give --for a time, or a command after --, not both")
	}
	if _, err := t.Host.Machines().Find(t.Machine); err != nil {
		return err // before anything is built for it
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	show := newTraceView(a, t.Scenario, len(command) == 0)
	ran := make(chan error, 1)
	begun := false
	err := t.Run(watching, func(r api.TraceReply) {
		if !begun {
			begun = true
			show.begin(t.Machine, f)
			if f.length > 0 {
				time.AfterFunc(f.length, stop)
			}
			if len(command) > 0 {
				go func() { ran <- a.runTraced(ctx, command); stop() }()
			}
		}
		show.update(r)
	})
	if err == nil {
		err = show.finish(f.svg)
	}
	if err == nil && begun && len(command) > 0 {
		err = <-ran
	}
	return err
}

// runTraced runs a command on this computer and ends as it ends. What it prints
// goes to stderr when stdout is for JSON.
func (a *app) runTraced(ctx context.Context, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if a.json {
		cmd.Stdout = a.err
	}
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() >= 0 {
		return &exitError{exit.ExitCode()}
	}
	return err
}

// traceView shows counts: live on a terminal, else once at the end.
type traceView struct {
	app      *app
	scenario *scenarios.Scenario
	live     bool
	rows     []api.TraceRow // by ID, from 1
	last     api.TraceReply
	began    time.Time
	shown    int // lines that the next update replaces
}

func newTraceView(a *app, s *scenarios.Scenario, live bool) *traceView {
	return &traceView{app: a, scenario: s, live: live && a.terminal() && !a.json, began: time.Now()}
}

func (v *traceView) begin(machine string, f traceFlags) {
	if v.app.json {
		return
	}
	end := "Ctrl-C ends"
	if f.length > 0 {
		end = fmt.Sprintf("for %v", f.length)
	}
	fmt.Fprintln(v.app.err, v.app.style.faint("tracing the machine "+machine+" ("+end+")"))
}

// update takes in what has changed.
func (v *traceView) update(r api.TraceReply) {
	v.last = r
	for _, row := range r.Rows {
		for len(v.rows) < row.ID {
			v.rows = append(v.rows, api.TraceRow{})
		}
		v.rows[row.ID-1] = row
	}
	if v.live && (len(r.Rows) > 0 || v.shown == 0) {
		v.redraw()
	}
}

// redraw shows the newest rows in the place of those shown before.
func (v *traceView) redraw() {
	_, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		height = 24
	}
	lines := v.lines()
	if most := height - 3; len(lines) > most {
		lines = append(lines[:1:1], lines[len(lines)-most+1:]...)
	}
	if v.shown > 0 {
		fmt.Fprintf(v.app.out, "\x1b[%dA\r\x1b[J", v.shown)
	}
	for _, l := range lines {
		fmt.Fprintln(v.app.out, l)
	}
	v.shown = len(lines)
}

// traceWidths are the columns of a table that fits 80: count, time, who, what.
const traceFormat = "%5s  %-8s  %-14s %s %-15s %s"

// lines is the table: its head, and a line for each row.
func (v *traceView) lines() []string {
	lines := []string{v.app.style.bold(fmt.Sprintf(traceFormat, "times", "last", "who", " ", "what", "on"))}
	for _, r := range v.rows {
		if r.Count > 0 {
			lines = append(lines, v.line(r))
		}
	}
	return lines
}

func (v *traceView) line(r api.TraceRow) string {
	mark := "→"
	if r.Denied {
		mark = "✗"
	}
	what := strings.Join(r.Permissions, " ")
	if r.Class == "" {
		what = explain.CallName(r.Arch, r.Syscall) + " " + errnoName(r.Exit)
	}
	line := fmt.Sprintf(traceFormat, fmt.Sprint(r.Count), r.Last.Local().Format("15:04:05"),
		v.who(r), mark, what, v.object(r))
	switch {
	case r.Denied && !r.Permissive:
		return v.app.style.bad(line)
	case r.Permissive:
		return v.app.style.warn(line + " (permissive: let through)")
	}
	return line
}

func errnoName(exit int64) string {
	switch exit {
	case -1:
		return "EPERM"
	case -13:
		return "EACCES"
	}
	return fmt.Sprint(exit)
}

// who names a subject by its domain, and by its user where several share it.
func (v *traceView) who(r api.TraceRow) string {
	user := session.MachineUsers()[r.User]
	for _, s := range v.scenario.Subjects {
		if (s.Domain == r.Source || s.Domain == "" && user != "" && r.Source == studentDomain) && (user == "" || s.User == user) {
			return s.Name
		}
	}
	return r.Source
}

// studentDomain is that of subjects that name none.
const studentDomain = "ipclab_student_t"

// object names what was acted on, with the scenario's name where it has one.
func (v *traceView) object(r api.TraceRow) string {
	if r.Class == "" {
		base := explain.Escape(path.Base(r.Name))
		switch {
		case r.Name == "":
			return "(by the mode)"
		case r.Mode == "": // it was not found
			return base + " (directory's mode)"
		}
		return base + " (mode " + r.Mode + ")"
	}
	name := r.Target
	for _, d := range v.scenario.Directories {
		if d.Type == r.Target && r.Class == "dir" {
			return explain.Escape(path.Join(d.Path, path.Base(r.Name)))
		}
	}
	for _, o := range v.scenario.Objects {
		if o.Type == r.Target {
			name = o.Name
		}
	}
	for _, s := range v.scenario.Subjects {
		if s.Domain == r.Target && name == r.Target {
			name = s.Name
		}
	}
	text := name + ":" + r.Class
	if base := path.Base(r.Name); r.Name != "" && base != name {
		text += " " + explain.Escape(base)
	}
	return text
}

// finish shows what there is at the end.
func (v *traceView) finish(svg string) error {
	if svg != "" {
		if err := v.draw(svg); err != nil {
			return err
		}
	}
	if v.app.json {
		v.last.Rows = slices.DeleteFunc(v.rows, func(r api.TraceRow) bool { return r.Count == 0 })
		return printJSON(v.app.out, v.last)
	}
	if lines := v.lines(); !v.live && len(lines) > 1 {
		fmt.Fprintln(v.app.out, strings.Join(lines, "\n"))
	} else if len(lines) == 1 {
		fmt.Fprintln(v.app.out, "nothing was recorded: no subject used an object, and none was refused")
	}
	for _, note := range v.notes() {
		fmt.Fprintln(v.app.err, "note: "+note)
	}
	return nil
}

// notes say what is missing in the counts.
func (v *traceView) notes() (notes []string) {
	if v.last.Lost > 0 {
		notes = append(notes, fmt.Sprintf("the kernel lost %d records: some counts are too small", v.last.Lost))
	}
	if v.last.Full > 0 {
		notes = append(notes, fmt.Sprintf("%d records were of more kinds than are counted", v.last.Full))
	}
	if !v.last.Watched && v.last.Next > 0 || !v.last.Watched && v.last.Loaded != "" {
		notes = append(notes, "the policy in the machine is not the lab's with the rules of your workspace: only refusals were seen. `ipclab check` loads yours")
	}
	return notes
}
