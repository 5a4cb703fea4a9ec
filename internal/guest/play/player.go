package play

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// Deadlines of waits. Under emulation on a busy computer a start takes a second.
const (
	startWait = 20 * time.Second // for an actor to report that it is ready
	stepWait  = 5 * time.Second  // for an answer to an order; no step blocks
)

// WaitError is an actor that was waited for in vain.
type WaitError struct {
	Actor string
	What  string
	Wait  time.Duration
	Err   error
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("the actor of %s did not %s within %v: %v", e.Actor, e.What, e.Wait, e.Err)
}

func (e *WaitError) Unwrap() error { return e.Err }

// Hint says what to look at.
func (e *WaitError) Hint() string {
	return "a filter or a limit that takes away what every program needs, or a machine that is very slow"
}

// player is an actor's process, as its conductor sees it.
type player struct {
	spec    api.ActorSpec
	cmd     *exec.Cmd
	control *net.UnixConn
	parcel  *net.UnixConn
	diag    *bytes.Buffer
	own     int           // its number in its own pid namespace
	context string        // its SELinux context
	ended   string        // how it ended, once it has: "SIGKILL", "exit 3"
	given   int           // descriptors that it has not taken yet
	adopted int           // the process, of one that is another actor's child
	limit   time.Duration // on every wait for it; 0: none but that of the wait
}

// start starts an actor and waits until it is ready.
func start(stage Stage, spec api.ActorSpec, limit time.Duration) (*player, error) {
	p := &player{spec: spec, diag: &bytes.Buffer{}, limit: limit}
	if err := p.launch(stage); err != nil {
		return nil, fmt.Errorf("start the actor of %s: %w", spec.Name, err)
	}
	err := p.setUp(spec.Filter)
	if err == nil {
		err = stage.Bound(spec)
	}
	if err != nil {
		p.end()
		return nil, fmt.Errorf("start the actor of %s: %w", spec.Name, err)
	}
	return p, nil
}

func (p *player) launch(stage Stage) (err error) {
	if p.cmd, err = stage.Command(p.spec); err != nil {
		return err
	}
	theirs, err := p.connect(stage)
	defer closeFiles(theirs)
	if err != nil {
		return err
	}
	p.cmd.ExtraFiles = theirs
	p.cmd.Stderr = p.diag
	return stage.Start(p.cmd, p.spec)
}

// connect makes the actor's sockets and gives its ends of them.
func (p *player) connect(stage Stage) (theirs []*os.File, err error) {
	for _, conn := range []**net.UnixConn{&p.control, &p.parcel} {
		var file *os.File
		if *conn, file, err = pair(stage); err != nil {
			return theirs, err
		}
		theirs = append(theirs, file)
	}
	return theirs, nil
}

// startFamily starts two actors, of which one is the other's child.
func startFamily(stage Stage, parentSpec, childSpec api.ActorSpec, limit time.Duration) (parent, child *player, err error) {
	parent = &player{spec: parentSpec, diag: &bytes.Buffer{}, limit: limit}
	child = &player{spec: childSpec, diag: &bytes.Buffer{}, limit: limit}
	defer func() {
		if err != nil {
			err = fmt.Errorf("start the actor of %s as a child of that of %s: %w", childSpec.Name, parentSpec.Name, err)
			child.end()
			parent.end()
		}
	}()
	mine, err := parent.connect(stage)
	defer closeFiles(mine)
	if err != nil {
		return nil, nil, err
	}
	its, err := child.connect(stage)
	defer closeFiles(its)
	if err != nil {
		return nil, nil, err
	}
	if parent.cmd, child.adopted, err = stage.Family(parentSpec, childSpec, append(mine, its...), parent.diag); err != nil {
		return nil, nil, err
	}
	return parent, child, errors.Join(parent.setUp(parentSpec.Filter), child.setUp(childSpec.Filter))
}

