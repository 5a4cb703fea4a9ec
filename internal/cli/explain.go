package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ipclab/internal/explain"
	"ipclab/internal/host"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/internal/session"
	"ipclab/labs"
	"ipclab/scenarios"
)

type explainFlags struct {
	since    time.Duration
	scenario string
	policy   string
}

func newExplain(a *app) *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use: "explain [LAB] [FILE|-]", Short: "Say what denials mean: whose they are, and what a rule would open",
		Long: "explain tells, in plain words, who was refused what on which object, and by which layer;\n" +
			"whether the lab's scenario wants it so; the rule that would allow it; and what else that\n" +
			"rule would let through.\n\n" +
			"Without FILE it is about the last check of the lab, or with --since about the last minutes\n" +
			"of its machine. With FILE, or - for what is piped or pasted, it reads audit records as\n" +
			"ausearch (also -i), dmesg and journalctl show them, from any machine:\n" +
			"  ausearch -m avc,seccomp -ts recent --raw | ipclab explain -\n" +
			"  dmesg | ipclab explain -\n" +
			"  ipclab explain /var/log/audit/audit.log",
		Args: cobra.MaximumNArgs(2), ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error { return a.explain(c.Context(), args, f) },
	}
	flags := c.Flags()
	flags.DurationVar(&f.since, "since", 0, "what the running machine recorded in the last `TIME`, such as 5m")
	flags.StringVar(&f.scenario, "scenario", "", "the `SCENARIO` that says what is wanted: a name or a file")
	flags.StringVar(&f.policy, "policy", "", "a whole policy in CIL: `FILE`, as checkpolicy -M -b -C writes it (default: the image's)")
	return a.withJSON(c)
}

// explanation is what is being explained.
type explanation struct {
	app    *app
	flags  explainFlags
	host   *host.Host
	from   string // in words
	events []policy.Event
	unread []explain.Unread
	notes  []string
	users  map[string]string

	lab      *labs.Lab // nil outside of labs
	session  *session.Session
	scenario *scenarios.Scenario
}

func (a *app) explain(ctx context.Context, args []string, f explainFlags) error {
	lab, file, err := splitExplain(args)
	if err != nil {
		return err
	}
	h, err := a.host()
	if err != nil {
		return err
	}
	x := &explanation{app: a, flags: f, host: h}
	if file != "" {
		err = x.readText(lab, file)
	} else {
		err = x.readMachine(ctx, lab)
	}
	if err == nil {
		err = x.chooseScenario()
	}
	if err != nil {
		return err
	}
	report, err := x.report()
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, struct {
			From     string `json:"from"`
			Scenario string `json:"scenario,omitempty"`
			*explain.Report
		}{x.from, x.scenarioName(), report})
	}
	x.print(report)
	return nil
}

// splitExplain tells a lab's name from a file's.
func splitExplain(args []string) (lab, file string, err error) {
	for _, arg := range args {
		isFile := arg == "-" || strings.ContainsAny(arg, "/.")
		switch {
		case isFile && file == "":
			file = arg
		case !isFile && lab == "":
			lab = arg
		default:
			return "", "", usagef("explain: want at most a lab and a file, and not %q", arg)
		}
	}
	return lab, file, nil
}

// maxExplained bounds a text in bytes.
const maxExplained = 64 << 20

// readText reads what is piped, pasted or in a file.
func (x *explanation) readText(lab, file string) error {
	if x.flags.since != 0 {
		return usagef("--since is about a running machine, not about a text")
	}
	in, err := x.open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := policy.ReadAudit(io.LimitReader(in, maxExplained))
	if err != nil {
		return &usageError{fmt.Errorf("%s: %w", x.from, err)}
	}
	x.events = text.Events
	for _, u := range text.Unread {
		x.unread = append(x.unread, explain.Unread{Line: u.Line, Why: u.Why})
	}
	if lab == "" {
		return nil
	}
	x.users = session.MachineUsers()
	return x.openLab([]string{lab})
}

func (x *explanation) open(file string) (io.ReadCloser, error) {
	if file != "-" {
		x.from = file
		f, err := os.Open(file)
		if err != nil {
			return nil, &usageError{err}
		}
		return f, nil
	}
	x.from = "what was piped in"
	if x.app.terminal() {
		fmt.Fprintln(x.app.err, "paste the records, and end with Ctrl-D")
	}
	return io.NopCloser(x.app.in), nil
}

