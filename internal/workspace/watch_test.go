package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// watched begins to watch a folder. The tests wait for reports without a time
// limit of their own: a report that never comes ends with the test's deadline.
func watched(t *testing.T, dir string) <-chan struct{} {
	t.Helper()
	reports, err := Watch(t.Context(), dir)
	must(t, err)
	return reports
}

// until waits for reports until the workspace has the wanted text in a file.
func until(t *testing.T, reports <-chan struct{}, dir, name, want string) {
	t.Helper()
	for range reports {
		tree, err := Snapshot(dir, Limits{})
		if errors.Is(err, ErrGone) {
			continue // between removal and return
		}
		must(t, err)
		if f, ok := tree.File(name); ok && string(f.Data) == want {
			return
		}
	}
	t.Fatal("the watch ended")
}

func TestWatchSeesSaves(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a.c": "0"})
	reports := watched(t, dir)

	put(t, dir, map[string]string{"a.c": "in place"})
	until(t, reports, dir, "a.c", "in place")

	// As many editors save: a new file, renamed over the old one, twice.
	for _, text := range []string{"renamed", "renamed again"} {
		put(t, dir, map[string]string{"a.c.new": text})
		must(t, os.Rename(filepath.Join(dir, "a.c.new"), filepath.Join(dir, "a.c")))
		until(t, reports, dir, "a.c", text)
	}

	// As vi saves with a backup: the old one renamed away, a new one written.
	must(t, os.Rename(filepath.Join(dir, "a.c"), filepath.Join(dir, "a.c~")))
	put(t, dir, map[string]string{"a.c": "written anew"})
	until(t, reports, dir, "a.c", "written anew")
}

func TestWatchSeesNewFolders(t *testing.T) {
	dir := t.TempDir()
	reports := watched(t, dir)
	put(t, dir, map[string]string{"policy/deep/one.cil": "1"})
	until(t, reports, dir, "policy/deep/one.cil", "1")
	put(t, dir, map[string]string{"policy/deep/one.cil": "2"})
	until(t, reports, dir, "policy/deep/one.cil", "2")

	must(t, os.RemoveAll(filepath.Join(dir, "policy")))
	put(t, dir, map[string]string{"policy/one.cil": "3"})
	until(t, reports, dir, "policy/one.cil", "3")
	put(t, dir, map[string]string{"policy/one.cil": "4"})
	until(t, reports, dir, "policy/one.cil", "4")
}

func TestWatchSurvivesRemovalAndReset(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "fifo")
	put(t, dir, map[string]string{"writer.c": "1"})
	reports := watched(t, dir)

	must(t, os.RemoveAll(dir))
	put(t, dir, map[string]string{"writer.c": "2"})
	until(t, reports, dir, "writer.c", "2")
	put(t, dir, map[string]string{"writer.c": "3"})
	until(t, reports, dir, "writer.c", "3")

	must(t, os.Rename(dir, dir+".old"))
	put(t, dir, map[string]string{"writer.c": "4"})
	until(t, reports, dir, "writer.c", "4")
	put(t, dir, map[string]string{"writer.c": "5"})
	until(t, reports, dir, "writer.c", "5")

	_, err := Reset(dir, starter(), noon())
	must(t, err)
	until(t, reports, dir, "writer.c", "todo")
}

func TestWatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reports, err := Watch(ctx, t.TempDir())
	must(t, err)
	cancel()
	for range reports { // ends when the channel is closed
	}
}

func TestWatchOfNothing(t *testing.T) {
	if _, err := Watch(t.Context(), filepath.Join(t.TempDir(), "gone")); !errors.Is(err, ErrGone) {
		t.Errorf("error is %v", err)
	}
}
