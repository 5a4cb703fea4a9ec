package sipc

import (
	"context"
	"errors"
	"time"
)

// Channel is what looks like a channel, or like what is left of one.
type Channel struct {
	Number  uint32        // the lower 24 bits of its keys
	Queue   int           // -1: there is none
	Segment int           // -1: there is none
	Owner   int           // user ID
	InUse   bool          // the segment is attached, or the process that used the queue last is alive
	Age     time.Duration // since it was made or its queue used
}

// Channels are all channels of this IPC namespace that the caller may see.
func Channels() ([]Channel, error) { return nil, errors.ErrUnsupported }

// Collect removes every channel that is not in use and older than that. It
// passes over those that the caller may not remove.
func Collect(ctx context.Context, older time.Duration) (removed []Channel, err error) {
	return nil, errors.ErrUnsupported
}
