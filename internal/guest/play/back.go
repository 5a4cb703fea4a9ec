package play

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
	"ipclab/sipc/leak"
)

// firstBits are sent with the audit trail being read after each call. All must
// arrive right, or there is no back channel.
const firstBits = 8

// backChannel has bits leaked, first one after the other, then by the clock.
func (a *attempt) backChannel() error {
	kind, err := actor.FindBack(a.object.Kind, a.try.How)
	if err != nil {
		return err
	}
	if kind.ByMaker && !a.third() {
		return fmt.Errorf("%s of %s is tried between two who are not its maker", a.try.How, a.object.Name)
	}
	b := &backChannel{attempt: a, kind: kind}
	a.sides = map[*player]actor.Side{a.from: kind.Leaker, a.to: kind.Looker}
	defer func() { err = errors.Join(err, b.clean()) }()
	err = b.leak()
	return err
}

// backChannel is a try of a back channel.
type backChannel struct {
	*attempt
	kind   actor.Back
	keeper actor.End // the agent's own end; nil where it has none
}

// leak makes all ready, and sends bits if nothing was refused until then.
func (b *backChannel) leak() error {
	for _, part := range []func() (bool, error){b.make, b.openAll, b.begin, b.firstBits} {
		if ok, err := part(); err != nil || !ok {
			return err
		}
	}
	b.forgetRepeated()
	b.tried.Through = true
	return b.measure()
}

// openAll opens the ends, those first that receive: a FIFO cannot be written to
// before somebody reads.
func (b *backChannel) openAll() (bool, error) {
	for _, side := range []actor.Side{actor.ToSide, actor.MakerSide, actor.FromSide} {
		if side == b.kind.Keeper {
			if err := b.openKeeper(); err != nil {
				return false, err
			}
		}
		for _, p := range []*player{b.to, b.from} {
			if b.sides[p] != side {
				continue
			}
			if done, err := b.step(p, actor.Order{Step: actor.StepOpen}); err != nil || !done.succeeded() {
				return false, err
			}
		}
	}
	return true, nil
}

// openKeeper opens the agent's own end, where the object is.
func (b *backChannel) openKeeper() error {
	role, err := b.role(nil)
	if err != nil {
		return err
	}
	role.Side = b.kind.Keeper
	if b.keeper, err = actor.New(role); err != nil || role.Side == actor.MakerSide {
		return err
	}
	return b.stage.Inside(b.where(), func() error { return b.keeper.Open(actor.NewTrace()) })
}

// where is whose namespaces the object is in.
func (b *backChannel) where() *api.ActorSpec {
	if b.maker == nil {
		return nil
	}
	return &b.maker.spec
}

// begin has the keeper make it usable, and who looks see what is there before the
// first bit.
func (b *backChannel) begin() (bool, error) {
	if err := b.keep(true); err != nil {
		return false, err
	}
	seen, err := b.step(b.to, actor.Order{Step: actor.StepLook})
	return seen.succeeded(), err
}

// keep does what the keeper does at first, and before each bit.
func (b *backChannel) keep(first bool) error {
	if b.kind.Keep == nil || !first && !b.kind.Each {
		return nil
	}
	if !b.kind.ByMaker {
		return b.stage.Inside(b.where(), func() error { return b.kind.Keep(b.keeper, first) })
	}
	order, err := b.fill(b.maker, actor.Order{Step: actor.StepKeep, Bit: first})
	if err != nil {
		return err
	}
	answer, err := b.maker.ask(order, stepWait)
	if err == nil && answer.Trouble != "" {
		err = &TroubleError{b.maker.spec.Name, actor.StepKeep, answer.Trouble}
	}
	return b.giveUp(b.maker, err)
}

// firstBits sends bits one by one. It is false as soon as something is refused, or
// seen wrongly.
func (b *backChannel) firstBits() (bool, error) {
	for i := range firstBits {
		bit := i%3 == 0 // 1 0 0 1 0 0 1 0: neither always the same nor taking turns
		if err := b.keep(false); err != nil {
			return false, err
		}
		sent, err := b.step(b.from, actor.Order{Step: actor.StepSignal, Bit: bit})
		if err != nil || !sent.succeeded() {
			return false, err
		}
		seen, err := b.step(b.to, actor.Order{Step: actor.StepLook})
		if err != nil || !seen.succeeded() || seen.Bit != bit {
			return false, err
		}
	}
	return true, nil
}

