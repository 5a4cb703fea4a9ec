package sipctest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// headerSize is where slot 0 lies.
const headerSize = 4096

// The flags of a raw message.
const (
	flagFirst = 1 << iota
	flagLast
	flagPacked
)

// A raw is a message as a hostile sender may make it.
type raw struct {
	Type                     int
	Sequence                 uint64
	Length, Flags, Sum, Zero uint32
	Body                     []byte // if not nil, instead of the fields
}

func (m raw) body() []byte {
	if m.Body != nil {
		return m.Body
	}
	b := binary.NativeEndian.AppendUint64(nil, m.Sequence)
	for _, field := range []uint32{m.Length, m.Flags, m.Sum, m.Zero} {
		b = binary.NativeEndian.AppendUint32(b, field)
	}
	return b
}

// A hostile sender has the rights of a sender and a program of its own.
type hostile struct {
	channel sipc.Descriptor
	segment sysv.Segment
}

// newHostile makes a channel that a hostile sender sends to.
func newHostile(t testing.TB, c sipc.Config, o ...sipc.Option) (*hostile, *sipc.Receiver) {
	t.Helper()
	d, err := sipc.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	segment, err := sysv.Attach(d.Segment, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { segment.Detach() })
	r, err := sipc.OpenReceiver(context.Background(), d, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Release(context.Background()) }) // a chunk that a test has kept
	t.Cleanup(func() { r.Close() })
	return &hostile{d, segment}, r
}

// send sends a message, and waits while the queue is full.
func (h *hostile) send(m raw) error {
	for {
		err := sysv.MsgSend(h.channel.Queue, m.Type, m.body(), 0)
		if err != syscall.EINTR {
			return err
		}
	}
}

// slot is the memory of a slot.
func (h *hostile) slot(r *sipc.Receiver, sequence uint64) []byte {
	size := r.Header().SlotSize
	at := headerSize + int(sequence%uint64(r.Header().Slots))*size
	return h.segment.Bytes[at : at+size]
}

// data is an honest message of one chunk.
func (h *hostile) data(r *sipc.Receiver, sequence uint64, length uint32, flags uint32) raw {
	m := raw{Type: int(sipc.Data), Sequence: sequence, Length: length, Flags: flags}
	if slot := h.slot(r, sequence); r.Header().Checksum && int(length) <= len(slot) {
		m.Sum = crc32.Checksum(slot[:length], crc32.MakeTable(crc32.Castagnoli))
	}
	return m
}

