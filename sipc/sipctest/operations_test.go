package sipctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ipclab/sipc"
)

// Random operations at both ends, with random delays, deadlines that strike in
// the middle, and ends that are closed and opened again. What comes out is what
// the protocol promises.
func TestOperations(t *testing.T) {
	for _, mode := range []sipc.Mode{sipc.Strict, sipc.Pipelined, sipc.Paced} {
		t.Run(mode.String(), func(t *testing.T) { testOperations(t, mode, pick(20, 300), pick(200, 500)) })
	}
}

// The same while signals pour down on every thread: each system call that waits
// is broken off time and again.
func TestOperationsUnderSignals(t *testing.T) {
	for _, mode := range []sipc.Mode{sipc.Strict, sipc.Pipelined, sipc.Paced} {
		t.Run(mode.String(), func(t *testing.T) {
			storm := startStorm(t)
			testOperations(t, mode, pick(5, 100), pick(200, 500))
			storm.stop(t)
		})
	}
}

func testOperations(t *testing.T, mode sipc.Mode, rounds, operations int) {
	s := seed(t)
	if mode == sipc.Paced {
		rounds = (rounds + 2) / 3 // they take long, for nothing happens between ticks
	}
	for n := range rounds {
		random := newRandom(s, n)
		c := randomConfig(random)
		if c.Mode != mode {
			c.Mode, c.Quantum, c.Hold = mode, 0, 0
			if mode == sipc.Strict {
				c.Capacity = 1
			}
			if mode == sipc.Paced {
				c.Quantum = 100 * time.Microsecond
			}
		}
		h, err := operate(t, c, random, operations)
		if err == nil {
			err = h.check()
		}
		if err != nil {
			t.Fatalf("round %d of seed %d: %+v: %v", n, s, c, err)
		}
	}
}

// operate makes a channel and has both ends do random things.
func operate(t *testing.T, c sipc.Config, random *rand.Rand, operations int) (history, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d, err := sipc.Create(c)
	if err != nil {
		return history{}, err
	}
	defer d.Remove()
	script := newScript(random.Uint64(), max(64, random.IntN(4*c.SlotSize)))
	sender := &sendingEnd{end: newEnd(t, d, script, random.Uint64()), sent: []sent{{}}}
	receiver := &receivingEnd{end: newEnd(t, d, script, random.Uint64()), got: []got{{}}}

	var ends sync.WaitGroup
	var sendErr, receiveErr error
	ends.Go(func() {
		if sendErr = sender.run(ctx, operations); sendErr != nil {
			cancel()
		}
	})
	ends.Go(func() {
		if receiveErr = receiver.run(ctx); receiveErr != nil {
			cancel()
		}
	})
	ends.Wait()
	return history{sender.sent, receiver.got, true}, errors.Join(sendErr, receiveErr)
}

// An end is what both have in common.
type end struct {
	t       *testing.T
	channel sipc.Descriptor
	script  *script
	buf     []byte
	random  *rand.Rand
}

func newEnd(t *testing.T, d sipc.Descriptor, s *script, seed uint64) end {
	return end{t, d, s, make([]byte, s.MaxSize), newRandom(seed, 0)}
}

// hurry is a context that mostly ends too soon.
func (e *end) hurry(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(e.random.IntN(300))*time.Microsecond)
}

// dawdle waits a while, mostly none.
func (e *end) dawdle() {
	if e.random.IntN(10) == 0 {
		time.Sleep(time.Duration(e.random.IntN(1000)) * time.Microsecond)
	}
}

// A sendingEnd sends, and keeps what the model needs to know.
type sendingEnd struct {
	end
	s    *sipc.Sender
	sent []sent
}

func (e *sendingEnd) run(ctx context.Context, operations int) error {
	if err := e.open(ctx); err != nil {
		return err
	}
	defer func() { e.s.Close() }()
	for range operations {
		e.dawdle()
		if err := e.step(ctx); err != nil {
			return fmt.Errorf("sender: %w", err)
		}
	}
	if err := e.s.Finish(ctx); err != nil {
		return fmt.Errorf("sender: finish: %w", err)
	}
	return nil
}

func (e *sendingEnd) open(ctx context.Context) (err error) {
	if e.s, err = sipc.OpenSender(ctx, e.channel); err != nil {
		return fmt.Errorf("open sender: %w", err)
	}
	return nil
}

