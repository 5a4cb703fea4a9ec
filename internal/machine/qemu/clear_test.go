package qemu

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Whoever starts a clone may be killed while the start lock is in the hands of a
// process that it has just forked.
func TestClearOutlastsAStartThatWasKilled(t *testing.T) {
	st := fakeStore(t)
	c := order("fifo")
	must(t, os.MkdirAll(st.Dir, 0o700))
	unlock, ok := st.tryStartLock("fifo")
	if !ok {
		t.Fatal("the lock is not free")
	}
	must(t, st.layOut(&c))
	time.AfterFunc(20*time.Millisecond, unlock)
	must(t, st.Clear(t.Context(), "fifo"))
	nothingLeft(t, st)
}

func TestClearEndsARunningClone(t *testing.T) {
	st := fakeStore(t)
	_, err := st.Start(t.Context(), order("fifo"), supervisor("good"))
	must(t, err)
	must(t, st.Clear(t.Context(), "fifo"))
	nothingLeft(t, st)
	must(t, st.Clear(t.Context(), "fifo")) // of nothing
}

// all are the files of a store, hidden ones too.
func all(t *testing.T, st Store) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(st.Dir, ".*"))
	must(t, err)
	return left
}

func TestClearLeavesNoLocks(t *testing.T) {
	st := fakeStore(t)
	_, err := st.Start(t.Context(), order("fifo"), supervisor("good"))
	must(t, err)
	if len(all(t, st)) == 0 {
		t.Fatal("a clone that runs has a lock")
	}
	must(t, st.Clear(t.Context(), "fifo"))
	if left := all(t, st); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestClearAllLeavesTheLivingAlone(t *testing.T) {
	st := fakeStore(t)
	_, err := st.Start(t.Context(), order("grade-1"), supervisor("good"))
	must(t, err)
	for _, name := range []string{".grade-0.lock", ".grade-0.died", ".other.lock"} {
		must(t, os.WriteFile(filepath.Join(st.Dir, name), nil, 0o600))
	}
	st.ClearAll("grade-")
	if left := all(t, st); len(left) != 2 || filepath.Base(left[0]) != ".grade-1.lock" || filepath.Base(left[1]) != ".other.lock" {
		t.Errorf("left: %v", left)
	}
	must(t, st.Clear(t.Context(), "grade-1"))
}

// A start may be killed at any moment: what it makes must be known before it is there.
func TestSocketsAreWrittenDownBeforeTheyAreMade(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(blocked, nil, 0o600))
	st := Store{Dir: t.TempDir(), Run: filepath.Join(blocked, "run")} // cannot be made
	c := Clone{Name: "fifo"}
	if st.layOut(&c) == nil {
		t.Fatal("sockets lie below a file")
	}
	written, err := readClone(st.dir("fifo"))
	must(t, err)
	if written.Run == "" || written.Run != c.Run {
		t.Errorf("%q is written down for %q", written.Run, c.Run)
	}
}
