package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// longest is after how long a trial is given up: something hangs.
const longest = 30 * time.Second

// outcome is what one trial came to.
type outcome struct {
	seconds   float64 // from before the first send to after the last receive
	bytes     float64
	cpu       float64 // seconds of both processes
	allocated float64 // allocations of both processes a message
	made, got uint64  // checksums of both ends
	arrived   []int64 // nanoseconds
	took      []int64
}

// rate is in MB/s.
func (o outcome) rate() float64 { return o.bytes / o.seconds / 1e6 }

// cost is in CPU seconds a gigabyte.
func (o outcome) cost() float64 { return o.cpu / o.bytes * 1e9 }

// allocations is how many both ends make for a message, without those that a
// runtime makes now and then.
func (o outcome) allocations() float64 { return o.allocated }

// latency is how long the middle one of the messages was under way, slowest how
// long all but one in a hundred were at most, in microseconds.
func (o outcome) latency() float64 { return quantile(o.arrived, 50) }
func (o outcome) slowest() float64 { return quantile(o.arrived, 99) }

// busy is how long the middle one of the sends took, in microseconds.
func (o outcome) busy() float64 { return quantile(o.took, 50) }

// quantile gives the value that so many in a hundred do not exceed.
func quantile(nanoseconds []int64, percent int) float64 {
	if len(nanoseconds) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(nanoseconds))
	return float64(s[(len(s)-1)*percent/100]) / 1e3
}

// each takes one value of every outcome.
func each(all []outcome, value func(outcome) float64) []float64 {
	values := make([]float64, len(all))
	for i, o := range all {
		values[i] = value(o)
	}
	return values
}

// laboratory runs trials: this program, again, as two processes.
type laboratory struct {
	program string
	pinned  bool // the sender to the first processor, the receiver to the last one
}

// run does one trial.
func (l laboratory) run(ctx context.Context, t trial) (o outcome, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("it was not over after %v", longest))
	defer cancel()
	w, err := findWay(t.Way)
	if err != nil {
		return outcome{}, err
	}
	c, err := w.lay(t)
	if err != nil {
		return outcome{}, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	s, r, err := l.both(ctx, t, c)
	if err == nil {
		return outcome{
			seconds: float64(r.Ended-s.Begun) / 1e9, bytes: float64(t.Size) * float64(t.Count), cpu: float64(s.CPU+r.CPU) / 1e9,
			allocated: float64(s.Allocated+r.Allocated) / float64(t.Count), made: s.Sum, got: r.Sum, arrived: r.Arrived, took: s.Took,
		}, nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return outcome{}, fmt.Errorf("%s, %d bytes, %s: %w", t.Way, t.Size, t.Work, err)
}

// both starts both processes and brings them through the trial.
func (l laboratory) both(ctx context.Context, t trial, c *cable) (s, r report, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	receiver, err := l.start(ctx, order{t, receiverEnd, c.word, c.receiver != nil}, c.receiver, -1)
	if err != nil {
		return s, r, err
	}
	sender, err := l.start(ctx, order{t, senderEnd, c.word, c.sender != nil}, c.sender, 0)
	if err != nil {
		cancel()
		return s, r, errors.Join(err, receiver.stop())
	}
	c.unplug()
	err = together(sender, receiver, &s, &r)
	if err != nil {
		cancel() // one of them may wait for the other one for ever
	}
	return s, r, errors.Join(err, sender.stop(), receiver.stop())
}

// together brings two processes through a trial.
func together(sender, receiver *process, s, r *report) error {
	for range 2 { // ready, and warm
		if err := sender.step(); err != nil {
			return err
		}
		if err := receiver.step(); err != nil {
			return err
		}
		if _, err := sender.in.Write([]byte{'\n'}); err != nil {
			return err
		}
	}
	if err := receiver.report(r); err != nil {
		return err
	}
	return sender.report(s)
}

// process is one of a trial's two.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said bytes.Buffer
	role string
}

// start starts a process. A pinned one inherits the processor from the thread
// that starts it, so that its Go runtime counts one processor from the beginning.
func (l laboratory) start(ctx context.Context, o order, file *os.File, processor int) (*process, error) {
	argument, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, l.program, endCommand, string(argument)), role: o.Role}
	p.cmd.Stderr = &p.said
	if file != nil {
		p.cmd.ExtraFiles = []*os.File{file}
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if !l.pinned {
		return p, p.cmd.Start()
	}
	return p, onProcessor(processor, p.cmd.Start)
}

// onProcessor calls f on one of the processors that this process may use; -1 is the last.
func onProcessor(n int, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	var usable []int
	for cpu := range len(all) * 64 {
		if all.IsSet(cpu) {
			usable = append(usable, cpu)
		}
	}
	one.Set(usable[(n+len(usable))%len(usable)])
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	return errors.Join(f(), unix.SchedSetaffinity(0, &all))
}

// step waits until the process says that it has reached the next stage.
func (p *process) step() error {
	line, err := p.out.ReadString('\n')
	if err == nil && line != "step\n" {
		err = fmt.Errorf("it said %q", line)
	}
	return p.explain(err)
}

// report reads the last word of a process.
func (p *process) report(r *report) error {
	return p.explain(json.NewDecoder(p.out).Decode(r))
}

func (p *process) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the %s: %w", p.role, err)
}

// stop lets a process end, and says what went wrong in it.
func (p *process) stop() error {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("the %s: %w\n%s", p.role, err, &p.said)
	}
	return nil
}
