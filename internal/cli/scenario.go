package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ipclab/scenarios"
)

func newScenario(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "scenario", Short: "What must flow and what must not: intended, permitted, observed",
		Long: "A scenario says which flows between which subjects must work, and which must be impossible.\n" +
			"SCENARIO is a name of the library (`ipclab scenario list`), or a file such as ./my/scenario.yaml.",
	}
	c.AddCommand(newScenarioList(a), newScenarioShow(a), newScenarioLint(a), newScenarioPlay(a), newScenarioProve(a), newScenarioDraw(a), newScenarioTrace(a), newScenarioSchema(a), newScenarioReference(a))
	return c
}

// scenarioNamed gives a scenario of the library, or the one in a file; and of it
// the twin, if one is named.
func (a *app) scenarioNamed(name, twin string) (*scenarios.Scenario, error) {
	s, err := scenarioOf(name)
	if err != nil || twin == "" {
		return s, err
	}
	return s.Broken(twin)
}

func scenarioOf(name string) (*scenarios.Scenario, error) {
	if !isScenarioFile(name) {
		return scenarios.Library().Find(name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, &usageError{fmt.Errorf("the scenario cannot be read: %w", err)}
	}
	if info.IsDir() {
		name = filepath.Join(name, scenarios.File)
	}
	return scenarios.Load(os.DirFS(filepath.Dir(name)), filepath.Base(name), name)
}

// isScenarioFile tells a file's name from one of the library.
func isScenarioFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".yaml") || name == "."
}

// withTwin gives a command the flag --broken.
func withTwin(c *cobra.Command, twin *string) *cobra.Command {
	c.Flags().StringVar(twin, "broken", "", "take this broken `TWIN` of the scenario")
	return c
}

// completeScenarios completes the names of the library.
func completeScenarios(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, s := range scenarios.Library().All() {
		names = append(names, s.Name)
	}
	if len(args) > 0 {
		names = nil
	}
	return names, cobra.ShellCompDirectiveDefault
}

// scenarioLine is one scenario as list shows it.
type scenarioLine struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Kinds []string `json:"kinds"`
	Flows int      `json:"flows"`
	Twins []string `json:"broken"`
}

func newScenarioList(a *app) *cobra.Command {
	return a.withJSON(&cobra.Command{
		Use: "list", Short: "List the scenarios of the library", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var lines []scenarioLine
			for _, s := range scenarios.Library().All() {
				lines = append(lines, lineOfScenario(s))
			}
			if a.json {
				return printJSON(a.out, lines)
			}
			return a.printScenarios(lines)
		},
	})
}

func lineOfScenario(s *scenarios.Scenario) scenarioLine {
	l := scenarioLine{Name: s.Name, Title: s.Title, Flows: len(s.Flows), Kinds: []string{}, Twins: []string{}}
	for _, o := range s.Objects {
		l.Kinds = append(l.Kinds, string(o.Kind))
	}
	for _, t := range s.Twins {
		l.Twins = append(l.Twins, t.Name)
	}
	return l
}

func (a *app) printScenarios(lines []scenarioLine) error {
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SCENARIO\tFLOWS\tWHAT")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%d\t%s\n", l.Name, l.Flows, l.Title)
	}
	return w.Flush()
}

func newScenarioLint(a *app) *cobra.Command {
	return a.withJSON(&cobra.Command{
		Use: "lint SCENARIO…", Short: "Tell what is wrong with scenarios, without policy or machine",
		Args: atLeastOne("a scenario"), ValidArgsFunction: completeScenarios,
		RunE: func(_ *cobra.Command, args []string) error { return a.lintScenarios(args) },
	})
}

// atLeastOne wants an argument.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("want %s", what)
		}
		return nil
	}
}

func (a *app) lintScenarios(names []string) error {
	all := []*scenarios.Mistake{}
	for _, name := range names {
		s, err := scenarioOf(name)
		if err != nil {
			return err
		}
		all = append(all, scenarios.Lint(s)...)
	}
	if a.json {
		if err := printJSON(a.out, all); err != nil {
			return err
		}
	} else {
		for _, m := range all {
			fmt.Fprintf(a.err, "error: %s\n", m)
		}
	}
	if len(all) > 0 {
		return &exitError{codeLab}
	}
	return nil
}

func newScenarioSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of scenario files, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(scenarios.Schema())
			return err
		},
	}
}

func newScenarioReference(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "reference", Short: "Print the page that explains every key of a scenario file", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.out, scenarios.Reference())
			return err
		},
	}
}

// scenarioUsage tells mistakes in the command line.
func scenarioUsage(err error) bool {
	var unknown *scenarios.UnknownError
	var twin *scenarios.UnknownTwinError
	return errors.As(err, &unknown) || errors.As(err, &twin)
}
