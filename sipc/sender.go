package sipc

import (
	"context"
	"errors"
)

// Sender is the end that writes. It is for one goroutine at a time, but for
// Close, which any goroutine may call at any time.
type Sender struct{ header Header }

// OpenSender attaches a channel for sending.
func OpenSender(ctx context.Context, d Descriptor, o ...Option) (*Sender, error) {
	return nil, errors.ErrUnsupported
}

// Header is what the channel's header says.
func (s *Sender) Header() Header { return s.header }

// Descriptor names the channel, with the segment that the sender has made.
func (s *Sender) Descriptor() Descriptor { return Descriptor{} }

// Send sends p as one message, in as many chunks as it takes.
func (s *Sender) Send(ctx context.Context, p []byte) error { return errors.ErrUnsupported }

// Reserve gives n bytes of the next slot, for the caller to fill and [Sender.Commit].
func (s *Sender) Reserve(ctx context.Context, n int) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Commit sends the first n bytes of what was reserved, as one message.
func (s *Sender) Commit(ctx context.Context, n int) error { return s.commit(ctx, n, flagFirst|flagLast) }

// commit is Commit, for a chunk with other flags.
func (s *Sender) commit(ctx context.Context, n int, flags Flags) error { return errors.ErrUnsupported }

// Finish says that nothing follows: the receiver gets io.EOF.
func (s *Sender) Finish(ctx context.Context) error { return errors.ErrUnsupported }

// Close ends the use of the channel at once.
func (s *Sender) Close() error { return errors.ErrUnsupported }
