package sipc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
)

// makeChannel makes a channel that goes with the test.
func makeChannel(t testing.TB, c Config) Descriptor {
	t.Helper()
	d, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func sender(t testing.TB, d Descriptor, o ...Option) *Sender {
	t.Helper()
	s, err := OpenSender(t.Context(), d, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func receiver(t testing.TB, d Descriptor, o ...Option) *Receiver {
	t.Helper()
	r, err := OpenReceiver(t.Context(), d, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// eachMode runs the test on channels of every mode, with and without checksums.
func eachMode(t *testing.T, test func(t *testing.T, c Config)) {
	for mode := Strict; mode <= Paced; mode++ {
		for _, sum := range []bool{false, true} {
			name := mode.String()
			if sum {
				name += ", checksums"
			}
			c := Config{Mode: mode, SlotSize: 4096, Checksum: sum}
			if mode == Paced {
				c.Quantum, c.Hold = 1000, 0.1
			}
			if mode != Strict {
				c.Capacity = 3
			}
			t.Run(name, func(t *testing.T) { test(t, c) })
		}
	}
}

// pattern is n bytes that depend on the seed.
func pattern(seed, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(seed*31 + i + i>>8)
	}
	return p
}

func TestMessagesOfAllSizesArrive(t *testing.T) {
	sizes := []int{0, 1, 63, 64, 4095, 4096, 4097, 8192, 100_000, 0, 7}
	eachMode(t, func(t *testing.T, c Config) {
		s, r := channel(t, c)
		sent := make(chan error, 1)
		go func() {
			for i, n := range sizes {
				if err := s.Send(t.Context(), pattern(i, n)); err != nil {
					sent <- err
					return
				}
			}
			sent <- s.Finish(t.Context())
		}()
		buf := make([]byte, 100_000)
		for i, want := range sizes {
			n, err := r.Recv(t.Context(), buf)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(buf[:n], pattern(i, want)) {
				t.Fatalf("message %d: %d bytes came that are not the %d that were sent", i, n, want)
			}
		}
		for range 2 {
			if _, err := r.Recv(t.Context(), buf); err != io.EOF {
				t.Errorf("after the last message: %v, not io.EOF", err)
			}
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		if err := s.Send(context.Background(), nil); !errors.Is(err, ErrFinished) {
			t.Errorf("sending after Finish: %v", err)
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	eachMode(t, func(t *testing.T, c Config) {
		s, r := channel(t, c)
		payload, buf := pattern(1, 10_000), make([]byte, 10_000) // three chunks, which the queue holds
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		send := func() {
			if err := s.Send(ctx, payload); err != nil {
				t.Error(err)
			}
			slot, err := s.Reserve(ctx, 100)
			if err != nil {
				t.Error(err)
			}
			slot[0] = 1
			if err := s.Commit(ctx, 100); err != nil {
				t.Error(err)
			}
		}
		receive := func() {
			if _, err := r.Recv(ctx, buf); err != nil {
				t.Error(err)
			}
			if _, err := r.Borrow(ctx); err != nil {
				t.Error(err)
			}
			if err := r.Release(ctx); err != nil {
				t.Error(err)
			}
		}
		const rounds = 200
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range rounds + 2 { // AllocsPerRun has a round more, and so has this test
				send()
			}
		}()
		receive()
		if n := testing.AllocsPerRun(rounds, receive); n != 0 {
			t.Errorf("%v allocations in two messages, at both ends", n)
		}
		<-done
	})
}

// An end tells of its steps in the order of the protocol.
func TestTrace(t *testing.T) {
	d := makeChannel(t, Config{Mode: Strict})
	var sent, received []string
	note := func(list *[]string) Option {
		return WithTrace(func(e Event) {
			if e.Kind != Blocked {
				*list = append(*list, fmt.Sprintf("%v %v %d in slot %d", e.Kind, e.Message.Type, e.Message.Length, e.Slot))
			}
		})
	}
	s, r := sender(t, d, note(&sent)), receiver(t, d, note(&received))
	done := make(chan error, 1)
	go func() {
		if err := s.Send(t.Context(), []byte("abc")); err != nil {
			done <- err
			return
		}
		done <- s.Finish(t.Context())
	}()
	if _, err := r.Borrow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Borrow(t.Context()); err != io.EOF {
		t.Fatal(err)
	}
	if err := finishes(t, "the sender", done); err != nil {
		t.Fatal(err)
	}
	for _, trace := range []struct{ got, want []string }{
		{sent, []string{"wrote DATA 3 in slot 0", "sent DATA 3 in slot 0", "sent NOOP-1 0 in slot -1", "sent NOOP-2 0 in slot -1", "sent END 0 in slot -1"}},
		{received, []string{"took DATA 3 in slot 0", "read DATA 3 in slot 0", "took NOOP-1 0 in slot -1", "took NOOP-2 0 in slot -1", "took END 0 in slot -1"}},
	} {
		if !slices.Equal(trace.got, trace.want) {
			t.Errorf("%q, not %q", trace.got, trace.want)
		}
	}
}

// In strict mode Send does not return before the data was read.
func TestStrictSendReturnsWhenTheDataWasRead(t *testing.T) {
	s, r := channel(t, Config{Mode: Strict})
	done := make(chan error, 1)
	go func() { done <- s.Send(t.Context(), []byte("read me")) }()
	c, err := r.Borrow(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("Send returned while the slot is borrowed: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if string(c.Bytes) != "read me" {
		t.Errorf("%q", c.Bytes)
	}
	if err := r.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := finishes(t, "Send", done); err != nil {
		t.Error(err)
	}
}

// In pipelined mode the sender is ahead by what the queue holds, and not more.
func TestPipelinedSenderIsAheadByTheCapacity(t *testing.T) {
	s, r := channel(t, Config{Capacity: 3, SlotSize: 64})
	for i := range 3 {
		if err := s.Send(t.Context(), pattern(i, 64)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- s.Send(t.Context(), pattern(3, 64)) }()
	waiting(t, &s.endpoint)
	first, err := r.Borrow(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := finishes(t, "the fourth Send", done); err != nil {
		t.Fatal(err)
	}
	go func() { done <- s.Send(t.Context(), pattern(4, 64)) }() // into the fifth slot
	waiting(t, &s.endpoint)
	if !bytes.Equal(first.Bytes, pattern(0, 64)) {
		t.Error("what is borrowed was overwritten")
	}
	for i := 1; i <= 4; i++ {
		c, err := r.Borrow(t.Context())
		if err != nil || !bytes.Equal(c.Bytes, pattern(i, 64)) {
			t.Fatalf("message %d: % x, %v", i, c.Bytes, err)
		}
	}
	if err := finishes(t, "the fifth Send", done); err != nil {
		t.Error(err)
	}
}

// Sender after sender goes on where the last one stopped, whatever it left.
func TestSendersFollowEachOther(t *testing.T) {
	eachMode(t, func(t *testing.T, c Config) {
		d := makeChannel(t, c)
		r := receiver(t, d)
		const senders = 6
		done := make(chan error, 1)
		go func() {
			for i := range senders {
				if err := sendAndVanish(t, d, i, i < senders-1); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		buf := make([]byte, 5000)
		for i := range senders {
			n, err := r.Recv(t.Context(), buf)
			if err != nil || !bytes.Equal(buf[:n], pattern(i, 5000)) {
				t.Fatalf("message %d: %d bytes, %v", i, n, err)
			}
		}
		if err := finishes(t, "the last sender", done); err != nil {
			t.Error(err)
		}
	})
}

// sendAndVanish sends one message of two chunks, and perhaps the first chunk of
// another.
func sendAndVanish(t *testing.T, d Descriptor, i int, more bool) error {
	s, err := OpenSender(t.Context(), d)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Send(t.Context(), pattern(i, 5000)); err != nil || !more {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chunk(t.Context(), s.header.SlotSize, flagFirst)
}

func TestBufferTooSmall(t *testing.T) {
	eachMode(t, func(t *testing.T, c Config) {
		s, r := channel(t, c)
		done := make(chan error, 1)
		go func() {
			for i, n := range []int{10_000, 5, 100} {
				if err := s.Send(t.Context(), pattern(i, n)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for i, want := range []int{4500, 0, 100} {
			buf := make([]byte, want)
			n, err := r.Recv(t.Context(), buf)
			short := i < 2
			if n != want || (err == io.ErrShortBuffer) != short || err != nil && !short || !bytes.Equal(buf, pattern(i, want)) {
				t.Errorf("message %d: %d bytes, %v", i, n, err)
			}
		}
		if err := finishes(t, "the sender", done); err != nil {
			t.Error(err)
		}
	})
}

func TestReserveAndCommitAreAPair(t *testing.T) {
	s, r := channel(t, Config{SlotSize: 128})
	if err := s.Commit(t.Context(), 1); err != ErrNotReserved {
		t.Errorf("Commit without Reserve: %v", err)
	}
	for _, n := range []int{-1, 129, 1 << 40} {
		if _, err := s.Reserve(t.Context(), n); err != ErrTooLong {
			t.Errorf("Reserve %d: %v", n, err)
		}
	}
	slot, err := s.Reserve(t.Context(), 100)
	if err != nil || len(slot) != 100 || cap(slot) != 100 {
		t.Fatalf("%d, %v", len(slot), err)
	}
	if err := s.Commit(t.Context(), 129); err != ErrTooLong {
		t.Errorf("Commit of too much: %v", err)
	}
	copy(slot, "given up")
	if err := s.Send(t.Context(), []byte("sent instead")); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), 8); err != ErrNotReserved {
		t.Errorf("Commit after Send: %v", err)
	}
	if c, err := r.Borrow(t.Context()); err != nil || string(c.Bytes) != "sent instead" || !c.First || !c.Last || c.Packed {
		t.Errorf("%+v, %v", c, err)
	}
}

// Recv does not take up a message that Borrow began.
func TestRecvAfterBorrowTakesTheNextMessage(t *testing.T) {
	s, r := channel(t, Config{SlotSize: 64})
	for i := range 2 {
		if err := s.Send(t.Context(), pattern(i, 150)); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := r.Borrow(t.Context()); err != nil || !c.First || c.Last {
		t.Fatalf("%+v, %v", c, err)
	}
	buf := make([]byte, 150)
	if n, err := r.Recv(t.Context(), buf); err != nil || !bytes.Equal(buf[:n], pattern(1, 150)) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
