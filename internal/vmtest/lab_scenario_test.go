package vmtest

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	views "ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/labs"
	"ipclab/scenarios"
)

// TestLabScenariosAreComputed proves the labs' scenarios on the real policy: they
// hold with the solution's rules, and each wrong solution that a check of SELinux
// catches in a machine is found by computing as well. It needs the image, and no machine.
func TestLabScenariosAreComputed(t *testing.T) {
	whole, err := permitted.Read(realPolicy(t))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, lab := range catalog.All() {
		if lab.Scenario() == nil {
			continue
		}
		t.Run(lab.Name, func(t *testing.T) {
			if found := computed(t, whole, lab, lab.Solution()); len(found) > 0 {
				t.Errorf("with the solution: %s", strings.Join(found, "\n"))
			}
			for _, m := range lab.Mutants() {
				if lab.Check(m.Fails).By != scenarios.BySELinux {
					continue
				}
				work, err := m.FS()
				if err != nil {
					t.Fatal(err)
				}
				if found := computed(t, whole, lab, work); !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, string(views.Open)) }) {
					t.Errorf("mutant %s: nothing is found open: %q", m.Name, found)
				} else {
					t.Logf("mutant %s: %s", m.Name, found[0])
				}
			}
		})
	}
}

// computed gives the findings of a lab's scenario with the rules of a workspace.
func computed(t *testing.T, whole *permitted.Policy, lab *labs.Lab, work fs.FS) []string {
	t.Helper()
	var rules []policy.Module
	for _, name := range lab.Policy.Student {
		source, err := fs.ReadFile(work, name)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, policy.Module{File: name, Source: source})
	}
	s := lab.Scenario().With(rules)
	view, err := permitted.Prove(t.Context(), s, whole)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range views.New(s, view, nil).Findings() {
		found = append(found, string(f.Kind)+": "+f.Text)
	}
	return found
}
