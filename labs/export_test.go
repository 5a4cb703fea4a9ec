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

func TestExportForStudents(t *testing.T) {
	dir := t.TempDir()
	f := withHidden()
	replaced("steps:\n", "variant:\n  key: {hex: 16}\nsteps:\n")(f)
	f["pipe/README.md"] = text("# A pipe: @@key@@\n\n## First\n\n## Second\n")
	whole := load1(t, f)
	if err := whole.Export(dir, true); err != nil {
		t.Fatal(err)
	}
	lab, err := Load(os.DirFS(dir), "pipe")
	if err != nil {
		t.Fatal(err)
	}
	var edition *EditionError
	if err := lab.Whole(); !errors.As(err, &edition) {
		t.Errorf("error is %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "pipe"))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, []string{"README.md", "checks", "lab.yaml", "policy", "starter"}) {
		t.Errorf("the folder holds %v, %v", names, err)
	}
	one, err1 := whole.PublicDigest()
	two, err2 := lab.PublicDigest()
	if err := errors.Join(err1, err2); err != nil || one != two || whole.MachineDigest() != lab.MachineDigest() {
		t.Errorf("it is not the same lab: %s, %s, %v", one, two, err)
	}
	task, err := fs.ReadFile(os.DirFS(dir), "pipe/README.md")
	if err != nil || !strings.Contains(string(task), "@@key@@") {
		t.Errorf("the task is %q, %v", task, err)
	}
}

func TestExportWhole(t *testing.T) {
	dir, again := t.TempDir(), t.TempDir()
	whole := load1(t, withHidden())
	if err := whole.Export(dir, false); err != nil {
		t.Fatal(err)
	}
	lab, err := Load(os.DirFS(dir), "pipe")
	if err != nil || lab.Digest() != whole.Digest() {
		t.Errorf("%v", err)
	}
	var exists *ExistsError
	if err := whole.Export(dir, true); !errors.As(err, &exists) {
		t.Errorf("error is %v", err)
	}
	var edition *EditionError
	if err := load1(t, studentsPart(withHidden())).Export(again, false); !errors.As(err, &edition) {
		t.Errorf("error is %v", err)
	}
	if left, _ := os.ReadDir(again); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
