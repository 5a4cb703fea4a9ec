package actor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ipclab/sipc"
)

// receiver is the part of a receiver, with its options.
type receiver struct {
	*options
	packed, verify bool
	delay, hold    time.Duration
	count          int

	end             *sipc.Receiver
	messages, bytes int
}

func receive(ctx context.Context, args []string, std Stdio) error {
	r := &receiver{options: newOptions(std).withKey()}
	r.BoolVar(&r.packed, "packed", false, "")
	r.BoolVar(&r.verify, "verify", false, "")
	r.DurationVar(&r.delay, "delay", 0, "")
	r.DurationVar(&r.hold, "hold", 0, "")
	r.IntVar(&r.count, "count", 0, "")
	if err := r.read(args, 0); err != nil {
		return err
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	var err error
	r.end, err = open(ctx, r.key, func(d sipc.Descriptor) (*sipc.Receiver, error) { return sipc.OpenReceiver(ctx, d) })
	if err != nil {
		return err
	}
	defer r.end.Close()
	ready(std)
	return r.all(ctx)
}

// all takes messages until END, or as many as are wanted.
func (r *receiver) all(ctx context.Context) error {
	next := r.whole
	if r.packed {
		next = sipc.NewUnpacker(r.end).Next
	}
	for r.count == 0 || r.messages < r.count {
		message, err := next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := r.tell(message); err != nil {
			return err
		}
	}
	if !r.verify {
		return nil
	}
	_, err := fmt.Fprintf(r.std.Out, "%d messages, %d bytes\n", r.messages, r.bytes)
	return err
}

// tell prints a message, or compares it.
func (r *receiver) tell(message []byte) error {
	number := r.messages
	r.messages++
	r.bytes += len(message)
	if !r.verify {
		_, err := fmt.Fprintf(r.std.Out, "%s\n", message)
		return err
	}
	if !isPattern(message, number) {
		return fmt.Errorf("message %d is not the one that was sent", number+1)
	}
	return nil
}

// whole takes one message. Each chunk of it is read some time after its DATA was
// taken: what the sender overwrites too early is then not what it sent.
func (r *receiver) whole(ctx context.Context) ([]byte, error) {
	var message []byte
	for {
		if err := sleep(ctx, r.delay); err != nil {
			return nil, err
		}
		begun := time.Now()
		chunk, err := r.end.Borrow(ctx)
		if err != nil {
			return nil, err
		}
		r.took("take", begun)
		if chunk.Packed {
			return nil, sipc.ErrPacked
		}
		if err := sleep(ctx, r.hold); err != nil {
			return nil, err
		}
		if chunk.First {
			message = message[:0]
		}
		message = append(message, chunk.Bytes...)
		if err := r.end.Release(ctx); err != nil {
			return nil, err
		}
		if chunk.Last {
			return message, nil
		}
	}
}
