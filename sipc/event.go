package sipc

import "time"

// EventKind is a kind of step that an end makes.
type EventKind int

const (
	Wrote   EventKind = iota + 1 // the sender has written a slot
	Blocked                      // a send finds the queue full, a take finds it empty; the message is the sender's
	Sent                         // a message went into the queue
	Took                         // a message was taken out of the queue
	Read                         // the receiver is done with a slot
)

func (k EventKind) String() string {
	switch k {
	case Wrote:
		return "wrote"
	case Blocked:
		return "blocked"
	case Sent:
		return "sent"
	case Took:
		return "took"
	case Read:
		return "read"
	}
	return "step"
}

// Event is one step of an end. In steps on a slot, Message is the DATA that tells
// of it.
type Event struct {
	At      time.Time
	Kind    EventKind
	Message Message
	Slot    int // of a DATA message; else -1
}
