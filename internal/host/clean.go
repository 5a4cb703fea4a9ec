package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ipclab/internal/machine/qemu"
)

// AllSnapshots lists the folders of snapshots that are there.
func (h *Host) AllSnapshots() ([]string, error) {
	entries, err := os.ReadDir(h.snapshots())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			all = append(all, filepath.Join(h.snapshots(), e.Name()))
		}
	}
	return all, err
}

// ObsoleteSnapshots lists the snapshots that no start uses any more: damaged
// ones, and those whose disk is not the wanted image as it is now.
func (h *Host) ObsoleteSnapshots() ([]string, error) {
	all, err := h.AllSnapshots()
	if err != nil {
		return nil, err
	}
	disk := ""
	if i, err := h.images().Find(); err == nil {
		disk = i.Disk()
	}
	var old []string
	for _, dir := range all {
		if s, err := qemu.OpenSnapshot(dir); err != nil || s.Base.Disk != disk || olderThan(dir, disk) {
			old = append(old, dir)
		}
	}
	return old, nil
}

// olderThan tells whether a snapshot was made before the disk it lies over.
func olderThan(dir, disk string) bool {
	snapshot, err := os.Stat(filepath.Join(dir, "state"))
	if err != nil {
		return true
	}
	base, err := os.Stat(disk)
	return err != nil || snapshot.ModTime().Before(base.ModTime())
}

// Clean removes obsolete images and snapshots, and what interrupted commands
// left, but nothing that a running machine uses: those it returns.
func (h *Host) Clean(ctx context.Context) (kept []string, err error) {
	running, err := h.Machines().Running()
	if err != nil {
		return nil, err
	}
	unlock, err := h.lock(ctx, "snapshots")
	if err != nil {
		return nil, err
	}
	defer unlock()
	h.images().Sweep()
	snapshots, err := h.ObsoleteSnapshots()
	if err != nil {
		return nil, err
	}
	images, err := h.images().Obsolete()
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, dir := range append(snapshots, images...) {
		if uses(running, dir) {
			kept = append(kept, dir)
			continue
		}
		failures = append(failures, os.RemoveAll(dir))
	}
	return kept, errors.Join(failures...)
}

// uses tells whether one of the clones needs something in dir.
func uses(running []*qemu.Clone, dir string) bool {
	for _, c := range running {
		if c.Snapshot == dir || filepath.Dir(c.Base.Disk) == dir {
			return true
		}
	}
	return false
}
