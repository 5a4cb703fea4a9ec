package intake

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestExport(t *testing.T) {
	l, dir := fifo(t), t.TempDir()
	good := solution(t, l, "")
	put(t, dir, map[string]string{
		"=doejane_1_1_fifo.zip":    string(makeZip(t, append(good, entry{name: "image.png", text: "\x89PNG\x00"}, entry{name: "README.md", text: "x"})...)),
		"roeann_LATE_2_2_fifo.zip": string(makeZip(t, good...)),
		"roeann_2_1_fifo.zip":      string(makeZip(t, good...)),
		"bad_3_3_fifo.zip":         string(makeZip(t, entry{name: "../x", text: "x"})),
	})
	out := filepath.Join(t.TempDir(), "deep", "out")
	done, err := Export(t.Context(), out, find(t, Options{Platform: "canvas"}, dir), l)
	must(t, err)
	if !slices.Equal(done.IDs, []string{"doejane_1", "roeann_2"}) || len(done.Refused) != 1 || !errors.Is(done.Refused[0], ErrOutside) {
		t.Errorf("%+v", done)
	}
	var files []string
	must(t, fs.WalkDir(os.DirFS(out), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	}))
	want := []string{"dolos/_base.c", "dolos/doejane_1.c", "dolos/info.csv", "dolos/roeann_2.c"}
	for _, id := range []string{"_base", "doejane_1", "roeann_2"} {
		for _, e := range good {
			want = append(want, "jplag/"+id+"/"+e.name)
		}
	}
	slices.Sort(want)
	if slices.Sort(files); !slices.Equal(files, want) {
		t.Errorf("files are\n%s\nwant\n%s", strings.Join(files, "\n"), strings.Join(want, "\n"))
	}
	checkDolos(t, filepath.Join(out, "dolos"))
}

// Dolos reads a CSV with a header, finds the files beside it, and takes one of
// them for the template.
func checkDolos(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "info.csv"))
	must(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	must(t, err)
	if want := []string{"filename", "full_name", "id", "labels", "ignored"}; !slices.Equal(rows[0], want) {
		t.Errorf("header %v", rows[0])
	}
	ignored := 0
	for _, row := range rows[1:] {
		if data, err := os.ReadFile(filepath.Join(dir, row[0])); err != nil || !strings.Contains(string(data), "// writer.c\n") {
			t.Errorf("%v: %v, %d bytes", row, err, len(data))
		}
		if row[4] == "true" {
			ignored++
		}
		if strings.ContainsAny(row[1][:min(1, len(row[1]))], "=+-@") {
			t.Errorf("the name %q is a formula", row[1])
		}
	}
	if ignored != 1 || len(rows) != 4 {
		t.Errorf("%d rows, %d ignored: %v", len(rows), ignored, rows)
	}
}

func TestExportOverwritesNothing(t *testing.T) {
	out := t.TempDir()
	put(t, out, map[string]string{"mine": "x"})
	var e *ArgumentError
	if _, err := Export(t.Context(), out, nil, fifo(t)); !errors.As(err, &e) {
		t.Errorf("error is %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
