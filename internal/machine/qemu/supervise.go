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
	ctx, letGo := onLeash(ctx)
	defer letGo()
	runtime.LockOSThread() // QEMU dies with the thread that starts it
	defer runtime.UnlockOSThread()
	c, lock, err := own(ctx, dir)
	if err != nil {
		tell(out, err)
		return err
	}
	defer lock.Unlock()
	k := &keeper{clone: c}
	err = k.live(ctx, out)
	if err != nil && ctx.Err() == nil {
		os.WriteFile(lastWordsFile(dir), []byte(err.Error()), 0o600)
	}
	if k.welcomed {
		c.remove()
	}
	return err
}

// runVariable tells a supervisor the run directory of the clone that it was
// started for.
const runVariable = "IPCLAB_RUN"

// own takes the clone's lock and enters this process as its supervisor. When
// the start that wanted this supervisor was killed, another start may have made
// another clone in the folder by now: that one is not ours.
func own(ctx context.Context, dir string) (*Clone, *flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockFile))
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	_, lockErr := lock.TryLockContext(waiting, lookAgain)
	c, err := readClone(dir)
	switch {
	case err != nil:
	case lockErr != nil:
		return nil, nil, &AlreadyError{c.Name}
	case os.Getenv(runVariable) != "" && os.Getenv(runVariable) != c.Run:
		err = &AlreadyError{c.Name}
	default:
		c.Keeper = os.Getpid()
		err = c.write()
	}
	if err != nil {
		lock.Unlock()
	}
	return c, lock, err
}

// lockWait is how long the supervisor of a killed start may hold the lock before
// it notices that the clone is not its own.
const lockWait = 2 * time.Second

// remove removes the clone's folder and sockets at its end. Whoever started it
// does that when it did not come up.
func (c *Clone) remove() {
	st := Store{Dir: filepath.Dir(c.Dir), Run: filepath.Dir(c.Run)}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if unlock, err := st.takeStartLock(ctx, c.Name); err == nil {
		st.sweep(c.Name)
		unlock()
	}
}

// keeper is a supervisor at work.
type keeper struct {
	clone    *Clone
	qemu     *process
	welcomed bool // the agent has answered, and whoever started it knows

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
	err = full(k.clone.Dir, err)
	tell(out, err)
	if err != nil {
		return err
	}
	k.welcomed = true
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
		return nil, &restoreError{err}
	}
	return listener, nil
}

// restoreError is a failure for which the snapshot may be to blame.
type restoreError struct{ error }

func (e *restoreError) Unwrap() error { return e.error }

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
			return &restoreError{err}
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
	listener, err := net.Listen("unix", filepath.Join(k.clone.Run, muxSocket))
	if err != nil {
		return nil, err
	}
	if err := k.identify(ctx); err != nil { // from then on others take it for running
		listener.Close()
		return nil, k.qemu.blame(context.Cause(ctx), err)
	}
	return listener, nil
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
	c.QEMU = k.qemu.cmd.Process.Pid
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
		var restore *restoreError
		var noRoom *FullError
		r.Restore = errors.As(err, &restore) && !errors.As(err, &noRoom)
	}
	json.NewEncoder(out).Encode(r)
	out.Close()
}

func (k *keeper) since(what string) { fmt.Fprintln(os.Stderr, time.Since(k.clone.Begun), what) }
