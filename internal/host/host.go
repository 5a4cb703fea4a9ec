package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ipclab/internal/image"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/policy"
	"ipclab/labs"
	"ipclab/vagrant"
)

// Host is this computer.
type Host struct {
	Dirs       Dirs
	Agent      string          // the guest's program, a file
	Supervisor []string        // the command that supervises a clone
	Accel      qemu.Accel      // what the user asked for; empty chooses
	Patience   time.Duration   // how long a boot may take; zero is the default
	Progress   image.Progress  // hears of long work
	Secilc     policy.Compiler // the policy compiler
	Leash      *os.File        // what its clones hang on (qemu.Store); nil lets them outlive this process
}

// defaultPatience is wide: under software emulation on a busy computer a boot
// takes a minute.
const defaultPatience = 5 * time.Minute

// images is the cache of images.
func (h *Host) images() image.Cache {
	return image.Cache{
		Dir: filepath.Join(h.Dirs.Cache, "images"), Recipe: vagrant.Recipe(), Agent: h.Agent, Scratch: h.Dirs.Scratch,
	}
}

// Images gives the cache of images.
func (h *Host) Images() image.Cache { return h.images() }

// Machines gives the store of clones.
func (h *Host) Machines() qemu.Store {
	return qemu.Store{Dir: filepath.Join(h.Dirs.State, "machines"), Run: h.Dirs.Run, Leash: h.Leash}
}

// Image gives the guest image, building it if need be.
func (h *Host) Image(ctx context.Context) (*image.Image, error) {
	defer h.Progress.Finish()
	return h.images().Ensure(ctx, false, h.Progress)
}

// snapshots is where snapshots are kept.
func (h *Host) snapshots() string { return filepath.Join(h.Dirs.Cache, "snapshots") }

// key is a short digest of what something was made from.
func key(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:8])
}

