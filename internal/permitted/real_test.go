package permitted_test

import (
	"os"
	"path/filepath"
	"testing"

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
