package image

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ipclab/internal/sparse"
)

func TestKeyHoldsAllThatGoesIn(t *testing.T) {
	c := fakeCache(t)
	first, err := c.wanted()
	must(t, err)
	again, err := c.wanted()
	must(t, err)
	if first != again {
		t.Errorf("the key of the same recipe changed: %v, then %v", first, again)
	}
	for name, tt := range map[string]struct {
		change     func(fstest.MapFS)
		sameKey    bool
		sameRecipe bool
	}{
		"a package":     {change: func(r fstest.MapFS) { r["packages.txt"] = &fstest.MapFile{Data: []byte("dash\n")} }},
		"a new file":    {change: func(r fstest.MapFS) { r["guest/x"] = &fstest.MapFile{} }},
		"a file's name": {change: func(r fstest.MapFS) { r["setup.sh"] = r["provision.sh"]; delete(r, "provision.sh") }},
		"Go code":       {change: func(r fstest.MapFS) { r["recipe.go"] = &fstest.MapFile{Data: []byte("package x")} }, sameKey: true, sameRecipe: true},
		"the agent":     {change: func(fstest.MapFS) { write(t, c.Agent, "agent 2") }, sameRecipe: true},
	} {
		t.Run(name, func(t *testing.T) {
			changed := c
			recipe := fstest.MapFS{}
			for k, v := range c.Recipe.(fstest.MapFS) {
				recipe[k] = v
			}
			tt.change(recipe)
			changed.Recipe = recipe
			w, err := changed.wanted()
			must(t, err)
			if (w.key == first.key) != tt.sameKey || (w.recipe == first.recipe) != tt.sameRecipe {
				t.Errorf("key %s → %s, recipe %s → %s", first.key, w.key, first.recipe, w.recipe)
			}
			write(t, c.Agent, "agent 1")
		})
	}
}

func TestKeyNeedsTheAgent(t *testing.T) {
	c := fakeCache(t)
	must(t, os.Remove(c.Agent))
	if _, err := c.Find(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "the guest's program") {
		t.Errorf("Find without the agent: %v", err)
	}
}

func TestFindNoticesDamage(t *testing.T) {
	same := func(i *Image, name string) string { return strings.Repeat("x", int(i.Files[name].Size)) }
	for name, tt := range map[string]struct {
		harm func(t *testing.T, i *Image)
		what string // part of the message; empty is no damage
	}{
		"none":      {harm: func(*testing.T, *Image) {}},
		"touched":   {harm: func(t *testing.T, i *Image) { must(t, os.Chtimes(i.Initrd(), time.Time{}, time.Unix(1, 0))) }},
		"missing":   {harm: func(t *testing.T, i *Image) { must(t, os.Remove(i.KernelFile())) }, what: "vmlinuz is missing"},
		"shortened": {harm: func(t *testing.T, i *Image) { must(t, os.Truncate(i.Disk(), 100)) }, what: "root.img has 100 bytes"},
		"changed":   {harm: func(t *testing.T, i *Image) { write(t, i.FlatPolicy(), same(i, flatName)) }, what: "flat.cil does not match"},
		"no JSON":   {harm: func(t *testing.T, i *Image) { write(t, i.path(metaName), `{"key": "a`) }, what: "image.json: "},
		"not named": {harm: func(t *testing.T, i *Image) { delete(i.Files, baseName); must(t, i.write()) }, what: "base.cil is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			c := fakeCache(t)
			tt.harm(t, fakeImage(t, c))
			_, err := c.Find()
			var damaged *DamagedError
			if errors.As(err, &damaged) != (tt.what != "") || (err != nil && !strings.Contains(err.Error(), tt.what)) {
				t.Errorf("Find: %v; want %q", err, tt.what)
			}
		})
	}
}

func TestVerifySeesWhatTimesHide(t *testing.T) {
	c := fakeCache(t)
	i := fakeImage(t, c)
	info, err := os.Stat(i.Disk())
	must(t, err)
	f, err := os.OpenFile(i.Disk(), os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("X"), 5)
	must(t, errors.Join(err, f.Close(), os.Chtimes(i.Disk(), time.Time{}, info.ModTime())))
	if _, err := c.Find(); err != nil {
		t.Errorf("Find reads files whose size and time did not change: %v", err)
	}
	var damaged *DamagedError
	if err := i.Verify(); !errors.As(err, &damaged) || !strings.Contains(err.Error(), diskName) {
		t.Errorf("Verify: %v", err)
	}
}

func TestEnsureTakesWhatIsThere(t *testing.T) {
	c := fakeCache(t)
	want := fakeImage(t, c)
	t.Setenv("PATH", t.TempDir()) // nothing can be built
	i, err := c.Ensure(context.Background(), false, Silent{})
	must(t, err)
	if i.Key != want.Key || i.Dir != want.Dir {
		t.Errorf("got %+v, want %+v", i, want)
	}
}

// A rebuild that was killed leaves the old image and half of a new one.
func TestEnsureTidiesBesideAGoodImage(t *testing.T) {
	c := fakeCache(t)
	i := fakeImage(t, c)
	must(t, os.Mkdir(filepath.Join(c.Dir, makingPrefix+"1"), 0o700))
	stage := filepath.Join(c.Scratch, stagePrefix+"1")
	must(t, os.Mkdir(stage, 0o700))
	if left := c.Leftovers(); len(left) != 2 {
		t.Errorf("leftovers: %v", left)
	}
	_, err := c.Ensure(context.Background(), false, Silent{})
	must(t, err)
	if got := names(t, c.Dir); !slices.Equal(got, []string{".lock", filepath.Base(i.Dir)}) {
		t.Errorf("left in the cache: %v", got)
	}
	if left := c.Leftovers(); left != nil {
		t.Errorf("leftovers: %v", left)
	}
}

