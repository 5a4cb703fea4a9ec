package actor

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// liar knows the form of messages and nothing of the protocol: it sends what
// it is told.
type liar struct {
	channel sipc.Descriptor
	segment sysv.Segment
}

// step is one thing to do, with the fields that stood behind its name.
type step func(ctx context.Context, fields []string) error

// raw is the part of a hostile or broken sender.
func raw(ctx context.Context, args []string, std Stdio) error {
	o := newOptions(std).withKey()
	if err := o.read(args, -1); err != nil {
		return err
	}
	ctx, cancel := o.limited(ctx)
	defer cancel()
	d, err := open(ctx, o.key, func(d sipc.Descriptor) (sipc.Descriptor, error) { return d, nil })
	if err != nil {
		return err
	}
	segment, err := sysv.Attach(d.Segment, 0)
	if err != nil {
		return &sipc.Error{Op: "shmat", Object: "the segment", Err: err}
	}
	defer segment.Detach()
	ready(std)
	l := &liar{d, segment}
	for _, word := range o.Args() {
		name, rest, _ := strings.Cut(word, ":")
		play, ok := l.steps()[name]
		if !ok {
			return fmt.Errorf("there is no step %q", name)
		}
		begun := time.Now()
		if err := play(ctx, strings.Split(rest, ":")); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		o.took(name, begun)
	}
	return nil
}

func (l *liar) steps() map[string]step {
	steps := map[string]step{
		"data": l.data, "slot": l.slot, "fill": l.fill, "header": l.header, "type": l.other,
		"short": func(ctx context.Context, _ []string) error {
			return l.put(ctx, int(sipc.Data), make([]byte, sipc.MessageSize-1))
		},
		"long": func(ctx context.Context, _ []string) error {
			return l.put(ctx, int(sipc.Data), make([]byte, sipc.MessageSize+8))
		},
		"wait": func(ctx context.Context, f []string) error {
			d, err := time.ParseDuration(f[0])
			return errors.Join(err, sleep(ctx, d))
		},
	}
	for name, kind := range map[string]sipc.MessageType{"noop1": sipc.Noop1, "noop2": sipc.Noop2, "begin": sipc.Begin,
		"alive": sipc.Alive, "end": sipc.End} {
		steps[name] = func(ctx context.Context, f []string) error {
			n, err := numbers(f, 1)
			return errors.Join(err, l.put(ctx, int(kind), body(n[0], 0, 0, 0)))
		}
	}
	return steps
}

// numbers reads at most most numbers; those that are missing are 0.
func numbers(fields []string, most int) ([]uint64, error) {
	n := make([]uint64, most)
	if len(fields) > most {
		return n, fmt.Errorf("at most %d numbers", most)
	}
	for i, f := range fields {
		var err error
		if n[i], err = strconv.ParseUint(f, 0, 64); err != nil && f != "" {
			return n, err
		}
	}
	return n, nil
}

// body is a message as it travels, without its type.
func body(sequence uint64, length, flags, sum uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, sequence)
	for _, word := range []uint32{length, flags, sum, 0} {
		b = binary.NativeEndian.AppendUint32(b, word)
	}
	return b
}

// whole are the flags of a message in one chunk: FIRST and LAST.
const whole = 3

// data is data:SEQUENCE:LENGTH:FLAGS:SUM.
func (l *liar) data(ctx context.Context, fields []string) error {
	n, err := numbers(fields, 4)
	if err != nil {
		return err
	}
	if len(fields) < 3 {
		n[2] = whole
	}
	return l.put(ctx, int(sipc.Data), body(n[0], uint32(n[1]), uint32(n[2]), uint32(n[3])))
}

// other is type:TYPE.
func (l *liar) other(ctx context.Context, fields []string) error {
	n, err := numbers(fields, 1)
	if err != nil {
		return err
	}
	return l.put(ctx, int(n[0]), body(0, 0, 0, 0))
}

// put sends a message, and waits for room without being deaf to the context.
func (l *liar) put(ctx context.Context, kind int, body []byte) error {
	for {
		err := sysv.MsgSend(l.channel.Queue, kind, body, sysv.NoWait)
		if !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
			return callError("msgsnd", err)
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// callError is an error of a call on the queue.
func callError(call string, err error) error {
	if err == nil {
		return nil
	}
	return &sipc.Error{Op: call, Object: "the queue", Err: err}
}

// slot is slot:NUMBER:TEXT; the text may have colons.
func (l *liar) slot(_ context.Context, fields []string) error {
	return l.write(fields[0], []byte(strings.Join(fields[1:], ":")))
}

// fill is fill:NUMBER:BYTE, for the whole slot.
func (l *liar) fill(_ context.Context, fields []string) error {
	n, err := numbers(fields, 2)
	if err != nil {
		return err
	}
	return l.write(fields[0], slices.Repeat([]byte{byte(n[1])}, l.slotSize()))
}

// Of the header (docs/sipc-protocol.md).
const (
	headerSize = 4096
	atSlotSize = 24
)

func (l *liar) slotSize() int {
	return int(binary.NativeEndian.Uint64(l.segment.Bytes[atSlotSize:]) % uint64(len(l.segment.Bytes)))
}

func (l *liar) write(slot string, data []byte) error {
	n, err := strconv.Atoi(slot)
	if err != nil {
		return err
	}
	return l.store(headerSize+n*l.slotSize(), data)
}

// header is header:OFFSET:HEX.
func (l *liar) header(_ context.Context, fields []string) error {
	at, err := strconv.Atoi(fields[0])
	if err != nil {
		return err
	}
	data, err := hex.DecodeString(strings.Join(fields[1:], ""))
	if err != nil {
		return err
	}
	return l.store(at, data)
}

func (l *liar) store(at int, data []byte) error {
	if at < 0 || at > len(l.segment.Bytes)-len(data) {
		return errors.New("that lies beyond the segment")
	}
	copy(l.segment.Bytes[at:], data)
	return nil
}
