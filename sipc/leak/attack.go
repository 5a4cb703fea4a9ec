package leak

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ipclab/sipc"
)

// A Target is what is attacked: a channel, or a pump between two of them.
type Target struct {
	Name   string
	Config sipc.Config
	// Raw has the sender throw the library away and call msgsnd itself.
	Raw bool
	// Pump puts a pump with this pace between the ends. Each then has a channel of
	// its own, both made from Config.
	Pump *sipc.Pace
}

// takes is how many messages a receiver takes for one completed send.
func (t Target) takes() int {
	if t.Config.Mode == sipc.Strict && !t.Raw {
		return 3
	}
	return 1
}

// ahead is how many sends complete before the first take, or with the takes that
// come before the first symbol.
func (t Target) ahead() int {
	queue := t.Config.Capacity
	if queue == 0 {
		queue = sipc.DefaultCapacity
	}
	if t.Config.Mode == sipc.Strict {
		queue = 1
	}
	if t.Pump != nil {
		return 2*queue + 1 // there are two, and the pump holds one message
	}
	return queue
}

// A Result is what an attack came to.
type Result struct {
	Code    Code
	Symbols int           // that were leaked, without those that the sender learnt from
	Elapsed time.Duration // that they took
	Raw     float64       // bits that were put in
	Errors  float64       // the share of symbols that were read wrongly
	// Bits is the estimate of what came through, of all symbols together, and
	// Deviation its standard deviation.
	Bits, Deviation float64
	// ElapsedDeviation is the standard deviation of Elapsed, as far as it comes from the
	// code and from ticks that were held.
	ElapsedDeviation time.Duration
	// Send is the median time from a take to the end of the send that it lets
	// through. Only codes of delays tell it.
	Send time.Duration
	// Shortest is the shortest time between two completed sends.
	Shortest time.Duration
}

// Rate is the estimated capacity in bit/s. Nothing is less than nothing.
func (r Result) Rate() float64 { return max(0, r.Bits) / r.Elapsed.Seconds() }

// RawRate is what is put in, in bit/s.
func (r Result) RawRate() float64 { return r.Raw / r.Elapsed.Seconds() }

// sure is how many standard deviations make one chance in a million, if what
// deviates does so normally.
const sure = 4.76

// Exceeds says that more came through than a pace allows, which by chance an attack
// within the bound makes us believe less than once in a million times.
func (r Result) Exceeds(quantum time.Duration, hold float64) bool {
	bound := PacedWithin(r.Elapsed, quantum, hold)
	slack := r.Deviation + r.ElapsedDeviation.Seconds()*Paced(quantum, hold)
	return r.Bits-sure*slack > bound
}

// An attack is one run against a target.
type attack struct {
	Target
	code     Code
	symbols  []int // those of the training first
	training int
	dir      string
	channel  sipc.Descriptor // the sender's
	far      sipc.Descriptor // the receiver's
	ends     []*end

	slotsBegin int64 // by the common clock
}

// Attack leaks so many random symbols through the target, after a training with
// so many known ones.
func (t Target) Attack(ctx context.Context, code Code, training, number int) (Result, error) {
	a := &attack{Target: t, code: code, training: training}
	random := rand.New(rand.NewChaCha8(seed()))
	a.symbols = code.training(training)
	for range number {
		a.symbols = append(a.symbols, code.draw(random))
	}
	ctx, cancel := context.WithTimeout(ctx, patience+20*code.mean()*time.Duration(training+number))
	defer cancel()
	result, err := a.run(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("leak through %s: %w", t.Name, err)
	}
	return result, nil
}

func seed() (seed [32]byte) {
	crand.Read(seed[:]) // never fails: see its documentation
	return seed
}

func (a *attack) run(ctx context.Context) (_ Result, err error) {
	if a.dir, err = os.MkdirTemp("", "sipc-leak-"); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(a.dir)) }()
	defer func() { err = errors.Join(err, a.remove()) }()
	if err := a.make(); err != nil {
		return Result{}, err
	}
	err = a.leak(ctx)
	for _, end := range a.ends {
		err = errors.Join(err, end.stop())
	}
	if err != nil {
		return Result{}, err
	}
	return a.weigh()
}

