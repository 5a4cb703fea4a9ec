package sipc

import (
	"fmt"
	"io/fs"
	"time"
)

// Mode is how the two ends keep step. The numbers are those of the header.
type Mode uint32

const (
	// Strict is "wash, rinse, repeat": one slot, a queue of one message, and
	// when a send returns, the data was read.
	Strict Mode = iota + 1
	// Pipelined lets the sender run ahead by as many messages as the queue holds.
	Pipelined
	// Paced is pipelined, but sends complete only at ticks of a clock, so that
	// what blocking tells the sender has a bound.
	Paced
)

func (m Mode) String() string {
	switch m {
	case Strict:
		return "strict"
	case Pipelined:
		return "pipelined"
	case Paced:
		return "paced"
	}
	return fmt.Sprintf("mode %d", uint32(m))
}

// ParseMode reads what [Mode.String] writes.
func ParseMode(s string) (Mode, error) {
	for m := Strict; m <= Paced; m++ {
		if m.String() == s {
			return m, nil
		}
	}
	return 0, &ConfigError{Field: "mode", Reason: fmt.Sprintf("is %q: it must be strict, pipelined or paced", s)}
}

// The values that a Config gets where it says nothing.
const (
	DefaultCapacity = 8
	DefaultSlotSize = 128 << 10
	DefaultQuantum  = 10 * time.Millisecond
)

// Config is what a helper makes a channel from. The zero value is a pipelined
// channel of 8 messages with slots of 128 KiB.
type Config struct {
	// Mode is Pipelined where it is 0.
	Mode Mode
	// Capacity is how many messages the queue holds; 0 means [DefaultCapacity].
	// In strict mode it is always 1.
	Capacity int
	// SlotSize is the most bytes that one chunk has; it is rounded up to a
	// multiple of 64, and 0 means [DefaultSlotSize]. Larger messages travel in
	// several chunks.
	SlotSize int
	// Checksum has every chunk carry a CRC-32C, which the receiver checks over a
	// private copy.
	Checksum bool
	// Quantum is the time between two ticks of a paced channel; 0 means
	// [DefaultQuantum]. It must be 0 in other modes.
	Quantum time.Duration
	// Hold is the probability, from 0 to less than 1, with which a paced sender
	// lets a tick pass unused.
	Hold float64
	// Alive is the time after which an idle sender says that it is still there,
	// to the millisecond. With 0 it never does, and no receiver can notice that
	// its sender died.
	Alive time.Duration
	// KeyPath is the file that the keys come from, as ftok makes them. Without
	// one, the channel's number is random.
	KeyPath string
	// QueueOnly leaves it to the sender to make the segment: [WithSegment].
	QueueOnly bool
	// Perm is the mode of both objects; 0 means 0600.
	Perm fs.FileMode
	// GID is the group of both objects. With 0 or less it is that of the process.
	GID int
}
