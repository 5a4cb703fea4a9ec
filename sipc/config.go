package sipc

import (
	"fmt"
	"io/fs"
	"math"
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

// MaxCapacity is the largest capacity that [Create] accepts. What the kernel
// lets a queue have is less (kernel.msgmnb: 682 messages, unless somebody
// raised it).
const MaxCapacity = 1 << 16

// header is the header of the channel, with all that c left out.
func (c Config) header() (Header, error) {
	h := Header{
		Mode: c.Mode, Capacity: c.Capacity, SlotSize: c.SlotSize, Checksum: c.Checksum,
		Quantum: c.Quantum, Hold: math.Round(c.Hold*holdUnit) / holdUnit, Alive: c.Alive,
	}
	h.fill()
	if err := h.check(c); err != nil {
		return Header{}, err
	}
	h.SlotSize = (h.SlotSize + slotUnit - 1) &^ (slotUnit - 1)
	h.Alive = (h.Alive + time.Millisecond - 1).Truncate(time.Millisecond)
	return h, nil
}

// fill puts the defaults in.
func (h *Header) fill() {
	if h.Mode == 0 {
		h.Mode = Pipelined
	}
	if h.Capacity == 0 {
		h.Capacity = DefaultCapacity
		if h.Mode == Strict {
			h.Capacity = 1
		}
	}
	if h.SlotSize == 0 {
		h.SlotSize = DefaultSlotSize
	}
	if h.Quantum == 0 && h.Mode == Paced {
		h.Quantum = DefaultQuantum
	}
	h.Slots = h.Capacity + 2
	if h.Mode == Strict {
		h.Slots = 1
	}
}

// check says why there cannot be such a channel.
func (h *Header) check(c Config) error {
	switch {
	case h.Mode < Strict || h.Mode > Paced:
		return &ConfigError{"mode", "must be strict, pipelined or paced"}
	case h.Mode == Strict && h.Capacity != 1:
		return &ConfigError{"capacity", fmt.Sprintf("is %d: in strict mode it is 1", h.Capacity)}
	case h.Capacity < 1 || h.Capacity > MaxCapacity:
		return &ConfigError{"capacity", fmt.Sprintf("is %d: it must be from 1 to %d", h.Capacity, MaxCapacity)}
	case h.SlotSize < 1 || h.SlotSize > maxSegment/h.Slots:
		return &ConfigError{"slot size", fmt.Sprintf("is %d bytes: it must be from 1 to %d", h.SlotSize, maxSegment/h.Slots)}
	case h.Quantum < 0 || h.Mode != Paced && h.Quantum != 0:
		return &ConfigError{"quantum", fmt.Sprintf("is %v: it must be positive, and a paced channel's", h.Quantum)}
	case !(h.Hold >= 0 && h.Hold < 1) || h.Mode != Paced && h.Hold != 0:
		return &ConfigError{"hold", fmt.Sprintf("is %v: it must be from 0 to less than 1, and a paced channel's", c.Hold)}
	case h.Alive < 0 || h.Alive > maxAlive:
		return &ConfigError{"alive", fmt.Sprintf("is %v: it must be from 0 to %v", h.Alive, maxAlive)}
	case c.GID >= math.MaxUint32:
		return &ConfigError{"group", fmt.Sprintf("is %d: there is no such group", c.GID)}
	case c.Perm&^0o777 != 0:
		return &ConfigError{"mode of the objects", fmt.Sprintf("is %#o: it must be at most 0777", uint32(c.Perm))}
	}
	return nil
}

const (
	maxSegment = 1 << 46 // bytes; half of what a process can address
	maxAlive   = math.MaxUint32 / 2 * time.Millisecond
)

// perm is the mode of both objects.
func (c Config) perm() uint32 {
	if c.Perm == 0 {
		return 0o600
	}
	return uint32(c.Perm)
}