// readMachine reads a lab's last check, or its machine.
func (x *explanation) readMachine(ctx context.Context, lab string) error {
	var args []string
	if lab != "" {
		args = []string{lab}
	}
	if err := x.openLab(args); err != nil {
		return err
	}
	read := func() (*session.Denials, error) { return x.session.LastCheck(ctx) }
	if x.flags.since > 0 {
		read = func() (*session.Denials, error) { return x.session.Since(ctx, time.Now().Add(-x.flags.since)) }
	}
	d, err := read()
	if err != nil {
		return err
	}
	x.events, x.users, x.from, x.notes = d.Events, d.Users, d.From, d.Notes
	if x.flags.since > 0 {
		x.from += fmt.Sprintf(", the last %v", x.flags.since)
	}
	if d.Lost > 0 {
		x.notes = append(x.notes, fmt.Sprintf("the kernel has lost %d records since the machine started: some denials may be missing", d.Lost))
	}
	return nil
}

func (x *explanation) openLab(args []string) (err error) {
	if x.session, err = x.app.session(args, ""); err == nil {
		x.lab = x.session.Lab
	}
	return err
}

// chooseScenario finds what says what is wanted: what was named, the lab's, or
// the one whose subjects the records are about.
func (x *explanation) chooseScenario() (err error) {
	switch {
	case x.flags.scenario != "":
		x.scenario, err = scenarioOf(x.flags.scenario)
		return err
	case x.lab == nil:
		if err := x.recognise(); err != nil || x.lab == nil {
			return err
		}
	}
	x.scenario = session.ScenarioOf(x.lab)
	return nil
}

// recognise finds the lab or the scenario of the library whose domains the
// records name.
func (x *explanation) recognise() error {
	catalog, err := x.app.catalog()
	if err != nil {
		return err
	}
	for _, name := range catalog.Names() {
		lab, err := catalog.Find(name)
		if err == nil && x.isAbout(session.ScenarioOf(lab)) {
			x.notes = append(x.notes, "the records name domains of the lab "+name+": what is wanted is told by it")
			return x.openLab([]string{name})
		}
	}
	for _, s := range scenarios.Library().All() {
		if x.isAbout(s) {
			x.scenario = s
			x.notes = append(x.notes, "the records name domains of the scenario "+s.Name+": what is wanted is told by it")
			return nil
		}
	}
	return nil
}

func (x *explanation) isAbout(s *scenarios.Scenario) bool {
	return slices.ContainsFunc(s.Subjects, func(one scenarios.Subject) bool {
		return one.Domain != "" && one.Domain != labs.DefaultDomain && slices.ContainsFunc(x.events, func(e policy.Event) bool {
			return slices.ContainsFunc(e.AVCs, func(a policy.AVC) bool { return a.Source.Type == one.Domain }) ||
				e.Syscall != nil && e.Syscall.Subject.Type == one.Domain || e.Seccomp != nil && e.Seccomp.Subject.Type == one.Domain
		})
	})
}

func (x *explanation) scenarioName() string {
	if x.scenario == nil {
		return ""
	}
	return x.scenario.Name
}

// report explains, with the policy at hand. Rules of the student's own that
// make no policy are left out.
func (x *explanation) report() (*explain.Report, error) {
	p, err := x.policy(true)
	if err != nil {
		return nil, err
	}
	r, err := explain.Explain(x.events, explain.Options{Scenario: x.scenario, Policy: p, Users: x.users})
	if err != nil && x.lab != nil && x.flags.policy == "" {
		x.notes = append(x.notes, "your own rules were left out: "+err.Error())
		if p, err = x.policy(false); err == nil {
			r, err = explain.Explain(x.events, explain.Options{Scenario: x.scenario, Policy: p, Users: x.users})
		}
	}
	if err != nil {
		return nil, err
	}
	r.Unread, r.Notes = x.unread, append(x.notes, r.Notes...)
	return r, nil
}

// policy gives the policy at hand; nil if there is none.
func (x *explanation) policy(own bool) (*explain.Policy, error) {
	p := &explain.Policy{Name: "the policy of the lab machines"}
	var err error
	switch {
	case x.flags.policy != "":
		p.Name = x.flags.policy
		var source []byte
		if source, err = os.ReadFile(x.flags.policy); err != nil {
			return nil, &usageError{err}
		}
		p.Modules = []policy.Module{{File: x.flags.policy, Source: source}}
	case x.lab != nil:
		p.Name = "the lab's policy"
		var notes []string
		if p.Modules, notes, err = x.session.WholePolicy(own); err == nil {
			x.notes = append(x.notes, notes...)
		}
	default:
		p.Modules, err = x.scenarioPolicy()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && x.scenario != nil {
		p.Trusted, p.Declared, err = permitted.InMachine(x.scenario)
	}
	return p, err
}

// scenarioPolicy is the image's policy with the scenario's modules.
func (x *explanation) scenarioPolicy() ([]policy.Module, error) {
	if x.scenario == nil {
		return session.EveryPolicy(x.host, nil)
	}
	modules, err := x.scenario.Modules()
	if err != nil {
		return nil, err
	}
	return session.EveryPolicy(x.host, modules)
}
