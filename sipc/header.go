package sipc

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"
	"time"
	"unsafe"
)

// headerSize is what lies before slot 0.
const headerSize = 4096

// magic is "SIPC" and the version, 1.
var magic = [8]byte{'S', 'I', 'P', 'C', 0, 0, 0, 1}

// Where the fields of the header lie: docs/sipc-protocol.md.
const (
	atMagic    = 0
	atMode     = 8
	atCapacity = 12
	atSlots    = 16
	atFlags    = 20
	atSlotSize = 24
	atOffset   = 32
	atQuantum  = 40
	atHold     = 48
	atAlive    = 52
	atReserved = 56
	atSessions = 64
	atNext     = 72
	atEnd      = 80
)

const (
	flagChecksum = 1

	slotUnit = 64
)

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

// SegmentSize is the least size of the segment in bytes.
func (h Header) SegmentSize() int { return headerSize + h.Slots*h.SlotSize }

// put writes the header, the magic last: who finds that finds the rest.
func (h Header) put(segment []byte) {
	order := binary.NativeEndian
	order.PutUint32(segment[atMode:], uint32(h.Mode))
	order.PutUint32(segment[atCapacity:], uint32(h.Capacity))
	order.PutUint32(segment[atSlots:], uint32(h.Slots))
	var flags uint32
	if h.Checksum {
		flags = flagChecksum
	}
	order.PutUint32(segment[atFlags:], flags)
	order.PutUint64(segment[atSlotSize:], uint64(h.SlotSize))
	order.PutUint64(segment[atOffset:], headerSize)
	order.PutUint64(segment[atQuantum:], uint64(h.Quantum))
	order.PutUint32(segment[atHold:], uint32(math.Round(h.Hold*holdUnit)))
	order.PutUint32(segment[atAlive:], uint32(h.Alive/time.Millisecond))
	atomic.StoreUint64(word(segment, atMagic), order.Uint64(magic[:]))
}

// word is a word of the segment that other processes look at.
func word(segment []byte, at int) *uint64 { return (*uint64)(unsafe.Pointer(&segment[at])) }

// rawHeader is a header as it stands there, in private memory.
type rawHeader [atEnd]byte

func (r *rawHeader) u32(at int) uint64 { return uint64(binary.NativeEndian.Uint32(r[at:])) }
func (r *rawHeader) u64(at int) uint64 { return binary.NativeEndian.Uint64(r[at:]) }

// readHeader copies the header of a segment and validates the copy.
func readHeader(segment []byte) (Header, error) {
	if len(segment) < headerSize {
		return Header{}, violation(FieldSegment, uint64(len(segment)), fmt.Sprintf("at least %d", headerSize))
	}
	var raw rawHeader
	copy(raw[:], segment)
	return parseHeader(&raw, uint64(len(segment)))
}

// parseHeader validates a header against the size of its segment. Nothing it
// computes can overflow.
func parseHeader(raw *rawHeader, size uint64) (Header, error) {
	if err := checkHeader(raw, size); err != nil {
		return Header{}, err
	}
	return Header{
		Mode:     Mode(raw.u32(atMode)),
		Capacity: int(raw.u32(atCapacity)),
		Slots:    int(raw.u32(atSlots)),
		SlotSize: int(raw.u64(atSlotSize)),
		Checksum: raw.u32(atFlags) == flagChecksum,
		Quantum:  time.Duration(raw.u64(atQuantum)),
		Hold:     float64(raw.u32(atHold)) / holdUnit,
		Alive:    time.Duration(raw.u32(atAlive)) * time.Millisecond,
	}, nil
}

func checkHeader(raw *rawHeader, size uint64) error {
	if [8]byte(raw[atMagic:atMode]) != magic {
		return violation(FieldMagic, binary.BigEndian.Uint64(raw[atMagic:]), "SIPC, version 1")
	}
	if mode := raw.u32(atMode); mode < uint64(Strict) || mode > uint64(Paced) {
		return violation(FieldMode, mode, "1, 2 or 3")
	}
	if flags := raw.u32(atFlags); flags&^flagChecksum != 0 {
		return violation(FieldHeaderFlags, flags, "0 or 1")
	}
	if offset := raw.u64(atOffset); offset != headerSize {
		return violation(FieldOffset, offset, fmt.Sprint(headerSize))
	}
	if reserved := raw.u64(atReserved); reserved != 0 {
		return violation(FieldReserved, reserved, "0")
	}
	if err := checkSlots(raw, size); err != nil {
		return err
	}
	return checkPace(raw)
}

func checkSlots(raw *rawHeader, size uint64) error {
	strict := Mode(raw.u32(atMode)) == Strict
	capacity, slots, slotSize := raw.u32(atCapacity), raw.u32(atSlots), raw.u64(atSlotSize)
	switch {
	case strict && capacity != 1:
		return violation(FieldCapacity, capacity, "1, as strict mode has it")
	case capacity == 0:
		return violation(FieldCapacity, capacity, "at least 1")
	case strict && slots != 1:
		return violation(FieldSlots, slots, "1, as strict mode has it")
	case !strict && slots != capacity+2:
		return violation(FieldSlots, slots, fmt.Sprint(capacity+2))
	case slotSize < slotUnit || slotSize%slotUnit != 0:
		return violation(FieldSlotSize, slotSize, "a multiple of 64, at least 64")
	case slotSize > (size-headerSize)/slots:
		return violation(FieldSlotSize, slotSize, fmt.Sprintf("at most %d, as the segment has room for", (size-headerSize)/slots))
	}
	return nil
}

func checkPace(raw *rawHeader) error {
	paced := Mode(raw.u32(atMode)) == Paced
	quantum, hold := raw.u64(atQuantum), raw.u32(atHold)
	switch {
	case paced && (quantum == 0 || quantum > math.MaxInt64):
		return violation(FieldQuantum, quantum, fmt.Sprintf("from 1 to %d", uint64(math.MaxInt64)))
	case !paced && quantum != 0:
		return violation(FieldQuantum, quantum, "0 but in paced mode")
	case hold >= holdUnit:
		return violation(FieldHold, hold, fmt.Sprintf("less than %d", holdUnit))
	}
	return nil
}

func violation(field string, got uint64, want string) error {
	return &ProtocolError{Field: field, Got: got, Want: want}
}
