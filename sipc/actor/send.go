package actor

import (
	"bufio"
	"context"
	"io"
	"slices"
	"time"

	"ipclab/sipc"
)

// maxText bounds a line of stdin.
const maxText = 16 << 20

// sender is the part of a sender, with its options.
type sender struct {
	*options
	packed, noEnd bool
	pause         time.Duration
	size, count   int

	end    *sipc.Sender
	packer *sipc.Packer
}

func send(ctx context.Context, args []string, std Stdio) error {
	s := &sender{options: newOptions(std).withKey()}
	s.BoolVar(&s.packed, "packed", false, "")
	s.BoolVar(&s.noEnd, "no-end", false, "")
	s.DurationVar(&s.pause, "pause", 0, "")
	s.IntVar(&s.size, "size", 0, "")
	s.IntVar(&s.count, "count", 0, "")
	if err := s.read(args, -1); err != nil {
		return err
	}
	ctx, cancel := s.limited(ctx)
	defer cancel()
	var err error
	s.end, err = open(ctx, s.key, func(d sipc.Descriptor) (*sipc.Sender, error) { return sipc.OpenSender(ctx, d) })
	if err != nil {
		return err
	}
	defer s.end.Close()
	ready(std)
	s.packer = sipc.NewPacker(s.end)
	return s.all(ctx)
}

// all sends every message, and END.
func (s *sender) all(ctx context.Context) error {
	next, failure := s.messages()
	for message, ok := next(); ok; message, ok = next() {
		if err := s.one(ctx, message); err != nil {
			return err
		}
		if err := sleep(ctx, s.pause); err != nil {
			return err
		}
	}
	if err := failure(); err != nil {
		return err
	}
	if err := s.packer.Flush(ctx); err != nil || s.noEnd {
		return err
	}
	return s.end.Finish(ctx)
}

func (s *sender) one(ctx context.Context, message []byte) error {
	defer s.took("send", time.Now())
	if s.packed {
		return s.packer.Append(ctx, message)
	}
	return s.end.Send(ctx, message)
}

// messages are what is to be sent: the pattern, the words, or the lines of stdin.
func (s *sender) messages() (next func() ([]byte, bool), failure func() error) {
	sent := 0
	none := func() error { return nil }
	switch {
	case s.count > 0:
		message := make([]byte, s.size)
		return func() ([]byte, bool) {
			fill(message, sent)
			sent++
			return message, sent <= s.count
		}, none
	case s.NArg() > 0:
		return func() ([]byte, bool) {
			if sent++; sent > s.NArg() {
				return nil, false
			}
			return []byte(s.Arg(sent - 1)), true
		}, none
	}
	lines := linesOf(s.std.In)
	return func() ([]byte, bool) {
		more := lines.Scan()
		return lines.Bytes(), more
	}, lines.Err
}

func linesOf(in io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxText)
	return lines
}

// fill fills a message with the pattern of the message of that number: nearly every
// byte depends on its place and on the number, so that what was mixed up shows.
func fill(message []byte, number int) {
	for i := range message {
		message[i] = byte(31*number + 7*i + i>>8)
	}
}

// isPattern says whether a message is the one of that number.
func isPattern(message []byte, number int) bool {
	want := make([]byte, len(message))
	fill(want, number)
	return slices.Equal(message, want)
}
