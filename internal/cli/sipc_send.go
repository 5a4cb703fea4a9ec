package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"ipclab/sipc"
)

type sendFlags struct {
	endFlags
	channelFlags
	records bool
}

func newSipcSend(a *app) *cobra.Command {
	var f sendFlags
	c := &cobra.Command{
		Use: "send [DESCRIPTOR] [FILE]", Short: "Send stdin, or a file, into a channel",
		Long: "send sends what it reads, and then says that nothing follows: recv ends with that.\n" +
			"With --records every line is a record of its own, and many of them travel together.\n\n" +
			"Where the helper was told --queue-only, send makes the segment: give it the flags that\n" +
			"the helper got. It then prints the whole descriptor.",
		RunE: func(c *cobra.Command, args []string) error {
			d, rest, err := f.channel(args)
			if err != nil {
				return err
			}
			if d.Segment != sipc.NoSegment && f.given(c) != "" {
				return usagef("--%s is for a channel whose sender makes the segment, and %v has one", f.given(c), d)
			}
			in, err := a.input(rest)
			if err != nil {
				return err
			}
			defer in.Close()
			return explainChannel(d, sending, a.send(c.Context(), d, in, f))
		},
	}
	f.endFlags.add(c)
	f.channelFlags.add(c)
	c.Flags().BoolVar(&f.records, "records", false, "send each line as a record, packed")
	return c
}

// input is what is to be sent.
func (a *app) input(args []string) (*os.File, error) {
	switch len(args) {
	case 0:
		return a.in, nil
	case 1:
		return os.Open(args[0])
	}
	return nil, usagef("want one file at most")
}

func (a *app) send(ctx context.Context, d sipc.Descriptor, in *os.File, f sendFlags) error {
	ctx, stall := newStall(ctx, f.timeout)
	var options []sipc.Option
	if d.Segment == sipc.NoSegment {
		config, err := f.config()
		if err != nil {
			return err
		}
		options = append(options, sipc.WithSegment(config))
	}
	s, err := sipc.OpenSender(ctx, d, options...)
	if err != nil {
		return causeOf(ctx, err)
	}
	if d.Segment == sipc.NoSegment {
		fmt.Fprintln(a.out, s.Descriptor())
	}
	return interruptible(ctx, func() error {
		defer s.Close()
		from := stalledReader{in, stall}
		if f.records {
			return sendRecords(ctx, s, from)
		}
		w := sipc.NewWriter(ctx, s)
		if _, err := w.ReadFrom(from); err != nil {
			return err
		}
		return w.Close()
	})
}

// sendRecords sends each line without its end. What has been read goes out
// before more is waited for.
func sendRecords(ctx context.Context, s *sipc.Sender, from io.Reader) error {
	in := bufio.NewReaderSize(from, s.Header().SlotSize)
	p := sipc.NewPacker(s)
	for number := 1; ; number++ {
		if in.Buffered() == 0 {
			if err := p.Flush(ctx); err != nil {
				return err
			}
		}
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return &longLineError{number, s.Header().SlotSize}
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case err == nil || len(line) > 0:
			if err := appendLine(ctx, p, number, line); err != nil {
				return err
			}
		}
		if err != nil {
			return errors.Join(p.Flush(ctx), s.Finish(ctx))
		}
	}
}

func appendLine(ctx context.Context, p *sipc.Packer, number int, line []byte) error {
	err := p.Append(ctx, bytes.TrimSuffix(line, []byte("\n")))
	var size *sipc.RecordSizeError
	if errors.As(err, &size) {
		return &longLineError{number, size.Max}
	}
	return err
}

// longLineError is a line that no slot can hold.
type longLineError struct{ number, most int }

func (e *longLineError) Error() string {
	return fmt.Sprintf("line %d has more than the %d bytes that a record can have", e.number, e.most)
}

func (e *longLineError) Hint() string {
	return "send it without --records, or have the helper make larger slots (--slot)"
}
