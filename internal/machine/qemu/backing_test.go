package qemu

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A snapshot whose base was moved away is as good as none: it is made anew.
func TestSnapshotWithoutItsBaseIsNone(t *testing.T) {
	dir := t.TempDir()
	base, snapshot := filepath.Join(dir, "base.qcow2"), filepath.Join(dir, "snapshot")
	disk := filepath.Join(snapshot, "disk.qcow2")
	if err := os.Mkdir(snapshot, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"create", "-q", "-f", "qcow2", base, "1M"},
		{"create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, disk},
	} {
		if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for name, text := range map[string]string{snapshotFile: "{}", "ram": "x", "state": "x"} {
		if err := os.WriteFile(filepath.Join(snapshot, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if under, err := backing(disk); err != nil || under != base {
		t.Errorf("it lies over %q, %v", under, err)
	}
	if under, err := backing(base); err != nil || under != "" {
		t.Errorf("the base lies over %q, %v", under, err)
	}
	if _, err := OpenSnapshot(snapshot); err != nil {
		t.Errorf("a good one: %v", err)
	}
	if err := os.Remove(base); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSnapshot(snapshot); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its base: %v", err)
	}
}