// step does one thing.
func (e *sendingEnd) step(ctx context.Context) error {
	switch e.random.IntN(20) {
	case 0:
		return e.restart(ctx)
	case 1, 2, 3:
		soon, cancel := e.hurry(ctx)
		defer cancel()
		return e.message(soon, e.s.Send)
	case 4, 5, 6, 7:
		return e.message(ctx, e.inPlace)
	default:
		return e.message(ctx, e.s.Send)
	}
}

// message sends the next message by one way or the other. If there was no time
// for it, it may arrive or not.
func (e *sendingEnd) message(ctx context.Context, send func(context.Context, []byte) error) error {
	now := &e.sent[len(e.sent)-1]
	i := id{uint32(len(e.sent) - 1), now.Started}
	m := e.script.message(i, e.buf)
	now.Started++
	err := send(ctx, m)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		now.Unsure = append(now.Unsure, i.Index)
		return nil
	}
	return err
}

// inPlace is Send with Reserve and Commit, where a slot is enough.
func (e *sendingEnd) inPlace(ctx context.Context, m []byte) error {
	if len(m) > e.s.Header().SlotSize {
		return e.s.Send(ctx, m)
	}
	slot, err := e.s.Reserve(ctx, len(m))
	if err != nil {
		return err
	}
	copy(slot, m)
	return e.s.Commit(ctx, len(m))
}

// restart is another sender.
func (e *sendingEnd) restart(ctx context.Context) error {
	if err := e.s.Close(); err != nil {
		return err
	}
	e.sent = append(e.sent, sent{})
	return e.open(ctx)
}

// A receivingEnd receives, and keeps what the model needs to know.
type receivingEnd struct {
	end
	r   *sipc.Receiver
	got []got
}

func (e *receivingEnd) run(ctx context.Context) error {
	if err := e.open(ctx); err != nil {
		return err
	}
	defer func() { e.r.Close() }()
	for {
		e.dawdle()
		err := e.step(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiver: %w", err)
		}
	}
}

func (e *receivingEnd) open(ctx context.Context) (err error) {
	if e.r, err = sipc.OpenReceiver(ctx, e.channel); err != nil {
		return fmt.Errorf("open receiver: %w", err)
	}
	return nil
}

// step does one thing.
func (e *receivingEnd) step(ctx context.Context) error {
	switch e.random.IntN(20) {
	case 0:
		return e.restart(ctx, false)
	case 1, 2, 3:
		soon, cancel := e.hurry(ctx)
		defer cancel()
		return e.message(soon, e.r.Recv)
	case 4, 5, 6, 7:
		return e.message(ctx, e.inPlace)
	case 8:
		if _, err := e.r.Borrow(ctx); err != nil {
			return err
		}
		return e.restart(ctx, true)
	default:
		return e.message(ctx, e.r.Recv)
	}
}

// message receives a message by one way or the other. If there was no time for
// it, that which was being received may be lost.
func (e *receivingEnd) message(ctx context.Context, receive func(context.Context, []byte) (int, error)) error {
	n, err := receive(ctx, e.buf)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		e.next(true)
		return nil
	}
	if err != nil {
		return err
	}
	i, err := e.script.check(e.buf[:n])
	now := &e.got[len(e.got)-1]
	now.IDs = append(now.IDs, i)
	return err
}

// inPlace is Recv with Borrow and Release.
func (e *receivingEnd) inPlace(ctx context.Context, buf []byte) (int, error) {
	n := 0
	for {
		c, err := e.r.Borrow(ctx)
		if err != nil {
			return 0, err
		}
		if c.First {
			n = 0
		}
		n += copy(buf[n:], c.Bytes)
		if c.Last {
			return n, e.r.Release(ctx)
		}
	}
}

// restart is another receiver. The one before may have lost a message.
func (e *receivingEnd) restart(ctx context.Context, lost bool) error {
	if err := e.r.Close(); err != nil {
		return err
	}
	e.next(lost)
	return e.open(ctx)
}

// next has the model know that here a message may be lost.
func (e *receivingEnd) next(lost bool) {
	e.got[len(e.got)-1].Died = lost
	e.got = append(e.got, got{})
}
