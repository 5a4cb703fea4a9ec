package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"ipclab/sipc"
)

func newSipc(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "sipc", Short: "Make and use secure one-way channels",
		Long: "sipc makes channels that carry data one way, between two programs of this computer:\n" +
			"shared memory for the data, a message queue to say when it is there.\n\n" +
			"  d=$(ipclab sipc helper)\n  ipclab sipc recv $d > out &\n  ipclab sipc send $d < in\n  ipclab sipc gc $d\n\n" +
			"`ipclab sipc demo` shows two processes at it, step by step.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSipcHelper(a), newSipcSend(a), newSipcRecv(a), newSipcPump(), newSipcGC(a), newSipcDemo(a),
		newSipcDemoKeeper(a), newSipcDemoEnd())
	return c
}

// channelFlags describe a channel that is to be made.
type channelFlags struct {
	sipc.Config
	mode, perm string
}

// add gives a command the flags that say how the segment looks, and its mode.
func (f *channelFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.mode, "mode", sipc.Pipelined.String(), "the `mode`: strict, pipelined or paced")
	flags.IntVar(&f.Capacity, "capacity", 0, fmt.Sprintf("how many `messages` the queue holds (default %d, in strict mode 1)", sipc.DefaultCapacity))
	flags.IntVar(&f.SlotSize, "slot", 0, fmt.Sprintf("the size of a slot in `bytes` (default %d)", sipc.DefaultSlotSize))
	flags.BoolVar(&f.Checksum, "checksum", false, "have the receiver check a checksum of every chunk")
	flags.DurationVar(&f.Quantum, "quantum", 0, fmt.Sprintf("paced: the `time` between two ticks (default %v)", sipc.DefaultQuantum))
	flags.Float64Var(&f.Hold, "hold", 0, "paced: the `probability` that a tick is let pass unused")
	flags.DurationVar(&f.Alive, "alive", 0, "have an idle sender say so after this `time`, so that the receiver notices its death")
	flags.StringVar(&f.perm, "perm", "0600", "the `mode` of the objects, as chmod has it")
}

// given is one of these flags that was given, or "".
func (f *channelFlags) given(c *cobra.Command) string {
	for _, name := range []string{"mode", "capacity", "slot", "checksum", "quantum", "hold", "alive", "perm"} {
		if c.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// config is what the flags come to.
func (f *channelFlags) config() (sipc.Config, error) {
	c := f.Config
	var err error
	if c.Mode, err = sipc.ParseMode(f.mode); err != nil {
		return c, err
	}
	perm, err := strconv.ParseUint(f.perm, 8, 32)
	if err != nil || perm == 0 || perm > 0o777 {
		return c, usagef("--perm %s: want a mode such as 0600 or 0660", f.perm)
	}
	c.Perm = fs.FileMode(perm)
	return c, nil
}

// endFlags are those of the commands that use a channel.
type endFlags struct {
	key     string
	timeout time.Duration
}

func (f *endFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.key, "key", "", "the channel that was made with this key `path`, in place of a descriptor")
	f.addTimeout(c)
}

func (f *endFlags) addTimeout(c *cobra.Command) {
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "give up when the other end keeps us waiting for this `time`")
}

// channel is the one that the command line names, and the arguments after it.
func (f *endFlags) channel(args []string) (sipc.Descriptor, []string, error) {
	if f.key != "" {
		d, err := sipc.Find(f.key)
		return d, args, explainFind(f.key, err)
	}
	if len(args) == 0 {
		return sipc.Descriptor{}, nil, usagef("which channel? give its descriptor, or --key PATH")
	}
	d, err := sipc.ParseDescriptor(args[0])
	return d, args[1:], err
}

// stall ends a context when the other end keeps us waiting for too long. While
// we do something else, such as waiting for input, it is paused.
type stall struct {
	limit time.Duration
	timer *time.Timer // nil: there is no limit
}

// newStall gives a context that ends with ctx, or when it has run for limit
// without a pause. With a limit of 0 there is none.
func newStall(ctx context.Context, limit time.Duration) (context.Context, *stall) {
	if limit <= 0 {
		return ctx, &stall{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stall{limit: limit}
	s.timer = time.AfterFunc(limit, func() { cancel(&stalledError{limit}) })
	return ctx, s
}

func (s *stall) pause() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *stall) resume() {
	if s.timer != nil {
		s.timer.Reset(s.limit)
	}
}

// stalledReader is a file from which reading takes as long as it takes.
type stalledReader struct {
	*os.File
	stall *stall
}

func (r stalledReader) Read(p []byte) (int, error) {
	r.stall.pause()
	defer r.stall.resume()
	return r.File.Read(p)
}

// stalledWriter is likewise a file to write to.
type stalledWriter struct {
	*os.File
	stall *stall
}

func (w stalledWriter) Write(p []byte) (int, error) {
	w.stall.pause()
	defer w.stall.resume()
	return w.File.Write(p)
}

// interruptible runs work, and does not wait for it once ctx is done: it may
// stand in a read from a terminal, which nothing but input ends. The process
// ends soon after.
func interruptible(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return causeOf(ctx, err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// causeOf is why a context was done, where that is what err says.
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
