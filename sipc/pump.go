package sipc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"ipclab/sipc/internal/sysv"
)

// Pump carries what comes from one channel over into another one, until its
// sender has finished; then it says so to the receiver, and returns nil. It is
// the trusted process between two ends that nobody trusts, and bounds what the
// receiver can tell the sender by blocking it (Kang and Moskowitz, "A Pump for Rapid,
// Reliable, Secure Communication", 1993).
//
// Paced mode does not bound that where the sender is hostile: its ticks are
// kept by the sender's own library, and who has a program of his own does without it.
// It calls msgsnd whenever it likes, and sees to the microsecond when the
// receiver takes something. The pump takes that out of its hands. It alone takes
// from the sender's queue: at ticks of the pace, one message each, unless
// the tick is one of those that pass unused, and only if what it took before has
// gone into the receiver's queue. So of the receiver, a tick tells the sender at most one
// bit: whether something was taken or not. docs/sipc-leaks.md counts these bits.
//
// Chunks pass as they are, packed ones as well. The slots of to must be as large as
// those of from, and to should be a pipelined channel: one in paced mode
// would wait for ticks a second time. Where from is strict, a chunk takes three ticks.
// Both ends belong to the pump until it returns.
//
// When the sender dies and from has signs of life, Pump returns ErrSilent, and can be
// called again. If it returns any error, the chunk that it had taken last may be lost,
// and of a message in several chunks all of it.
func Pump(ctx context.Context, from *Receiver, to *Sender, pace Pace) error {
	if err := pace.check(); err != nil {
		return err
	}
	if most := to.header.SlotSize; from.header.SlotSize > most {
		return &ConfigError{"slot size", fmt.Sprintf("of the sender's channel is %d: that of the receiver's is only %d", from.header.SlotSize, most)}
	}
	return newPump(from, to, pace).run(ctx)
}

// pump is a Pump at work. One goroutine takes, at ticks. Another one passes on
// what was taken, for it may be blocked for as long as the receiver likes.
type pump struct {
	from   *Receiver
	to     *Sender
	ticks  *ticker
	heard  time.Time  // when something came last, or was left where it is
	taken  chan Chunk // to be passed on
	busy   bool       // a chunk is being passed on
	passed chan error // how that went
}

func newPump(from *Receiver, to *Sender, pace Pace) *pump {
	return &pump{from: from, to: to, ticks: newTicker(pace), taken: make(chan Chunk), passed: make(chan error, 1)}
}

// run has both goroutines work until there is nothing more to do.
func (p *pump) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var passer sync.WaitGroup
	passer.Go(func() { p.pass(ctx) })
	defer passer.Wait()
	defer close(p.taken)
	defer cancel()
	err := p.take(ctx)
	if !errors.Is(err, io.EOF) {
		return err
	}
	return p.to.Finish(ctx)
}

// pass passes on what is taken.
func (p *pump) pass(ctx context.Context) {
	for c := range p.taken {
		p.passed <- p.to.relay(ctx, c)
	}
}

// take takes at ticks. At the end it returns io.EOF.
func (p *pump) take(ctx context.Context) error {
	p.from.skipRest()
	p.heard = time.Now()
	for {
		if err := p.ticks.wait(ctx, p.from.quit); err != nil {
			return err
		}
		if err := p.tick(ctx); err != nil {
			return err
		}
	}
}

// tick takes at most one message, and only if the one before is on its way.
func (p *pump) tick(ctx context.Context) error {
	if ready, err := p.ready(); !ready {
		p.heard = time.Now() // nothing can be heard that is not taken
		return err
	}
	c, what, err := p.from.glance(ctx)
	switch {
	case err != nil:
		return err
	case what == nothing && p.silent():
		return ErrSilent
	case what == nothing:
		return nil
	case what == chunk:
		p.taken <- c
		p.busy = true
	}
	p.heard = time.Now()
	return nil
}

// ready tells whether what was taken last has gone into the receiver's queue.
func (p *pump) ready() (bool, error) {
	if !p.busy {
		return true, nil
	}
	select {
	case err := <-p.passed:
		p.busy = false
		return err == nil, err
	default:
		return false, nil
	}
}

// silent tells whether the sender has had nothing to say for too long.
func (p *pump) silent() bool {
	alive := p.from.header.Alive
	return alive > 0 && time.Since(p.heard) > silence*alive
}

// skipRest drops what is still to come of a message that has begun.
func (r *Receiver) skipRest() {
	r.mu.Lock()
	defer r.leave()
	r.lost = r.tracker.inside
}

// nothing is the verdict on a message that is not there.
const nothing verdict = -1

// glance takes one message, if there is one, and says what it means. It copies a
// chunk at once: the sender shares the slot's memory, and from its caches may see when
// it is read. At the end it returns io.EOF.
func (r *Receiver) glance(ctx context.Context) (Chunk, verdict, error) {
	if err := r.enter(ctx); err != nil {
		return Chunk{}, nothing, err
	}
	defer r.leave()
	r.returned()
	size, errno := sysv.TryReceive(r.desc.Queue, &r.message)
	if errno == syscall.ENOMSG {
		return Chunk{}, nothing, nil
	}
	if err := r.failure(errno); err != nil {
		return Chunk{}, nothing, err
	}
	m, v, err := r.judge(size)
	switch {
	case err != nil:
		return Chunk{}, v, err
	case v == end:
		return Chunk{}, v, r.fail(io.EOF)
	case v != chunk || r.lost && !m.Flags.First():
		return Chunk{}, ignore, nil
	}
	r.lost = false
	c, err := r.copied(m)
	return c, v, err
}

// relay sends a chunk that another sender has cut off its message.
func (s *Sender) relay(ctx context.Context, c Chunk) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.held = false
	prepare := s.noops
	if c.First {
		prepare = s.settle
	}
	if err := prepare(ctx); err != nil {
		return err
	}
	return s.chunk(ctx, copy(s.slot(s.sequence), c.Bytes), c.flags())
}

// flags are those of the message that told of the chunk.
func (c Chunk) flags() Flags {
	var f Flags
	if c.First {
		f |= flagFirst
	}
	if c.Last {
		f |= flagLast
	}
	if c.Packed {
		f |= flagPacked
	}
	return f
}
