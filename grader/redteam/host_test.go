package redteam

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// watcher knows what this computer was like before hostile work was graded.
type watcher struct {
	place *place
	trees map[string][]string // by folder: what was in it
	cache []string
}

// watch lays out files that an attack would like to write to, and remembers
// them with all that grading may not change.
func watch(t *testing.T, p *place) *watcher {
	t.Helper()
	for _, name := range []string{"results.json", "home/results.json", "home/.bashrc", "home/.profile", "tmp/results.json"} {
		check(t, os.WriteFile(p.in(name), []byte("sentinel\n"), 0o644))
	}
	w := &watcher{place: p, trees: map[string][]string{}}
	for _, dir := range []string{p.home(), p.in("tmp"), "attacks", "labs"} {
		w.trees[dir] = tree(t, dir)
	}
	w.cache = w.cached(t)
	return w
}

// judge says what has changed, and what was left.
func (w *watcher) judge(t *testing.T) {
	t.Helper()
	for dir, before := range w.trees {
		if after := tree(t, dir); !slices.Equal(before, after) {
			t.Errorf("%s has changed:\nbefore %v\nafter  %v", dir, before, after)
		}
	}
	for _, entry := range w.cache {
		if !slices.Contains(w.cached(t), entry) {
			t.Errorf("a file of the cache has changed, or gone: %s", entry)
		}
	}
	if data, err := os.ReadFile(w.place.in("results.json")); string(data) != "sentinel\n" {
		t.Errorf("the file beside the grades: %q, %v", data, err)
	}
	if found, _ := filepath.Glob("/tmp/redteam-[0-9][0-9]*"); len(found) > 0 {
		t.Errorf("an attack has reached this computer: %v", found)
	}
	if left := filesIn(t, w.place.in("run")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	w.judgeProcesses(t)
}

// judgeProcesses waits until nothing runs any more that has this place's home
// in its environment.
func (w *watcher) judgeProcesses(t *testing.T) {
	t.Helper()
	var left []string
	for range 100 {
		if left = processes(w.place.home()); len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("still running: %v", left)
}

func processes(home string) []string {
	var found []string
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		env, err := os.ReadFile(path)
		if err == nil && strings.Contains("\x00"+string(env), "\x00HOME="+home+"\x00") {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// cached lists the files of images and snapshots. They are too big to read.
func (w *watcher) cached(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, part := range []string{"images", "snapshots"} {
		dir := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "ipclab", part)
		check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				all = append(all, fmt.Sprint(path, info.Size(), info.ModTime().UnixNano()))
			}
			return err
		}))
	}
	return all
}

// tree tells a folder: each name, what it is, and a digest of its content.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		entry := fmt.Sprintf("%s %s", path, d.Type())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			entry += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		all = append(all, entry)
		return nil
	}))
	return all
}
