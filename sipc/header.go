package sipc

import "time"

// Header is what a segment says of its channel.
type Header struct {
	Mode     Mode
	Capacity int // messages
	Slots    int
	SlotSize int // bytes
	Checksum bool
	Quantum  time.Duration
	Hold     float64 // probability
	Alive    time.Duration
}
