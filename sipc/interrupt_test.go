package sipc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/sipc/internal/sysv"
)

// bound is how long a test waits for what should come at once.
const bound = 20 * time.Second

// finishes waits until what runs in a goroutine is over.
func finishes(t *testing.T, what string, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(bound):
		t.Fatalf("%s still waits", what)
		return nil
	}
}

// waiting waits until the end waits in the kernel.
func waiting(t *testing.T, e *endpoint) {
	t.Helper()
	for end := time.Now().Add(bound); e.tid.Load() == 0; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("no call waits")
		}
	}
}

// A stuck is a call that can wait for ever: a send into a full queue, or a
// receive from an empty one.
type stuck struct {
	name string
	end  func(t *testing.T, mode Mode) (*endpoint, func(context.Context) error)
}

func stuckCalls() []stuck {
	return []stuck{
		{"send", func(t *testing.T, mode Mode) (*endpoint, func(context.Context) error) {
			s := sender(t, makeChannel(t, Config{Mode: mode}))
			fill(t, s)
			return &s.endpoint, func(ctx context.Context) error { return s.Send(ctx, []byte("more")) }
		}},
		{"commit", func(t *testing.T, mode Mode) (*endpoint, func(context.Context) error) {
			s := sender(t, makeChannel(t, Config{Mode: mode}))
			if _, err := s.Reserve(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			fill(t, s)
			return &s.endpoint, func(ctx context.Context) error { return s.Commit(ctx, 10) }
		}},
		{"receive", func(t *testing.T, mode Mode) (*endpoint, func(context.Context) error) {
			_, r := channel(t, Config{Mode: mode})
			return &r.endpoint, func(ctx context.Context) error { _, err := r.Recv(ctx, nil); return err }
		}},
		{"borrow", func(t *testing.T, mode Mode) (*endpoint, func(context.Context) error) {
			_, r := channel(t, Config{Mode: mode})
			return &r.endpoint, func(ctx context.Context) error { _, err := r.Borrow(ctx); return err }
		}},
	}
}

// fill fills the queue behind the sender's back.
func fill(t *testing.T, s *Sender) {
	t.Helper()
	for range s.header.Capacity {
		if err := sysv.MsgSend(s.desc.Queue, int(Alive), make([]byte, MessageSize), sysv.NoWait); err != nil {
			t.Fatal(err)
		}
	}
}

// eachStuck runs the test for every call that can wait.
func eachStuck(t *testing.T, test func(t *testing.T, e *endpoint, call func(context.Context) error)) {
	for _, mode := range []Mode{Strict, Pipelined} {
		for _, s := range stuckCalls() {
			t.Run(fmt.Sprintf("%v %s", mode, s.name), func(t *testing.T) {
				e, call := s.end(t, mode)
				test(t, e, call)
			})
		}
	}
}

func TestCancelInterruptsAWaitingCall(t *testing.T) {
	eachStuck(t, func(t *testing.T, e *endpoint, call func(context.Context) error) {
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- call(ctx) }()
			waiting(t, e)
			cancel()
			if err := finishes(t, "the cancelled call", done); err != context.Canceled {
				t.Fatal(err)
			}
		}
	})
}