func TestEnsureSweepsHalfMadeImages(t *testing.T) {
	c := fakeCache(t)
	half := filepath.Join(c.Dir, makingPrefix+"123")
	must(t, os.MkdirAll(half, 0o700))
	write(t, filepath.Join(half, diskName), "half")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := c.Ensure(ctx, false, Silent{})
	if err == nil {
		t.Fatal("an image was built after the command was interrupted")
	}
	if got := names(t, c.Dir); !slices.Equal(got, []string{".lock"}) {
		t.Errorf("left in the cache: %v", got)
	}
}

func TestEnsureWaitsForAnother(t *testing.T) {
	c := fakeCache(t)
	unlock, err := c.lock(context.Background(), Silent{})
	must(t, err)
	r := &recorder{heard: make(chan string, 1)}
	type result struct {
		image *Image
		err   error
	}
	done := make(chan result)
	go func() {
		i, err := c.Ensure(context.Background(), false, r)
		done <- result{i, err}
	}()
	if note := <-r.heard; !strings.Contains(note, "another ipclab") {
		t.Errorf("note: %s", note)
	}
	made := fakeImage(t, c)
	unlock()
	got := <-done
	must(t, got.err)
	if got.image.Dir != made.Dir {
		t.Errorf("the one that waited made its own: %s", got.image.Dir)
	}
}

func TestWaitingCanBeInterrupted(t *testing.T) {
	c := fakeCache(t)
	unlock, err := c.lock(context.Background(), Silent{})
	must(t, err)
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	r := &recorder{heard: make(chan string, 1)}
	go func() { <-r.heard; cancel() }()
	if _, err := c.Ensure(ctx, false, r); !errors.Is(err, context.Canceled) {
		t.Errorf("Ensure: %v", err)
	}
}

func TestObsolete(t *testing.T) {
	c := fakeCache(t)
	if old, err := c.Obsolete(); err != nil || old != nil {
		t.Errorf("of an empty cache: %v, %v", old, err)
	}
	fakeImage(t, c)
	other := fakeImageAs(t, c, want{key: "other-1-x", recipe: "other-1"})
	must(t, os.Mkdir(filepath.Join(c.Dir, makingPrefix+"9"), 0o700))
	old, err := c.Obsolete()
	must(t, err)
	if !slices.Equal(old, []string{other.Dir}) {
		t.Errorf("obsolete: %v", old)
	}
}

func TestRelativeIsWholeAndOfTheSameRecipe(t *testing.T) {
	c := fakeCache(t)
	w, err := c.wanted()
	must(t, err)
	fakeImageAs(t, c, want{key: "elsewhere-1-aaaa", recipe: "elsewhere-1"})
	if r := c.relative(w); r != nil {
		t.Errorf("%s has another recipe", r.Key)
	}
	sibling := fakeImageAs(t, c, want{key: w.recipe + "-aaaa", recipe: w.recipe})
	if r := c.relative(w); r == nil || r.Key != sibling.Key {
		t.Errorf("relative: %v", r)
	}
	must(t, os.Truncate(sibling.Disk(), diskSize-1))
	if r := c.relative(w); r != nil {
		t.Errorf("%s is damaged", r.Key)
	}
}

func TestDeriveCopiesAllButTheKey(t *testing.T) {
	c := fakeCache(t)
	from := fakeImage(t, c)
	i := &Image{Dir: t.TempDir(), Key: "new"}
	must(t, i.derive(from))
	must(t, i.describe())
	if i.Kernel != from.Kernel || i.Packages != from.Packages || !i.Built.Equal(from.Built) || i.Key != "new" {
		t.Errorf("derived %+v", i)
	}
	for _, name := range fileNames() {
		if i.Files[name].SHA256 != from.Files[name].SHA256 {
			t.Errorf("%s is not a copy", name)
		}
	}
	if whole, got := sparse.Allocated(from.Disk()), sparse.Allocated(i.Disk()); got > whole {
		t.Errorf("the copy takes %d bytes of the disk, the original %d", got, whole)
	}
}

func TestLackOfRoom(t *testing.T) {
	free, err := Free(filepath.Join(t.TempDir(), "not", "yet"))
	if err != nil || free <= 0 {
		t.Errorf("Free of a folder that is not there yet: %d, %v", free, err)
	}
	var fullErr *FullError
	if err := needRoom(t.TempDir(), 1<<62); !errors.As(err, &fullErr) || fullErr.Hint() == "" {
		t.Errorf("needRoom: %v", err)
	}
	if err := needRoom(t.TempDir(), 1); err != nil {
		t.Errorf("needRoom of one byte: %v", err)
	}
	if err := full("/x", &fs.PathError{Op: "write", Path: "/x/y", Err: os.ErrPermission}); errors.As(err, &fullErr) {
		t.Errorf("a refusal is no full disk: %v", err)
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 kB", 1: "1 kB", 5 << 20: "5 MB", 3 << 29: "1.5 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}
