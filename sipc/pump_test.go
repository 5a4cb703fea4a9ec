package sipc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// quick is a pace for tests.
var quick = Pace{Quantum: 100 * time.Microsecond, Hold: 0.1}

// pumping runs a pump between two channels, in the background.
func pumping(ctx context.Context, from *Receiver, to *Sender) chan error {
	ended := make(chan error, 1)
	go func() { ended <- Pump(ctx, from, to, quick) }()
	return ended
}

func TestPumpCarriesMessagesOver(t *testing.T) {
	for _, from := range []Config{{Mode: Strict, SlotSize: 64}, {SlotSize: 64, Capacity: 2}, {SlotSize: 64, Checksum: true}} {
		for _, to := range []Config{{Mode: Strict, SlotSize: 128}, {SlotSize: 64, Capacity: 1}, {SlotSize: 64, Checksum: true}} {
			t.Run(fmt.Sprintf("%+v to %+v", from, to), func(t *testing.T) { testPump(t, from, to) })
		}
	}
}

// testPump sends messages of all sizes, and packed records, through a pump.
func testPump(t *testing.T, from, to Config) {
	s, between := channel(t, from)
	after, r := channel(t, to)
	ended := pumping(t.Context(), between, after)
	content := randomBytes(300)
	sent := make(chan error, 1)
	go func() {
		for n := 0; n <= 300; n += 25 {
			if err := s.Send(t.Context(), content[:n]); err != nil {
				sent <- err
				return
			}
		}
		sent <- pack(t.Context(), s, [][]byte{content[:5], content[:20], content[:50]}, rand.New(rand.NewPCG(1, 2)))
	}()
	buf := make([]byte, 400)
	for n := 0; n <= 300; n += 25 {
		if got, err := r.Recv(t.Context(), buf); err != nil || !bytes.Equal(buf[:got], content[:n]) {
			t.Fatalf("%d bytes of %d, %v", got, n, err)
		}
	}
	if err := unpack(t.Context(), r, [][]byte{content[:5], content[:20], content[:50]}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-sent, <-ended); err != nil {
		t.Error(err)
	}
}

