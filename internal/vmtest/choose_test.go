package vmtest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"ipclab/internal/choose"
	"ipclab/scenarios"
)

var updateChoose = flag.Bool("update-choose", false, "write anew what plays demonstrate, for ipclab choose")

// demonstrates holds what the plays of the library demonstrated against what
// `ipclab choose` and docs/choose.md say. Where the kernel does otherwise, or a
// scenario says something new: go test ./internal/vmtest -run TestScenarioLibrary -update-choose,
// and then go test ./internal/choose -update.
func demonstrates(t *testing.T, views choose.Views) {
	t.Helper()
	if len(views) < len(scenarios.Library().All()) {
		return // not all were played
	}
	shown, err := choose.Demonstrate(views)
	if err != nil {
		t.Fatal(err)
	}
	got, err := choose.Encode(shown)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("..", "choose", "demonstrated.json")
	if *updateChoose {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s does not say what was seen: run this test with -update-choose, then go test ./internal/choose -update. It would be\n%s", name, got)
	}
}
