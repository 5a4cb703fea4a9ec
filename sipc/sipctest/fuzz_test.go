package sipctest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"ipclab/sipc"
)

// What a hostile sender may put into the queue, in any order: the receiver
// gives what the protocol page says, and stops where it says. The rules are written
// down here a second time, from that page.
func FuzzReceiver(f *testing.F) {
	f.Add(byte(0), []byte{1, 0, 10, 3, 1, 0, 10, 3, 6, 0, 0, 0})
	f.Add(byte(1), []byte{1, 0, 10, 3, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 64, 1, 4, 0, 0, 0})
	f.Add(byte(2), []byte{4, 9, 0, 0, 1, 0, 64, 1, 1, 0, 5, 2, 5, 0, 0, 0})
	f.Add(byte(2), []byte{1, 0, 64, 0, 1, 0, 65, 3, 1, 0x80, 5, 0x43})
	f.Add(byte(0), []byte{1, 0, 8, 7, 1, 0, 0, 7, 1, 0, 8, 5, 1, 0, 0, 6})
	f.Fuzz(func(t *testing.T, kind byte, script []byte) {
		c := sipc.Config{Mode: sipc.Pipelined, Capacity: 64, SlotSize: 64, Checksum: kind&2 != 0}
		if kind&1 != 0 {
			c.Mode, c.Capacity = sipc.Strict, 1
		}
		h, r := newHostile(t, c)
		defer h.segment.Detach()
		for n := range h.segment.Bytes[headerSize:] {
			h.segment.Bytes[headerSize+n] = byte(n * 7)
		}
		messages := hostileScript(h, r, script)
		go func() {
			for _, m := range messages {
				if h.send(m) != nil {
					return
				}
			}
		}()
		want := newOracle(h, r)
		for _, m := range messages {
			want.take(m)
		}
		got, violated := takeAll(t, r)
		if violated != want.violated || fmt.Sprintf("%x", got) != fmt.Sprintf("%x", want.delivered) {
			t.Errorf("%+v\ngave %x, violated: %v\nnot  %x, violated: %v", messages, got, violated, want.delivered, want.violated)
		}
	})
}

// hostileScript reads a script: four bytes a message, which say how it is
// different from an honest one. At the end comes END.
func hostileScript(h *hostile, r *sipc.Receiver, script []byte) []raw {
	var messages []raw
	next := uint64(0)
	for ; len(script) >= 4 && len(messages) < 60; script = script[4:] {
		kind, shift, length, flags := int(script[0])%9, uint64(int8(script[1])), uint32(script[2])%80, uint32(script[3])
		m := raw{Type: kind, Sequence: next + shift}
		switch sipc.MessageType(kind) {
		case 0:
			m = raw{Type: 1 + int(shift%6), Body: make([]byte, flags%25)}
		case sipc.Data:
			m = h.data(r, next+shift, length, flags&15)
			next = m.Sequence + 1
		case sipc.Noop1, sipc.Noop2:
			m.Sequence--
		case sipc.Begin:
			next = m.Sequence
		}
		if flags&0x20 != 0 {
			m.Sum ^= 1
		}
		if flags&0x40 != 0 {
			m.Zero = 1
		}
		messages = append(messages, m)
	}
	return append(messages, raw{Type: int(sipc.End), Sequence: next})
}

// takeAll receives until the end, and tells whether that was a violation.
func takeAll(t *testing.T, r *sipc.Receiver) (got [][]byte, violated bool) {
	for {
		c, err := r.Borrow(t.Context())
		var violation *sipc.ProtocolError
		switch {
		case errors.Is(err, io.EOF):
			return got, false
		case errors.As(err, &violation):
			return got, true
		case err != nil:
			t.Fatal(err)
		}
		got = append(got, bytes.Clone(c.Bytes))
	}
}

// An oracle knows what a receiver must make of messages: "What a receiver must
// check" in docs/sipc-protocol.md.
type oracle struct {
	h         *hostile
	r         *sipc.Receiver
	delivered [][]byte
	violated  bool
	ended     bool

	known  bool // some DATA or BEGIN said where we are
	next   uint64
	within int    // of a message: 0 none, 1 that is delivered, 2 that began too early
	packed uint32 // its flag
	data   bool   // DATA came since the start or BEGIN
	due    []int  // in strict mode: the types that must follow
}

func newOracle(h *hostile, r *sipc.Receiver) *oracle { return &oracle{h: h, r: r} }

// take is told of the next message.
func (o *oracle) take(m raw) {
	if o.violated || o.ended {
		return
	}
	o.violated = !o.wellFormed(m) || !o.inOrder(m)
	if o.violated {
		return
	}
	switch sipc.MessageType(m.Type) {
	case sipc.Data:
		o.violated = !o.chunk(m)
	case sipc.Begin:
		*o = oracle{h: o.h, r: o.r, delivered: o.delivered, known: true, next: m.Sequence}
	case sipc.Alive, sipc.End:
		o.ended = m.Type == int(sipc.End)
		o.violated = o.known && m.Sequence != o.next || o.ended && o.within == 1
	default:
		o.violated = o.data && m.Sequence != o.next-1
	}
}

// wellFormed is checks 1 and 2.
func (o *oracle) wellFormed(m raw) bool {
	if m.Type < 1 || m.Type > 6 || len(m.body()) != 24 {
		return false
	}
	if m.Body != nil {
		m = raw{Type: m.Type}
	}
	data := m.Type == int(sipc.Data)
	sums := data && o.r.Header().Checksum
	return m.Zero == 0 && m.Flags&^7 == 0 && (data || m.Flags == 0 && m.Length == 0) && (sums || m.Sum == 0)
}

// inOrder is check 4.
func (o *oracle) inOrder(m raw) bool {
	if len(o.due) > 0 {
		due := o.due[0]
		o.due = o.due[1:]
		return m.Type == due || m.Type == int(sipc.Begin)
	}
	strict := o.r.Header().Mode == sipc.Strict
	noop := m.Type == int(sipc.Noop1) || m.Type == int(sipc.Noop2)
	return !(strict && noop && o.data)
}

// chunk is checks 3 and 5.
func (o *oracle) chunk(m raw) bool {
	if !o.known {
		o.known, o.next, o.within = true, m.Sequence, 2
	}
	isFirst, isLast := m.Flags&flagFirst != 0, m.Flags&flagLast != 0
	if m.Sequence != o.next || int(m.Length) > o.r.Header().SlotSize || m.Length == 0 && !(isFirst && isLast) {
		return false
	}
	if o.within == 2 && isFirst {
		o.within = 0
	}
	if o.within != 2 && isFirst != (o.within == 0) || o.within == 1 && m.Flags&flagPacked != o.packed {
		return false
	}
	if o.within == 0 {
		o.within = 1
	}
	o.next, o.data, o.packed = o.next+1, true, m.Flags&flagPacked
	if o.r.Header().Mode == sipc.Strict {
		o.due = []int{int(sipc.Noop1), int(sipc.Noop2)}
	}
	return o.deliver(m, isLast)
}

// deliver is check 5, where somebody gets the chunk.
func (o *oracle) deliver(m raw, isLast bool) bool {
	if o.within == 2 {
		return true
	}
	if isLast {
		o.within = 0
	}
	honest := o.h.data(o.r, m.Sequence, m.Length, m.Flags)
	if o.r.Header().Checksum && honest.Sum != m.Sum {
		return false
	}
	o.delivered = append(o.delivered, bytes.Clone(o.h.slot(o.r, m.Sequence)[:m.Length]))
	return true
}
