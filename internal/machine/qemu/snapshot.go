package qemu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"ipclab/internal/machine"
	"ipclab/internal/sparse"
)

// Base is what a machine boots from: an image's files.
type Base struct {
	Kernel, Initrd string
	Disk           string // raw
}

// Snapshot is a frozen machine in a directory:
//
//	disk.qcow2   the disk at that moment; clones lie over it
//	ram          the memory, a sparse file
//	state        the devices
//	snapshot.json
//
// None of the files changes once the directory has its final name.
type Snapshot struct {
	Dir      string   `json:"-"`
	Hardware Hardware `json:"hardware"`
	Base     Base     `json:"base"`
}

const snapshotFile = "snapshot.json"

// OpenSnapshot opens the snapshot in dir. An error that is fs.ErrNotExist says
// that there is none; anything else that it is damaged.
func OpenSnapshot(dir string) (*Snapshot, error) {
	data, err := os.ReadFile(filepath.Join(dir, snapshotFile))
	if err != nil {
		return nil, err
	}
	s := &Snapshot{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", dir, err)
	}
	s.Dir = dir
	for _, name := range []string{"disk.qcow2", "ram", "state"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Size() == 0 {
			return nil, fmt.Errorf("snapshot %s: %s is missing or empty", dir, name)
		}
	}
	if err := s.founded(); err != nil {
		return nil, err
	}
	return s, nil
}

// founded looks whether what the disk lies over is still there.
func (s *Snapshot) founded() error {
	under, err := backing(filepath.Join(s.Dir, "disk.qcow2"))
	if err != nil || under == "" {
		return nil // it is damaged in another way, which the start finds out
	}
	if _, err := os.Stat(under); err != nil {
		return fmt.Errorf("snapshot %s: its disk lies over another: %w", s.Dir, err)
	}
	return nil
}

// Freezer makes snapshots.
type Freezer struct {
	Binary   string
	Hardware Hardware
	Log      io.Writer // for the curious; nil is nowhere
	// Patience bounds one boot or restore; Stall bounds how long a boot may
	// stay silent on its console. Zero is for ever.
	Patience, Stall time.Duration
}

// Prepare brings a running machine into the state that is to be frozen.
type Prepare func(ctx context.Context, m *machine.Client) error

// Boot boots an image, prepares it and freezes it in the new directory dir.
func (f Freezer) Boot(ctx context.Context, base Base, dir string, prepare Prepare) (*Snapshot, error) {
	return f.freeze(ctx, dir, prepare, &Snapshot{Hardware: f.Hardware, Base: base}, nil)
}

// Derive restores a snapshot, prepares it further and freezes it in dir.
func (f Freezer) Derive(ctx context.Context, from *Snapshot, dir string, prepare Prepare) (*Snapshot, error) {
	return f.freeze(ctx, dir, prepare, &Snapshot{Hardware: from.Hardware, Base: from.Base}, from)
}

// freeze does the work in a directory beside dir and renames it last, so that
// a half-made snapshot is never taken for a whole one.
func (f Freezer) freeze(ctx context.Context, dir string, prepare Prepare, s *Snapshot, from *Snapshot) (*Snapshot, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	s.Dir = dir
	work, err := os.MkdirTemp(filepath.Dir(dir), ".making-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := f.fill(ctx, work, prepare, *s, from); err != nil {
		return nil, full(work, err)
	}
	if err := seal(work, s); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil { // a damaged one
		return nil, err
	}
	if err := os.Rename(work, dir); err != nil {
		return nil, err
	}
	return s, nil
}

