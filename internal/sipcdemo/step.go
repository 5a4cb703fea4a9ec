package sipcdemo

import (
	"time"

	"ipclab/sipc"
)

// Role is which end a process is.
type Role string

// The two ends.
const (
	Sender   Role = "sender"
	Receiver Role = "receiver"
)

// step is one step of an end, as it reports it. A step happened at At or a
// little before.
type step struct {
	At       time.Duration // of the computer's monotonic clock, which all processes share
	Kind     sipc.EventKind
	Type     sipc.MessageType
	Sequence uint64
	Slot     int
	Text     string // what lies in the slot, cut off where it is long
}

// waits says that the end stands still after the step until the other end acts,
// and not until it is told to go on.
func (s step) waits() bool { return s.Kind == sipc.Blocked }
