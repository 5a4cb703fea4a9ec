package qemu

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"ipclab/internal/guest/api"
	"ipclab/internal/machine"
)

// Supervise is the whole life of one clone: it starts QEMU, gives the guest its
// identity, reports on out, carries connections to the agent until ctx ends or
// QEMU does, and removes everything that it made. dir is the clone's folder.
func Supervise(ctx context.Context, dir string, out io.WriteCloser) error {
	runtime.LockOSThread() // QEMU dies with the thread that starts it
	defer runtime.UnlockOSThread()
	lock := flock.New(filepath.Join(dir, lockFile))
	mine, err := lock.TryLock()
	if err != nil {
		return err
	}
	c, err := readClone(dir)
	if err == nil && !mine {
		err = &AlreadyError{c.Name}
	}
	if err != nil {
		tell(out, err)
		return err
	}
	defer lock.Unlock()
	defer os.RemoveAll(dir)
	defer c.removeRun()
	k := &keeper{clone: c}
	err = k.live(ctx, out)
	if err != nil {
		os.WriteFile(lastWordsFile(dir), []byte(err.Error()), 0o600)
	}
	return err
}

// keeper is a supervisor at work.
type keeper struct {
	clone *Clone
	qemu  *process

	mu   sync.Mutex
	link *link
}

// restoreWait bounds a restore; a cold boot gets bootWait. Both are wide: a slow
// machine is not a broken one, and a dead QEMU is noticed at once.
const (
	restoreWait = 60 * time.Second
	bootWait    = 5 * time.Minute
)

func (k *keeper) live(ctx context.Context, out io.WriteCloser) error {
	listener, err := k.begin(ctx)
	tell(out, err)
	if err != nil {
		return err
	}
	defer k.end()
	defer listener.Close()
	go k.carry(listener)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.qemu.done:
			return k.qemu.died()
		case <-k.current().session.CloseChan():
			if err := k.relink(ctx); err != nil {
				return err
			}
		}
	}
}

// relink connects anew when the agent was restarted, as systemd does when it
// dies.
func (k *keeper) relink(parent context.Context) error {
	k.current().close()
	ctx, cancel := k.qemu.watch(parent)
	defer cancel()
	ctx, cancel = context.WithTimeoutCause(ctx, restoreWait, k.silent(restoreWait))
	defer cancel()
	l, err := connect(ctx, k.clone.Run)
	if parent.Err() != nil {
		return nil
	}
	if err != nil {
		return k.qemu.blame(context.Cause(ctx), err)
	}
	k.use(l)
	return k.qemu.blame(context.Cause(ctx), k.identify(ctx))
}

func (k *keeper) current() *link {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.link
}

func (k *keeper) use(l *link) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.link = l
}

// begin starts QEMU and waits for the agent.
func (k *keeper) begin(ctx context.Context) (net.Listener, error) {
	if err := k.launch(ctx); err != nil {
		return nil, err
	}
	listener, err := k.welcome(ctx)
	if err != nil {
		k.end()
	}
	return listener, err
}

func (k *keeper) launch(ctx context.Context) error {
	c := k.clone
	order := start{
		Hardware: c.Hardware, Kernel: c.Base.Kernel, Initrd: c.Base.Initrd,
		Disk: filepath.Join(c.Dir, diskFile), RAM: filepath.Join(c.Dir, "ram"),
		Run: c.Run, Console: filepath.Join(c.Dir, consoleFile),
	}
	backing, format := c.Base.Disk, "raw"
	var state *os.File
	if c.Snapshot != "" {
		s, err := OpenSnapshot(c.Snapshot)
		if err != nil {
			return err
		}
		if state, err = os.Open(s.file("state")); err != nil {
			return err
		}
		defer state.Close()
		backing, format = s.file(diskFile), "qcow2"
		order.RAM, order.Restore = s.file("ram"), true
	}
	if err := overlay(ctx, order.Disk, backing, format); err != nil {
		return err
	}
	var err error
	k.since("overlay")
	k.qemu, err = launch(c.Binary, order, state)
	k.since("launch")
	return err
}

// welcome resumes the guest, connects and gives it its identity.
func (k *keeper) welcome(parent context.Context) (net.Listener, error) {
	wait := restoreWait
	if k.clone.Snapshot == "" {
		wait = bootWait
	}
	ctx, cancel := k.qemu.watch(parent)
	defer cancel()
	ctx, cancel = context.WithTimeoutCause(ctx, wait, k.silent(wait))
	defer cancel()
	if k.clone.Snapshot != "" {
		if err := k.resume(ctx); err != nil {
			return nil, k.qemu.blame(context.Cause(ctx), err)
		}
	}
	k.since("resume")
	l, err := connect(ctx, k.clone.Run)
	k.since("connect")
	if err != nil {
		return nil, k.qemu.blame(context.Cause(ctx), err)
	}
	k.use(l)
	if err := k.identify(ctx); err != nil {
		return nil, k.qemu.blame(context.Cause(ctx), err)
	}
	return net.Listen("unix", filepath.Join(k.clone.Run, muxSocket))
}

func (k *keeper) silent(wait time.Duration) error {
	console := filepath.Join(k.clone.Dir, consoleFile)
	return &SilentError{
		Accel: k.clone.Hardware.Accel, Why: fmt.Sprintf("its agent did not answer within %v", wait),
		Console: consoleTail(console, 12),
	}
}

func (k *keeper) resume(ctx context.Context) error {
	m, err := openMonitor(ctx, filepath.Join(k.clone.Run, qmpSocket))
	if err != nil {
		return err
	}
	defer m.close()
	return m.resume(ctx)
}

// identify tells the guest who it is and completes the clone's description.
func (k *keeper) identify(ctx context.Context) error {
	dial := func(context.Context) (io.ReadWriteCloser, error) { return k.current().open() }
	client := machine.NewClient(dial)
	k.since("ssh")
	defer client.Close()
	entropy := make([]byte, 64)
	_, _ = rand.Read(entropy) // never fails (crypto/rand)
	c := k.clone
	welcome, err := client.Identify(ctx, api.Identity{Time: time.Now(), Hostname: c.Hostname, Entropy: entropy})
	if err != nil {
		return err
	}
	k.since("identify")
	c.HostKey = strings.TrimSpace(string(welcome.HostKey))
	c.QEMU, c.Keeper = k.qemu.cmd.Process.Pid, os.Getpid()
	return c.write()
}

// carry joins every connection on the listener with a new stream to the agent.
func (k *keeper) carry(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		stream, err := k.current().open()
		if err != nil {
			conn.Close()
			continue
		}
		go join(conn, stream)
	}
}

// join copies both ways until one side ends.
func join(a, b net.Conn) {
	go func() {
		io.Copy(a, b)
		a.Close()
		b.Close()
	}()
	io.Copy(b, a)
	a.Close()
	b.Close()
}

func (k *keeper) end() {
	if l := k.current(); l != nil {
		l.close()
	}
	if k.qemu != nil {
		k.qemu.kill()
	}
}

// tell writes the report, once.
func tell(out io.WriteCloser, err error) {
	var r report
	if err != nil {
		r.Error = err.Error()
		var h interface{ Hint() string }
		if errors.As(err, &h) {
			r.Hint = h.Hint()
		}
	}
	json.NewEncoder(out).Encode(r)
	out.Close()
}

func (k *keeper) since(what string) { fmt.Fprintln(os.Stderr, time.Since(k.clone.Begun), what) }
