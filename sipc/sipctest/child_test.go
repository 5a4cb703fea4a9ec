package sipctest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ipclab/sipc"
)

// roleVariable has a child's part, as JSON.
const roleVariable = "SIPCTEST_ROLE"

// patience is how long the tests wait for what must happen: only a hang takes
// so long.
const patience = 60 * time.Second

// A role is what a child does.
type role struct {
	Sends      bool // else it receives
	Descriptor string
	Session    uint32 // the how-manieth sender it is
	Seed       uint64
	MaxSize    int
	Journal    string        // file; "" for none
	Dawdle     time.Duration // it waits up to so long, now and then
	// A sender finishes after Count messages, and a receiver wants just those. With 0, a sender
	// finishes when its input ends, and a receiver takes what comes.
	Count int
}

// childMain plays the role that the environment tells of.
func childMain() int {
	var r role
	if err := json.Unmarshal([]byte(os.Getenv(roleVariable)), &r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if err := r.play(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (r role) play() error {
	d, err := sipc.ParseDescriptor(r.Descriptor)
	if err != nil {
		return err
	}
	journal, err := openJournal(r.Journal)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if r.Sends {
		return r.send(d, journal)
	}
	return r.receive(d, journal)
}

// send sends until it is told to stop, and finishes.
func (r role) send(d sipc.Descriptor, journal journal) error {
	ctx := context.Background()
	s, err := sipc.OpenSender(ctx, d)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := stopAtEOF()
	script, buf, dawdle := newScript(r.Seed, r.MaxSize), make([]byte, r.MaxSize), r.dawdler()
	for i := (id{Session: r.Session}); !r.enough(i, stop); i.Index++ {
		dawdle()
		if err := sendOne(ctx, s, journal, i, script.message(i, buf)); err != nil {
			return err
		}
	}
	if err := s.Finish(ctx); err != nil {
		return err
	}
	return journal.note(noteEnd, id{})
}

func (r role) enough(i id, stop *atomic.Bool) bool {
	if r.Count > 0 {
		return int(i.Index) == r.Count
	}
	return stop.Load()
}

// stopAtEOF is true once nothing more can come from standard input.
func stopAtEOF() *atomic.Bool {
	var stop atomic.Bool
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop.Store(true)
	}()
	return &stop
}

func sendOne(ctx context.Context, s *sipc.Sender, journal journal, i id, m []byte) error {
	if err := journal.note(noteStart, i); err != nil {
		return err
	}
	if err := s.Send(ctx, m); err != nil {
		return fmt.Errorf("%v: %w", i, err)
	}
	return journal.note(noteDone, i)
}

// receive receives until the sender has finished.
func (r role) receive(d sipc.Descriptor, journal journal) error {
	ctx := context.Background()
	receiver, err := sipc.OpenReceiver(ctx, d)
	if err != nil {
		return err
	}
	defer receiver.Close()
	script, buf, dawdle := newScript(r.Seed, r.MaxSize), make([]byte, r.MaxSize), r.dawdler()
	for count := 0; ; count++ {
		dawdle()
		n, err := receiver.Recv(ctx, buf)
		if errors.Is(err, io.EOF) {
			return errors.Join(r.counted(count, r.Count), journal.note(noteEnd, id{}))
		}
		if err != nil {
			return err
		}
		i, err := script.check(buf[:n])
		if err == nil {
			err = r.counted(int(i.Index), count)
		}
		if err == nil {
			err = journal.note(noteGot, i)
		}
		if err != nil {
			return err
		}
	}
}

// counted wants that a receiver that counts has come to this number.
func (r role) counted(got, want int) error {
	if r.Count > 0 && got != want {
		return fmt.Errorf("message %d came, or the end, where %d was due", got, want)
	}
	return nil
}

// dawdler makes what waits now and then.
func (r role) dawdler() func() {
	if r.Dawdle == 0 {
		return func() {}
	}
	return func() {
		if rand.IntN(16) == 0 {
			time.Sleep(rand.N(r.Dawdle))
		}
	}
}

// A child is a process that plays a role.
type child struct {
	role   role
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer
	exited chan struct{} // closed once it has
	err    error         // what Wait said, once exited is closed
}

// start starts a child, and returns when it is about to open its end.
func start(t *testing.T, r role) *child {
	t.Helper()
	part, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{role: r, cmd: exec.Command("/proc/self/exe"), exited: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), roleVariable+"="+string(part))
	c.cmd.Stderr = &c.stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	bufio.NewReader(stdout).ReadString('\n') // "ready", or its end: wait tells
	go func() {
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	return c
}

// kill kills the child, if it still runs, as kill -9 does.
func (c *child) kill() {
	c.cmd.Process.Signal(syscall.SIGKILL) // an error: it has exited
	<-c.exited
}

// finish waits for the child to end by itself, and wants that it was content.
func (c *child) finish(t *testing.T, patience time.Duration) {
	t.Helper()
	c.stdin.Close()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.cmd.Process.Signal(syscall.SIGQUIT) // its stacks
		<-c.exited
		t.Fatalf("%+v hangs:\n%s", c.role, &c.stderr)
	}
	if c.err != nil {
		t.Fatalf("%+v: %v\n%s", c.role, c.err, &c.stderr)
	}
}

// ended tells whether the child has ended by itself, which before its time is
// a failure.
func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// report is what the child's journal says.
func (c *child) report(t *testing.T) report {
	t.Helper()
	r, err := readJournal(c.role.Journal)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
