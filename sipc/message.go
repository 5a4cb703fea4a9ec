package sipc

import "fmt"

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
