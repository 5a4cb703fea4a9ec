package image

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// recorder is a Progress that remembers what it heard.
type recorder struct {
	mu    sync.Mutex
	notes []string
	heard chan string // gets every note, when it is there
}

func (*recorder) Step(string)  {}
func (*recorder) Finish()      {}
func (*recorder) Done(float64) {}

func (r *recorder) Note(what string) {
	r.mu.Lock()
	r.notes = append(r.notes, what)
	r.mu.Unlock()
	if r.heard != nil {
		r.heard <- what
	}
}

// fakeCache is a cache with a small recipe and agent.
func fakeCache(t *testing.T) Cache {
	t.Helper()
	dir := t.TempDir()
	agent := filepath.Join(dir, "agent")
	write(t, agent, "agent 1")
	recipe := fstest.MapFS{
		"packages.txt": {Data: []byte("bash # the shell\n")},
		"provision.sh": {Data: []byte("true\n")},
	}
	return Cache{Dir: filepath.Join(dir, "images"), Recipe: recipe, Agent: agent, Scratch: dir}
}

// fakeImage puts a whole image of tiny files into the cache, under the key that
// is wanted.
func fakeImage(t *testing.T, c Cache) *Image {
	t.Helper()
	w, err := c.wanted()
	must(t, err)
	return fakeImageAs(t, c, w)
}

func fakeImageAs(t *testing.T, c Cache, w want) *Image {
	t.Helper()
	must(t, os.MkdirAll(c.Dir, 0o755))
	work, err := os.MkdirTemp(c.Dir, makingPrefix)
	must(t, err)
	i := &Image{
		Dir: work, Key: w.key, Recipe: w.recipe, Format: formatVersion, Kernel: "6.1.0-fake", Packages: 2,
		Built: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for _, name := range fileNames() {
		write(t, i.path(name), strings.Repeat(name+"\n", 300))
	}
	fakeDisk(t, i.Disk())
	i, err = c.finish(i)
	must(t, err)
	return i
}

// diskSize is a fake disk's size: data, a hole, data, a hole and half a block.
const diskSize = 4<<20 + 512

func fakeDisk(t *testing.T, path string) {
	t.Helper()
	must(t, os.Remove(path))
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for _, at := range []int64{0, 2 << 20} {
		_, err := f.WriteAt([]byte(strings.Repeat("data", 5000)), at)
		must(t, err)
	}
	must(t, f.Truncate(diskSize))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// names lists a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
