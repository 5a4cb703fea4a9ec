package sipc

import (
	"context"
	"hash/crc32"
	"io"
	"syscall"
	"time"

	"ipclab/sipc/internal/sysv"
)

// Receiver is the end that reads. It is for one goroutine at a time, but for
// Close, which any goroutine may call at any time.
//
// A call that fails because of its context can be repeated. Nothing is lost but
// a message in several chunks of which some had been taken.
type Receiver struct {
	endpoint
	tracker tracker
	private []byte  // a chunk, on a channel with checksums: as large as they come, whatever a slot may hold
	lost    bool    // the rest of a message is of no use: some of it is gone
	lent    Message // the DATA of the slot that is borrowed
}

// Chunk is what a receiver borrows: a message, or a part of a large one.
//
// A message of several chunks whose last one does not come was given up by its
// sender: the next chunk has First again, and what there is of the message before is
// to be thrown away.
type Chunk struct {
	Bytes               []byte
	First, Last, Packed bool
}

// OpenReceiver attaches a channel for receiving. The header must be that of a
// channel, or it is a [*ProtocolError]. If the descriptor has no segment, the
// sender must have made it by now; it is found through /proc/sysvipc/msg. (With a
// key path, [Find] needs no such list.)
func OpenReceiver(ctx context.Context, d Descriptor, o ...Option) (*Receiver, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := new(Receiver)
	if d.Segment == NoSegment {
		n, err := numberOfQueue(d.Queue)
		if err != nil {
			return nil, err
		}
		if d.Segment, err = findSegment(n); err != nil {
			return nil, err
		}
	}
	r.op, r.call, r.try, r.busy = "msgrcv", sysv.Receive, sysv.TryReceive, syscall.ENOMSG
	if err := r.open(d, sysv.ReadOnly, newOptions(o)); err != nil {
		return nil, err
	}
	r.tracker = tracker{strict: r.header.Mode == Strict, slotSize: uint64(r.header.SlotSize)}
	if r.header.Alive > 0 {
		r.tasks.Go(r.noticeSilence)
	}
	return r, nil
}

// Header is what the channel's header says.
func (r *Receiver) Header() Header { return r.header }

// Recv copies the next message into buf and returns its length. After the
// sender's Finish it returns io.EOF, and does so from then on. If buf is too
// small, it is filled, the rest of the message is dropped, and the error is
// io.ErrShortBuffer. A message of packed records is dropped: ErrPacked.
//
// In strict mode it returns when the sender may go on. If anything goes wrong
// after the message was read, the next call says so.
func (r *Receiver) Recv(ctx context.Context, buf []byte) (int, error) {
	if err := r.enter(ctx); err != nil {
		return 0, err
	}
	defer r.leave()
	r.returned()
	r.lost = r.tracker.inside
	n, err := r.whole(ctx, buf)
	r.lost = r.tracker.inside
	return n, err
}

// whole copies the chunks of one message.
func (r *Receiver) whole(ctx context.Context, buf []byte) (int, error) {
	n, total := 0, 0
	for {
		m, err := r.next(ctx)
		if err != nil {
			return 0, err
		}
		if m.Flags.First() {
			n, total = 0, 0
		}
		if n, err = r.append(buf, n, m); err != nil {
			return 0, err
		}
		total += int(m.Length)
		if m.Flags.Last() {
			r.settle(ctx) // what that finds is the next call's business
			return n, verdictOf(m, n, total)
		}
	}
}

// verdictOf is what Recv says of a message of which n of total bytes were copied.
func verdictOf(m Message, n, total int) error {
	switch {
	case m.Flags.Packed():
		return ErrPacked
	case n < total:
		return io.ErrShortBuffer
	}
	return nil
}

// append copies a chunk into buf from n on, as much as has room, and returns where
// it ends.
func (r *Receiver) append(buf []byte, n int, m Message) (int, error) {
	room := buf[n:]
	if m.Flags.Packed() {
		room = nil
	}
	source := r.slot(m.Sequence)[:m.Length]
	if r.header.Checksum && len(room) < len(source) {
		var err error
		if source, err = r.checked(m); err != nil {
			return n, err
		}
		return n + copy(room, source), nil
	}
	copied := copy(room, source)
	if r.trace != nil {
		r.event(Read, m)
	}
	if r.header.Checksum {
		if err := r.verify(room[:copied], m); err != nil {
			return n, err
		}
	}
	return n + copied, nil
}

// checked is a chunk in private memory, with the checksum verified there, if there
// is one.
func (r *Receiver) checked(m Message) ([]byte, error) {
	r.private = append(r.private[:0], r.slot(m.Sequence)[:m.Length]...)
	p := r.private[:m.Length:m.Length]
	if r.trace != nil {
		r.event(Read, m)
	}
	if !r.header.Checksum {
		return p, nil
	}
	return p, r.verify(p, m)
}

