package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"ipclab/sipc"
)

type recvFlags struct {
	endFlags
	records bool
}

func newSipcRecv(a *app) *cobra.Command {
	var f recvFlags
	c := &cobra.Command{
		Use: "recv [DESCRIPTOR]", Short: "Receive from a channel, and write it to stdout",
		Long: "recv writes what the sender sends, until that says that nothing follows.\n" +
			"With --records it writes each record as a line.",
		RunE: func(c *cobra.Command, args []string) error {
			d, rest, err := f.channel(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return usagef("want one channel at most")
			}
			return explainChannel(d, receiving, a.recv(c.Context(), d, f))
		},
	}
	f.add(c)
	c.Flags().BoolVar(&f.records, "records", false, "receive records, and write each as a line")
	return c
}

func (a *app) recv(ctx context.Context, d sipc.Descriptor, f recvFlags) error {
	ctx, stall := newStall(ctx, f.timeout)
	r, err := sipc.OpenReceiver(ctx, d)
	if err != nil {
		return causeOf(ctx, err)
	}
	to := stalledWriter{os.Stdout, stall}
	return interruptible(ctx, func() error {
		defer r.Close()
		if f.records {
			return recvRecords(ctx, r, stall, to)
		}
		_, err := sipc.NewReader(ctx, r).WriteTo(to)
		return err
	})
}

// recvRecords writes each record as a line. It keeps lines back only as long as
// the next one is there already.
func recvRecords(ctx context.Context, r *sipc.Receiver, s *stall, to io.Writer) error {
	u := sipc.NewUnpacker(r)
	out := bufio.NewWriter(to)
	for {
		if u.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		record, err := u.Next(ctx)
		s.resume() // something came
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		out.Write(record)
		if err := out.WriteByte('\n'); err != nil { // it keeps the first error
			return err
		}
	}
}
