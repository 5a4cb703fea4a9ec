package sipctest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// modes are channels of every mode.
func modes() map[string]sipc.Config {
	return map[string]sipc.Config{
		"strict":    {Mode: sipc.Strict, SlotSize: 64},
		"pipelined": {Mode: sipc.Pipelined, Capacity: 2, SlotSize: 64},
		"paced":     {Mode: sipc.Paced, Capacity: 2, SlotSize: 64, Quantum: time.Millisecond},
	}
}

// ends makes a channel with both its ends, for the time of a test.
func ends(t *testing.T, c sipc.Config) (sipc.Descriptor, *sipc.Sender, *sipc.Receiver) {
	t.Helper()
	d, err := sipc.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	s, err := sipc.OpenSender(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := sipc.OpenReceiver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return d, s, r
}

// sendForever sends until that fails, and says why it did.
func sendForever(ctx context.Context, s *sipc.Sender) error {
	for {
		if err := s.Send(ctx, []byte("more")); err != nil {
			return err
		}
	}
}

func receiveForever(ctx context.Context, r *sipc.Receiver) error {
	for {
		if _, err := r.Recv(ctx, make([]byte, 64)); err != nil {
			return err
		}
	}
}

// within wants that an end stops with this error, and at all.
func within(t *testing.T, stopped chan error, want error) {
	t.Helper()
	select {
	case err := <-stopped:
		if !errors.Is(err, want) {
			t.Errorf("%v, not %v", err, want)
		}
	case <-time.After(patience):
		t.Fatalf("it hangs, where it should say: %v", want)
	}
}

func in(background func() error) chan error {
	stopped := make(chan error, 1)
	go func() { stopped <- background() }()
	return stopped
}

// A removed queue ends what waits for it, and what comes later.
func TestQueueRemovedUnderneath(t *testing.T) {
	for name, c := range modes() {
		t.Run(name+"/sender waits", func(t *testing.T) {
			d, s, _ := ends(t, c)
			stopped := in(func() error { return sendForever(t.Context(), s) })
			removeQueue(t, d)
			within(t, stopped, sipc.ErrRemoved)
			within(t, in(func() error { return s.Finish(t.Context()) }), sipc.ErrRemoved)
		})
		t.Run(name+"/receiver waits", func(t *testing.T) {
			d, _, r := ends(t, c)
			stopped := in(func() error { return receiveForever(t.Context(), r) })
			removeQueue(t, d)
			within(t, stopped, sipc.ErrRemoved)
			within(t, in(func() error { return receiveForever(t.Context(), r) }), sipc.ErrRemoved)
		})
		t.Run(name+"/both at work", func(t *testing.T) {
			d, s, r := ends(t, c)
			sends := in(func() error { return sendForever(t.Context(), s) })
			receives := in(func() error { return receiveForever(t.Context(), r) })
			removeQueue(t, d)
			within(t, sends, sipc.ErrRemoved)
			within(t, receives, sipc.ErrRemoved)
		})
	}
}

// removeQueue removes the queue after a while, in which the ends get to where
// they wait.
func removeQueue(t *testing.T, d sipc.Descriptor) {
	time.Sleep(20 * time.Millisecond)
	if err := sysv.MsgRemove(d.Queue); err != nil {
		t.Fatal(err)
	}
}

// A removed segment stays for those who have it. Nobody else gets it.
func TestSegmentRemovedUnderneath(t *testing.T) {
	for name, c := range modes() {
		t.Run(name, func(t *testing.T) {
			d, s, r := ends(t, c)
			if err := sysv.ShmRemove(d.Segment); err != nil {
				t.Fatal(err)
			}
			sent := in(func() error { return s.Send(t.Context(), []byte("still here")) })
			buf := make([]byte, 64)
			if n, err := r.Recv(t.Context(), buf); err != nil || string(buf[:n]) != "still here" {
				t.Errorf("%q, %v", buf[:n], err)
			}
			within(t, sent, nil)
			s.Close()
			r.Close()
			if _, err := sipc.OpenSender(t.Context(), d); !errors.Is(err, sipc.ErrRemoved) {
				t.Errorf("another sender: %v", err)
			}
			if _, err := sipc.OpenReceiver(t.Context(), d); !errors.Is(err, sipc.ErrRemoved) {
				t.Errorf("another receiver: %v", err)
			}
		})
	}
}

// Close and the end of a context interrupt what waits.
func TestInterruptedWhileWaiting(t *testing.T) {
	for name, c := range modes() {
		t.Run(name, func(t *testing.T) {
			_, s, _ := ends(t, c)
			ctx, cancel := context.WithCancel(t.Context())
			stopped := in(func() error { return sendForever(ctx, s) })
			time.Sleep(5 * time.Millisecond)
			cancel()
			within(t, stopped, context.Canceled)
			stopped = in(func() error { return sendForever(t.Context(), s) })
			time.Sleep(5 * time.Millisecond)
			s.Close()
			within(t, stopped, sipc.ErrClosed)

			_, _, r := ends(t, c)
			ctx, cancel = context.WithTimeout(t.Context(), 5*time.Millisecond)
			defer cancel()
			within(t, in(func() error { return receiveForever(ctx, r) }), context.DeadlineExceeded)
			stopped = in(func() error { return receiveForever(t.Context(), r) })
			time.Sleep(5 * time.Millisecond)
			r.Close()
			within(t, stopped, sipc.ErrClosed)
		})
	}
}
