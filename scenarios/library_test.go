package scenarios

import (
	"errors"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"ipclab/internal/mechanism"
	"ipclab/internal/policy"
)

func TestLibraryHasEveryMechanism(t *testing.T) {
	shown := map[mechanism.Kind]bool{}
	layers := map[Layer]bool{}
	for _, s := range Library().All() {
		for _, f := range s.Flows {
			if o, ok := s.Object(f.Via); ok && f.Want == Deny {
				shown[o.Kind] = true
				layers[f.By] = true
			}
		}
	}
	for _, k := range mechanism.Kinds() {
		if !shown[k] {
			t.Errorf("no scenario forbids a flow by %s", k)
		}
	}
	// Bounds of a control group stop amounts: no flow of a few bytes depends on them.
	for _, l := range []Layer{BySeccomp, ByNamespace, ByDAC, BySELinux} {
		if !layers[l] {
			t.Errorf("in no scenario %s stops something", l)
		}
	}
}

func TestLibraryIsSound(t *testing.T) {
	for _, s := range Library().All() {
		if s.Name != path.Base(path.Dir(s.Shown())) {
			t.Errorf("scenario %s lies at %s", s.Name, s.Shown())
		}
		if len(s.Twins) == 0 {
			t.Errorf("%s has no broken twin: who knows whether a fault would be found?", s.Name)
		}
		for _, p := range Lint(s) {
			t.Error(p)
		}
		ownTypes(t, s)
	}
}

// ownTypes demands that scenarios do not get into one another's way: they are
// loaded together.
func ownTypes(t *testing.T, s *Scenario) {
	modules, err := s.Modules()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		nodes, err := policy.ParseCIL(m.File, m.Source)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			declares := n.Keyword() == "type" || n.Keyword() == "typeattribute" || n.Keyword() == "boolean"
			if name := ""; declares {
				name = strings.TrimPrefix(n.List[1].Text, "ipclab_")
				if !strings.HasPrefix(name, s.prefix()) && name+"_" != s.prefix() {
					t.Errorf("%s declares %s, which does not begin with %s", m.File, n.List[1].Text, s.prefix())
				}
			}
		}
	}
}

func TestFindNamesTheNearest(t *testing.T) {
	if s, err := Library().Find("fifo"); err != nil || s.Name != "fifo" {
		t.Errorf("%v, %v", s, err)
	}
	_, err := Library().Find("fif")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), `did you mean "fifo"?`) || unknown.Hint() == "" {
		t.Errorf("%v", err)
	}
}

func TestNewCatalogRefusesABrokenFolder(t *testing.T) {
	if _, err := NewCatalog(fstest.MapFS{"library/x/scenario.yaml": {Data: []byte("name: x")}}, "library", "library"); err == nil {
		t.Error("a scenario with mistakes was read")
	}
	if _, err := NewCatalog(fstest.MapFS{}, "library", "library"); err == nil {
		t.Error("a missing folder was read")
	}
}
