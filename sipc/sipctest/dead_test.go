package sipctest_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"ipclab/sipc"
)

// A receiver notices that its sender was killed, and goes on with another one.
func TestKilledSenderIsNoticed(t *testing.T) {
	for name, c := range modes() {
		t.Run(name, func(t *testing.T) {
			c.Alive = 20 * time.Millisecond
			d, r := receiverOf(t, c)
			part := role{Sends: true, Descriptor: d.String(), Seed: seed(t), MaxSize: 200, Journal: filepath.Join(t.TempDir(), "sender")}
			sender := start(t, part)
			script, buf := newScript(part.Seed, part.MaxSize), make([]byte, part.MaxSize)
			receiveSome(t, r, script, buf)
			sender.kill()
			within(t, in(func() error { return drain(t.Context(), r, script, buf) }), sipc.ErrSilent)
			part.Session, part.Count = 1, 50
			another := start(t, part)
			within(t, in(func() error { return drainPatiently(t.Context(), r, script, buf) }), io.EOF)
			another.finish(t, patience)
		})
	}
}

// receiverOf makes a channel with one of its ends.
func receiverOf(t *testing.T, c sipc.Config) (sipc.Descriptor, *sipc.Receiver) {
	t.Helper()
	d, err := sipc.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	r, err := sipc.OpenReceiver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return d, r
}

// receiveSome receives some messages. A sender that is still starting is silent:
// it waits on.
func receiveSome(t *testing.T, r *sipc.Receiver, script *script, buf []byte) {
	t.Helper()
	for n := 0; n < 20; {
		err := receiveOne(t.Context(), r, script, buf)
		if err == nil {
			n++
		} else if !errors.Is(err, sipc.ErrSilent) {
			t.Fatal(err)
		}
	}
}

// drain receives until that fails.
func drain(ctx context.Context, r *sipc.Receiver, script *script, buf []byte) error {
	for {
		if err := receiveOne(ctx, r, script, buf); err != nil {
			return err
		}
	}
}

// drainPatiently is drain, with a sender that is still starting.
func drainPatiently(ctx context.Context, r *sipc.Receiver, script *script, buf []byte) error {
	for {
		if err := drain(ctx, r, script, buf); !errors.Is(err, sipc.ErrSilent) {
			return err
		}
	}
}

func receiveOne(ctx context.Context, r *sipc.Receiver, script *script, buf []byte) error {
	n, err := r.Recv(ctx, buf)
	if err == nil {
		_, err = script.check(buf[:n])
	}
	return err
}

// A sender cannot tell a dead receiver from a slow one: it gives up at a
// deadline of its own, and another receiver gets what follows.
func TestKilledReceiver(t *testing.T) {
	for name, c := range modes() {
		t.Run(name, func(t *testing.T) {
			d, err := sipc.Create(c)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Remove()
			s, err := sipc.OpenSender(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			part := role{Descriptor: d.String(), MaxSize: idSize, Journal: filepath.Join(t.TempDir(), "receiver")}
			receiver := start(t, part)
			script, buf := newScript(part.Seed, part.MaxSize), make([]byte, idSize)
			if err := s.Send(t.Context(), script.message(id{}, buf)); err != nil {
				t.Fatal(err)
			}
			receiver.kill()
			soon, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			if err := sendForever(soon, s); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("nobody receives: %v", err)
			}
		})
	}
}