func (r *Receiver) verify(p []byte, m Message) error {
	if sum := crc32.Checksum(p, castagnoli); sum != m.Checksum {
		return r.fail(violation(FieldChecksum, uint64(m.Checksum), "that of the data"))
	}
	return nil
}

// Borrow gives the next chunk where it lies, until [Receiver.Release] or the
// next call. The sender can rewrite it meanwhile, if it is hostile; on a channel
// with checksums it is a private copy. After the sender's Finish it returns io.EOF.
func (r *Receiver) Borrow(ctx context.Context) (Chunk, error) {
	if err := r.enter(ctx); err != nil {
		return Chunk{}, err
	}
	defer r.leave()
	r.returned()
	m, err := r.next(ctx)
	if err != nil {
		return Chunk{}, err
	}
	return r.lend(m)
}

// lend gives a chunk to the caller.
func (r *Receiver) lend(m Message) (Chunk, error) {
	if r.header.Checksum {
		return r.copied(m)
	}
	r.held, r.lent = true, m
	return chunkOf(m, r.slot(m.Sequence)[:m.Length:m.Length]), nil
}

// copied is a chunk in private memory, until the next one.
func (r *Receiver) copied(m Message) (Chunk, error) {
	p, err := r.checked(m)
	if err != nil {
		return Chunk{}, err
	}
	return chunkOf(m, p), nil
}

func chunkOf(m Message, p []byte) Chunk {
	return Chunk{Bytes: p, First: m.Flags.First(), Last: m.Flags.Last(), Packed: m.Flags.Packed()}
}

// Release ends the use of what was borrowed. In strict mode it takes the two
// NOOPs, with which the sender goes on. Where nothing is borrowed it does nothing.
func (r *Receiver) Release(ctx context.Context) error {
	r.mu.Lock()
	defer r.leave()
	r.returned()
	if r.tracker.owed == 0 {
		return nil
	}
	if err := r.usable(ctx); err != nil {
		return err
	}
	return r.settle(ctx)
}

// returned notes that the caller does not use what he borrowed any more.
func (r *Receiver) returned() {
	if r.held && r.trace != nil {
		r.event(Read, r.lent)
	}
	r.held = false
}

// Close ends the use of the channel at once: a call that waits returns
// ErrClosed. The segment stays mapped for as long as a chunk is borrowed, that is,
// until Release or the next call on r.
func (r *Receiver) Close() error {
	r.close()
	return nil
}

// settle takes what is left of the two NOOPs that follow a DATA in strict mode.
func (r *Receiver) settle(ctx context.Context) error {
	for r.tracker.owed > 0 {
		if _, _, err := r.take(ctx); err != nil {
			return err
		}
	}
	return nil
}

// next takes messages until there is a chunk that is of use. A sender that
// floods the queue with others does not keep it from being interrupted.
func (r *Receiver) next(ctx context.Context) (Message, error) {
	for {
		if err := r.usable(ctx); err != nil {
			return Message{}, err
		}
		m, v, err := r.take(ctx)
		switch {
		case err != nil:
			return m, err
		case v == end:
			return m, r.fail(io.EOF)
		case v == chunk && (m.Flags.First() || !r.lost):
			r.lost = false
			return m, nil
		}
	}
}

// take takes one message, waiting until there is one, and judges it.
func (r *Receiver) take(ctx context.Context) (Message, verdict, error) {
	size, err := r.exchange(ctx, Message{})
	if err != nil {
		return Message{}, ignore, err
	}
	return r.judge(size)
}

// judge parses and checks what was taken.
func (r *Receiver) judge(size int) (Message, verdict, error) {
	m, err := parseMessage(&r.message, size, r.header.Checksum)
	if err != nil {
		return m, ignore, r.fail(err)
	}
	if r.trace != nil {
		r.event(Took, m)
	}
	v, err := r.tracker.accept(m)
	if err != nil {
		return m, v, r.fail(err)
	}
	return m, v, nil
}

// silence is how many times the sender's interval makes it silent.
const silence = 3

// noticeSilence ends a wait that lasts for three looks.
func (r *Receiver) noticeSilence() {
	look := time.NewTicker(r.header.Alive)
	defer look.Stop()
	var last uint64 // the wait seen at the last look
	looks := 0      // at which it was the same
	for {
		select {
		case <-r.quit:
			return
		case <-look.C:
		}
		if this := r.waits.Load(); this != last || r.tid.Load() == 0 {
			last, looks = this, 0
		} else if looks++; looks == silence {
			r.expire(this)
		}
	}
}

// expire interrupts a wait until it is over.
func (r *Receiver) expire(this uint64) {
	r.expired.Store(this)
	for wait := firstKick; r.waits.Load() == this && r.kick(); wait = min(2*wait, lastKick) {
		select {
		case <-r.quit:
			return
		case <-time.After(wait):
		}
	}
}
