package sipc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
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
