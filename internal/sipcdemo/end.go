package sipcdemo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/sipc"
)

// hello is what an end says first: what it found in the channel's header.
type hello struct {
	Mode     sipc.Mode
	Capacity int
	Slots    int
	SlotSize int
}

// End is one end of the demonstration, in a process of its own.
type End struct {
	Role    Role
	Channel sipc.Descriptor
	Texts   []string // for the sender to send
	// Free has it go at full speed. Otherwise it waits after each step until it
	// may go on.
	Free bool
}

// Run uses the channel. It writes its steps to steps; leave gives a byte for
// each step that it may make, and when leave ends, so does it.
func (e End) Run(ctx context.Context, steps io.Writer, leave io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &tracer{ctx: ctx, out: json.NewEncoder(steps), free: e.Free, leave: make(chan struct{})}
	go t.obey(leave, cancel)
	if e.Role == Sender {
		return e.send(ctx, t)
	}
	return e.receive(ctx, t)
}

func (e End) send(ctx context.Context, t *tracer) error {
	s, err := sipc.OpenSender(ctx, e.Channel, sipc.WithTrace(t.step))
	if err != nil {
		return err
	}
	defer s.Close()
	t.hello(s.Header())
	for _, text := range e.Texts {
		t.text = preview([]byte(text))
		if err := s.Send(ctx, []byte(text)); err != nil {
			return err
		}
	}
	return s.Finish(ctx)
}

func (e End) receive(ctx context.Context, t *tracer) error {
	r, err := sipc.OpenReceiver(ctx, e.Channel, sipc.WithTrace(t.step))
	if err != nil {
		return err
	}
	defer r.Close()
	t.hello(r.Header())
	for {
		chunk, err := r.Borrow(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.text = preview(chunk.Bytes)
		if err := r.Release(ctx); err != nil {
			return err
		}
	}
}

// preview is the beginning of what lies in a slot, fit to be shown.
func preview(p []byte) string {
	const most = 16
	if len(p) > most {
		return strconv.QuoteToASCII(string(p[:most])) + "…"
	}
	return strconv.QuoteToASCII(string(p))
}

// tracer reports an end's steps, and waits after each until it may go on.
type tracer struct {
	ctx   context.Context
	out   *json.Encoder
	free  bool
	text  string        // what lies in the slot that the next step is about
	leave chan struct{} // a value for each step that may be made
}

// obey reads the leave that is given. Its end is the end of all.
func (t *tracer) obey(leave io.Reader, end func()) {
	defer end()
	var b [1]byte
	for {
		if _, err := io.ReadFull(leave, b[:]); err != nil {
			return
		}
		select {
		case t.leave <- struct{}{}:
		case <-t.ctx.Done():
			return
		}
	}
}

func (t *tracer) hello(h sipc.Header) {
	_ = t.out.Encode(hello{h.Mode, h.Capacity, h.Slots, h.SlotSize}) // a reader that is gone has closed leave, too
	t.wait()
}

// step is called by package sipc after each step.
func (t *tracer) step(e sipc.Event) {
	s := step{At: now() - time.Since(e.At), Kind: e.Kind, Type: e.Message.Type, Sequence: e.Message.Sequence, Slot: e.Slot}
	if e.Kind == sipc.Wrote || e.Kind == sipc.Read {
		s.Text = t.text
	}
	_ = t.out.Encode(s)
	if !s.waits() {
		t.wait()
	}
}

func (t *tracer) wait() {
	if t.free {
		return
	}
	select {
	case <-t.leave:
	case <-t.ctx.Done():
	}
}

// now is the time on the clock that all processes share. The clock of package
// time cannot be compared with another process's.
func now() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(fmt.Sprintf("sipcdemo: the kernel has no monotonic clock: %v", err))
	}
	return time.Duration(ts.Nano())
}