// forgetRepeated leaves the calls of one bit of each kind in the report.
func (a *attempt) forgetRepeated() {
	steps := a.tried.Steps[:0]
	said := map[string]bool{}
	for _, s := range a.tried.Steps {
		if what := s.Actor + s.Text; !said[what] || len(s.Records) > 0 {
			said[what] = true
			steps = append(steps, s)
		}
	}
	a.tried.Steps = steps
}

// slots are the lengths of slots that are tried, each with so many bits: a quarter
// of a second in all. On a slow or busy computer only the longest come through.
func slots() map[time.Duration]int {
	return map[time.Duration]int{
		500 * time.Microsecond: 160,
		2 * time.Millisecond:   40,
		8 * time.Millisecond:   10,
	}
}

// oneByOne is for how long bits are sent one by one, on orders.
const oneByOne = 40 * time.Millisecond

// fewest is how many bits are sent one by one at least: fewer tell nothing.
const fewest = 8

// measure tells how many bits a second come through at least, after what errors cost:
// the best of all that is tried.
func (b *backChannel) measure() error {
	rate, err := b.inTurns()
	if err != nil {
		return err
	}
	b.tried.Rate = rate
	for slot, number := range slots() {
		if b.kind.Each {
			break // its keeper has to come between the bits
		}
		rate, err := b.byClock(slot, number)
		if err != nil {
			return err
		}
		b.tried.Rate = max(b.tried.Rate, rate)
	}
	return nil
}

// inTurns sends bits one after the other, each when the one before was seen.
func (b *backChannel) inTurns() (float64, error) {
	signal, err := b.fill(b.from, actor.Order{Step: actor.StepSignal})
	if err != nil {
		return 0, err
	}
	look, err := b.fill(b.to, actor.Order{Step: actor.StepLook})
	if err != nil {
		return 0, err
	}
	var sent, seen []bool
	begun := time.Now()
	for time.Since(begun) < oneByOne || len(sent) < fewest {
		if err := b.keep(false); err != nil {
			return 0, err
		}
		signal.Bit = rand.IntN(2) == 1
		if _, err := b.quietly(b.from, signal); err != nil {
			return 0, err
		}
		answer, err := b.quietly(b.to, look)
		if err != nil {
			return 0, err
		}
		sent, seen = append(sent, signal.Bit), append(seen, answer.Bit)
	}
	return rateOf(sent, seen, time.Since(begun)), nil
}

// quietly gives an order and reports nothing. An actor that ends answers nothing.
func (b *backChannel) quietly(p *player, o actor.Order) (actor.Answer, error) {
	if !p.alive() {
		return actor.Answer{}, nil
	}
	answer, err := p.ask(o, stepWait)
	return answer, b.giveUp(p, err)
}

// lead is how long before the first slot both are told.
const lead = 8 * time.Millisecond

// byClock has both ends work by the clock.
func (b *backChannel) byClock(slot time.Duration, number int) (float64, error) {
	bits := make([]bool, number)
	for i := range bits {
		bits[i] = rand.IntN(2) == 1
	}
	order, err := b.fill(b.from, actor.Order{Step: actor.StepSignals, Bits: bits, Slot: int64(slot)})
	if err != nil {
		return 0, err
	}
	looking, err := b.fill(b.to, actor.Order{Step: actor.StepLooks, Bits: make([]bool, number), Slot: int64(slot)})
	if err != nil {
		return 0, err
	}
	order.Begin = actor.Clock() + int64(lead)
	looking.Begin = order.Begin

	var failed error
	var both sync.WaitGroup
	both.Go(func() { _, failed = b.quietly(b.from, order) })
	answer, err := b.quietly(b.to, looking)
	both.Wait()
	if err := errors.Join(err, failed); err != nil {
		return 0, err
	}
	return rateOf(bits, answer.Bits, slot*time.Duration(number)), nil
}

// rateOf is how many bits a second came through: what was seen tells so much of
// what was sent at first. It is an estimate that is on average too small (leak.Matrix).
func rateOf(sent, seen []bool, took time.Duration) float64 {
	m := leak.NewMatrix(2, 2)
	for i := range seen {
		m.Add(oneIf(sent[i]), oneIf(seen[i]))
	}
	bits, _ := m.Information([]float64{0.5, 0.5})
	return max(0, bits*float64(len(seen))/took.Seconds())
}

func oneIf(bit bool) int {
	if bit {
		return 1
	}
	return 0
}

// clean removes what the back channel made beside its object, and lets go of it.
func (b *backChannel) clean() error {
	if b.keeper != nil {
		b.keeper.Close()
	}
	if b.kind.Clean == nil {
		return nil
	}
	role, err := b.role(b.from)
	if err != nil {
		return err
	}
	return b.stage.Inside(&b.from.spec, func() error { return b.kind.Clean(role) })
}