// However the sender hurries, one message is taken at a tick.
func TestPumpTakesOnceATick(t *testing.T) {
	d, err := Create(Config{Mode: Strict, SlotSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	var took []time.Time
	between, err := OpenReceiver(t.Context(), d, WithTrace(func(e Event) {
		if e.Kind == Took {
			took = append(took, e.At)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer between.Close()
	s, err := OpenSender(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	after, r := channel(t, Config{SlotSize: 64})
	go sendNumbers(t.Context(), s, 50)
	go receiveNumbers(t.Context(), r, 0, 50)
	p := newPump(between, after, quick)
	if err := p.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(took) != 50*3+1 {
		t.Errorf("%d messages taken", len(took))
	}
	last := time.Duration(-1)
	for n, at := range took {
		tick := at.Sub(p.ticks.start) / quick.Quantum
		if tick <= last {
			t.Fatalf("message %d was taken at tick %d, and the one before at %d", n, tick, last)
		}
		last = tick
	}
}

// patiently repeats what says that the sender is silent: on a busy machine it may
// be, for a while.
func patiently(what func() error) error {
	for {
		if err := what(); !errors.Is(err, ErrSilent) {
			return err
		}
	}
}

// sendNumbers sends messages that say which they are, and finishes.
func sendNumbers(ctx context.Context, s *Sender, n int) error {
	for i := range n {
		if err := s.Send(ctx, fmt.Append(nil, i)); err != nil {
			return err
		}
	}
	return s.Finish(ctx)
}

// receiveNumbers wants messages from..to, and then the end.
func receiveNumbers(ctx context.Context, r *Receiver, from, to int) error {
	buf := make([]byte, 64)
	for i := from; ; i++ {
		n := 0
		err := patiently(func() (err error) {
			n, err = r.Recv(ctx, buf)
			return err
		})
		if errors.Is(err, io.EOF) && i == to {
			return nil
		}
		if err != nil || string(buf[:n]) != fmt.Sprint(i) {
			return fmt.Errorf("%q came where %d was due: %w", buf[:n], i, err)
		}
	}
}

// As long as the receiver takes nothing, the pump takes what has room in the
// queue, and one more. Nothing of it is lost.
func TestPumpStopsTakingWhereNobodyReceives(t *testing.T) {
	const capacity = 2
	s, between := channel(t, Config{Capacity: 1, SlotSize: 64})
	after, r := channel(t, Config{Capacity: capacity, SlotSize: 64})
	var taken sync.WaitGroup
	taken.Add(capacity + 1)
	more := false // was taken
	count := 0
	between.trace = func(e Event) {
		if e.Kind != Took {
			return
		}
		if count++; count <= capacity+1 {
			taken.Done()
		} else {
			more = true
		}
	}
	ended := pumping(t.Context(), between, after)
	sent := make(chan error, 1)
	go func() { sent <- sendNumbers(t.Context(), s, 20) }()
	taken.Wait()
	time.Sleep(50 * quick.Quantum)
	between.mu.Lock()
	if more {
		t.Errorf("it took %d messages", count)
	}
	between.mu.Unlock()
	if err := errors.Join(receiveNumbers(t.Context(), r, 0, 20), <-sent, <-ended); err != nil {
		t.Error(err)
	}
}

// A sender that dies in the middle of a message, and another one: the receiver gets
// the second one's messages whole.
func TestPumpPassesOnThatASenderBegan(t *testing.T) {
	d, err := Create(Config{Capacity: 2, SlotSize: 64, Alive: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	between, err := OpenReceiver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer between.Close()
	after, r := channel(t, Config{Capacity: 2, SlotSize: 64, Alive: time.Millisecond})
	ended := pumping(t.Context(), between, after)

	dies, err := OpenSender(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if err := dies.relay(t.Context(), Chunk{Bytes: []byte("half"), First: true}); err != nil {
		t.Fatal(err)
	}
	if c := borrow(t, r); string(c.Bytes) != "half" || c.Last {
		t.Fatalf("%+v", c)
	}
	dies.Close()
	if err := <-ended; !errors.Is(err, ErrSilent) {
		t.Fatal(err)
	}
	go func() {
		ended <- patiently(func() error { return Pump(t.Context(), between, after, quick) })
	}()
	another, err := OpenSender(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	sent := make(chan error, 1)
	go func() { sent <- sendNumbers(t.Context(), another, 10) }()
	if err := errors.Join(receiveNumbers(t.Context(), r, 0, 10), <-sent, <-ended); err != nil {
		t.Error(err)
	}
}

// borrow borrows the next chunk.
func borrow(t *testing.T, r *Receiver) (c Chunk) {
	t.Helper()
	err := patiently(func() (err error) {
		c, err = r.Borrow(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A sender that dawdles within a message does not lose it, however often the pump
// says that it is still there.
func TestPumpIsPatientWithinAMessage(t *testing.T) {
	s, between := channel(t, Config{SlotSize: 64})
	after, r := channel(t, Config{SlotSize: 64, Alive: time.Millisecond})
	ended := pumping(t.Context(), between, after)
	chunks := []Chunk{{Bytes: []byte("one "), First: true}, {Bytes: []byte("two "), Last: true}}
	go func() {
		for _, c := range chunks {
			s.relay(t.Context(), c)
			time.Sleep(20 * time.Millisecond)
		}
		s.Finish(t.Context())
	}()
	if c := borrow(t, r); string(c.Bytes) != "one " || !c.First {
		t.Errorf("%+v", c)
	}
	if c := borrow(t, r); string(c.Bytes) != "two " || c.First || !c.Last {
		t.Errorf("%+v", c)
	}
	if err := patiently(func() error { _, err := r.Borrow(t.Context()); return err }); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A pump ends with its context and its channels, blocked by the receiver or not.
func TestPumpEnds(t *testing.T) {
	for name, c := range map[string]struct {
		messages int // 4 block it
		how      func(cancel func(), from *Receiver, to *Sender)
		want     error
	}{
		"context, idle":          {0, func(cancel func(), _ *Receiver, _ *Sender) { cancel() }, context.Canceled},
		"context, blocked":       {4, func(cancel func(), _ *Receiver, _ *Sender) { cancel() }, context.Canceled},
		"sender's end, idle":     {0, func(_ func(), from *Receiver, _ *Sender) { from.Close() }, ErrClosed},
		"sender's end, blocked":  {4, func(_ func(), from *Receiver, _ *Sender) { from.Close() }, ErrClosed},
		"receiver's end":         {4, func(_ func(), _ *Receiver, to *Sender) { to.Close() }, ErrClosed},
		"sender's channel":       {0, func(_ func(), from *Receiver, _ *Sender) { from.desc.Remove() }, ErrRemoved},
		"receiver's channel":     {4, func(_ func(), _ *Receiver, to *Sender) { to.desc.Remove() }, ErrRemoved},
		"both channels, blocked": {4, func(_ func(), from *Receiver, to *Sender) { from.desc.Remove(); to.desc.Remove() }, ErrRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			s, between := channel(t, Config{SlotSize: 64})
			after, _ := channel(t, Config{SlotSize: 64, Capacity: 1})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := pumping(ctx, between, after)
			for range c.messages {
				if err := s.Send(t.Context(), []byte("more")); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(10 * time.Millisecond)
			c.how(cancel, between, after)
			if err := <-ended; !errors.Is(err, c.want) {
				t.Errorf("%v, not %v", err, c.want)
			}
		})
	}
}

func TestPumpWantsSlotsLargeEnough(t *testing.T) {
	_, between := channel(t, Config{SlotSize: 128})
	after, _ := channel(t, Config{SlotSize: 64})
	var config *ConfigError
	if err := Pump(t.Context(), between, after, quick); !errors.As(err, &config) {
		t.Error(err)
	}
	if err := Pump(t.Context(), between, after, Pace{}); err == nil {
		t.Error("a pace without a quantum")
	}
}
