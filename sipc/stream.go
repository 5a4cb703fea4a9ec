package sipc

import (
	"context"
	"errors"
	"io"
	"syscall"
)

// A Writer is a Sender as an io.Writer, for those to whom a channel is a stream
// of bytes. It keeps nothing back: what was written is on its way. Wrap it in a
// bufio.Writer where writes are small.
type Writer struct {
	ctx context.Context
	s   *Sender
}

// NewWriter makes a Writer that sends with s until ctx is done.
func NewWriter(ctx context.Context, s *Sender) *Writer { return &Writer{ctx: ctx, s: s} }

// Write sends p as one message. It sends nothing if p is empty. Of a message
// that was cut off it counts nothing as written.
func (w *Writer) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := w.s.Send(w.ctx, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ReadFrom sends what r gives until io.EOF, and returns how many bytes that were.
// It reads straight into the segment, and sends what each read gave at once.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	for empty := 0; empty < maxEmptyReads; {
		n, err := w.readChunk(r)
		total += int64(n)
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		empty++
		if n > 0 {
			empty = 0
		}
	}
	return total, io.ErrNoProgress
}

// maxEmptyReads is how many reads in a row may give neither bytes nor an error.
const maxEmptyReads = 100

// readChunk sends what one read gives.
func (w *Writer) readChunk(r io.Reader) (int, error) {
	slot, err := w.s.Reserve(w.ctx, w.s.Header().SlotSize)
	if err != nil {
		return 0, err
	}
	n, readErr := r.Read(slot)
	if n == 0 {
		return 0, readErr
	}
	if err := w.s.Commit(w.ctx, n); err != nil {
		return 0, err
	}
	return n, readErr
}

// Close finishes the stream: the reader gets io.EOF. It does not close the Sender.
func (w *Writer) Close() error { return w.s.Finish(w.ctx) }

// ErrTruncated says that a message broke off: its sender died, and another one has
// begun. A Reader that goes on reading gets what the other one sends.
var ErrTruncated = errors.New("sipc: the sender broke off in the middle of a message, and another one has begun")

// A Reader is a Receiver as an io.Reader. Where one message ends and the next
// begins it does not tell.
type Reader struct {
	ctx  context.Context
	r    *Receiver
	rest []byte // of the borrowed chunk: what has not been read
	open bool   // the last chunk was not the last of its message
}

// NewReader makes a Reader that receives from r until ctx is done.
func NewReader(ctx context.Context, r *Receiver) *Reader { return &Reader{ctx: ctx, r: r} }

// Read reads what has come, and waits only if that is nothing. After the
// sender's Finish it returns io.EOF. A chunk of packed records it drops: ErrPacked.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(p, r.rest)
	return n, r.consume(n)
}

// fill sees to it that rest is not empty.
func (r *Reader) fill() error {
	for len(r.rest) == 0 {
		chunk, err := r.r.Borrow(r.ctx)
		if err != nil {
			return err
		}
		if chunk.Packed {
			return ErrPacked
		}
		r.rest = chunk.Bytes
		cut := r.open && chunk.First
		r.open = !chunk.Last
		if cut {
			return ErrTruncated
		}
	}
	return nil
}

// consume drops n bytes of rest, and releases the slot after the last one.
func (r *Reader) consume(n int) error {
	if r.rest = r.rest[n:]; len(r.rest) > 0 {
		return nil
	}
	r.rest = nil
	return r.r.Release(r.ctx)
}

// Close gives up what has been received and not read. It does not close the
// Receiver, which can be used further.
func (r *Reader) Close() error {
	r.rest, r.open = nil, false
	return r.r.Release(r.ctx)
}

// WriteTo writes to w what comes until io.EOF, and returns how many bytes that
// were. A w that is a file or a connection gets the bytes straight from
// the segment, since the kernel reads each of them once. Any other w gets them in
// private memory: a sender may rewrite a slot while w looks at it, and
// what w has checked must be what it uses.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	_, direct := w.(syscall.Conn)
	var private []byte
	var total int64
	for {
		if err := r.fill(); err != nil {
			return total, notEOF(err)
		}
		p := r.rest
		if !direct {
			private = append(private[:0], p...)
			p = private
		}
		n, err := r.writeChunk(w, p)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
}

// writeChunk writes p, which is what rest is or a copy of it.
func (r *Reader) writeChunk(w io.Writer, p []byte) (int, error) {
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if released := r.consume(n); err == nil {
		err = released
	}
	return n, err
}

// notEOF is err, or nil if that is only the end.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
