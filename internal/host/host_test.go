package host

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"ipclab/internal/image"
	"ipclab/internal/machine/qemu"
	"ipclab/labs"
)

func TestKeysTellEverythingApart(t *testing.T) {
	h := &Host{Dirs: Dirs{Cache: "/c"}}
	catalog, err := labs.NewCatalog(labs.Embedded())
	must(t, err)
	lab, err := catalog.Find("fifo")
	must(t, err)
	i := &image.Image{Key: "k", Files: map[string]image.File{"root.img": {SHA256: "1"}}}
	rebuilt := &image.Image{Key: "k", Files: map[string]image.File{"root.img": {SHA256: "2"}}}
	other := &image.Image{Key: "l", Files: i.Files}
	tcg := qemu.DefaultHardware(qemu.TCG, "7.2")
	newer := qemu.DefaultHardware(qemu.TCG, "8.0")
	kvm := qemu.DefaultHardware(qemu.KVM, "7.2")
	larger := tcg
	larger.Memory *= 2
	seen := map[string]string{}
	for name, path := range map[string]string{
		"base": h.baseSnapshot(i, tcg), "base, rebuilt": h.baseSnapshot(rebuilt, tcg), "base, other image": h.baseSnapshot(other, tcg),
		"base, newer QEMU": h.baseSnapshot(i, newer), "base, KVM": h.baseSnapshot(i, kvm), "base, larger": h.baseSnapshot(i, larger),
		"lab": h.labSnapshot(i, tcg, lab), "lab, rebuilt": h.labSnapshot(rebuilt, tcg, lab), "lab, KVM": h.labSnapshot(i, kvm, lab),
	} {
		if twin, there := seen[path]; there {
			t.Errorf("%s and %s are both kept in %s", name, twin, path)
		}
		seen[path] = name
	}
	if key("a", "bc") == key("ab", "c") {
		t.Error("parts run into each other")
	}
}

// snapshot makes the folder of a snapshot over a disk.
func snapshot(t *testing.T, h *Host, name, disk string) string {
	t.Helper()
	dir := filepath.Join(h.snapshots(), name)
	must(t, os.MkdirAll(dir, 0o755))
	for _, file := range []string{"disk.qcow2", "ram", "state"} {
		must(t, os.WriteFile(filepath.Join(dir, file), []byte("x"), 0o600))
	}
	data, err := json.Marshal(qemu.Snapshot{Base: qemu.Base{Disk: disk}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "snapshot.json"), data, 0o644))
	return dir
}

// running puts a clone into the store that looks as if it ran.
func running(t *testing.T, h *Host, name, snapshot string) {
	t.Helper()
	dir := filepath.Join(h.Dirs.State, "machines", name)
	must(t, os.MkdirAll(dir, 0o700))
	data, err := json.Marshal(qemu.Clone{Name: name, Snapshot: snapshot, HostKey: "key"})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "clone.json"), data, 0o600))
	lock := flock.New(filepath.Join(dir, "lock"))
	must(t, lock.Lock())
	t.Cleanup(func() { lock.Unlock() })
}

func TestCleanKeepsWhatIsUsed(t *testing.T) {
	h, _, _ := fakeHost(t)
	old := filepath.Join(h.images().Dir, "old-1-x")
	half := filepath.Join(h.images().Dir, ".making-1")
	for _, dir := range []string{old, half} {
		must(t, os.MkdirAll(dir, 0o755))
	}
	unused := snapshot(t, h, "base-1", filepath.Join(old, "root.img"))
	used := snapshot(t, h, "fifo-1", filepath.Join(old, "root.img"))
	damaged := snapshot(t, h, "base-2", filepath.Join(old, "root.img"))
	must(t, os.Truncate(filepath.Join(damaged, "state"), 0))
	running(t, h, "fifo", used)

	obsolete, err := h.ObsoleteSnapshots()
	must(t, err)
	if !slices.Equal(obsolete, []string{unused, damaged, used}) {
		t.Errorf("obsolete: %v", obsolete)
	}
	kept, err := h.Clean(context.Background())
	must(t, err)
	if !slices.Equal(kept, []string{used}) {
		t.Errorf("kept: %v, want %s", kept, used)
	}
	for path, stays := range map[string]bool{old: false, half: false, unused: false, damaged: false, used: true} {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v; should it stay: %v", path, err, stays)
		}
	}
}

func TestSnapshotOlderThanItsDisk(t *testing.T) {
	h, _, _ := fakeHost(t)
	disk := filepath.Join(t.TempDir(), "root.img")
	must(t, os.WriteFile(disk, nil, 0o644))
	dir := snapshot(t, h, "base-1", disk)
	if olderThan(dir, disk) {
		t.Error("it was made after its disk")
	}
	later := time.Now().Add(time.Hour)
	must(t, os.Chtimes(disk, later, later))
	if !olderThan(dir, disk) {
		t.Error("its disk was replaced")
	}
}

func TestNothingToList(t *testing.T) {
	h, _, _ := fakeHost(t)
	all, err := h.AllSnapshots()
	old, oldErr := h.ObsoleteSnapshots()
	if all != nil || old != nil || errors.Join(err, oldErr) != nil {
		t.Errorf("%v, %v, %v, %v", all, old, err, oldErr)
	}
}

func TestLockSweepsWhatIsHalfMade(t *testing.T) {
	h, _, _ := fakeHost(t)
	half := filepath.Join(h.snapshots(), ".making-1")
	must(t, os.MkdirAll(half, 0o755))
	unlock, err := h.lock(context.Background(), "snapshots")
	must(t, err)
	if _, err := os.Stat(half); err == nil {
		t.Error("half a snapshot is still there")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.lock(ctx, "snapshots"); !errors.Is(err, context.Canceled) {
		t.Errorf("a second lock: %v", err)
	}
	unlock()
	unlock, err = h.lock(context.Background(), "snapshots")
	must(t, err)
	unlock()
}
