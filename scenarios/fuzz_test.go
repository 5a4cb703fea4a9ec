package scenarios

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// Whatever the file says, it is a scenario that can be used, or mistakes with a
// place.
func FuzzLoad(f *testing.F) {
	f.Add(whole)
	f.Add(sound)
	for _, s := range Library().All() {
		text, err := libraryFiles.ReadFile(strings.TrimPrefix(s.Shown(), "scenarios/"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, odd := range []string{"a: &x {b: *x}", "? [a]\n: b", "<<: {}", "a: !!binary x", "- - - a", "\xff", "name: |\n a\n", "subjects:\n ? x\n"} {
		f.Add(odd)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Load(folder(text), File, "s.yaml")
		if err == nil {
			usable(t, s)
			return
		}
		var m *Mistake
		if !errors.As(err, &m) || m.Line < 0 || m.Col < 0 || m.Msg == "" {
			t.Errorf("an error without a place: %v", err)
		}
	})
}

// usable does what is done with scenarios.
func usable(t *testing.T, s *Scenario) {
	Lint(s)
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
	for _, twin := range s.Twins {
		b, err := s.Broken(twin.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Flows) != len(s.Flows) || len(b.Objects) != len(s.Objects) {
			t.Errorf("twin %s wants something else", twin.Name)
		}
		if _, err := b.Modules(); err != nil {
			t.Error(err)
		}
	}
}
