package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/internal/host"
	"ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
	"ipclab/scenarios"
	"ipclab/vagrant"
)

// proving is what `scenario prove` was asked for.
type proving struct {
	twin, policy string
	verbose      bool
}

func newScenarioProve(a *app) *cobra.Command {
	var p proving
	c := &cobra.Command{
		Use: "prove SCENARIO", Short: "Compute what of a scenario the policy, modes, namespaces and filters would let through",
		Long: "prove asks, for each flow of a scenario, what the kernel would ask: the declared filter, namespaces,\n" +
			"owner and mode, and all rules of the machines' policy with the scenario's modules on top. It needs no\n" +
			"machine. What it finds is the path of rules by which something flows, or what stops it.\n\n" +
			"It ends with exit code 1 when that is not what the scenario wants.",
		Args: exactly(1, "the name of a scenario, or its file"), ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error { return a.proveScenario(c.Context(), args[0], p) },
	}
	c.Flags().StringVar(&p.policy, "policy", "", "a whole policy in a `FILE`, as CIL or compiled, in place of the machines'")
	c.Flags().BoolVarP(&p.verbose, "verbose", "v", false, "show all evidence, of what is as wanted, too, and of every pair of subjects")
	return a.withJSON(withTwin(c, &p.twin))
}

func (a *app) proveScenario(ctx context.Context, name string, asked proving) error {
	s, err := a.scenarioNamed(name, asked.twin)
	if err != nil {
		return err
	}
	whole, err := a.wholePolicy(ctx, asked.policy)
	if err != nil {
		return err
	}
	view, err := permitted.Prove(ctx, s, whole)
	if err != nil {
		return err
	}
	m := matrix.New(s, view, nil)
	switch {
	case a.json:
		err = printJSON(a.out, m)
	case asked.verbose:
		a.printEverything(m, view)
	default:
		err = m.Text(a.out, a.look())
	}
	if err == nil && len(m.Findings()) > 0 {
		err = &exitError{codeStudent}
	}
	return err
}

// wholePolicy reads the policy of the machines' image, or the one in a file.
func (a *app) wholePolicy(ctx context.Context, file string) (*permitted.Policy, error) {
	if file != "" {
		return policyIn(ctx, file)
	}
	h, err := a.host()
	if err != nil {
		return nil, err
	}
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	modules, err := host.WholePolicy(i)
	if err != nil {
		return nil, err
	}
	return permitted.Read(modules)
}

// policyIn reads the policy in a file. If it lacks ipclab's own module, that comes
// on top.
func policyIn(ctx context.Context, file string) (*permitted.Policy, error) {
	module, err := policy.ReadWhole(ctx, file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, &usageError{fmt.Errorf("the policy cannot be read: %w", err)}
	}
	if err != nil {
		return nil, err
	}
	whole, err := permitted.Read([]policy.Module{module})
	if err != nil {
		return nil, err
	}
	own := policy.Module{File: "ipclab.cil"}
	if own.Source, err = vagrant.Recipe().ReadFile("guest/ipclab.cil"); err != nil {
		return nil, err
	}
	if whole.Has(subjectAttribute) {
		return whole.Rejoin(own)
	}
	whole, _, err = whole.With([]policy.Module{own})
	return whole, err
}

// provingUsage tells whether a policy was named that is none.
func provingUsage(err error) bool {
	var binary *policy.BinaryError
	return errors.As(err, &binary)
}

// provingLab tells whether a scenario's fault is one that only the policy shows.
func provingLab(err error) bool {
	var unknown *permitted.UnknownError
	var unread *model.UnreadError
	return errors.As(err, &unknown) || errors.As(err, &unread)
}

// subjectAttribute is in every policy that has ipclab's own module.
const subjectAttribute = "ipclab_subject"

// printEverything prints each thing that the scenario says with all that speaks for
// what was computed, and the same for every pair of subjects.
func (a *app) printEverything(m *matrix.Matrix, v *scenarios.View) {
	fmt.Fprintf(a.out, "%s: %s\n\n", a.style.bold(m.Scenario().Name), m.Scenario().Title)
	for _, item := range m.Items() {
		a.printItem(item)
	}
	fmt.Fprintln(a.out, "\nBy any way at all:")
	for _, p := range v.Pairs {
		fmt.Fprintf(a.out, "  %s → %s: %s\n", p.From, p.To, p.Text)
		a.printReasons(p.Seen)
	}
	for _, f := range m.Findings() {
		fmt.Fprintf(a.out, "\n%s %d: %s\n", a.style.bad("finding"), f.Number, f.Text)
		for _, line := range f.LookAt {
			fmt.Fprintf(a.out, "  look at %s\n", line)
		}
	}
	fmt.Fprintln(a.out)
	for _, note := range v.Notes {
		fmt.Fprintln(a.out, a.style.faint("note: "+note))
	}
}

// printItem prints one flow, back channel or revocation with what was computed.
func (a *app) printItem(i *matrix.Item) {
	word := a.style.good("as wanted")
	if i.Finding > 0 {
		word = a.style.bad(fmt.Sprintf("finding %d", i.Finding))
	}
	title := i.String()
	if i.Topic != matrix.Flow {
		title = strings.ReplaceAll(string(i.Topic), "-", " ") + " " + title
	}
	outcome := string(i.Permitted.Outcome)
	if reason := matrix.Reason(*i.Permitted); reason != "" {
		outcome += " by " + reason
	}
	fmt.Fprintf(a.out, "%s  %s\n    %s: %s\n", word, title, outcome, i.Permitted.Text)
	a.printReasons(*i.Permitted)
}

func (a *app) printReasons(s scenarios.Seen) {
	for _, when := range s.When {
		fmt.Fprintf(a.out, "    %s\n", a.style.warn(when))
	}
	for _, line := range s.Evidence {
		fmt.Fprintln(a.out, a.style.faint("      "+line))
	}
}
