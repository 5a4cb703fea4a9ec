package sipc

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"
	"syscall"
	"time"

	"ipclab/sipc/internal/sysv"
)

// Sender is the end that writes. It is for one goroutine at a time, but for
// Close, which any goroutine may call at any time.
//
// A call that fails because of its context or a deadline can be repeated. The
// message of a cancelled Send may have been sent or not; of one in several
// chunks the receiver gets nothing, unless all had been sent.
type Sender struct {
	endpoint
	ticks *ticker // in paced mode

	sequence uint64 // of the next DATA
	dirty    bool   // BEGIN has to come first
	inside   bool   // of a message in chunks the last one is still to come
	owed     int    // strict mode: how many NOOPs have not been sent
	reserved uint64 // the sequence that the reserved slot was for

	sent, noticed uint64 // how many messages were sent; as signs of life saw it last
	idle          int    // how often they saw nothing new
}

// OpenSender attaches a channel for sending. It does not wait: that another
// sender begins is said with the first message, or the first sign of life.
// The header must be that of a channel, or it is a [*ProtocolError].
func OpenSender(ctx context.Context, d Descriptor, o ...Option) (*Sender, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, options := new(Sender), newOptions(o)
	if d.Segment == NoSegment {
		var err error
		if d, err = supplySegment(d, options.segment); err != nil {
			return nil, err
		}
	}
	s.op, s.call, s.try, s.busy = "msgsnd", sysv.Send, trySend, syscall.EAGAIN
	if err := s.open(d, 0, options); err != nil {
		return nil, err
	}
	if err := populate(s.segment); err != nil {
		s.segment.Detach()
		return nil, &Error{Op: "populate", Object: segmentName(d.Segment), Err: err}
	}
	s.startSession()
	if s.header.Mode == Paced {
		s.ticks = newTicker(Pace{Quantum: s.header.Quantum, Hold: s.header.Hold})
	}
	if s.header.Alive > 0 {
		s.tasks.Go(s.showLife)
	}
	return s, nil
}

// supplySegment makes the segment of a channel that has only a queue.
func supplySegment(d Descriptor, c *Config) (Descriptor, error) {
	if c == nil {
		return d, &ConfigError{"segment", "is missing: the channel was made for a sender that makes it"}
	}
	h, err := c.header()
	if err != nil {
		return d, err
	}
	number := func() (uint32, error) { return numberOfQueue(d.Queue) }
	if c.KeyPath != "" { // who may not look at the list of queues has this
		number = func() (uint32, error) { return numberOf(c.KeyPath) }
	}
	n, err := number()
	if err != nil {
		return d, err
	}
	d.Segment, err = makeSegment(*c, h, n)
	if errors.Is(err, syscall.EEXIST) { // a sender before this one made it
		d.Segment, err = findSegment(n)
	}
	return d, err
}

// startSession counts the sender in the header, and goes on where the last one
// stopped.
func (s *Sender) startSession() {
	sessions := word(s.segment.Bytes, atSessions)
	before := atomic.LoadUint64(sessions)
	if before > 0 {
		s.dirty, s.sequence = true, atomic.LoadUint64(word(s.segment.Bytes, atNext))
	}
	atomic.StoreUint64(sessions, before+1)
}

// Header is what the channel's header says.
func (s *Sender) Header() Header { return s.header }

// Descriptor names the channel, with the segment that the sender may have made.
func (s *Sender) Descriptor() Descriptor { return s.desc }

// Send sends p as one message, in as many chunks as it takes. In strict mode it
// returns when the data was read. What was reserved is given up.
func (s *Sender) Send(ctx context.Context, p []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.held = false
	if err := s.settle(ctx); err != nil {
		return err
	}
	flags, size := flagFirst, len(p)
	for {
		n := copy(s.slot(s.sequence)[:s.part(size)], p)
		if p = p[n:]; len(p) == 0 {
			return s.chunk(ctx, n, flags|flagLast)
		}
		if err := s.chunk(ctx, n, flags); err != nil {
			return err
		}
		if err := s.usable(ctx); err != nil {
			return err
		}
		flags = 0
	}
}