// fill runs the machine and saves it into work.
func (f Freezer) fill(ctx context.Context, work string, prepare Prepare, s Snapshot, from *Snapshot) error {
	run, err := os.MkdirTemp("", "ipclab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(run)
	sockets := filepath.Join(work, socketsLink)
	if err := os.Symlink(run, sockets); err != nil {
		return err
	}
	order, state, err := f.order(ctx, work, run, s, from)
	if err != nil {
		return err
	}
	if state != nil {
		defer state.Close()
	}
	runtime.LockOSThread() // QEMU dies with the thread that starts it
	defer runtime.UnlockOSThread()
	p, err := launch(f.Binary, order, state)
	if err != nil {
		return err
	}
	defer p.kill()
	ctx, cancel := p.watch(ctx)
	defer cancel()
	if err := f.drive(ctx, order, prepare, filepath.Join(work, "state")); err != nil {
		return p.blame(context.Cause(ctx), err)
	}
	return errors.Join(os.Remove(order.Console), os.Remove(sockets))
}

// socketsLink leads from a half-made snapshot to the sockets of its QEMU, which
// are elsewhere because their paths must be short.
const socketsLink = "sockets"

// Discard removes what a killed process left of a snapshot that it was making.
func Discard(work string) error {
	if run, err := os.Readlink(filepath.Join(work, socketsLink)); err == nil {
		os.RemoveAll(run)
	}
	return os.RemoveAll(work)
}

// cmpErr prefers the reason for a cancelled context to what that led to.
func cmpErr(cause, err error) error {
	if err != nil && cause != nil && !errors.Is(err, cause) {
		return cause
	}
	return err
}

// order lays out the new snapshot's disk and memory.
func (f Freezer) order(ctx context.Context, work, run string, s Snapshot, from *Snapshot) (start, *os.File, error) {
	o := start{
		Hardware: s.Hardware, Kernel: s.Base.Kernel, Initrd: s.Base.Initrd,
		Disk: filepath.Join(work, "disk.qcow2"), RAM: filepath.Join(work, "ram"), ShareRAM: true,
		Run: run, Console: filepath.Join(work, "console"),
	}
	backing, format := s.Base.Disk, "raw"
	var state *os.File
	if from != nil {
		var err error
		backing, format = from.file("disk.qcow2"), "qcow2"
		if err = sparse.Copy(o.RAM, from.file("ram")); err != nil {
			return o, nil, err
		}
		if state, err = os.Open(from.file("state")); err != nil {
			return o, nil, err
		}
		o.Restore = true
	}
	return o, state, overlay(ctx, o.Disk, backing, format)
}

func (s *Snapshot) file(name string) string { return filepath.Join(s.Dir, name) }

// drive waits for the agent, lets prepare do its work, and freezes.
func (f Freezer) drive(ctx context.Context, o start, prepare Prepare, state string) error {
	waiting, cancel := f.deadline(ctx, o)
	defer cancel()
	m, err := openMonitor(waiting, filepath.Join(o.Run, qmpSocket))
	if err != nil {
		return cmpErr(context.Cause(waiting), err)
	}
	defer m.close()
	if err := f.ready(ctx, waiting, m, o, prepare); err != nil {
		return err
	}
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		return err
	}
	if err := m.save(ctx, state); err != nil {
		return err
	}
	_, err = m.do("quit", nil)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// ready brings the machine to the state that is to be frozen. The agent must
// answer before waiting is over. The link to the
// agent is closed at the end, so that the frozen agent waits for a greeting.
func (f Freezer) ready(ctx, waiting context.Context, m *monitor, o start, prepare Prepare) error {
	if o.Restore {
		if err := m.resume(waiting); err != nil {
			return err
		}
	}
	l, err := connect(waiting, o.Run)
	if err != nil {
		return cmpErr(context.Cause(waiting), err)
	}
	defer l.close()
	client := machine.NewClient(func(context.Context) (io.ReadWriteCloser, error) { return l.open() })
	if err := prepare(ctx, client); err != nil {
		return err
	}
	client.Close()
	l.close()
	return pause(ctx, settle)
}

// settle is the time that the agent gets to notice that the link is closed.
const settle = 200 * time.Millisecond

// SilentError says that a guest did not come up.
type SilentError struct {
	Accel   Accel
	Why     string
	Console string
}

func (e *SilentError) Error() string {
	msg := fmt.Sprintf("the machine did not come up with %s: %s", e.Accel, e.Why)
	if e.Console != "" {
		msg += "\nthe end of its console:\n" + e.Console
	}
	return msg
}

// Hint says what to do about it.
func (e *SilentError) Hint() string {
	return "is the computer very busy? try again, or give more time with --patience"
}

// deadline bounds the wait for the agent, by time and by the console's silence.
func (f Freezer) deadline(parent context.Context, o start) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		why := f.watchConsole(ctx, o.Console)
		if why != "" {
			cancel(&SilentError{Accel: f.Hardware.Accel, Why: why, Console: consoleTail(o.Console, 12)})
		}
	}()
	return ctx, func() { cancel(nil) }
}

// watchConsole returns when the machine took too long, with the reason, or when
// ctx ends.
func (f Freezer) watchConsole(ctx context.Context, console string) string {
	begun := time.Now()
	size, grown := int64(0), begun
	for pause(ctx, 200*time.Millisecond) == nil {
		if info, err := os.Stat(console); err == nil && info.Size() != size {
			size, grown = info.Size(), time.Now()
		}
		if f.Patience > 0 && time.Since(begun) > f.Patience {
			return fmt.Sprintf("its agent did not answer within %v", f.Patience)
		}
		if f.Stall > 0 && time.Since(grown) > f.Stall {
			return fmt.Sprintf("it printed nothing for %v", f.Stall)
		}
	}
	return ""
}

// seal writes the description, last.
func seal(work string, s *Snapshot) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	for _, name := range []string{"disk.qcow2", "state"} {
		if err := os.Chmod(filepath.Join(work, name), 0o400); err != nil {
			return err
		}
	}
	// QEMU opens the file behind memory for writing, also where share=off keeps
	// the guest's writes out of it: root alone may do that to a file of 0400.
	if err := os.Chmod(filepath.Join(work, "ram"), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(work, snapshotFile), data, 0o644)
}

// overlay makes an empty copy-on-write disk over another.
func overlay(ctx context.Context, path, backing, format string) error {
	img, err := find("qemu-img")
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, img, "create", "-q", "-f", "qcow2", "-F", format, "-b", backing, path).CombinedOutput()
	if err != nil {
		return full(filepath.Dir(path), fmt.Errorf("make disk %s: %w: %s", path, err, bytes.TrimSpace(out)))
	}
	return nil
}

// missing tells whether err says only that nothing is there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
