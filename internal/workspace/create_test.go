package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// starter is what the tests' workspaces begin with.
func starter() fstest.MapFS {
	return fstest.MapFS{
		"writer.c":       {Data: []byte("todo")},
		"policy/one.cil": {Data: []byte("; rules")},
	}
}

// holds compares a workspace with what it should hold.
func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	tree, err := Snapshot(dir, Limits{})
	must(t, err)
	if len(tree.Paths()) != len(want) {
		t.Errorf("%s holds %v", dir, tree.Paths())
	}
	for name, text := range want {
		if f, _ := tree.File(name); string(f.Data) != text {
			t.Errorf("%s holds %q, want %q", name, f.Data, text)
		}
	}
}

func fresh() map[string]string {
	return map[string]string{"writer.c": "todo", "policy/one.cil": "; rules"}
}

// tidy demands that nothing of the package's own is left in the folder.
func tidy(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".ipclab-*"))
	must(t, err)
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "labs", "fifo")
	for _, want := range []bool{true, false} {
		made, err := Create(dir, starter())
		if err != nil || made != want {
			t.Fatalf("made %v, error %v", made, err)
		}
		holds(t, dir, fresh())
		tidy(t, dir)
	}
}

func TestCreateInEmptyRepository(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{".git/HEAD": "x"})
	if made, err := Create(dir, starter()); err != nil || !made {
		t.Fatalf("made %v, error %v", made, err)
	}
	holds(t, dir, fresh())
}

func TestCreateTouchesNothingOfTheStudents(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"writer.c": "mine"})
	if made, err := Create(dir, starter()); err != nil || made {
		t.Fatalf("made %v, error %v", made, err)
	}
	holds(t, dir, map[string]string{"writer.c": "mine"})
}

func TestCreateGoesOnAfterInterruption(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{unfinished: "", ".ipclab-part-old": "to", "writer.c": "mine"})
	if made, err := Create(dir, starter()); err != nil || !made {
		t.Fatalf("made %v, error %v", made, err)
	}
	holds(t, dir, map[string]string{"writer.c": "mine", "policy/one.cil": "; rules"})
	tidy(t, dir)
}

func TestCreateManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "fifo")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := Create(dir, starter()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	holds(t, dir, fresh())
	tidy(t, dir)
}

func TestCreateOverFile(t *testing.T) {
	file := create(t, t.TempDir(), "fifo")
	if _, err := Create(file, starter()); !errors.Is(err, ErrNotFolder) {
		t.Errorf("error is %v", err)
	}
}

func noon() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC) }

func TestResetKeepsEverything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "fifo")
	put(t, dir, map[string]string{"writer.c": "mine", "notes/x": "y", ".git/HEAD": "ref", ".hidden": "z"})
	before, err := os.Stat(dir)
	must(t, err)
	kept, err := Reset(dir, starter(), noon())
	if err != nil || kept != dir+".2026-11-21T10-00-00" {
		t.Fatalf("kept %q, error %v", kept, err)
	}
	holds(t, kept, map[string]string{"writer.c": "mine", "notes/x": "y", ".hidden": "z"})
	holds(t, dir, fresh())
	tidy(t, dir)
	after, err := os.Stat(dir)
	must(t, err)
	if !os.SameFile(before, after) {
		t.Error("shells in the workspace are now elsewhere")
	}
	if _, err := os.Stat(filepath.Join(dir, ".git", "HEAD")); err != nil {
		t.Errorf("the repository has gone: %v", err)
	}
}

func TestResetTwiceInASecond(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "fifo")
	put(t, dir, map[string]string{"writer.c": "first"})
	one, err := Reset(dir, starter(), noon())
	must(t, err)
	put(t, dir, map[string]string{"writer.c": "second"})
	two, err := Reset(dir, starter(), noon())
	must(t, err)
	if two != one+"-2" {
		t.Errorf("kept %q and %q", one, two)
	}
	holds(t, one, map[string]string{"writer.c": "first"})
	holds(t, two, map[string]string{"writer.c": "second", "policy/one.cil": "; rules"})
}

func TestResetOfNothing(t *testing.T) {
	parent := t.TempDir()
	empty, gone := filepath.Join(parent, "empty"), filepath.Join(parent, "gone")
	must(t, os.Mkdir(empty, 0o755))
	for _, dir := range []string{empty, gone} {
		if kept, err := Reset(dir, starter(), noon()); err != nil || kept != "" {
			t.Errorf("kept %q, error %v", kept, err)
		}
		holds(t, dir, fresh())
		tidy(t, dir)
	}
	if left, _ := os.ReadDir(parent); len(left) != 2 {
		t.Errorf("left %v", left)
	}
}

// A reset that was killed while it moved is finished by the next start.
func TestInterruptedReset(t *testing.T) {
	parent := t.TempDir()
	dir, kept := filepath.Join(parent, "fifo"), filepath.Join(parent, "fifo.2026-11-21T10-00-00")
	put(t, kept, map[string]string{"a.c": "moved"})
	put(t, dir, map[string]string{unfinished: filepath.Base(kept), "writer.c": "mine", "a.c": "newer"})
	_, err := Create(dir, starter())
	must(t, err)
	holds(t, dir, fresh())
	holds(t, kept, map[string]string{"a.c": "moved", "a.c-2": "newer", "writer.c": "mine"})
	tidy(t, dir)
}

// The student stands in the workspace, behind a link.
func TestResetFromWithin(t *testing.T) {
	parent := t.TempDir()
	dir, link := filepath.Join(parent, "fifo"), filepath.Join(parent, "link")
	put(t, dir, map[string]string{"writer.c": "mine"})
	must(t, os.Symlink("fifo", link))
	t.Chdir(link)
	kept, err := Reset(".", starter(), noon())
	must(t, err)
	holds(t, dir+".2026-11-21T10-00-00", map[string]string{"writer.c": "mine"})
	holds(t, kept, map[string]string{"writer.c": "mine"})
	holds(t, ".", fresh())
}

// What cannot be moved must not leave half a workspace.
func TestResetThatCannotMove(t *testing.T) {
	parent := t.TempDir()
	dir, kept := filepath.Join(parent, "fifo"), filepath.Join(parent, "kept")
	put(t, dir, map[string]string{"a.c": "a", "b.c": "b"})
	f, err := beginFilling(dir)
	must(t, err)
	defer f.close()
	must(t, os.Mkdir(kept, 0o755))
	must(t, move(filepath.Join(dir, "a.c"), filepath.Join(kept, "a.c")))
	must(t, f.moveBack(kept, []string{"a.c"}))
	must(t, f.unmark())
	holds(t, dir, map[string]string{"a.c": "a", "b.c": "b"})
	tidy(t, dir)
	if _, err := os.Stat(kept); err == nil {
		t.Error("the empty copy is still there")
	}
}

func TestMarkThatNamesAnotherPlace(t *testing.T) {
	for _, text := range []string{"..", "/etc", "other.2026", "x/.."} {
		dir := filepath.Join(t.TempDir(), "fifo")
		put(t, dir, map[string]string{unfinished: text, "writer.c": "mine"})
		_, err := Create(dir, starter())
		must(t, err)
		holds(t, dir, map[string]string{"writer.c": "mine", "policy/one.cil": "; rules"})
	}
}