// smallPart is how large the chunks of a large message are when both ends seem to
// take turns on one processor: then the slots in use should fit its cache.
// When each end has a processor, fewer and larger chunks are faster.
const smallPart = 64 << 10

// part is how large the next chunk of a message of that size may be.
func (s *Sender) part(size int) int {
	if size > s.header.SlotSize && s.patience.vain() {
		return min(s.header.SlotSize, smallPart)
	}
	return s.header.SlotSize
}

// Reserve gives n bytes of the next slot, for the caller to fill and
// [Sender.Commit]. What was reserved before is given up. More than a slot is
// ErrTooLong.
func (s *Sender) Reserve(ctx context.Context, n int) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	s.held = false
	if n < 0 || n > s.header.SlotSize {
		return nil, ErrTooLong
	}
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	s.held, s.reserved = true, s.sequence
	return s.slot(s.sequence)[:n:n], nil
}

// Commit sends the first n bytes of what was reserved, as one message. After it
// the slice must not be used. If it is cancelled, the reservation stands, and
// Commit can be repeated.
func (s *Sender) Commit(ctx context.Context, n int) error {
	return s.commit(ctx, n, flagFirst|flagLast)
}

// commit is Commit, for a chunk with these flags.
func (s *Sender) commit(ctx context.Context, n int, flags Flags) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	switch {
	case !s.held:
		return ErrNotReserved
	case n < 0 || n > s.header.SlotSize:
		return ErrTooLong
	}
	var err error
	if s.sequence != s.reserved { // a Commit that was cancelled has sent it
		err = s.noops(ctx)
	} else {
		err = s.chunk(ctx, n, flags)
	}
	s.held = err != nil
	return err
}

// Finish says that nothing follows: the receiver gets io.EOF. It does not wait
// until everything was read. After it nothing can be sent.
func (s *Sender) Finish(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.held = false
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := s.put(ctx, Message{Type: End, Sequence: s.sequence}); err != nil {
		return err
	}
	s.fail(ErrFinished)
	return nil
}

// Close ends the use of the channel at once: a call that waits returns
// ErrClosed. It says nothing to the receiver; that is what Finish is for. The
// segment stays mapped for as long as a slice of Reserve is out, that is, until
// the next call on s, such as Commit, which then returns ErrClosed.
func (s *Sender) Close() error {
	s.close()
	return nil
}

// settle makes up for what a cancelled call or another sender left undone.
func (s *Sender) settle(ctx context.Context) error {
	if s.inside {
		s.dirty = true // has the receiver forget the chunks that it got
	}
	if s.dirty {
		return s.begin(ctx)
	}
	return s.noops(ctx)
}

