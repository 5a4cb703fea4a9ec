package leak

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Code is how a receiver puts symbols into the times at which it takes
// messages. There are two kinds of them.
//
// Delays (Slotted false): before each take the receiver waits, from the arrival of
// the message, for Base and then for Values[symbol] times Unit. The sender looks
// at the time from one completed send to the next. This needs no common clock.
//
// Slots (Slotted true): time is cut into slots of Unit, which both ends know. In each
// the receiver takes Values[symbol] messages, and the sender counts the sends that
// complete in it.
type Code struct {
	Slotted bool
	Unit    time.Duration
	Base    time.Duration
	Values  []int
	// Weights are how often each symbol is used; without them all are used alike.
	Weights []float64
	// Patient has the receiver sleep where it would spin: for waits that are long,
	// and where others need the processor.
	Patient bool
	// Quantum is the time between the ticks of a paced sender, where there is one. The
	// receiver finds out when they come, and takes between them.
	Quantum time.Duration
	// Bins is how many different times between sends the sender tells apart, in
	// whole units. With 0 it tells apart as many as there are symbols, by what it learnt.
	Bins int
}

// entropy is how many bits a symbol carries if none is mistaken.
func (c Code) entropy() float64 {
	sum := 0.0
	for _, w := range c.weights() {
		if w > 0 {
			sum -= w * math.Log2(w)
		}
	}
	return sum
}

// weights are Weights, or what stands for them.
func (c Code) weights() []float64 {
	if c.Weights != nil {
		return c.Weights
	}
	return evenly(len(c.Values))
}

// evenly is n equal weights.
func evenly(n int) []float64 {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1 / float64(n)
	}
	return weights
}

// mean is how long a symbol takes, without what the machine adds.
func (c Code) mean() time.Duration {
	if c.Slotted {
		return c.Unit
	}
	sum := float64(c.Base)
	for x, w := range c.weights() {
		sum += w * float64(c.Values[x]) * float64(c.Unit)
	}
	return time.Duration(sum) + 4*time.Microsecond // about what calls and wake-ups take
}

// draw draws a symbol.
func (c Code) draw(random *rand.Rand) int {
	left := random.Float64()
	for x, w := range c.weights() {
		if left -= w; left < 0 {
			return x
		}
	}
	return len(c.Values) - 1
}

// training draws the symbols that both ends know: the sender learns from them
// what it will see.
func (c Code) training(n int) []int {
	random := rand.New(rand.NewPCG(1, 2))
	symbols := make([]int, n)
	for i := range symbols {
		symbols[i] = c.draw(random)
	}
	return symbols
}

// GeometricDelays is the best code, by theory, against a pace: the receiver waits
// for no tick with the probability l/(1-hold), and otherwise for a number of ticks
// that is geometric with l; then the times between sends are geometric with l as well. It is
// Bedekar's and Azizoglu's (The Information-Theoretic Capacity of Discrete-Time Queues,
// IEEE Trans. Inf. Theory 44(2), 1998), and the noiseless channel's if hold is 0. Waits are cut
// off where fewer than one in a hundred would be longer.
func GeometricDelays(quantum time.Duration, hold float64) Code {
	l := busyTicks(hold)
	c := Code{Unit: quantum, Base: quantum / 2, Patient: true, Values: []int{0}, Weights: []float64{l / (1 - hold)}}
	for left := 1 - c.Weights[0]; left > 0; {
		w := left * l
		if left < 0.01 || len(c.Values) == 40 {
			w = left
		}
		c.Values = append(c.Values, len(c.Values))
		c.Weights = append(c.Weights, w)
		left -= w
	}
	c.Bins = len(c.Values) + int(math.Ceil(3/(1-hold)))
	return c
}

// CoarseDelays is a code of three delays against a pace that holds: it reaches about
// four fifths of the bound, but fewer symbols suffice to see that.
func CoarseDelays(quantum time.Duration, hold float64) Code {
	service := 1 / (1 - hold) // ticks until one is not held
	c := Code{Unit: quantum, Base: quantum / 2, Patient: true, Weights: []float64{0.56, 0.28, 0.16}}
	c.Values = []int{0, int(math.Round(1.5 * service)), int(math.Round(3.5 * service))}
	c.Bins = c.Values[2] + int(math.Ceil(3*service))
	return c
}

// busyTicks is the share of ticks at which a send completes if the Z-channel is
// used to its capacity: the input 1 is used with the probability
// 1 / ((1-p)(1 + 2^(H(p)/(1-p)))), and comes through with 1-p.
func busyTicks(hold float64) float64 {
	h := 0.0
	if hold > 0 {
		h = -hold*math.Log2(hold) - (1-hold)*math.Log2(1-hold)
	}
	return 1 / (1 + math.Exp2(h/(1-hold)))
}