// Snapshot gives the machine in which a lab begins: booted, with the lab's
// policy in the kernel. It is made when it is first asked for. The second value
// is the image that it is made from.
func (h *Host) Snapshot(ctx context.Context, lab *labs.Lab) (*qemu.Snapshot, *image.Image, error) {
	i, err := h.Image(ctx)
	if err != nil {
		return nil, nil, err
	}
	hardware, err := h.hardware(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := qemu.OpenSnapshot(h.labSnapshot(i, hardware, lab))
	if err == nil {
		return s, i, nil
	}
	unlock, err := h.lock(ctx, "snapshots")
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	defer h.Progress.Finish()
	s, err = h.derive(ctx, i, hardware, lab)
	return s, i, err
}

func (h *Host) labSnapshot(i *image.Image, hw qemu.Hardware, lab *labs.Lab) string {
	return filepath.Join(h.snapshots(), fmt.Sprintf("%s-%s", lab.Name, key(i.Key, i.DiskDigest(), hw, lab.MachineDigest(), prepareVersion)))
}

func (h *Host) baseSnapshot(i *image.Image, hw qemu.Hardware) string {
	return filepath.Join(h.snapshots(), "base-"+key(i.Key, i.DiskDigest(), hw))
}

// derive makes the lab's snapshot. The caller holds the lock.
func (h *Host) derive(ctx context.Context, i *image.Image, hw qemu.Hardware, lab *labs.Lab) (*qemu.Snapshot, error) {
	base, hw, err := h.base(ctx, i, hw)
	if err != nil {
		return nil, err
	}
	dir := h.labSnapshot(i, hw, lab)
	if s, err := qemu.OpenSnapshot(dir); err == nil {
		return s, nil // somebody else made it while we waited
	}
	h.Progress.Step("preparing the machine of " + lab.Name + " (once; some seconds)")
	freezer, err := h.freezer(ctx, hw)
	if err != nil {
		return nil, err
	}
	var pace pace
	s, err := freezer.Derive(ctx, base, dir, h.prepare(i, lab, &pace))
	if err != nil {
		return nil, fmt.Errorf("prepare the machine of %s: %w", lab.Name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, paceFile), fmt.Appendf(nil, "%.2f\n", pace.scale()), 0o644); err != nil {
		return nil, err
	}
	h.forget(lab, filepath.Base(dir))
	return s, nil
}

// forget removes snapshots of older versions of a lab. Clones that still run
// keep the files that they have open. Of a lab whose variants may need machines
// of their own, the newest stay: clones may be starting from them just now.
func (h *Host) forget(lab *labs.Lab, keep string) {
	old, _ := filepath.Glob(filepath.Join(h.snapshots(), lab.Name+"-????????????????"))
	old = slices.DeleteFunc(old, func(dir string) bool { return filepath.Base(dir) == keep })
	if lab.HasVariants() {
		slices.SortFunc(old, func(a, b string) int { return madeAt(b).Compare(madeAt(a)) })
		old = old[min(keptVariants, len(old)):]
	}
	for _, dir := range old {
		os.RemoveAll(dir)
	}
}

// keptVariants is how many snapshots of a lab's other variants are kept.
const keptVariants = 3

func madeAt(dir string) time.Time {
	info, err := os.Stat(dir)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// base gives the snapshot of the freshly booted image. With KVM in question the
// boot is what answers it: a guest that reports ready.
func (h *Host) base(ctx context.Context, i *image.Image, hw qemu.Hardware) (*qemu.Snapshot, qemu.Hardware, error) {
	if s, err := qemu.OpenSnapshot(h.baseSnapshot(i, hw)); err == nil {
		return s, hw, nil
	}
	if err := i.Verify(); err != nil {
		return nil, hw, err
	}
	s, err := h.boot(ctx, i, hw)
	if err == nil || hw.Accel != qemu.KVM || h.Accel == qemu.KVM || ctx.Err() != nil {
		return s, hw, err
	}
	if note := h.rememberUseless(hw, err); note != "" {
		h.Progress.Note(note)
	}
	hw = hardwareFor(qemu.TCG, hw.QEMU)
	if s, err := qemu.OpenSnapshot(h.baseSnapshot(i, hw)); err == nil {
		return s, hw, nil
	}
	s, err = h.boot(ctx, i, hw)
	return s, hw, err
}

func (h *Host) boot(ctx context.Context, i *image.Image, hw qemu.Hardware) (*qemu.Snapshot, error) {
	h.Progress.Step("booting it once with " + string(hw.Accel) + " (10 to 60 s)")
	freezer, err := h.freezer(ctx, hw)
	if err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		s, err := freezer.Boot(ctx, Base(i), h.baseSnapshot(i, hw), settleSystem)
		var wrong *ClockError
		if !errors.As(err, &wrong) || tries == maxBoots {
			return s, err
		}
		h.Progress.Note(wrong.Error() + ": it is booted again")
	}
}

// maxBoots is how often a machine is booted whose clock comes out wrong.
const maxBoots = 3

// Base is what a machine boots from.
func Base(i *image.Image) qemu.Base {
	return qemu.Base{Kernel: i.KernelFile(), Initrd: i.Initrd(), Disk: i.Disk()}
}

func (h *Host) freezer(ctx context.Context, hw qemu.Hardware) (qemu.Freezer, error) {
	binary, err := qemu.Binary()
	f := qemu.Freezer{Binary: binary, Hardware: hw, Patience: h.Patience}
	if f.Patience == 0 {
		f.Patience = defaultPatience
	}
	if hw.Accel == qemu.KVM && h.Accel == "" {
		f.Patience, f.Stall = kvmPatience, kvmStall
	}
	return f, err
}

// Start starts a clone in which the lab can begin. A snapshot that cannot be
// restored is made anew, once.
func (h *Host) Start(ctx context.Context, lab *labs.Lab, name string) (*qemu.Clone, error) {
	return h.startAgain(ctx, func() (*qemu.Clone, error) { return h.startOnce(ctx, lab, name) })
}

// StartBase starts a clone of the freshly booted image, which no lab has prepared.
func (h *Host) StartBase(ctx context.Context, name string) (*qemu.Clone, error) {
	return h.startAgain(ctx, func() (*qemu.Clone, error) {
		s, err := h.baseOnly(ctx)
		if err != nil {
			return nil, err
		}
		return h.restore(ctx, s, name)
	})
}

// baseOnly gives the snapshot of the freshly booted image, made when it is first
// asked for.
func (h *Host) baseOnly(ctx context.Context) (*qemu.Snapshot, error) {
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	hardware, err := h.hardware(ctx)
	if err != nil {
		return nil, err
	}
	if s, err := qemu.OpenSnapshot(h.baseSnapshot(i, hardware)); err == nil {
		return s, nil
	}
	unlock, err := h.lock(ctx, "snapshots")
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer h.Progress.Finish()
	s, _, err := h.base(ctx, i, hardware)
	return s, err
}

// startAgain starts once more if the snapshot cannot be restored, which is then
// made anew.
func (h *Host) startAgain(ctx context.Context, start func() (*qemu.Clone, error)) (*qemu.Clone, error) {
	clone, err := start()
	var bad *qemu.StartError
	if err == nil || !errors.As(err, &bad) || !bad.Restoring() || ctx.Err() != nil {
		return clone, err
	}
	h.Progress.Note("the machine did not start from its snapshot, which is made anew: " + firstLine(err.Error()))
	if err := h.dropSnapshots(ctx); err != nil {
		return nil, err
	}
	return start()
}

// StartAsIs starts a clone and leaves the snapshot alone if it cannot be
// restored. A machine that was killed at its start says nothing against it.
func (h *Host) StartAsIs(ctx context.Context, lab *labs.Lab, name string) (*qemu.Clone, error) {
	return h.startOnce(ctx, lab, name)
}

func (h *Host) startOnce(ctx context.Context, lab *labs.Lab, name string) (*qemu.Clone, error) {
	s, _, err := h.Snapshot(ctx, lab)
	if err != nil {
		return nil, err
	}
	return h.restore(ctx, s, name)
}

// restore starts a clone of a snapshot.
func (h *Host) restore(ctx context.Context, s *qemu.Snapshot, name string) (*qemu.Clone, error) {
	binary, err := qemu.Binary()
	if err != nil {
		return nil, err
	}
	order := qemu.Clone{Name: name, Snapshot: s.Dir, Base: s.Base, Hardware: s.Hardware, Binary: binary}
	return h.Machines().Start(ctx, order, h.Supervisor)
}

// StartCold starts a machine by booting the image, without a snapshot: what a
// start would cost if there were no clones. Benchmarks compare with it.
func (h *Host) StartCold(ctx context.Context, name string) (*qemu.Clone, error) {
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	hw, err := h.hardware(ctx)
	if err != nil {
		return nil, err
	}
	binary, err := qemu.Binary()
	if err != nil {
		return nil, err
	}
	order := qemu.Clone{Name: name, Base: Base(i), Hardware: hw, Binary: binary}
	return h.Machines().Start(ctx, order, h.Supervisor)
}

// dropSnapshots removes all snapshots.
func (h *Host) dropSnapshots(ctx context.Context) error {
	unlock, err := h.lock(ctx, "snapshots")
	if err != nil {
		return err
	}
	defer unlock()
	entries, err := os.ReadDir(h.snapshots())
	for _, e := range entries {
		if e.IsDir() {
			os.RemoveAll(filepath.Join(h.snapshots(), e.Name()))
		}
	}
	return err
}
