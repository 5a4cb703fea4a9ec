package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/internal/workspace"
	"ipclab/labs"
)

// The row of plain testscript measures something only if the scripts pass on
// the solution, and notice a mistake.
func TestPlainScriptsJudge(t *testing.T) {
	catalog, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	l, err := catalog.Find(lab)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{ctx: context.Background(), home: t.TempDir(), lab: l}
	if _, err := workspace.Create(b.workspace(), l.Solution()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.plain(); err != nil {
		t.Error(err)
	}
	reader := filepath.Join(b.workspace(), "reader.c")
	source, err := os.ReadFile(reader)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace(string(source), "NOT_A_FIFO = 4", "NOT_A_FIFO = 5", 1)
	if err := os.WriteFile(reader, []byte(wrong), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.plain(); err == nil || !strings.Contains(err.Error(), "refuses") {
		t.Errorf("a reader with another exit code: %v", err)
	}
}
