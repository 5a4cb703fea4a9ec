package host

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipclab/internal/machine"
)

// ClockError says that a machine's clock runs at another speed than this
// computer's. An emulated kernel measures its processor's counter while it boots; on
// a computer that is very busy then it measures wrong, and every time limit
// within the machine and its clones would be wrong for good.
type ClockError struct {
	Machine         time.Duration // that went by in the machine
	AtLeast, AtMost time.Duration // that went by here
}

// Error tells both times.
func (e *ClockError) Error() string {
	return fmt.Sprintf("the machine's clock went on by %v while between %v and %v went by here",
		e.Machine.Round(time.Millisecond), e.AtLeast.Round(time.Millisecond), e.AtMost.Round(time.Millisecond))
}

// Hint says what helps.
func (e *ClockError) Hint() string {
	return "this computer was too busy while the machine booted; try again when it has less to do"
}

const (
	clockSpan      = time.Second // for how long the clocks are compared
	clockTolerance = 0.05        // which nobody notices; the kernel's own mistakes are below 0.01
)

// reading is what the machine's clock said, and when here it was asked and answered.
type reading struct {
	clock           time.Duration
	asked, answered time.Time
}

// watchClock compares the machine's clock with this computer's.
func watchClock(ctx context.Context, m *machine.Client) error {
	first, err := readClock(ctx, m)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(clockSpan):
	}
	second, err := readClock(ctx, m)
	if err != nil {
		return err
	}
	return compareClocks(first, second)
}

// readClock reads how long the machine has been up (proc(5), uptime).
func readClock(ctx context.Context, m *machine.Client) (reading, error) {
	r := reading{asked: time.Now()}
	out, err := m.Output(ctx, "cat /proc/uptime")
	if err != nil {
		return r, err
	}
	r.answered = time.Now()
	up, _, _ := strings.Cut(out, " ")
	seconds, err := strconv.ParseFloat(up, 64)
	if err != nil {
		return r, fmt.Errorf("the machine's uptime: %w", err)
	}
	r.clock = time.Duration(seconds * float64(time.Second))
	return r, nil
}

// compareClocks judges two readings. How long an answer takes does not matter: the
// time that went by lies between the two moments when nothing was asked, and all of it.
func compareClocks(first, second reading) error {
	e := &ClockError{
		Machine: second.clock - first.clock,
		AtLeast: second.asked.Sub(first.answered), AtMost: second.answered.Sub(first.asked),
	}
	machine := e.Machine.Seconds()
	if machine < e.AtLeast.Seconds()*(1-clockTolerance) || machine > e.AtMost.Seconds()*(1+clockTolerance) {
		return e
	}
	return nil
}
