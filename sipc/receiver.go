package sipc

import (
	"context"
	"errors"
)

// Receiver is the end that reads. It is for one goroutine at a time, but for
// Close, which any goroutine may call at any time.
type Receiver struct{ header Header }

// Chunk is what a receiver borrows: a message, or a part of a large one.
//
// A message of several chunks whose last one does not come was given up by its
// sender: the next chunk has First again, and what there is of the message before is
// to be thrown away.
type Chunk struct {
	Bytes               []byte
	First, Last, Packed bool
}

// OpenReceiver attaches a channel for receiving.
func OpenReceiver(ctx context.Context, d Descriptor, o ...Option) (*Receiver, error) {
	return nil, errors.ErrUnsupported
}

// Header is what the channel's header says.
func (r *Receiver) Header() Header { return r.header }

// Recv copies the next message into buf and returns its length. After the
// sender's Finish it returns io.EOF. If buf is too small, it is filled, the rest of the message is
// dropped, and the error is io.ErrShortBuffer.
func (r *Receiver) Recv(ctx context.Context, buf []byte) (int, error) {
	return 0, errors.ErrUnsupported
}

// Borrow gives the next chunk where it lies, until [Receiver.Release] or the next call.
func (r *Receiver) Borrow(ctx context.Context) (Chunk, error) { return Chunk{}, errors.ErrUnsupported }

// Release ends the use of what was borrowed. In strict mode it takes the two
// NOOPs, with which the sender goes on.
func (r *Receiver) Release(ctx context.Context) error { return errors.ErrUnsupported }

// Close ends the use of the channel at once.
func (r *Receiver) Close() error { return errors.ErrUnsupported }

// fail makes a violation final.
func (r *Receiver) fail(err error) error { return err }
