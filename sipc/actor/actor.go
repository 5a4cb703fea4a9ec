// Package actor plays the parts of a channel, so that helpers, senders and
// receivers that others wrote can be tested against package sipc: a helper, a
// sender, a receiver, a pump, a destroyer; and two that know the protocol's
// messages only, one that sends whatever it is told and one that shows what is in
// the queue. docs/manifest.md tells their options.
//
// It is not the command that people use (that is `ipclab sipc`): what it prints is
// for scripts to compare.
package actor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"time"

	"ipclab/sipc"
)

// Exit codes.
const (
	Done      = 0
	Failed    = 1 // stderr says why
	Timeout   = 3
	Violation = 4 // the other end broke the protocol
	Denied    = 5 // the mode, the owner or the policy refused a call
)

// Stdio is what an actor reads and writes.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// part is one actor: it reads its options and plays.
type part func(ctx context.Context, args []string, std Stdio) error

// parts are the actors by their names, without "sipc-".
func parts() map[string]part {
	return map[string]part{
		"helper": helper, "send": send, "recv": receive, "pump": pump, "gc": destroy, "raw": raw, "take": take,
	}
}

// Play plays the part args[0] with the options that follow, and gives the exit code.
func Play(ctx context.Context, args []string, std Stdio) int {
	if len(args) == 0 || parts()[args[0]] == nil {
		fmt.Fprintln(std.Err, "sipc: want a part: helper, send, recv, pump, gc, raw or take")
		return Failed
	}
	err := parts()[args[0]](ctx, args[1:], std)
	if err != nil {
		fmt.Fprintf(std.Err, "sipc-%s: %s\n", args[0], describe(err))
	}
	return codeOf(err)
}

func codeOf(err error) int {
	var violation *sipc.ProtocolError
	switch {
	case err == nil:
		return Done
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &violation):
		return Violation
	case errors.Is(err, fs.ErrPermission):
		return Denied
	}
	return Failed
}

// describe leaves identifiers and keys out, which differ from run to run.
func describe(err error) string {
	var call *sipc.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.As(err, &call):
		return fmt.Sprintf("%s: %v", call.Op, call.Err)
	}
	return err.Error()
}

// options are those that several parts have.
type options struct {
	*flag.FlagSet
	key     string
	timeout time.Duration
	times   bool
	std     Stdio
}

func newOptions(std Stdio) *options {
	o := &options{FlagSet: flag.NewFlagSet("", flag.ContinueOnError), std: std}
	o.SetOutput(io.Discard)
	o.DurationVar(&o.timeout, "timeout", 10*time.Second, "")
	return o
}

// withKey adds the option that names the channel.
func (o *options) withKey() *options {
	o.StringVar(&o.key, "key", "", "")
	o.BoolVar(&o.times, "times", false, "")
	return o
}

// read reads the options. What follows them is words, of which there are at
// most so many; -1 is any number.
func (o *options) read(args []string, words int) error {
	switch err := o.Parse(args); {
	case err != nil:
		return err
	case o.Lookup("key") != nil && o.key == "":
		return errors.New("-key is missing")
	case words >= 0 && o.NArg() > words:
		return fmt.Errorf("%q is one word too many", o.Arg(words))
	}
	return nil
}

// limited is a context with the timeout.
func (o *options) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, o.timeout)
}

// took tells how long a call took.
func (o *options) took(what string, since time.Time) {
	if o.times {
		fmt.Fprintf(o.std.Err, "%s %.1f ms\n", what, float64(time.Since(since))/float64(time.Millisecond))
	}
}

// ready says that all is set up.
func ready(std Stdio) { fmt.Fprintln(std.Err, "ready") }

// lookAgain is the time between two looks for a channel that is not there.
const lookAgain = 5 * time.Millisecond

// open looks for the channel of a key path until attach is content with it, or a reason
// turns up that waiting does not mend.
func open[End any](ctx context.Context, key string, attach func(sipc.Descriptor) (End, error)) (end End, err error) {
	for {
		var d sipc.Descriptor
		if d, err = sipc.Find(key); err == nil && d.Segment != sipc.NoSegment {
			end, err = attach(d)
		}
		if err == nil && d.Segment != sipc.NoSegment || err != nil && !unfinished(err) {
			return end, err
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return end, ctx.Err()
		}
	}
}

// unfinished says whether a channel is missing, or without its header yet.
func unfinished(err error) bool {
	var violation *sipc.ProtocolError
	if errors.As(err, &violation) {
		return violation.Field == sipc.FieldMagic && violation.Got == 0
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, sipc.ErrRemoved)
}

// sleep waits; it fails when the context is done first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
