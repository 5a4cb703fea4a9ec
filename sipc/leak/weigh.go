package leak

import (
	"errors"
	"math"
	"slices"
	"time"
)

// weigh reads as the sender does, and holds that against what was leaked.
func (a *attack) weigh() (Result, error) {
	times, err := readTape(a.tape("send"))
	if err != nil {
		return Result{}, err
	}
	takes, err := readTape(a.tape("take"))
	if err != nil {
		return Result{}, err
	}
	r := Result{}
	if a.code.Slotted {
		r = a.weighSlots(times)
	} else if r, err = a.weighDelays(times, takes); err != nil {
		return Result{}, err
	}
	r.Shortest = shortest(times)
	return r, nil
}

// shortest is the least time from one to the next.
func shortest(times []int64) time.Duration {
	least := int64(math.MaxInt64)
	for i := 1; i < len(times); i++ {
		least = min(least, times[i]-times[i-1])
	}
	return time.Duration(least)
}

// weighDelays reads the times from one completed send to the next. The send that
// the first take lets through comes after those that needed none.
func (a *attack) weighDelays(times, takes []int64) (Result, error) {
	first := a.ahead() - 1
	gaps := observe(a.code, times, first, len(a.symbols), 0)
	if len(gaps) <= a.training {
		return Result{}, errors.New("too few sends completed")
	}
	r := a.result(gaps)
	r.Elapsed = time.Duration(times[first+len(gaps)] - times[first+a.training])
	r.ElapsedDeviation = sumDeviation(gaps[a.training:])
	r.Send = a.medianSend(times[first+1:], takes)
	return r, nil
}

// sumDeviation is the standard deviation of the sum of such numbers, if they are
// independent.
func sumDeviation(numbers []int64) time.Duration {
	sum, squares, n := 0.0, 0.0, float64(len(numbers))
	for _, x := range numbers {
		sum += float64(x)
		squares += float64(x) * float64(x)
	}
	return time.Duration(math.Sqrt(max(0, squares-sum*sum/n)))
}

// medianSend is the time from a take to the end of the send that it lets through.
func (a *attack) medianSend(times, takes []int64) time.Duration {
	var waits []int64
	for i := range min(len(times), len(takes)) {
		waits = append(waits, times[i]-takes[i])
	}
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return time.Duration(waits[len(waits)/2])
}

// weighSlots finds out with the training when the receiver's slots begin, as seen
// by the sender, and reads the counts in them.
func (a *attack) weighSlots(times []int64) Result {
	best, most := int64(0), math.Inf(-1)
	for step := range int64(8 * a.slotsLate()) {
		phase := a.slotsBegin + step*int64(a.code.Unit)/8
		seen := observe(a.code, times, 0, a.training, phase)
		m, _ := learn(a.code, a.symbols[:a.training], seen).score(a.symbols[:a.training], seen, len(a.code.Values))
		if bits, _ := m.Information(a.code.weights()); bits > most {
			best, most = phase, bits
		}
	}
	r := a.result(observe(a.code, times, 0, len(a.symbols), best))
	r.Elapsed = time.Duration(r.Symbols) * a.code.Unit
	return r
}

// slotsLate is by how many slots the receiver may have begun too late. Where it has
// to find the ticks first, a busy machine delays it.
func (a *attack) slotsLate() int {
	const few = 4
	if a.code.Quantum == 0 {
		return few
	}
	return few + int(300*time.Millisecond/a.code.Unit)
}

// result holds what was seen for each symbol against the symbols.
func (a *attack) result(seen []int64) Result {
	reading := learn(a.code, a.symbols[:a.training], seen[:a.training])
	matrix, wrong := reading.score(a.symbols[a.training:len(seen)], seen[a.training:], len(a.code.Values))
	bits, deviation := matrix.Information(a.code.weights())
	n := float64(matrix.Total())
	return Result{
		Code: a.code, Symbols: matrix.Total(), Errors: wrong,
		Raw: a.code.entropy() * n, Bits: bits * n, Deviation: deviation * n,
	}
}
