package intake

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123, time.FixedZone("", 3600))

// pack packs the solution.
func pack(t testing.TB, l *labs.Lab, student string) ([]byte, *workspace.Tree, Manifest) {
	t.Helper()
	tree, err := workspace.FromFS(l.Solution())
	must(t, err)
	m, err := NewManifest(l, tree, student, noon)
	must(t, err)
	var b bytes.Buffer
	must(t, Pack(&b, tree, m))
	return b.Bytes(), tree, m
}

func TestPackedIsOpened(t *testing.T) {
	l := fifo(t)
	data, tree, m := pack(t, l, "ann")
	w, err := Open(t.Context(), submit(t, "fifo-ann.tar.gz", data), l)
	must(t, err)
	if w.Tree.Digest() != tree.Digest() {
		t.Errorf("the files are %v, want %v", w.Tree.Paths(), tree.Paths())
	}
	got := w.Manifest
	if got == nil || got.Lab != "fifo" || got.Student != "ann" || !got.Made.Equal(noon.Truncate(time.Second)) || got.LabDigest != m.LabDigest || len(w.Changed) > 0 {
		t.Errorf("manifest %+v, changed %v", got, w.Changed)
	}
	if got.Variant != "" {
		t.Errorf("fifo has no variants, and the manifest names %q", got.Variant)
	}
}

func TestPackIsReproducibleAndSaysNothingOfTheComputer(t *testing.T) {
	l := fifo(t)
	first, _, _ := pack(t, l, "ann")
	second, _, _ := pack(t, l, "ann")
	if !bytes.Equal(first, second) {
		t.Error("the same files make other bytes")
	}
	z, err := gzip.NewReader(bytes.NewReader(first))
	must(t, err)
	if z.Name != "" || !z.ModTime.IsZero() {
		t.Errorf("gzip header %+v", z.Header)
	}
	h, err := tar.NewReader(z).Next()
	must(t, err)
	if h.Name != ManifestFile || h.Uname != "" || h.Uid != 0 || !h.ModTime.Equal(noon.Truncate(time.Second)) {
		t.Errorf("first entry %+v", h)
	}
}

// A workspace may hold the manifest of an archive that was unpacked there.
func TestPackReplacesAnOldManifest(t *testing.T) {
	l := fifo(t)
	tree, err := workspace.FromFS(l.Solution())
	must(t, err)
	tree = workspace.NewTree(append(tree.API("").Files, api.File{Path: ManifestFile, Data: []byte(`{"schema":"old"}`)}))
	m, err := NewManifest(l, tree, "", noon)
	must(t, err)
	var b bytes.Buffer
	must(t, Pack(&b, tree, m))
	w, err := Open(t.Context(), submit(t, "a.tgz", b.Bytes()), l)
	must(t, err)
	if w.Manifest.Schema != ManifestSchema || len(w.Changed) > 0 {
		t.Errorf("manifest %+v, changed %v", w.Manifest, w.Changed)
	}
}

func TestPackRefusesWhatOpenWould(t *testing.T) {
	tree := workspace.NewTree([]api.File{{Path: "a.c"}, {Path: "A.c"}})
	var e *Error
	if err := Pack(&bytes.Buffer{}, tree, Manifest{Lab: "fifo"}); !errors.Is(err, ErrCase) || !errors.As(err, &e) || e.Source != "fifo" {
		t.Errorf("error is %v", err)
	}
}

func TestVariantStandsInTheManifest(t *testing.T) {
	dir := t.TempDir()
	must(t, labs.New(dir, "mine"))
	path := filepath.Join(dir, "mine", "lab.yaml")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(text, "\nvariant:\n  key: {hex: 16}\n"...), 0o644))
	s, err := labs.Dir(dir)
	must(t, err)
	c, err := labs.NewCatalog(s)
	must(t, err)
	l, err := c.Find("mine")
	must(t, err)
	seed := labs.NewSeed([]byte("secret"), "mine", "ann")
	l, err = l.Variant(seed)
	must(t, err)
	data, _, _ := pack(t, l, "ann")
	w, err := Open(t.Context(), submit(t, "a.tgz", data), l)
	must(t, err)
	if w.Manifest.Variant != seed.Fingerprint() {
		t.Errorf("variant %q, want %q", w.Manifest.Variant, seed.Fingerprint())
	}
}

// A manifest is no work.
func TestManifestAloneIsNothing(t *testing.T) {
	l := fifo(t)
	m, err := NewManifest(l, workspace.NewTree(nil), "", noon)
	must(t, err)
	for _, files := range [][]api.File{nil, {{Path: "main.c"}}} {
		var b bytes.Buffer
		must(t, Pack(&b, workspace.NewTree(files), m))
		if _, err := Open(t.Context(), submit(t, "a.tgz", b.Bytes()), l); !errors.Is(err, ErrNothing) {
			t.Errorf("with %v: error is %v", files, err)
		}
	}
}

// withManifest is the solution with a manifest of that text.
func withManifest(t testing.TB, text string) []byte {
	return makeTar(t, append(solution(t, fifo(t), "fifo/"), entry{name: "fifo/" + ManifestFile, text: text})...)
}

func TestManifestsOfStrangers(t *testing.T) {
	l := fifo(t)
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"no JSON", "hello", ErrManifest},
		{"nothing", "", ErrManifest},
		{"null", "null", ErrManifest},
		{"another schema", `{"schema":"ipclab/submission/v9","lab":"fifo"}`, ErrManifest},
		{"another lab", `{"schema":"ipclab/submission/v1","lab":"shm"}`, ErrOtherLab},
		{"escapes in it", `{"schema":"ipclab/submission/v1","lab":"fifo","student":"\u001b[2J"}`, ErrManifest},
		{"endless name", `{"schema":"ipclab/submission/v1","lab":"fifo","student":"` + strings.Repeat("x", 1000) + `"}`, ErrManifest},
		{"deep", strings.Repeat(`{"x":`, 20_000), ErrManifest},
		{"a later version's key", `{"schema":"ipclab/submission/v1","lab":"fifo","mood":"good"}`, nil},
	} {
		_, err := Open(t.Context(), submit(t, "a.tar", withManifest(t, test.text)), l)
		var e *Error
		if !errors.Is(err, test.want) || err != nil && (!errors.As(err, &e) || e.Path != ManifestFile) {
			t.Errorf("%s: error is %v, want %v", test.name, err, test.want)
		}
	}
}

func TestChangedFilesAreTold(t *testing.T) {
	l := fifo(t)
	_, tree, m := pack(t, l, "")
	files := slices.DeleteFunc(tree.API("").Files, func(f api.File) bool { return f.Path == "reader.c" })
	for i := range files {
		if files[i].Path == "writer.c" {
			files[i].Data = []byte("changed")
		}
	}
	tree = workspace.NewTree(append(files, api.File{Path: "new.c"}))
	if got, want := m.changed(tree), []string{"new.c", "reader.c", "writer.c"}; !slices.Equal(got, want) {
		t.Errorf("changed %v, want %v", got, want)
	}
}
