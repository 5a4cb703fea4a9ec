package leak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"ipclab/sipc"
)

// variable is set for a process that was started to do a job, which it reads from
// its standard input.
const variable = "SIPC_LEAK_JOB"

// job is what one process of a measurement is to do.
type job struct {
	Role    string
	Channel sipc.Descriptor
	Next    sipc.Descriptor // the pump's second channel
	Pace    sipc.Pace       // the pump's
	Raw     bool            // the sender calls msgsnd itself
	Takes   int             // messages that the receiver takes for one send
	Code    Code
	Symbols []int  // the receiver's
	Start   int64  // when the first slot begins, by the common clock
	Tape    string // where to note
	Way     string // one of the other ways back
	Sender  int    // the process ID of its sender
	Helper  int    // which of the receiver's processes this is
	End     bool   // which end of it: true for the receiver's
}

// Act is what a program that measures calls first of all: where it was started as
// one end of a measurement it does that, and does not return.
func Act() {
	if _, ok := os.LookupEnv(variable); !ok {
		return
	}
	if err := act(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func act(stdin io.Reader) error {
	var j job
	if err := json.NewDecoder(stdin).Decode(&j); err != nil {
		return err
	}
	switch j.Role {
	case "send":
		return j.send()
	case "take":
		return j.take()
	case "pump":
		return j.pump()
	case "way":
		return j.way()
	case "exit":
		os.Exit(j.Symbols[0])
	}
	return fmt.Errorf("no such role: %q", j.Role)
}

// An end is a process that does a job.
type end struct {
	cmd  *exec.Cmd
	said *strings.Builder
	done chan error
}

// start starts this very program for a job.
func start(ctx context.Context, j job) (*end, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	e := &end{cmd: exec.CommandContext(ctx, self), said: new(strings.Builder), done: make(chan error, 1)}
	e.cmd.Env = append(os.Environ(), variable+"=1", "GOGC=off")
	e.cmd.Stdin = bytes.NewReader(text)
	e.cmd.Stderr = e.said
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { e.done <- e.cmd.Wait() }()
	return e, nil
}

// patience is how long a measurement may take beyond what it should.
const patience = 30 * time.Second

// wait waits for the end's end.
func (e *end) wait() error {
	err := <-e.done
	e.done <- err
	if said := strings.TrimSpace(e.said.String()); err != nil && said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// stop kills it, unless it has ended, and waits for that. That it was killed is no error;
// that it had failed before is one.
func (e *end) stop() error {
	_ = e.cmd.Process.Kill() // it may have ended
	err := e.wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return nil
	}
	return err
}
