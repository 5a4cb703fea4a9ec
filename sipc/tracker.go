package sipc

import "fmt"

// tracker is the receiver's side of the protocol without the system calls: it
// is told of each message that was taken, and says what it means or what is wrong
// with it (docs/sipc-protocol.md, "What a receiver must check"). It knows nothing
// but private copies.
type tracker struct {
	strict   bool
	slotSize uint64

	synced   bool   // some DATA or BEGIN has said where we are
	expected uint64 // sequence of the next DATA, once synced
	begun    bool   // a DATA came since the start or the last BEGIN
	joining  bool   // the message in progress began before the receiver did
	inside   bool   // some chunks of a message came, and its last one did not
	packed   bool   // they are PACKED
	owed     int    // strict mode: how many NOOPs follow
}

// verdict is what a message means to the receiver.
type verdict int

const (
	ignore  verdict = iota // nothing to do but to take the next one
	chunk                  // a chunk lies in its slot
	restart                // another sender begins: what is there of a message is void
	end                    // the sender has finished
)

// accept judges the next message.
func (t *tracker) accept(m Message) (verdict, error) {
	switch m.Type {
	case Data:
		return t.data(m)
	case Noop1, Noop2:
		return ignore, t.noop(m)
	case Begin:
		*t = tracker{strict: t.strict, slotSize: t.slotSize, synced: true, expected: m.Sequence}
		return restart, nil
	case Alive:
		return ignore, t.mark(m)
	default: // End
		if t.inside && !t.joining {
			return end, violation(FieldType, uint64(m.Type), "the next chunk's, DATA")
		}
		return end, t.mark(m)
	}
}

func (t *tracker) data(m Message) (verdict, error) {
	if err := t.due(m); err != nil {
		return chunk, err
	}
	if !t.synced {
		t.synced, t.expected, t.joining = true, m.Sequence, true
	}
	if err := t.fits(m); err != nil {
		return chunk, err
	}
	if t.joining && m.Flags.First() {
		t.joining = false
	}
	t.begun, t.inside, t.packed = true, !m.Flags.Last(), m.Flags.Packed()
	t.expected++
	if t.strict {
		t.owed = 2
	}
	if t.joining {
		return ignore, nil
	}
	return chunk, nil
}

// due sees to it that in strict mode the two NOOPs come between two DATA.
func (t *tracker) due(m Message) error {
	switch t.owed {
	case 2:
		return violation(FieldType, uint64(m.Type), "NOOP-1's, 2")
	case 1:
		return violation(FieldType, uint64(m.Type), "NOOP-2's, 3")
	}
	return nil
}

// fits is the third check of the protocol.
func (t *tracker) fits(m Message) error {
	begins := !t.inside
	switch first := m.Flags.First(); {
	case m.Sequence != t.expected:
		return violation(FieldSequence, m.Sequence, fmt.Sprint(t.expected))
	case uint64(m.Length) > t.slotSize:
		return violation(FieldLength, uint64(m.Length), fmt.Sprintf("at most %d", t.slotSize))
	case m.Length == 0 && m.Flags&(flagFirst|flagLast) != flagFirst|flagLast:
		return violation(FieldLength, 0, "more, in a chunk that is not a message of its own")
	case t.joining:
		return nil
	case first && !begins:
		return violation(FieldFlags, uint64(m.Flags), "without FIRST within a message")
	case !first && begins:
		return violation(FieldFlags, uint64(m.Flags), "with FIRST where a message begins")
	case !begins && m.Flags.Packed() != t.packed:
		return violation(FieldFlags, uint64(m.Flags), "PACKED as the chunks before it, or not as those")
	}
	return nil
}

// noop checks a NOOP. Those that follow no DATA push a BEGIN, or what an earlier
// receiver took.
func (t *tracker) noop(m Message) error {
	if !t.begun {
		return nil
	}
	if t.strict {
		if t.owed == 0 || m.Type == Noop1 != (t.owed == 2) {
			return violation(FieldType, uint64(m.Type), "the one that is due")
		}
		t.owed--
	}
	if last := t.expected - 1; m.Sequence != last {
		return violation(FieldSequence, m.Sequence, fmt.Sprint(last))
	}
	return nil
}

// mark checks a message that carries the next DATA's sequence.
func (t *tracker) mark(m Message) error {
	if err := t.due(m); err != nil {
		return err
	}
	if t.synced && m.Sequence != t.expected {
		return violation(FieldSequence, m.Sequence, fmt.Sprint(t.expected))
	}
	return nil
}