// pair makes a socket for us and one for the actor.
func pair(stage Stage) (*net.UnixConn, *os.File, error) {
	ours, theirs, err := stage.Pair()
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket: %w", err)
	}
	file := os.NewFile(uintptr(ours), "actor")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		unix.Close(theirs)
		return nil, nil, err
	}
	return conn.(*net.UnixConn), os.NewFile(uintptr(theirs), "agent"), nil
}

// ask gives an order and waits for the answer. That the actor ends instead is no
// error: then p.ended says how.
func (p *player) ask(o actor.Order, wait time.Duration) (a actor.Answer, err error) {
	data, err := json.Marshal(o)
	if err != nil {
		return a, err
	}
	if len(data) > actor.MaxDatagram {
		return a, fmt.Errorf("an order of %d bytes", len(data))
	}
	if p.limit > 0 {
		wait = min(wait, p.limit)
	}
	p.control.SetDeadline(time.Now().Add(wait))
	if _, err := p.control.Write(data); err != nil && !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
		return a, &WaitError{p.spec.Name, "take the order " + string(o.Step), wait, err}
	}
	buf := make([]byte, actor.MaxDatagram)
	n, err := p.control.Read(buf)
	switch {
	case n == 0 && (err == nil || errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET)):
		p.reap()
		return a, nil
	case err != nil:
		return a, &WaitError{p.spec.Name, "answer the order " + string(o.Step), wait, err}
	}
	if err := json.Unmarshal(buf[:n], &a); err != nil {
		return a, fmt.Errorf("the answer of %s: %w", p.spec.Name, err)
	}
	p.given -= a.Taken
	return a, nil
}

// pid is the actor's process, in the machine's own pid namespace.
func (p *player) pid() int {
	if p.adopted != 0 {
		return p.adopted
	}
	return p.cmd.Process.Pid
}

// alive tells whether there still is a process.
func (p *player) alive() bool { return p != nil && p.ended == "" }

// reap waits for a process that has ended, or is about to.
func (p *player) reap() {
	if p.adopted != 0 {
		p.ended = "its end" // its parent learns how
	}
	if p.ended != "" || p.cmd.Process == nil {
		return
	}
	kill := time.AfterFunc(stepWait, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	_ = p.cmd.Wait() // how it ended is in its state
	p.ended = endOf(p.cmd.ProcessState)
}

// endOf says how a process ended: "SIGKILL", or "exit 3".
func endOf(s *os.ProcessState) string {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit %d", s.ExitCode())
}

// end kills the actor and closes what it had.
func (p *player) end() {
	if p == nil {
		return
	}
	if p.adopted != 0 && p.ended == "" {
		unix.Kill(p.adopted, unix.SIGKILL)
		p.ended = "SIGKILL"
	}
	if p.cmd != nil && p.cmd.Process != nil && p.ended == "" {
		p.cmd.Process.Kill()
		p.reap()
	}
	for _, c := range []*net.UnixConn{p.control, p.parcel} {
		if c != nil {
			c.Close()
		}
	}
}

// takeParcel takes a descriptor that the actor has passed.
func (p *player) takeParcel() (fd int, to actor.Side, err error) {
	data, rights := make([]byte, 16), make([]byte, unix.CmsgSpace(4))
	p.parcel.SetReadDeadline(time.Now().Add(stepWait))
	n, m, _, _, err := p.parcel.ReadMsgUnix(data, rights)
	if err != nil {
		return -1, "", fmt.Errorf("take a descriptor from %s: %w", p.spec.Name, err)
	}
	fd, err = actor.OneDescriptor(rights[:m])
	return fd, actor.Side(data[:n]), err
}

// giveParcel sends a descriptor to the actor, which takes it at its next step, and
// closes it here.
func (p *player) giveParcel(fd int, side actor.Side) error {
	defer unix.Close(fd)
	p.parcel.SetWriteDeadline(time.Now().Add(stepWait))
	if _, _, err := p.parcel.WriteMsgUnix([]byte(side), unix.UnixRights(fd), nil); err != nil {
		return fmt.Errorf("give a descriptor to %s: %w", p.spec.Name, err)
	}
	p.given++
	return nil
}
