package leak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ipclab/sipc"
)

// A Way is a way back that is not the channel's own: something that a receiver
// can change and a sender can see, if no policy forbids it to one of them.
//
// Time is cut into slots, which both ends know. The receiver shows a symbol at the
// beginning of each slot, and the sender looks when three quarters of it are over.
type Way struct {
	Name string
	// Closed says what closes it: a permission, as it stands in the AVC record
	// of who is denied it, or what else.
	Closed string
	// Width is how many bits a symbol has.
	Width int
	// Slots are the lengths to try.
	Slots []time.Duration
	// Helpers is how many processes the receiver is. One is the rule.
	Helpers int
	// Patient ways sleep rather than spin: they need the processors for others.
	Patient bool
	// receiver and sender prepare an end, in its own process.
	receiver func(job) (shower, error)
	sender   func(job) (seer, error)
	// learned has the sender learn what a symbol looks like; otherwise it sees the
	// symbol itself.
	learned bool
	// early has the sender look from the beginning of the slot on.
	early bool
	// unclocked has no slots: the sender has each symbol shown when it wants it.
	unclocked bool
}

// A shower shows a symbol; it may take until the given time.
type shower func(symbol int, until int64) error

// A seer sees what is shown in a slot, most of which is over when it is called.
// If the way is early, it is called at once, and waits for the slot's begin and for
// the time when it has to have seen enough.
type seer func(begin, enough int64) (int64, error)

// atEnd is a seer that does not care for times.
func atEnd(look func() (int64, error)) seer {
	return func(int64, int64) (int64, error) { return look() }
}

// Ways are those that are measured.
func Ways() []Way {
	return append(ipcWays(), append(memoryWays(), processWays()...)...)
}

// micros are so many microseconds each.
func micros(numbers ...int) []time.Duration {
	var times []time.Duration
	for _, n := range numbers {
		times = append(times, time.Duration(n)*time.Microsecond)
	}
	return times
}

// way is the role of an end.
func (j job) way() error {
	for _, w := range Ways() {
		if w.Name == j.Way && j.End {
			return j.show(w)
		} else if w.Name == j.Way {
			return j.see(w)
		}
	}
	return fmt.Errorf("no such way: %q", j.Way)
}

func (j job) show(w Way) error {
	alone()
	show, err := w.receiver(j)
	if err != nil || show == nil {
		return err
	}
	clock, slot := newClock(), int64(j.Code.Unit)
	for i, symbol := range j.Symbols {
		begin := j.Start + int64(i)*slot
		w.pause(clock, begin)
		if err := show(symbol, begin+slot/2); err != nil {
			return err
		}
	}
	w.pause(clock, j.Start+int64(len(j.Symbols)+1)*slot) // what is shown stays until it was seen
	return nil
}

func (j job) see(w Way) error {
	t, err := openTape(j.Tape)
	if err != nil {
		return err
	}
	alone()
	look, err := w.sender(j)
	if err != nil {
		return err
	}
	slot, clock := int64(j.Code.Unit), newClock()
	began := clock.now()
	for i := range j.Symbols { // it knows how many there are
		begin := j.Start + int64(i)*slot
		if !w.early && !w.unclocked {
			w.pause(clock, begin+slot*3/4)
		}
		value, err := look(begin, begin+slot*3/4)
		if err != nil {
			return err
		}
		t.note(value)
	}
	t.note(clock.now() - began)
	return nil
}

// pause waits: asleep while there is time for it, or altogether.
func (w Way) pause(c clock, until int64) {
	const early = int64(200 * time.Microsecond)
	if w.Patient {
		c.sleep(until)
		return
	}
	c.sleep(until - early)
	c.spin(until)
}

// Measure leaks so many symbols with slots of a length.
func (w Way) Measure(ctx context.Context, slot time.Duration, training, number int) (Result, error) {
	m := &wayRun{Way: w, slot: slot, training: training}
	random := rand.New(rand.NewChaCha8(seed()))
	for i := range training + number {
		symbol := random.IntN(1 << w.Width)
		if i < training {
			symbol = i % (1 << w.Width) // what both know
		}
		m.symbols = append(m.symbols, symbol)
	}
	ctx, cancel := context.WithTimeout(ctx, patience+20*slot*time.Duration(len(m.symbols)))
	defer cancel()
	result, err := m.run(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("leak by %s: %w", w.Name, err)
	}
	return result, nil
}

// Best finds the best length of the slots, as [Target.Best] does the best code.
func (w Way) Best(ctx context.Context, e Effort) (Result, error) {
	slots := w.Slots
	if len(slots) > 1 {
		tried, err := w.try(ctx, slots, e, e.Quick)
		if err != nil {
			return Result{}, err
		}
		var finalists []time.Duration
		for _, r := range tried[:min(e.Finals, len(tried))] {
			finalists = append(finalists, r.Code.Unit)
		}
		if tried, err = w.try(ctx, finalists, e, e.Full); err != nil {
			return Result{}, err
		}
		slots = []time.Duration{tried[0].Code.Unit, tried[0].Code.Unit}
	}
	last, err := w.try(ctx, slots, e, e.Full)
	if err != nil {
		return Result{}, err
	}
	return last[0], nil
}