// begin says that another sender begins, or the same one anew. The NOOPs push
// BEGIN out of the queue; with it, all that was there before has been read.
func (s *Sender) begin(ctx context.Context) error {
	s.dirty = true
	if err := s.put(ctx, Message{Type: Begin, Sequence: s.sequence}); err != nil {
		return err
	}
	for range s.header.Capacity {
		if err := s.put(ctx, Message{Type: Noop1}); err != nil {
			return err
		}
	}
	s.dirty, s.inside, s.owed = false, false, 0
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunk sends the n bytes that lie in the next slot.
func (s *Sender) chunk(ctx context.Context, n int, flags Flags) error {
	m := Message{Type: Data, Sequence: s.sequence, Length: uint32(n), Flags: flags}
	if s.header.Checksum {
		m.Checksum = crc32.Checksum(s.slot(s.sequence)[:n], castagnoli)
	}
	if s.trace != nil {
		s.event(Wrote, m)
	}
	atomic.StoreUint64(word(s.segment.Bytes, atNext), s.sequence+1)
	if err := s.put(ctx, m); err != nil {
		return err
	}
	s.sequence++
	s.inside = flags&flagLast == 0
	if s.header.Mode != Strict {
		return nil
	}
	s.owed = 2
	return s.noops(ctx)
}

// noops sends what is left of the two NOOPs that follow a DATA in strict mode.
func (s *Sender) noops(ctx context.Context) error {
	for s.owed > 0 {
		if err := s.put(ctx, s.nextNoop()); err != nil {
			return err
		}
		s.owed--
	}
	return nil
}

func (s *Sender) nextNoop() Message {
	m := Message{Type: Noop1, Sequence: s.sequence - 1}
	if s.owed == 1 {
		m.Type = Noop2
	}
	return m
}

// put sends one message, and waits while the queue is full.
func (s *Sender) put(ctx context.Context, m Message) error {
	m.encode(&s.message)
	var err error
	if s.ticks == nil {
		_, err = s.exchange(ctx, m)
	} else {
		err = s.putPaced(ctx, m)
	}
	if err != nil {
		return err
	}
	s.sent++
	if s.trace != nil {
		s.event(Sent, m)
	}
	return nil
}

func trySend(queue int, m *sysv.Message) (int, syscall.Errno) {
	return len(m.Body), sysv.TrySend(queue, m)
}

// putPaced tries at ticks only.
func (s *Sender) putPaced(ctx context.Context, m Message) error {
	for {
		if err := s.ticks.wait(ctx, s.quit); err != nil {
			return err
		}
		errno := sysv.TrySend(s.desc.Queue, &s.message)
		if errno != syscall.EAGAIN {
			return s.failure(errno)
		}
		if s.trace != nil {
			s.event(Blocked, m)
		}
	}
}

// showLife gives a sign of life when nothing was sent for as long as the header
// says. It looks twice in that time.
func (s *Sender) showLife() {
	look := time.NewTicker(s.header.Alive / 2)
	defer look.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-look.C:
			s.lookIdle()
		}
	}
}

// lookIdle gives the sign if nothing was sent since the last two looks. A call in progress
// is not idle.
func (s *Sender) lookIdle() {
	if !s.mu.TryLock() {
		return
	}
	defer s.leave()
	if s.sent != s.noticed {
		s.noticed, s.idle = s.sent, 0
		return
	}
	if s.idle++; s.idle < 2 || s.failed != nil || s.closed.Load() {
		return
	}
	s.idle = 0
	s.sign()
}

// sign sends what may come now, unless the queue is full: then there is
// something to take. In paced mode it waits for a tick, as everything does.
func (s *Sender) sign() {
	m := Message{Type: Alive, Sequence: s.sequence}
	switch {
	case s.dirty:
		m.Type = Begin
	case s.owed > 0:
		m = s.nextNoop()
	}
	if s.ticks != nil && s.ticks.wait(context.Background(), s.quit) != nil {
		return
	}
	m.encode(&s.message)
	if sysv.TrySend(s.desc.Queue, &s.message) != 0 {
		return
	}
	if m.Type == Noop1 || m.Type == Noop2 {
		s.owed--
	}
	if s.trace != nil {
		s.event(Sent, m)
	}
}

// numberOfQueue is the number of the channel with this queue, from its key.
func numberOfQueue(id int) (uint32, error) {
	queues, err := sysv.Queues()
	if err != nil {
		return 0, err
	}
	for _, q := range queues {
		if q.ID != id {
			continue
		}
		if k := uint32(q.Key); k>>24 == queueProject {
			return k & 0xffffff, nil
		}
		return 0, violation("key of the queue", uint64(uint32(q.Key)), fmt.Sprintf("of the form %#x", queueProject<<24))
	}
	return 0, &Error{Op: "look for", Object: queueName(id), Err: syscall.EIDRM}
}
