package actor

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Clock is the time by which both ends of a back channel know when a slot begins:
// nanoseconds, the same for all processes (CLOCK_MONOTONIC).
func Clock() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail
	return ts.Nano()
}

// signals shows bits by the clock: each at the beginning of its slot. The calls are
// not reported: bit by bit they were before.
func signals(c Channel, o Order) error {
	for i, bit := range o.Bits {
		sleepUntil(o.Begin + int64(i)*o.Slot)
		if o.overdue() {
			return nil
		}
		if err := c.Signal(NewTrace(), bit); err != nil {
			return err
		}
	}
	sleepUntil(o.Begin + int64(len(o.Bits))*o.Slot) // what is shown stays until it was seen
	return nil
}

// looks tells what is seen when three quarters of each slot are over.
func looks(c Channel, o Order) ([]bool, error) {
	var seen []bool
	for i := range o.Bits {
		sleepUntil(o.Begin + int64(i)*o.Slot + o.Slot*3/4)
		if o.overdue() {
			break
		}
		bit, err := c.Look(NewTrace())
		if err != nil {
			return nil, err
		}
		seen = append(seen, bit)
	}
	return seen, nil
}

// lateness is how long after its last slot an end gives up that does not keep pace.
const lateness = 100 * time.Millisecond

func (o Order) overdue() bool {
	return Clock() > o.Begin+int64(len(o.Bits))*o.Slot+int64(lateness)
}

func sleepUntil(when int64) { time.Sleep(time.Duration(when - Clock())) }

// errNoKeeper is a back channel that nobody keeps usable.
var errNoKeeper = errors.New("this back channel has no keeper")

// keep does what the keeper of a back channel does before a bit.
func keep(o Order, end End) error {
	if o.Back == nil {
		return errNoKeeper
	}
	b, err := FindBack(o.Back.Object.Kind, o.Back.How)
	if err != nil {
		return err
	}
	if b.Keep == nil {
		return errNoKeeper
	}
	return b.Keep(end, o.Bit)
}
