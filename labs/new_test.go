package labs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewMakesASoundLab(t *testing.T) {
	dir := t.TempDir()
	if err := New(dir, "my-first-lab"); err != nil {
		t.Fatal(err)
	}
	lab, err := Load(os.DirFS(dir), "my-first-lab")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Lint(lab) {
		t.Error(p)
	}
	if s, ok := lab.Subject("writer"); !ok || s.Domain != "ipclab_my_first_lab_writer_t" {
		t.Errorf("writer is %+v", s)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("New left %v", left)
	}
}

func TestNewLeavesNoPlaceholder(t *testing.T) {
	dir := t.TempDir()
	if err := New(dir, "other"); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Join(dir, "other"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(path+string(data), placeholder) {
			t.Errorf("%s still names the template", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewRefusesNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"", "..", "ab", "a/b", "Upper", "1st", "a--b", "a-", "template", "testdata", "ä", strings.Repeat("a", 41)} {
		if err := New(dir, name); err == nil {
			t.Errorf("made a lab called %q", name)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestNewRefusesExisting(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "taken", "mine")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if err := New(dir, "taken"); !errors.As(err, &exists) || exists.Hint() == "" {
		t.Errorf("error is %v", err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "x" {
		t.Errorf("the folder was touched: %v", err)
	}
}

func TestNewWithoutFolder(t *testing.T) {
	if err := New(filepath.Join(t.TempDir(), "none"), "lab"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
