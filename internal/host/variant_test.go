package host

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ipclab/internal/image"
	"ipclab/internal/machine/qemu"
	"ipclab/labs"
)

func testLab(t *testing.T, labsDir, name string) *labs.Lab {
	t.Helper()
	lab, err := labs.Load(os.DirFS(labsDir), name)
	must(t, err)
	return lab
}

// A class of many variants must not need many snapshots.
func TestVariantsShareASnapshot(t *testing.T) {
	h := &Host{Dirs: Dirs{Cache: "/c"}}
	lab := testLab(t, "../vmtest/testdata/labs", "stamp")
	i := &image.Image{Key: "k", Files: map[string]image.File{"root.img": {SHA256: "1"}}}
	hw := qemu.DefaultHardware(qemu.TCG, "7.2")
	want := h.labSnapshot(i, hw, lab)
	for n := range 40 {
		v, err := lab.Variant(labs.NewSeed([]byte("secret"), "stamp", fmt.Sprint(n)))
		must(t, err)
		if got := h.labSnapshot(i, hw, v); got != want {
			t.Fatalf("variant %d is kept in %s, and not in %s", n, got, want)
		}
	}
}

// Of six snapshots, the first is to be kept, and the last are the newest.
func TestForget(t *testing.T) {
	for _, test := range []struct {
		labs, name string
		left       []int
	}{
		{"../../labs", "fifo", []int{0}},
		{"../vmtest/testdata/labs", "stamp", []int{0, 3, 4, 5}},
	} {
		h := &Host{Dirs: Dirs{Cache: t.TempDir()}}
		base := snapshot(t, h, "base-0000000000000000", "disk")
		for n := range 6 {
			dir := snapshot(t, h, fmt.Sprintf("%s-%016d", test.name, n), "disk")
			then := time.Now().Add(time.Duration(n-100) * time.Hour)
			must(t, os.Chtimes(dir, then, then))
		}
		h.forget(testLab(t, test.labs, test.name), test.name+"-0000000000000000")
		var left []int
		for n := range 6 {
			if _, err := os.Stat(filepath.Join(h.snapshots(), fmt.Sprintf("%s-%016d", test.name, n))); err == nil {
				left = append(left, n)
			}
		}
		if !slices.Equal(left, test.left) {
			t.Errorf("%s: left %v", test.name, left)
		}
		_, err := os.Stat(base)
		must(t, err)
	}
}
