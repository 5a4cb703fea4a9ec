package sipcdemo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"ipclab/internal/sequence"
	"ipclab/sipc"
)

// The participants of the diagram, in the order of its columns.
const (
	segment = "segment"
	queue   = "queue"
)

// story turns steps into what a diagram shows: it knows what lies in the slots
// and in the queue, and who is blocked.
type story struct {
	begun   time.Duration // of the first step
	began   bool
	slots   map[int]string
	queue   []string
	blocked map[Role]bool
}

func newStory() *story { return &story{slots: map[int]string{}, blocked: map[Role]bool{}} }

// tell gives the events of one step.
func (st *story) tell(t told) []sequence.Event {
	if !st.began {
		st.begun, st.began = t.At, true
	}
	at := t.At - st.begun
	who := string(t.Role)
	switch t.Kind {
	case sipc.Wrote:
		st.slots[t.Slot] = t.Text
		return []sequence.Event{
			sequence.Message{At: at, From: who, To: segment, Text: "writes " + t.Text},
			sequence.Hold{At: at, On: segment, Items: st.segment()},
		}
	case sipc.Blocked:
		if st.blocked[t.Role] { // a paced sender tries again at each tick
			return nil
		}
		st.blocked[t.Role] = true
		return []sequence.Event{sequence.Block{At: at, On: who, Why: why(t.Role)}}
	case sipc.Sent:
		st.queue = append(st.queue, label(t.step))
		return append(st.resume(at, t.Role),
			sequence.Message{At: at, From: who, To: queue, Text: label(t.step)},
			sequence.Hold{At: at, On: queue, Items: slices.Clone(st.queue)})
	case sipc.Took:
		if len(st.queue) > 0 {
			st.queue = st.queue[1:]
		}
		return append(st.resume(at, t.Role),
			sequence.Message{At: at, From: queue, To: who, Text: label(t.step)},
			sequence.Hold{At: at, On: queue, Items: slices.Clone(st.queue)})
	case sipc.Read:
		return []sequence.Event{sequence.Message{At: at, From: segment, To: who, Text: "reads " + t.Text}}
	}
	return nil
}

// resume says that an end goes on, if it was blocked.
func (st *story) resume(at time.Duration, r Role) []sequence.Event {
	if !st.blocked[r] {
		return nil
	}
	delete(st.blocked, r)
	return []sequence.Event{sequence.Resume{At: at, On: string(r)}}
}

func why(r Role) string {
	if r == Sender {
		return "the queue is full"
	}
	return "the queue is empty"
}

// segment lists the slots that something was written to.
func (st *story) segment() []string {
	var items []string
	for _, slot := range slices.Sorted(maps.Keys(st.slots)) {
		items = append(items, fmt.Sprintf("%d: %s", slot, st.slots[slot]))
	}
	return items
}

// label is what a message is called, as in the slides.
func label(s step) string {
	if s.Type == sipc.Data {
		return "DATA_READY " + strconv.FormatUint(s.Sequence, 10)
	}
	return s.Type.String()
}
