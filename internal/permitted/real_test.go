package permitted_test

import (
	"os"
	"path/filepath"
	"testing"

	"ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// realPolicy reads the policies of an image: the folder that `ipclab image info`
// shows, in IPCLAB_IMAGE. Without it the test is skipped; package vmtest proves
// the library on the real policy always.
func realPolicy(t testing.TB) []policy.Module {
	t.Helper()
	dir := os.Getenv("IPCLAB_IMAGE")
	if dir == "" {
		t.Skip("IPCLAB_IMAGE names no folder of an image")
	}
	var all []policy.Module
	for _, name := range []string{"flat.cil", "base.cil"} {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, policy.Module{File: name, Source: source})
	}
	return all
}

// BenchmarkProve is what `ipclab scenario prove fifo` does once the program runs.
func BenchmarkProve(b *testing.B) {
	modules := realPolicy(b)
	s, err := scenarios.Library().Find("fifo")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		whole, err := permitted.Read(modules)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := permitted.Prove(b.Context(), s, whole); err != nil {
			b.Fatal(err)
		}
	}
}

// The library holds on the real policy: nothing of a scenario is otherwise than
// it wants, and what a twin breaks is found.
func TestLibraryOnTheRealPolicy(t *testing.T) {
	whole, err := permitted.Read(realPolicy(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios.Library().All() {
		t.Run(s.Name, func(t *testing.T) {
			for _, f := range matrix.New(s, prove(t, s, whole), nil).Findings() {
				t.Errorf("%s\n\t%q", f.Text, f.Said)
			}
			for _, twin := range s.Twins {
				broken, err := s.Broken(twin.Name)
				if err != nil {
					t.Fatal(err)
				}
				if e := matrix.New(broken, prove(t, broken, whole), nil).Expect(twin.Finds); len(e.Missing) > 0 {
					t.Errorf("twin %s: %s", twin.Name, e)
				}
			}
		})
	}
}

func prove(t *testing.T, s *scenarios.Scenario, whole *permitted.Policy) *scenarios.View {
	t.Helper()
	view, err := permitted.Prove(t.Context(), s, whole)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// BenchmarkProveAgain is one more proof on a policy that was read before.
func BenchmarkProveAgain(b *testing.B) {
	whole, err := permitted.Read(realPolicy(b))
	if err != nil {
		b.Fatal(err)
	}
	s, err := scenarios.Library().Find("fifo")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := permitted.Prove(b.Context(), s, whole); err != nil {
			b.Fatal(err)
		}
	}
}