// Messages that break the protocol, each in one way. The receiver says which, and
// takes nothing more.
func TestHostileMessages(t *testing.T) {
	whole := uint32(flagFirst | flagLast)
	for _, c := range []struct {
		name     string
		mode     sipc.Mode
		messages []raw
		field    string
	}{
		{"no such type", sipc.Pipelined, []raw{{Type: 7}}, sipc.FieldType},
		{"a huge type", sipc.Pipelined, []raw{{Type: 1 << 40}}, sipc.FieldType},
		{"short", sipc.Pipelined, []raw{{Type: 1, Body: make([]byte, 23)}}, sipc.FieldSize},
		{"empty", sipc.Pipelined, []raw{{Type: 1, Body: []byte{}}}, sipc.FieldSize},
		{"long", sipc.Pipelined, []raw{{Type: 1, Body: make([]byte, 25)}}, sipc.FieldSize},
		{"field that must be 0", sipc.Pipelined, []raw{{Type: 1, Flags: whole, Zero: 1}}, sipc.FieldReserved},
		{"unknown flag", sipc.Pipelined, []raw{{Type: 1, Flags: whole | 8}}, sipc.FieldFlags},
		{"flags in ALIVE", sipc.Pipelined, []raw{{Type: 5, Flags: flagFirst}}, sipc.FieldFlags},
		{"length in END", sipc.Pipelined, []raw{{Type: 6, Length: 1}}, sipc.FieldLength},
		{"checksum where there is none", sipc.Pipelined, []raw{{Type: 1, Flags: whole, Sum: 1}}, sipc.FieldChecksum},
		{"larger than a slot", sipc.Pipelined, []raw{{Type: 1, Length: 65, Flags: whole}}, sipc.FieldLength},
		{"much larger", sipc.Pipelined, []raw{{Type: 1, Length: 1<<32 - 1, Flags: whole}}, sipc.FieldLength},
		{"empty chunk", sipc.Pipelined, []raw{{Type: 1, Flags: flagFirst}}, sipc.FieldLength},
		{"again", sipc.Pipelined, []raw{{Type: 1, Flags: whole}, {Type: 1, Flags: whole}}, sipc.FieldSequence},
		{"left out", sipc.Pipelined, []raw{{Type: 1, Flags: whole}, {Type: 1, Sequence: 2, Flags: whole}}, sipc.FieldSequence},
		{"not what BEGIN said", sipc.Pipelined, []raw{{Type: 4, Sequence: 9}, {Type: 1, Flags: whole}}, sipc.FieldSequence},
		{"END too early", sipc.Pipelined, []raw{{Type: 1, Flags: whole}, {Type: 6, Sequence: 5}}, sipc.FieldSequence},
		{"two FIRST", sipc.Pipelined, []raw{{Type: 1, Length: 1, Flags: flagFirst}, {Type: 1, Sequence: 1, Length: 1, Flags: whole}}, sipc.FieldFlags},
		{"no FIRST", sipc.Pipelined, []raw{{Type: 1, Flags: whole}, {Type: 1, Sequence: 1, Length: 1, Flags: flagLast}}, sipc.FieldFlags},
		{"PACKED changes", sipc.Pipelined, []raw{{Type: 1, Length: 4, Flags: flagFirst}, {Type: 1, Sequence: 1, Length: 4, Flags: flagLast | flagPacked}}, sipc.FieldFlags},
		{"END within a message", sipc.Pipelined, []raw{{Type: 1, Length: 1, Flags: flagFirst}, {Type: 6, Sequence: 1}}, sipc.FieldType},
		{"no NOOP-1", sipc.Strict, []raw{{Type: 1, Flags: whole}, {Type: 1, Sequence: 1, Flags: whole}}, sipc.FieldType},
		{"no NOOP-2", sipc.Strict, []raw{{Type: 1, Flags: whole}, {Type: 2}, {Type: 1, Sequence: 1, Flags: whole}}, sipc.FieldType},
		{"NOOP-2 first", sipc.Strict, []raw{{Type: 1, Flags: whole}, {Type: 3}}, sipc.FieldType},
		{"three NOOPs", sipc.Strict, []raw{{Type: 1, Flags: whole}, {Type: 2}, {Type: 3}, {Type: 2}}, sipc.FieldType},
		{"NOOP of another DATA", sipc.Strict, []raw{{Type: 1, Flags: whole}, {Type: 2, Sequence: 3}}, sipc.FieldSequence},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := sipc.Config{Mode: c.mode, SlotSize: 64}
			h, r := newHostile(t, config)
			go func() {
				for _, m := range c.messages {
					if h.send(m) != nil {
						return
					}
				}
			}()
			var violation *sipc.ProtocolError
			err := receiveForever(t.Context(), r)
			if !errors.As(err, &violation) || violation.Field != c.field {
				t.Errorf("%v: not a violation of %q", err, c.field)
			}
			if _, again := r.Recv(t.Context(), nil); !errors.Is(again, err) {
				t.Errorf("and then: %v", again)
			}
		})
	}
}

// floods are messages that a receiver could take for ever without having
// anything for its caller.
func floods() map[string]func(n uint64) raw {
	endless := func(flags uint32) func(n uint64) raw {
		return func(n uint64) raw {
			m := raw{Type: int(sipc.Data), Sequence: n, Length: 4, Flags: flags}
			if n == 0 {
				m.Flags |= flagFirst
			}
			return m
		}
	}
	return map[string]func(n uint64) raw{
		"NOOP":                   func(uint64) raw { return raw{Type: int(sipc.Noop1)} },
		"BEGIN":                  func(n uint64) raw { return raw{Type: int(sipc.Begin), Sequence: n} },
		"ALIVE":                  func(uint64) raw { return raw{Type: int(sipc.Alive)} },
		"chunks without an end":  endless(0),
		"packed, without an end": endless(flagPacked),
	}
}

// A receiver looks up from a flood: what is in the queue when its context ends
// stays there.
func TestHostileFloodIsLeftAlone(t *testing.T) {
	for name, message := range floods() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			took := 0
			h, r := newHostile(t, sipc.Config{Capacity: 50, SlotSize: 64}, sipc.WithTrace(func(e sipc.Event) {
				if e.Kind == sipc.Took {
					if took++; took == 10 {
						cancel()
					}
				}
			}))
			for n := range uint64(50) {
				if err := h.send(message(n)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := r.Recv(ctx, nil); !errors.Is(err, context.Canceled) || took > 10 {
				t.Errorf("%v, after %d messages", err, took)
			}
		})
	}
}

