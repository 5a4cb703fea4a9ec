package labs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// onDisk writes the test's lab under a folder.
func onDisk(t *testing.T, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, folder(good)); err != nil {
		t.Fatal(err)
	}
}

func catalog(t *testing.T, dirs ...string) *Catalog {
	t.Helper()
	sources := []Source{Embedded()}
	for _, dir := range dirs {
		s, err := Dir(dir)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, s)
	}
	c, err := NewCatalog(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmbeddedLabsAreSound(t *testing.T) {
	c := catalog(t)
	if err := c.Broken(); err != nil {
		t.Error(err)
	}
	for _, l := range c.All() {
		for _, p := range Lint(l) {
			t.Error(p)
		}
	}
	for _, name := range reserved() {
		if slices.Contains(c.Names(), name) {
			t.Errorf("%s is in the catalogue", name)
		}
	}
}

// Everything that stands in the lab folders must have come along.
func TestEmbeddingIsComplete(t *testing.T) {
	for _, l := range catalog(t).All() {
		err := fs.WalkDir(os.DirFS(l.Name), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				_, err = fs.Stat(l.FS(), name)
			}
			return err
		})
		if err != nil {
			t.Errorf("lab %s: %v", l.Name, err)
		}
	}
}

func TestFolderOfLabs(t *testing.T) {
	dir := t.TempDir()
	onDisk(t, dir)
	c := catalog(t, dir)
	lab, err := c.Find("pipe")
	if err != nil || lab.Title != "A pipe" {
		t.Fatalf("found %v, %v", lab, err)
	}
	if one := catalog(t, filepath.Join(dir, "pipe")); !slices.Contains(one.Names(), "pipe") {
		t.Errorf("the folder of one lab gives %v", one.Names())
	}
}

func TestLaterSourceHidesEarlier(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	onDisk(t, first)
	onDisk(t, second)
	file := filepath.Join(second, "pipe", ManifestFile)
	if err := os.WriteFile(file, []byte(strings.Replace(good, "title: A pipe", "title: Mine", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	lab, err := catalog(t, first, second).Find("pipe")
	if err != nil || lab.Title != "Mine" {
		t.Errorf("found %v, %v", lab, err)
	}
}

func TestBrokenLabHidesNoOther(t *testing.T) {
	dir := t.TempDir()
	onDisk(t, dir)
	bad := filepath.Join(dir, "bad")
	if err := os.Mkdir(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bad, ManifestFile), []byte("nmae: bad\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := catalog(t, dir)
	if !slices.ContainsFunc(c.All(), func(l *Lab) bool { return l.Name == "pipe" }) {
		t.Error("the broken lab hides another")
	}
	_, err := c.Find("bad")
	var m *ManifestError
	if !errors.As(err, &m) || m.File != filepath.Join(dir, "bad", ManifestFile) {
		t.Errorf("found %v", err)
	}
	if c.Broken() == nil {
		t.Error("nothing is broken")
	}
}

func TestUnknownLab(t *testing.T) {
	dir := t.TempDir()
	onDisk(t, dir)
	_, err := catalog(t, dir).Find("pip")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), `did you mean "pipe"?`) || !strings.Contains(unknown.Hint(), "pipe") {
		t.Errorf("found %v", err)
	}
}

func TestMissingSource(t *testing.T) {
	if _, err := Dir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestEmbeddingLeavesOutGoFiles(t *testing.T) {
	entries, err := fs.ReadDir(embedded, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			t.Errorf("%s is part of the program", e.Name())
		}
	}
}
