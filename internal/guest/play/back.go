package play

import (
	"math/rand/v2"
	"time"

	"ipclab/internal/guest/actor"
)

// measureFor is how long a back channel's bits are counted.
const measureFor = 250 * time.Millisecond

// firstBits are sent with the audit trail being read after each call, and all must
// arrive right before the rest is counted.
const firstBits = 8

// backChannel has bits leaked, one after the other, and counts those that are seen.
func (a *attempt) backChannel() error {
	back, err := actor.FindBack(a.object.Kind, a.try.How)
	if err != nil {
		return err
	}
	a.sides = map[*player]actor.Side{a.from: back.Leaker, a.to: back.Looker}
	made, err := a.make()
	if err != nil || !made {
		return err
	}
	for _, p := range []*player{a.to, a.from} {
		if a.sides[p] == "" {
			continue
		}
		if done, err := a.step(p, actor.Order{Step: actor.StepOpen}); err != nil || !done.succeeded() {
			return err
		}
	}
	return a.leak()
}

// leak sends the first bits, and counts the others if those arrived.
func (a *attempt) leak() error {
	for i := range firstBits {
		bit := i%3 == 0 // 1 0 0 1 0 0 1 0: neither always the same nor taking turns
		sent, err := a.step(a.from, actor.Order{Step: actor.StepSignal, Bit: bit})
		if err != nil || !sent.succeeded() {
			return err
		}
		seen, err := a.step(a.to, actor.Order{Step: actor.StepLook})
		if err != nil || !seen.succeeded() || seen.Bit != bit {
			return err
		}
	}
	a.forgetRepeated()
	right, all, took, err := a.count()
	a.tried.Through = all > 0 && right*10 >= all*9
	if a.tried.Through {
		a.tried.Rate = float64(right) / took.Seconds()
	}
	return err
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

// count sends bits for a while and tells how many of them were seen right.
func (a *attempt) count() (right, all int, took time.Duration, err error) {
	signal, err := a.fill(a.from, actor.Order{Step: actor.StepSignal})
	if err != nil {
		return 0, 0, 0, err
	}
	look, err := a.fill(a.to, actor.Order{Step: actor.StepLook})
	if err != nil {
		return 0, 0, 0, err
	}
	begun := time.Now()
	for time.Since(begun) < measureFor {
		signal.Bit = rand.IntN(2) == 1
		if _, err := a.from.ask(signal, stepWait); err != nil || !a.from.alive() {
			return right, all, time.Since(begun), a.giveUp(a.from, err)
		}
		seen, err := a.to.ask(look, stepWait)
		if err != nil || !a.to.alive() {
			return right, all, time.Since(begun), a.giveUp(a.to, err)
		}
		all++
		if seen.Errno == "" && seen.Trouble == "" && seen.Bit == signal.Bit {
			right++
		}
	}
	return right, all, time.Since(begun), nil
}
