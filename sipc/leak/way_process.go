package leak

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processWays are those between processes as such.
func processWays() []Way {
	return []Way{
		{
			Name:   "signals",
			Closed: "closed: receiver, `process { signal }`, and the other permissions of signals",
			Width:  4, Slots: micros(250, 500, 1000, 2000), receiver: showSignal, sender: seeSignal, Patient: true,
		},
		{
			Name:   "exit status",
			Closed: "no check by SELinux; closed if neither end starts the other",
			Width:  8, Slots: []time.Duration{5 * time.Millisecond}, receiver: showNothing, sender: seeExit, unclocked: true,
		},
		{
			Name:   "use of one processor",
			Closed: "declared; less with a processor for each end",
			Width:  1, Slots: micros(2000, 4000, 8000, 16000), receiver: showUse, sender: seeUse, learned: true, early: true,
		},
	}
}

// The sixteen signals that a symbol chooses from. They mean nothing to anybody.
const firstSignal = 40

// showSignal sends signals by a descriptor of the sender: a number might be another
// process's by now.
func showSignal(j job) (shower, error) {
	sender, err := unix.PidfdOpen(j.Sender, 0)
	if errors.Is(err, syscall.ESRCH) {
		return nil, nil // it did not wait for us
	}
	return func(symbol int, _ int64) error {
		err := unix.PidfdSendSignal(sender, syscall.Signal(firstSignal+symbol), nil, 0)
		if errors.Is(err, syscall.ESRCH) {
			return nil // it has seen enough
		}
		return err
	}, err
}

// seeSignal sees the last signal that came in the slot.
func seeSignal(job) (seer, error) {
	came := make(chan os.Signal, 1024)
	for i := range 16 {
		signal.Notify(came, syscall.Signal(firstSignal+i))
	}
	return atEnd(func() (int64, error) {
		last := int64(-1)
		for {
			select {
			case s := <-came:
				last = int64(s.(syscall.Signal)) - firstSignal
			default:
				return last, nil
			}
		}
	}), nil
}

// showNothing is for receivers that are started again and again, by their sender.
func showNothing(job) (shower, error) { return nil, nil }

// seeExit starts the receiver for each symbol, and sees how it exits.
func seeExit(j job) (seer, error) {
	next := 0
	return func(int64, int64) (int64, error) {
		next++
		return exitOf(j.Symbols[next-1])
	}, nil
}

// exitOf runs a receiver that wants to say this.
func exitOf(symbol int) (int64, error) {
	e, err := start(context.Background(), job{Role: "exit", Symbols: []int{symbol}})
	if err != nil {
		return 0, err
	}
	err = <-e.done
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return int64(exit.ExitCode()), nil
	}
	return 0, err
}

// showUse is busy, or is not.
func showUse(job) (shower, error) {
	clock := newClock()
	return func(symbol int, until int64) error {
		if symbol == 1 {
			clock.spin(until + (until-clock.now())*2/3)
		}
		return nil
	}, onOneProcessor()
}

// seeUse counts how far it comes in the slot.
func seeUse(job) (seer, error) {
	clock := newClock()
	return func(begin, end int64) (int64, error) {
		clock.sleep(begin)
		turns := int64(0)
		for clock.now() < end {
			turns++
		}
		return turns, nil
	}, onOneProcessor()
}

// onOneProcessor puts the calling thread where the other end's is.
func onOneProcessor() error {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return err
	}
	var one unix.CPUSet
	for i := range 1024 {
		if set.IsSet(i) {
			one.Set(i)
			break
		}
	}
	return unix.SchedSetaffinity(0, &one)
}
