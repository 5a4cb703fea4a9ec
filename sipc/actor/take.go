package actor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// maxMessage is how large a message is shown; the rest of a larger one is lost.
const maxMessage = 8192

// take shows what is in the queue, without the segment. It ends with END, or after
// as many messages as are wanted.
func take(ctx context.Context, args []string, std Stdio) error {
	o := newOptions(std).withKey()
	count := o.Int("count", 0, "")
	delay := o.Duration("delay", 0, "")
	if err := o.read(args, 0); err != nil {
		return err
	}
	ctx, cancel := o.limited(ctx)
	defer cancel()
	d, err := open(ctx, o.key, func(d sipc.Descriptor) (sipc.Descriptor, error) { return d, nil })
	if err != nil {
		return err
	}
	ready(std)
	for taken := 0; *count == 0 || taken < *count; taken++ {
		if err := sleep(ctx, *delay); err != nil {
			return err
		}
		begun := time.Now()
		kind, body, err := takeOne(ctx, d.Queue)
		if err != nil {
			return err
		}
		o.took("take", begun)
		fmt.Fprintln(std.Out, shown(kind, body))
		if *count == 0 && kind == sipc.End {
			return nil
		}
	}
	return nil
}

func takeOne(ctx context.Context, queue int) (sipc.MessageType, []byte, error) {
	body := make([]byte, maxMessage)
	for {
		kind, n, err := sysv.MsgReceive(queue, body, 0, sysv.NoWait|sysv.NoError)
		if !errors.Is(err, syscall.ENOMSG) && !errors.Is(err, syscall.EINTR) {
			return sipc.MessageType(kind), body[:n], callError("msgrcv", err)
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return 0, nil, err
		}
	}
}

// shown is a message as TYPE SEQUENCE LENGTH FLAGS SIZE. Of one that is too short
// for these fields only type and size are shown.
func shown(kind sipc.MessageType, body []byte) string {
	if len(body) < sipc.MessageSize {
		return fmt.Sprintf("%s - - - %d", kind, len(body))
	}
	order := binary.NativeEndian
	return fmt.Sprintf("%s %d %d %d %d", kind, order.Uint64(body), order.Uint32(body[8:]), order.Uint32(body[12:]), len(body))
}
