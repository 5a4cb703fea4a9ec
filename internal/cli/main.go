// Package cli is ipclab's command line: one file a command. It is the only
// place that prints and the only one that knows exit codes. A command reads
// its flags, calls the package that does the work, and shows what came of it.
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ipclab/internal/host"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/session"
	"ipclab/labs"
)

// app is what every command has at hand.
type app struct {
	in       *os.File
	out, err io.Writer
	style    style

	accel    string
	patience time.Duration
	labDirs  []string
	noColor  bool
	json     bool
}

// Main runs one command line and gives the exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return a.conclude(ctx, err)
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "ipclab",
		Short: "Labs in secure inter-process communication, each in a machine of its own",
		Long: "ipclab starts a lab in an SELinux-enforcing virtual machine within a second, checks your\n" +
			"work there, and shows the evidence for what it found.\n\n" +
			"Begin with:  ipclab list\n             ipclab start fifo",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { a.style = newStyle(a.noColor, os.Getenv, os.Stdout) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	flags := root.PersistentFlags()
	flags.StringVar(&a.accel, "accel", os.Getenv("IPCLAB_ACCEL"), "run machines with `kvm` or tcg (default: what works here)")
	flags.DurationVar(&a.patience, "patience", 0, "how long a machine may take to boot (default 5m)")
	flags.StringArrayVar(&a.labDirs, "labs", nil, "a `folder` with more labs, or one lab (also IPCLAB_LABS)")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours (also NO_COLOR)")
	root.AddGroup(
		&cobra.Group{ID: "student", Title: "Working on a lab:"},
		&cobra.Group{ID: "instructor", Title: "Teaching a class:"},
		&cobra.Group{ID: "author", Title: "Making labs and machines:"},
		&cobra.Group{ID: "channel", Title: "Secure channels on this computer:"},
	)
	a.addCommands(root)
	return root
}

func (a *app) addCommands(root *cobra.Command) {
	student := []*cobra.Command{
		newList(a), newStart(a), newShell(a), newCheck(a), newFlows(a), newExplain(a), newTrace(a), newChoose(a), newHint(a), newStatus(a), newSubmit(a), newReset(a), newStop(a), newDoctor(a),
	}
	instructor := []*cobra.Command{newGrade(a), newVariant(a)}
	author := []*cobra.Command{newLab(a), newScenario(a), newImage(a), newVM(a)}
	channels := []*cobra.Command{newSipc(a)}
	for group, commands := range map[string][]*cobra.Command{"student": student, "instructor": instructor, "author": author, "channel": channels} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	root.AddCommand(newSupervise(), newGradeWorker(a))
}

// withJSON gives a command the flag --json.
func (a *app) withJSON(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print the answer as JSON")
	return c
}

// host gives this computer.
func (a *app) host() (*host.Host, error) {
	dirs, err := host.FindDirs(os.Getenv)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &host.Host{
		Dirs: dirs, Agent: guestProgram(self), Supervisor: []string{self, superviseName},
		Patience: a.patience, Progress: newProgress(a),
	}
	switch accel := qemu.Accel(a.accel); accel {
	case "", qemu.KVM, qemu.TCG:
		h.Accel = accel
	default:
		return nil, usagef("--accel %s: use kvm or tcg", a.accel)
	}
	return h, nil
}

// guestProgram finds the program that runs in the guest: it is installed
// beside this one.
func guestProgram(self string) string {
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), "ipclab-guest")
}

// catalog gives all labs there are.
func (a *app) catalog() (*labs.Catalog, error) {
	sources := []labs.Source{labs.Embedded()}
	for _, dir := range a.allLabDirs() {
		s, err := labs.Dir(dir)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return labs.NewCatalog(sources...)
}

// allLabDirs are the folders with more labs, those of the environment first.
func (a *app) allLabDirs() []string {
	return append(filepath.SplitList(os.Getenv("IPCLAB_LABS")), a.labDirs...)
}

// lab finds a lab by name.
func (a *app) lab(name string) (*labs.Lab, error) {
	c, err := a.catalog()
	if err != nil {
		return nil, err
	}
	return c.Find(name)
}

// session gives the student's session of a lab. Without a name it is the only
// one that runs.
func (a *app) session(args []string, dir string) (*session.Session, error) {
	h, err := a.host()
	if err != nil {
		return nil, err
	}
	name, err := a.which(h, args)
	if err != nil {
		return nil, err
	}
	lab, err := a.lab(name)
	if err != nil {
		return nil, err
	}
	return session.Open(h, lab, dir)
}

// which names the lab that is meant.
func (a *app) which(h *host.Host, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	running, err := h.Machines().Running()
	if err != nil {
		return "", err
	}
	switch len(running) {
	case 0:
		if died := h.Machines().Died(); len(died) == 1 {
			return died[0], nil // what comes next says so, or starts it
		}
		return "", &whichError{}
	case 1:
		return running[0].Name, nil
	}
	var names []string
	for _, c := range running {
		names = append(names, c.Name)
	}
	return "", &whichError{running: names}
}

// completeLabs completes the names of labs.
func (a *app) completeLabs(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	c, err := a.catalog()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.Names(), cobra.ShellCompDirectiveNoFileComp
}

// terminal tells whether a person is at the other end.
func (a *app) terminal() bool {
	out, ok := a.out.(*os.File)
	return ok && term.IsTerminal(int(a.in.Fd())) && term.IsTerminal(int(out.Fd()))
}