func TestDeadlineInterruptsAWaitingCall(t *testing.T) {
	eachStuck(t, func(t *testing.T, e *endpoint, call func(context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		if err := finishes(t, "the call", done); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
	})
}

// A context that was cancelled before says so, even if nothing would wait.
func TestCancelledContextDoesNothing(t *testing.T) {
	s, r := channel(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, reserve := s.Reserve(ctx, 1)
	_, receive := r.Recv(ctx, nil)
	_, borrow := r.Borrow(ctx)
	_, open := OpenSender(ctx, s.Descriptor())
	_, open2 := OpenReceiver(ctx, s.Descriptor())
	for i, err := range []error{s.Send(ctx, nil), reserve, s.Finish(ctx), receive, borrow, open, open2} {
		if err != context.Canceled {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if stat, err := sysv.MsgStat(s.desc.Queue); err != nil || stat.Num != 0 {
		t.Errorf("%d messages are in the queue, %v", stat.Num, err)
	}
}

// A context that is done stays without effect on calls with another one.
func TestOldContextDoesNotInterruptNewCalls(t *testing.T) {
	s, r := channel(t, Config{})
	old, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	receive := func(ctx context.Context) { _, err := r.Recv(ctx, nil); done <- err }
	go receive(old)
	waiting(t, &r.endpoint)
	if err := s.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := finishes(t, "Recv", done); err != nil {
		t.Fatal(err)
	}
	go receive(context.Background())
	waiting(t, &r.endpoint)
	cancel()
	select {
	case err := <-done:
		t.Fatalf("Recv came back: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if err := s.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := finishes(t, "Recv", done); err != nil {
		t.Fatal(err)
	}
}

func TestCloseInterruptsAWaitingCall(t *testing.T) {
	eachStuck(t, func(t *testing.T, e *endpoint, call func(context.Context) error) {
		done, closed := make(chan error, 1), make(chan error, 1)
		go func() { done <- call(t.Context()) }()
		waiting(t, e)
		for range 2 { // from several goroutines at once
			go func() { e.close(); closed <- nil }()
		}
		if err := finishes(t, "the call", done); err != ErrClosed {
			t.Fatal(err)
		}
		finishes(t, "Close", closed)
		finishes(t, "Close", closed)
		if err := call(t.Context()); err != ErrClosed {
			t.Errorf("after Close: %v", err)
		}
		if !e.detached {
			t.Error("the segment is still attached")
		}
	})
}

func TestRemovalEndsAWaitingCall(t *testing.T) {
	eachStuck(t, func(t *testing.T, e *endpoint, call func(context.Context) error) {
		done := make(chan error, 1)
		go func() { done <- call(t.Context()) }()
		waiting(t, e)
		if err := e.desc.Remove(); err != nil {
			t.Fatal(err)
		}
		if err := finishes(t, "the call", done); !errors.Is(err, ErrRemoved) {
			t.Errorf("%v is not ErrRemoved", err)
		}
		if err := call(t.Context()); !errors.Is(err, ErrRemoved) {
			t.Errorf("afterwards %v is not ErrRemoved", err)
		}
	})
}

// A signal that comes before the call sleeps is lost: it is sent again until the
// call is out.
func TestInterruptingGoesOnUntilTheCallIsOut(t *testing.T) {
	_, r := channel(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	first := true
	r.call = func(int, *sysv.Message) (int, syscall.Errno) {
		if first {
			first = false
			cancel()
			time.Sleep(20 * time.Millisecond) // the first signals come now
		}
		return sysv.Receive(r.desc.Queue, &r.message)
	}
	done := make(chan error, 1)
	go func() { _, err := r.Recv(ctx, nil); done <- err }()
	if err := finishes(t, "Recv", done); err != context.Canceled {
		t.Error(err)
	}
}

// Signals to the waiting thread do no harm.
func TestSignalsDoNotEndAWaitingCall(t *testing.T) {
	eachStuck(t, func(t *testing.T, e *endpoint, call func(context.Context) error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		for range 300 {
			waiting(t, e)
			unix.Tgkill(os.Getpid(), int(e.tid.Load()), unix.SIGURG)
		}
		select {
		case err := <-done:
			t.Fatalf("a signal ended the call: %v", err)
		default:
		}
		cancel()
		if err := finishes(t, "the call", done); err != context.Canceled {
			t.Fatal(err)
		}
	})
}

// Data arrives whole while both threads are signalled all the time.
func TestDataArrivesInAStormOfSignals(t *testing.T) {
	eachMode(t, func(t *testing.T, c Config) {
		s, r := channel(t, c)
		var calm atomic.Bool
		storm := make(chan error, 1)
		go func() {
			for !calm.Load() {
				s.kick()
				r.kick()
				time.Sleep(10 * time.Microsecond)
			}
			storm <- nil
		}()
		defer func() { calm.Store(true); <-storm }()
		const messages = 300
		done := make(chan error, 1)
		go func() { done <- sendMany(t.Context(), s, messages, 5000) }()
		receiveMany(t, r, messages, 5000)
		if err := finishes(t, "the sender", done); err != nil {
			t.Error(err)
		}
	})
}

func sendMany(ctx context.Context, s *Sender, messages, size int) error {
	for i := range messages {
		if err := s.Send(ctx, pattern(i, i*7%size)); err != nil {
			return err
		}
	}
	return nil
}

func receiveMany(t *testing.T, r *Receiver, messages, size int) {
	t.Helper()
	buf := make([]byte, size)
	for i := range messages {
		n, err := r.Recv(t.Context(), buf)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf[:n], pattern(i, i*7%size)) {
			t.Fatalf("message %d is not what was sent", i)
		}
	}
}

// Cancelling at any moment never loses or doubles a message of one chunk, if the
// sender commits again and the receiver receives again.
func TestCancelledCallsCanBeRepeated(t *testing.T) {
	eachMode(t, func(t *testing.T, c Config) {
		s, r := channel(t, c)
		const messages = 400
		done := make(chan error, 1)
		go func() {
			for i := range messages {
				if err := commitStubbornly(t.Context(), s, pattern(i, 100)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		buf := make([]byte, 100)
		for i := range messages {
			n, err := receiveStubbornly(t.Context(), r, buf)
			if err != nil || !bytes.Equal(buf[:n], pattern(i, 100)) {
				t.Fatalf("message %d: %d bytes, %v", i, n, err)
			}
		}
		if err := finishes(t, "the sender", done); err != nil {
			t.Error(err)
		}
	})
}

// moment is a time in which a call succeeds, waits, or does not even begin.
func moment() time.Duration { return rand.N(400 * time.Microsecond) }

func commitStubbornly(ctx context.Context, s *Sender, p []byte) error {
	slot, err := s.Reserve(ctx, len(p))
	if err != nil {
		return err
	}
	copy(slot, p)
	for {
		short, cancel := context.WithTimeout(ctx, moment())
		err := s.Commit(short, len(p))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}

func receiveStubbornly(ctx context.Context, r *Receiver, buf []byte) (int, error) {
	for {
		short, cancel := context.WithTimeout(ctx, moment())
		n, err := r.Recv(short, buf)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			return n, err
		}
	}
}

// When a message in chunks is broken off, the receiver gets the next one whole.
func TestBrokenOffMessageIsForgotten(t *testing.T) {
	for _, mode := range []Mode{Strict, Pipelined} {
		t.Run(mode.String(), func(t *testing.T) {
			s, r := channel(t, Config{Mode: mode, SlotSize: 64})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Send(ctx, make([]byte, 64*100)) }()
			waiting(t, &s.endpoint)
			cancel()
			if err := finishes(t, "Send", done); err != context.Canceled {
				t.Fatal(err)
			}
			go func() { done <- s.Send(t.Context(), []byte("whole")) }()
			buf := make([]byte, 10_000)
			if n, err := r.Recv(t.Context(), buf); err != nil || string(buf[:n]) != "whole" {
				t.Errorf("%d bytes, %v", n, err)
			}
			if err := finishes(t, "Send", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// A slice that the caller still has stays mapped after Close, until his next
// call.
func TestCloseLeavesSlicesMapped(t *testing.T) {
	s, r := channel(t, Config{})
	if err := sendInPlace(t.Context(), s, []byte("borrowed")); err != nil {
		t.Fatal(err)
	}
	slot, err := s.Reserve(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Borrow(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	r.Close()
	slot[99] = 1
	if string(c.Bytes) != "borrowed" {
		t.Errorf("%q", c.Bytes)
	}
	if s.detached || r.detached {
		t.Fatal("the segment is not attached any more")
	}
	if err := s.Commit(t.Context(), 100); err != ErrClosed {
		t.Error(err)
	}
	if err := r.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if !s.detached || !r.detached {
		t.Error("the segment is still attached")
	}
	if stat, err := sysv.ShmStat(s.desc.Segment); err != nil || stat.Attached != 0 {
		t.Errorf("%d attachments, %v", stat.Attached, err)
	}
}

func TestSilentSenderIsNoticed(t *testing.T) {
	const beat = 150 * time.Millisecond
	for _, mode := range []Mode{Strict, Pipelined, Paced} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			c := Config{Mode: mode, Alive: beat}
			if mode == Paced {
				c.Quantum = time.Millisecond
			}
			d := makeChannel(t, c)
			s, r := sender(t, d), receiver(t, d)
			done := make(chan error, 1)
			go func() { _, err := r.Recv(t.Context(), nil); done <- err }()
			select {
			case err := <-done:
				t.Fatalf("of an idle sender, the receiver says: %v", err)
			case <-time.After(5 * beat):
			}
			s.Close()
			if err := finishes(t, "Recv", done); err != ErrSilent {
				t.Fatal(err)
			}
			go func() { _, err := r.Recv(t.Context(), nil); done <- err }()
			if err := sender(t, d).Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := finishes(t, "Recv", done); err != nil {
				t.Errorf("another sender: %v", err)
			}
		})
	}
}

// A sender that is cancelled between DATA and its NOOPs keeps giving signs of
// life that are no violation.
func TestSignsOfLifeAfterACancelledSend(t *testing.T) {
	const beat = 50 * time.Millisecond
	for _, chunks := range []int{1, 5} {
		t.Run(fmt.Sprint(chunks, " chunks"), func(t *testing.T) {
			t.Parallel()
			s, r := channel(t, Config{Mode: Strict, Alive: beat, SlotSize: 64})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Send(ctx, make([]byte, 64*chunks)) }()
			waiting(t, &s.endpoint)
			cancel()
			if err := finishes(t, "Send", done); err != context.Canceled {
				t.Fatal(err)
			}
			go func() { time.Sleep(10 * beat); done <- s.Send(t.Context(), []byte("next")) }()
			buf := make([]byte, 1000)
			n, err := r.Recv(t.Context(), buf)
			if chunks == 1 && err == nil && n == 64 {
				n, err = r.Recv(t.Context(), buf)
			}
			if err != nil || string(buf[:n]) != "next" {
				t.Errorf("%q, %v", buf[:n], err)
			}
			if err := finishes(t, "Send", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// The first sign of life of another sender is BEGIN, for a sequence may be
// missing: the one before it died between counting a DATA and sending it.
func TestAnotherSendersFirstSignOfLife(t *testing.T) {
	const beat = 50 * time.Millisecond
	d := makeChannel(t, Config{Alive: beat})
	first, r := sender(t, d), receiver(t, d)
	if err := first.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Recv(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	atomic.AddUint64(word(first.segment.Bytes, atNext), 1)
	first.Close()
	signs := make(chan MessageType, 100)
	sender(t, d, WithTrace(func(e Event) {
		if e.Kind == Sent {
			signs <- e.Message.Type
		}
	}))
	done := make(chan error, 1)
	go func() { _, err := r.Recv(t.Context(), nil); done <- err }()
	for range 3 {
		if sign := <-signs; sign != Begin {
			t.Errorf("a sign of life is %v", sign)
		}
	}
	r.Close()
	if err := finishes(t, "Recv", done); err != ErrClosed {
		t.Error(err)
	}
}

// A message in many chunks can be interrupted even if no chunk waits.
func TestCancelBetweenChunks(t *testing.T) {
	d := makeChannel(t, Config{SlotSize: 64})
	ctx, cancel := context.WithCancel(t.Context())
	s := sender(t, d, WithTrace(func(e Event) {
		if e.Kind == Sent {
			cancel()
		}
	}))
	if err := s.Send(ctx, make([]byte, 64*6)); err != context.Canceled {
		t.Error(err)
	}
	if stat, err := sysv.MsgStat(d.Queue); err != nil || stat.Num != 1 {
		t.Errorf("%d messages were sent, %v", stat.Num, err)
	}
}

// Only errno EINTR is repeated.
func TestOtherErrorsAreTold(t *testing.T) {
	s, _ := channel(t, Config{})
	s.desc.Queue = -1
	err := s.Send(t.Context(), nil)
	var failed *Error
	if !errors.As(err, &failed) || failed.Op != "msgsnd" || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("%v", err)
	}
}

// Whatever a receiver does with the rights of one, the sender sends what it
// would have sent, and only ever waits.
func TestHostileReceiverCanOnlyBlock(t *testing.T) {
	d := makeChannel(t, Config{Capacity: 4, SlotSize: 64})
	s := sender(t, d)
	segment, err := sysv.Attach(d.Segment, sysv.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer segment.Detach()
	const messages = 500
	done := make(chan error, 1)
	go func() { done <- sendMany(t.Context(), s, messages, 64) }()
	body := make([]byte, MessageSize)
	seen := make(map[uint64]bool)
	for i := 0; len(seen) < messages; i++ {
		switch i % 4 {
		case 0: // looks at it and leaves it there
			sysv.MsgReceive(d.Queue, body, 0, sysv.Copy|sysv.NoWait)
			continue
		case 1: // wants another type, and cuts it off
			sysv.MsgReceive(d.Queue, body[:3], int(End), sysv.NoWait|sysv.NoError)
			continue
		}
		typ, n, err := sysv.MsgReceive(d.Queue, body, -int(Data), sysv.NoWait)
		if err != nil {
			continue
		}
		m, err := parseMessage(&sysv.Message{Type: typ, Body: [MessageSize]byte(body)}, n, false)
		if err != nil || m.Type != Data || seen[m.Sequence] || m.Sequence >= messages || int(m.Length) != int(m.Sequence)*7%64 {
			t.Fatalf("%+v, %v", m, err)
		}
		seen[m.Sequence] = true
	}
	if err := finishes(t, "the sender", done); err != nil {
		t.Error(err)
	}
}