// try measures with each length of slots. The best result comes first.
func (w Way) try(ctx context.Context, slots []time.Duration, e Effort, whole time.Duration) ([]Result, error) {
	var results []Result
	for _, slot := range slots {
		r, err := w.Measure(ctx, slot, e.Training, e.symbols(whole, slot))
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	slices.SortFunc(results, byRate)
	return results, nil
}

// wayRun is one measurement of a way.
type wayRun struct {
	Way
	slot     time.Duration
	symbols  []int
	training int
}

func (m *wayRun) run(ctx context.Context) (_ Result, err error) {
	dir, err := os.MkdirTemp("", "sipc-leak-")
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	channel, err := sipc.Create(sipc.Config{SlotSize: 64 << 10})
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, channel.Remove()) }()
	tape := filepath.Join(dir, "sender")
	if err := makeTape(tape, len(m.symbols)+1); err != nil {
		return Result{}, err
	}
	j := job{
		Role: "way", Way: m.Name, Channel: channel, Tape: tape, Symbols: m.symbols,
		Code: Code{Unit: m.slot}, Start: m.begin(),
	}
	if err := runEnds(ctx, j, m.Helpers); err != nil {
		return Result{}, err
	}
	seen, err := readTape(tape)
	if err != nil {
		return Result{}, err
	}
	return m.weigh(seen)
}

// begin is when the first slot begins. Slots of a second, which are for what is told
// in seconds, begin well within one.
func (m *wayRun) begin() int64 {
	begin := newClock().now() + int64(2*lead)
	if m.slot%time.Second == 0 {
		into := time.Duration(time.Now().Add(2 * lead).Nanosecond())
		begin += int64(time.Second - into + time.Second/5)
	}
	return begin
}

// runEnds starts the sender and the receiver's processes, and waits for them.
func runEnds(ctx context.Context, j job, helpers int) (err error) {
	sender, err := start(ctx, j)
	if err != nil {
		return err
	}
	j.End, j.Sender = true, sender.cmd.Process.Pid
	var receivers []*end
	for i := range max(helpers, 1) {
		j.Helper = i
		e, err := start(ctx, j)
		if err != nil {
			return errors.Join(err, sender.stop())
		}
		receivers = append(receivers, e)
	}
	err = sender.wait()
	for _, e := range receivers {
		err = errors.Join(err, e.wait())
	}
	return err
}

// weigh holds what was seen against what was shown.
func (m *wayRun) weigh(seen []int64) (Result, error) {
	n := len(m.symbols)
	if len(seen) != n+1 {
		return Result{}, errors.New("too little was seen")
	}
	elapsed := m.slot * time.Duration(n-m.training)
	if m.unclocked { // all of it took what was noted last
		elapsed = time.Duration(seen[n]) / time.Duration(n) * time.Duration(n-m.training)
	}
	seen = seen[:n]
	r := Result{Code: Code{Slotted: true, Unit: m.slot}, Symbols: len(m.symbols) - m.training, Elapsed: elapsed}
	r.Raw = float64(r.Symbols * m.Width)
	if m.learned {
		m.weighLearned(&r, seen)
	} else {
		m.weighBits(&r, seen)
	}
	return r, nil
}

// weighLearned is for what has to be learnt to be told apart.
func (m *wayRun) weighLearned(r *Result, seen []int64) {
	c := Code{Values: upTo(1 << m.Width)}
	reading := learn(c, m.symbols[:m.training], seen[:m.training])
	matrix, wrong := reading.score(m.symbols[m.training:], seen[m.training:], len(c.Values))
	bits, deviation := matrix.Information(evenly(len(c.Values)))
	n := float64(matrix.Total())
	r.Errors, r.Bits, r.Deviation = wrong, bits*n, deviation*n
}

// weighBits is for symbols that are seen as they are. Their bits are independent,
// so what the symbols bring is at least the sum of what their bits bring.
func (m *wayRun) weighBits(r *Result, seen []int64) {
	matrix, wrong := NewMatrix(2, 2), 0
	for i := m.training; i < len(seen); i++ {
		for bit := range m.Width {
			matrix.Add(m.symbols[i]>>bit&1, int(seen[i]>>bit&1))
		}
		if seen[i] != int64(m.symbols[i]) {
			wrong++
		}
	}
	bits, deviation := matrix.Information(evenly(2))
	n := float64(matrix.Total())
	r.Errors, r.Bits, r.Deviation = float64(wrong)/float64(r.Symbols), bits*n, deviation*n
}
