package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/internal/host"
	"ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/scenarios"
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
	c.Flags().BoolVarP(&p.verbose, "verbose", "v", false, "show the evidence of what is as wanted, too, and of every pair of subjects")
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
	if a.json {
		err = printJSON(a.out, view)
	} else {
		a.printPermitted(m, view, asked.verbose)
	}
	if err == nil && len(m.Findings()) > 0 {
		err = &exitError{codeStudent}
	}
	return err
}

// wholePolicy reads the policy of the machines' image, or the one in a file. A
// file's that lacks ipclab's own module gets the image's.
func (a *app) wholePolicy(ctx context.Context, file string) (*permitted.Policy, error) {
	h, err := a.host()
	if err != nil {
		return nil, err
	}
	if file == "" {
		modules, err := imagePolicy(ctx, h)
		if err != nil {
			return nil, err
		}
		return permitted.Read(modules)
	}
	module, err := policy.ReadWhole(ctx, file)
	if err != nil {
		return nil, err
	}
	whole, err := permitted.Read([]policy.Module{module})
	if err != nil || whole.Has(subjectAttribute) {
		return whole, err
	}
	modules, err := imagePolicy(ctx, h)
	if err != nil {
		return nil, err
	}
	whole, _, err = whole.With(modules[1:])
	return whole, err
}

// subjectAttribute is in every policy that has ipclab's own module.
const subjectAttribute = "ipclab_subject"

// imagePolicy gives Debian's policy of the image, and ipclab's own module.
func imagePolicy(ctx context.Context, h *host.Host) ([]policy.Module, error) {
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	flat, err := os.ReadFile(i.FlatPolicy())
	if err != nil {
		return nil, err
	}
	base, err := os.ReadFile(i.BasePolicy())
	if err != nil {
		return nil, err
	}
	return []policy.Module{{File: "Debian's policy", Source: flat}, {File: "ipclab.cil", Source: base}}, nil
}

// printPermitted prints what was computed, item by item, and what of it is not as
// wanted.
func (a *app) printPermitted(m *matrix.Matrix, v *scenarios.View, verbose bool) {
	s := m.Scenario()
	fmt.Fprintf(a.out, "%s: %s\n\n", a.style.bold(s.Name), s.Title)
	for _, item := range m.Items() {
		a.printItem(item, verbose)
	}
	if verbose {
		a.printPairs(v)
	}
	findings := m.Findings()
	for _, f := range findings {
		fmt.Fprintf(a.out, "\n%s %d: %s\n", a.style.bad("finding"), f.Number, f.Text)
		for _, line := range f.LookAt {
			fmt.Fprintf(a.out, "  look at %s\n", line)
		}
	}
	for _, note := range v.Notes {
		fmt.Fprintln(a.out, a.style.faint("\nnote: "+note))
	}
	if len(findings) == 0 {
		fmt.Fprintf(a.out, "\n%s: what is permitted is what %s wants\n", a.style.good("proved"), s.Name)
	}
}

// printItem prints one flow, back channel or revocation with what was computed.
func (a *app) printItem(i *matrix.Item, verbose bool) {
	p := i.Permitted
	word := a.style.good("as wanted")
	if i.Finding > 0 {
		word = a.style.bad(fmt.Sprintf("finding %d", i.Finding))
	}
	fmt.Fprintf(a.out, "%s  %s\n", word, titled(i))
	outcome := string(p.Outcome)
	if reason := matrix.Reason(*p); reason != "" {
		outcome += " by " + reason
	}
	fmt.Fprintf(a.out, "    %s: %s\n", outcome, p.Text)
	for _, when := range p.When {
		fmt.Fprintf(a.out, "    %s\n", a.style.warn(when))
	}
	if verbose || i.Finding > 0 {
		a.printEvidence(p.Evidence)
	}
}

// titled names an item with what it is, if it is no flow.
func titled(i *matrix.Item) string {
	if i.Topic == matrix.Flow {
		return i.String()
	}
	return strings.ReplaceAll(string(i.Topic), "-", " ") + " " + i.String()
}

func (a *app) printEvidence(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(a.out, a.style.faint("      "+line))
	}
}

// printPairs prints what can come from each subject to each other one.
func (a *app) printPairs(v *scenarios.View) {
	fmt.Fprintln(a.out, "\nBy any way at all:")
	for _, p := range v.Pairs {
		fmt.Fprintf(a.out, "  %s → %s: %s\n", p.From, p.To, p.Text)
		for _, when := range p.When {
			fmt.Fprintf(a.out, "    %s\n", a.style.warn(when))
		}
		a.printEvidence(p.Evidence)
	}
}