// A sender that keeps on flooding: deadlines and Close work all the same.
func TestHostileFlood(t *testing.T) {
	all := floods()
	all["empty packed chunks"] = func(n uint64) raw {
		return raw{Type: int(sipc.Data), Sequence: n, Flags: flagFirst | flagLast | flagPacked}
	}
	for name, message := range all {
		t.Run(name, func(t *testing.T) {
			h, r := newHostile(t, sipc.Config{Capacity: 32, SlotSize: 64})
			go func() {
				for n := uint64(0); h.send(message(n)) == nil; n++ {
				}
			}()
			soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			within(t, in(func() error { return receiveAnything(soon, r) }), context.DeadlineExceeded)
			stopped := in(func() error { return receiveAnything(t.Context(), r) })
			time.Sleep(10 * time.Millisecond)
			within(t, in(r.Close), nil)
			within(t, stopped, sipc.ErrClosed)
		})
	}
}

// receiveAnything receives records and other messages until that fails.
func receiveAnything(ctx context.Context, r *sipc.Receiver) error {
	u := sipc.NewUnpacker(r)
	for {
		_, err := u.Next(ctx)
		if errors.Is(err, sipc.ErrNotPacked) {
			_, err = r.Recv(ctx, make([]byte, 10))
		}
		if err != nil {
			return err
		}
	}
}

// rewritten is what a hostile sender makes of a slot that it has announced.
var rewritten = bytes.Repeat([]byte{0xff, 0xff, 0xff, 0x7f}, 16)

// What a receiver has in private memory stays as it is when the slot is
// rewritten; what it borrows on a channel without checksums does not.
func TestRewrittenAfterItWasTaken(t *testing.T) {
	content := bytes.Repeat([]byte{4, 0, 0, 0, 'g', 'o', 'o', 'd'}, 8)
	for _, checksum := range []bool{true, false} {
		t.Run(fmt.Sprint("borrow, checksums ", checksum), func(t *testing.T) {
			h, r := newHostile(t, sipc.Config{SlotSize: 64, Checksum: checksum})
			h.announce(t, r, content, flagFirst|flagLast)
			c, err := r.Borrow(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			copy(h.slot(r, 0), rewritten)
			want := rewritten
			if checksum {
				want = content
			}
			if !bytes.Equal(c.Bytes, want) {
				t.Errorf("%q", c.Bytes)
			}
		})
		t.Run(fmt.Sprint("records, checksums ", checksum), func(t *testing.T) {
			h, r := newHostile(t, sipc.Config{SlotSize: 64, Checksum: checksum})
			h.announce(t, r, content, flagFirst|flagLast|flagPacked)
			u := sipc.NewUnpacker(r)
			for n := range 8 {
				record, err := u.Next(t.Context())
				copy(h.slot(r, 0), rewritten)
				if err != nil || string(record) != "good" {
					t.Errorf("record %d: %q, %v", n, record, err)
				}
			}
		})
		t.Run(fmt.Sprint("stream, checksums ", checksum), func(t *testing.T) {
			h, r := newHostile(t, sipc.Config{SlotSize: 64, Checksum: checksum})
			h.announce(t, r, content, flagFirst|flagLast)
			if err := h.send(raw{Type: int(sipc.End), Sequence: 1}); err != nil {
				t.Fatal(err)
			}
			checker := &looksTwice{rewrite: func() { copy(h.slot(r, 0), rewritten) }}
			if _, err := io.Copy(checker, sipc.NewReader(t.Context(), r)); err != nil || !checker.same {
				t.Errorf("what was written changed, or %v", err)
			}
		})
	}
}

// announce puts the content into slot 0, and says so.
func (h *hostile) announce(t *testing.T, r *sipc.Receiver, content []byte, flags uint32) {
	t.Helper()
	copy(h.slot(r, 0), content)
	if err := h.send(h.data(r, 0, uint32(len(content)), flags)); err != nil {
		t.Fatal(err)
	}
}

// looksTwice is a writer that checks what it gets before it uses it.
type looksTwice struct {
	rewrite func()
	same    bool
}

func (w *looksTwice) Write(p []byte) (int, error) {
	checked := bytes.Clone(p)
	w.rewrite()
	w.same = bytes.Equal(checked, p)
	return len(p), nil
}

// scribble fills memory with one content and the other, time and again, until it
// is told to stop.
func scribble(memory []byte, contents ...[]byte) (stop func()) {
	var over atomic.Bool
	begun, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; !over.Load(); n++ {
			for at := 0; at < len(memory); {
				at += copy(memory[at:], contents[n%len(contents)])
			}
			if n == 0 {
				close(begun)
			}
		}
	}()
	<-begun
	return func() {
		over.Store(true)
		<-done
	}
}