// make makes the channels.
func (a *attack) make() (err error) {
	if a.channel, err = sipc.Create(a.Config); err != nil {
		return err
	}
	a.far = a.channel
	if a.Pump != nil {
		a.far, err = sipc.Create(a.Config)
	}
	return err
}

// remove removes what make made.
func (a *attack) remove() error {
	var errs []error
	for _, d := range []sipc.Descriptor{a.channel, a.far} {
		if d != (sipc.Descriptor{}) {
			errs = append(errs, d.Remove())
		}
	}
	return errors.Join(errs...)
}

// leak starts the ends and waits until the receiver has leaked everything.
func (a *attack) leak(ctx context.Context) error {
	if a.Pump != nil {
		if err := a.start(ctx, job{Role: "pump", Channel: a.channel, Next: a.far, Pace: *a.Pump}); err != nil {
			return err
		}
	}
	most := slices.Max(a.code.Values)
	if !a.code.Slotted {
		most = 1
	}
	sends := len(a.symbols)*max(most, 1) + 2*a.ahead() + 64
	if err := a.startNoting(ctx, job{Role: "send", Channel: a.channel, Raw: a.Target.Raw, Code: Code{Patient: a.code.Patient}}, sends); err != nil {
		return err
	}
	if err := a.sending(ctx); err != nil {
		return err
	}
	a.slotsBegin = newClock().now() + int64(lead) + int64(a.ticksBefore())*int64(a.code.Quantum)
	j := job{Role: "take", Channel: a.far, Takes: a.takes(), Code: a.code, Symbols: a.symbols, Start: a.slotsBegin}
	if err := a.startNoting(ctx, j, len(a.symbols)+64); err != nil {
		return err
	}
	return a.watch(ctx)
}

// lead is how long before the first slot the receiver is started, if it has not to
// find out when ticks come.
const lead = 100 * time.Millisecond

// ticksBefore is for how many ticks it must be started earlier: it takes some
// messages to find the ticks, and then all queues have to be full again.
func (a *attack) ticksBefore() int { return 40 + 2*a.ahead() }

func (a *attack) tape(role string) string { return filepath.Join(a.dir, role) }

func (a *attack) start(ctx context.Context, j job) error {
	e, err := start(ctx, j)
	if err == nil {
		a.ends = append(a.ends, e)
	}
	return err
}

func (a *attack) startNoting(ctx context.Context, j job, notes int) error {
	j.Tape = a.tape(j.Role)
	if err := makeTape(j.Tape, notes); err != nil {
		return err
	}
	return a.start(ctx, j)
}

// sending waits until a first send has completed, but for the library's first in
// strict mode: that one needs a receiver.
func (a *attack) sending(ctx context.Context) error {
	if a.takes() > 1 {
		return nil
	}
	for {
		times, err := readTape(a.tape("send"))
		if err != nil || len(times) > 0 {
			return err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		case err := <-a.ends[len(a.ends)-1].done:
			a.ends[len(a.ends)-1].done <- err
			return errors.New("the sender ended before it had sent anything")
		}
	}
}

// watch waits for the receiver, which is the last that was started, and gives the
// sender a moment to see the last of it. Whoever ends before that has failed.
func (a *attack) watch(ctx context.Context) error {
	receiver := a.ends[len(a.ends)-1]
	failed := make(chan struct{}, len(a.ends))
	for _, e := range a.ends[:len(a.ends)-1] {
		go func() {
			if e.wait() != nil {
				failed <- struct{}{}
			}
		}()
	}
	select {
	case err := <-receiver.done:
		receiver.done <- err
		if err != nil {
			return receiver.wait()
		}
	case <-failed:
		return errors.New("the other end failed")
	case <-ctx.Done():
		return ctx.Err()
	}
	time.Sleep(20 * time.Millisecond)
	return nil
}
