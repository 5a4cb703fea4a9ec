package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// The words by which the two processes of a trial are told what to be.
const (
	endCommand  = "end"
	senderEnd   = "sender"
	receiverEnd = "receiver"
)

// inherited is the descriptor of a file from the process that starts a trial's.
const inherited = 3

// trial says what two processes are to do.
type trial struct {
	Way         string
	Work        string
	Size        int // of a message, in bytes
	Warm, Count int // messages: before the measurement, and measured
}

// order is what a process is told: one argument on its command line.
type order struct {
	trial
	Role string
	Word string
	File bool // there is a file to inherit
}

// report is what a process says of what it measured.
type report struct {
	Begun, Ended  int64 // CLOCK_MONOTONIC, nanoseconds
	CPU           int64 // of the process, user and system, nanoseconds
	Allocated     uint64
	Sum           uint64
	Arrived, Took []int64 `json:",omitempty"`
}

// runEnd is one of a trial's two processes. It says on out when it is ready
// and when it has warmed up, the sender waits for a byte on in before each of
// both, and its last word is its report.
func runEnd(ctx context.Context, argument string, in io.Reader, out io.Writer) error {
	var o order
	if err := json.Unmarshal([]byte(argument), &o); err != nil {
		return err
	}
	w, err := findWay(o.Way)
	if err != nil {
		return err
	}
	p := plug{trial: o.trial, word: o.Word, work: newWork(o.trial)}
	if o.File {
		if err := unix.SetNonblock(inherited, false); err != nil {
			return err
		}
		p.file = os.NewFile(inherited, o.Way)
	}
	run, closer, err := openEnd(ctx, w, o.Role, p)
	if err != nil {
		return err
	}
	r, err := measured(p, run, pacer{o.Role == senderEnd, in, out})
	if err != nil {
		return errors.Join(err, closer.Close())
	}
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return err
	}
	// The sender must not be gone, with all that it holds, before the receiver
	// has got everything.
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	return closer.Close()
}

func openEnd(ctx context.Context, w way, role string, p plug) (func(int) error, io.Closer, error) {
	if role == senderEnd {
		s, err := w.sender(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		return s.send, s, nil
	}
	r, err := w.receiver(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	return r.receive, r, nil
}

// pacer keeps a process in step with the one that started it.
type pacer struct {
	waits bool
	in    io.Reader
	out   io.Writer
}

// step says that a stage was reached. A sender then waits until it may go on.
func (p pacer) step() error {
	if _, err := fmt.Fprintln(p.out, "step"); err != nil || !p.waits {
		return err
	}
	_, err := io.ReadFull(p.in, make([]byte, 1))
	return err
}

// measured carries the messages, first those that only warm everything up.
func measured(p plug, run func(int) error, pace pacer) (report, error) {
	if err := pace.step(); err != nil {
		return report{}, err
	}
	if err := run(p.Warm); err != nil {
		return report{}, err
	}
	p.work.forget()
	if err := pace.step(); err != nil {
		return report{}, err
	}
	before := spent()
	begun := now()
	err := run(p.Count)
	ended := now()
	after := spent()
	p.work.finish()
	return report{
		Begun: begun, Ended: ended, CPU: after.cpu - before.cpu, Allocated: after.allocated - before.allocated,
		Sum: p.work.sum, Arrived: p.work.arrived, Took: p.work.took,
	}, err
}

// spending is what a process has used: nanoseconds of processors, and allocations.
type spending struct {
	cpu       int64
	allocated uint64
}

// spent says what this process has used up to now.
func spent() spending {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // it knows no errors with these arguments
	}
	return spending{u.Utime.Nano() + u.Stime.Nano(), m.Mallocs}
}
