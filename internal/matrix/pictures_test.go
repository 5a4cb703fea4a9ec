package matrix_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"ipclab/internal/drawing"
	"ipclab/internal/drawing/drawingtest"
	"ipclab/internal/matrix"
	"ipclab/scenarios"
)

var update = flag.Bool("update", false, "write the pictures instead of comparing them (make pictures)")

// The pictures of the library, and the page that shows them.
const (
	pictures = "../../docs/scenarios"
	gallery  = "README.md"
)

// TestPictures holds the pictures in docs against what would be drawn now.
func TestPictures(t *testing.T) {
	layout, err := drawingtest.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{}
	page := bytes.NewBufferString("# The library's scenarios, drawn\n\nWhat each intends. " +
		"[What is drawn](../scenarios.md) tells more; `ipclab scenario draw NAME --prove --play` adds what is permitted and observed. " +
		"`make pictures` draws these.\n")
	for _, s := range scenarios.Library().All() {
		want[s.Name+".svg"] = drawn(t, s, layout)
		fmt.Fprintf(page, "\n## %s\n\n![%s](%s.svg)\n", s.Title, s.Title, s.Name)
	}
	want[gallery] = page.Bytes()
	if *update {
		write(t, want)
	}
	for name, data := range want {
		if have, err := os.ReadFile(filepath.Join(pictures, name)); err != nil || !bytes.Equal(have, data) {
			t.Errorf("docs/scenarios/%s is not what would be drawn now: run `make pictures` (%v)", name, err)
		}
	}
	files, err := os.ReadDir(pictures)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if want[f.Name()] == nil {
			t.Errorf("docs/scenarios/%s is of no scenario", f.Name())
		}
	}
}

func drawn(t *testing.T, s *scenarios.Scenario, layout drawing.Layout) []byte {
	var svg bytes.Buffer
	if err := matrix.New(s, nil, nil).Graph().SVG(context.Background(), layout, &svg); err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return svg.Bytes()
}

func write(t *testing.T, files map[string][]byte) {
	if err := os.RemoveAll(pictures); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(pictures, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
