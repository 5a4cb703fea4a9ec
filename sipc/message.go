package sipc

import (
	"encoding/binary"
	"fmt"

	"ipclab/sipc/internal/sysv"
)

// MessageSize is the size of every message on the queue, without its type.
const MessageSize = 24

// MessageType is the type of a message on the queue.
type MessageType int

const (
	Data  MessageType = iota + 1 // a chunk lies in its slot (DATA_READY in the slides)
	Noop1                        // pushes the message before it out of the queue
	Noop2                        // the same
	Begin                        // another sender begins
	Alive                        // nothing to send, but still there
	End                          // the sender has finished
)

func (t MessageType) String() string {
	switch t {
	case Data:
		return "DATA"
	case Noop1:
		return "NOOP-1"
	case Noop2:
		return "NOOP-2"
	case Begin:
		return "BEGIN"
	case Alive:
		return "ALIVE"
	case End:
		return "END"
	}
	return fmt.Sprintf("type %d", int(t))
}

// Flags say what a chunk is of its message.
type Flags uint32

const (
	flagFirst  Flags = 1 << iota // the first chunk of its message
	flagLast                     // the last one
	flagPacked                   // a row of packed records

	knownFlags = flagFirst | flagLast | flagPacked
)

// First says that a message begins.
func (f Flags) First() bool { return f&flagFirst != 0 }

// Last says that a message ends.
func (f Flags) Last() bool { return f&flagLast != 0 }

// Packed says that the chunk is a row of packed records.
func (f Flags) Packed() bool { return f&flagPacked != 0 }

// Message is what travels on the queue.
type Message struct {
	Type     MessageType
	Sequence uint64
	Length   uint32
	Flags    Flags
	Checksum uint32
}

// encode writes the message as it travels.
func (m Message) encode(raw *sysv.Message) {
	raw.Type = int(m.Type)
	order := binary.NativeEndian
	order.PutUint64(raw.Body[0:], m.Sequence)
	order.PutUint32(raw.Body[8:], m.Length)
	order.PutUint32(raw.Body[12:], uint32(m.Flags))
	order.PutUint32(raw.Body[16:], m.Checksum)
	order.PutUint32(raw.Body[20:], 0)
}

// parseMessage reads a message of which size bytes came, and checks all that
// can be checked without knowing the ones before it.
func parseMessage(raw *sysv.Message, size int, checksums bool) (Message, error) {
	order := binary.NativeEndian
	m := Message{
		Type:     MessageType(raw.Type),
		Sequence: order.Uint64(raw.Body[0:]),
		Length:   order.Uint32(raw.Body[8:]),
		Flags:    Flags(order.Uint32(raw.Body[12:])),
		Checksum: order.Uint32(raw.Body[16:]),
	}
	switch {
	case m.Type < Data || m.Type > End:
		return m, violation(FieldType, uint64(raw.Type), "that of any message")
	case size != MessageSize:
		return m, violation(FieldSize, uint64(size), "24")
	}
	return m, m.check(order.Uint32(raw.Body[20:]), checksums)
}

// check is the second check of the protocol: fields that must be 0, and flags.
func (m Message) check(reserved uint32, checksums bool) error {
	data := m.Type == Data
	switch {
	case reserved != 0:
		return violation(FieldReserved, uint64(reserved), "0")
	case !data && m.Length != 0:
		return violation(FieldLength, uint64(m.Length), "0, as in all but DATA")
	case m.Flags&^knownFlags != 0 || !data && m.Flags != 0:
		return violation(FieldFlags, uint64(m.Flags), "made of known ones, and in DATA only")
	case m.Checksum != 0 && !(data && checksums):
		return violation(FieldChecksum, uint64(m.Checksum), "0, as in all but DATA of a channel with checksums")
	}
	return nil
}