// A slot that is rewritten while it is read: with checksums, what comes is what
// was announced, or a violation.
func TestRewrittenWhileItIsTaken(t *testing.T) {
	const size = 8192
	h, r := newHostile(t, sipc.Config{SlotSize: size, Checksum: true, Capacity: 1})
	content, other, buf := bytes.Repeat([]byte{'A'}, size), bytes.Repeat([]byte{'B'}, size), make([]byte, size)
	copy(h.slot(r, 0), content)
	m := h.data(r, 0, size, flagFirst|flagLast)
	defer scribble(h.segment.Bytes[headerSize:], content, content, other)()
	right, wrong := 0, 0
	for range pick(500, 50_000) {
		if err := h.send(m); err != nil {
			t.Fatal(err)
		}
		m.Sequence++
		_, err := r.Recv(t.Context(), buf)
		switch {
		case err == nil && bytes.Equal(buf, content):
			right++
		case isViolation(err, sipc.FieldChecksum):
			wrong++
			r = h.reopen(t, r)
		default:
			t.Fatalf("other data than was announced came, and %v", err)
		}
	}
	t.Logf("%d came as announced, %d were violations", right, wrong)
}

func isViolation(err error, field string) bool {
	var violation *sipc.ProtocolError
	return errors.As(err, &violation) && violation.Field == field
}

// reopen is another receiver.
func (h *hostile) reopen(t *testing.T, r *sipc.Receiver) *sipc.Receiver {
	t.Helper()
	r.Close()
	r, err := sipc.OpenReceiver(t.Context(), h.channel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Lengths of packed records that are rewritten while they are read: a record
// comes that lay in the chunk, or a violation.
func TestLengthsRewrittenWhileTheyAreTaken(t *testing.T) {
	const size = 4096
	h, r := newHostile(t, sipc.Config{SlotSize: size, Capacity: 1})
	good, bad := bytes.Repeat([]byte{4, 0, 0, 0, 'g', 'o', 'o', 'd'}, size/8), bytes.Repeat(rewritten, size/len(rewritten))
	defer scribble(h.segment.Bytes[headerSize:], good, good, bad)()
	records, violations := 0, 0
	for n := range uint64(pick(500, 50_000)) {
		if err := h.send(h.data(r, n, size, flagFirst|flagLast|flagPacked)); err != nil {
			t.Fatal(err)
		}
		u, left := sipc.NewUnpacker(r), size
		for left > 0 {
			record, err := u.Next(t.Context())
			if isViolation(err, sipc.FieldRecord) {
				violations++
				break
			}
			if left -= 4 + len(record); err != nil || left < 0 {
				t.Fatalf("%d bytes more than the chunk has, %v", -left, err)
			}
			records++
		}
	}
	t.Logf("%d records, %d violations", records, violations)
}

// Another sender keeps off a slot that the receiver still reads, in strict mode
// too, where its predecessor died before the NOOPs.
func TestAnotherSenderWaitsForTheReader(t *testing.T) {
	for name, c := range modes() {
		t.Run(name, func(t *testing.T) {
			h, r := newHostile(t, c)
			content := []byte("still being read")
			binary.NativeEndian.PutUint64(h.segment.Bytes[64:], 1) // sessions
			binary.NativeEndian.PutUint64(h.segment.Bytes[72:], 1) // next
			h.announce(t, r, content, flagFirst|flagLast)
			chunk, err := r.Borrow(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := sipc.OpenSender(t.Context(), h.channel)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			sent := in(func() error { return s.Send(t.Context(), []byte("the next message")) })
			time.Sleep(20 * time.Millisecond) // for as much as it can do
			if !bytes.Equal(chunk.Bytes, content) {
				t.Errorf("%q is what is read now", chunk.Bytes)
			}
			buf := make([]byte, 64)
			if n, err := r.Recv(t.Context(), buf); err != nil || string(buf[:n]) != "the next message" {
				t.Errorf("%q, %v", buf[:n], err)
			}
			within(t, sent, nil)
		})
	}
}
