package leak

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// An Effort is how much is spent on a search. An attack must last long enough that
// a moment in which the machine does something else is not all of it, and have enough
// symbols to tell something.
type Effort struct {
	Training    int           // symbols that are known to both ends, in each attack
	Quick       time.Duration // what the attacks last that choose among codes
	Full        time.Duration // what the one lasts whose result counts
	Least, Most int           // symbols of any attack
	Finals      int           // how many of the best codes are tried for the full time
}

// symbols is how many symbols of this length make an attack of that time.
func (e Effort) symbols(whole, symbol time.Duration) int {
	return min(max(int(whole/max(symbol, 1)), e.Least), e.Most)
}

// Best tries all codes on the target, the best of them for longer, and then
// attacks anew with the best of those: a result is not taken from the run that it was
// chosen for. It attacks twice, for the machine may have been busy, and returns the better
// result. A code that does not work on the target is passed over; it is an
// error if none does.
func (t Target) Best(ctx context.Context, codes []Code, e Effort) (Result, error) {
	tried, err := t.try(ctx, codes, e, e.Quick)
	if err != nil {
		return Result{}, err
	}
	var finalists []Code
	for _, r := range tried[:min(e.Finals, len(tried))] {
		finalists = append(finalists, r.Code)
	}
	if len(finalists) > 1 {
		if tried, err = t.try(ctx, finalists, e, e.Full); err != nil {
			return Result{}, err
		}
	}
	best := tried[0].Code
	last, err := t.try(ctx, []Code{best, best}, e, e.Full)
	if err != nil {
		return Result{}, err
	}
	return last[0], nil
}

// try attacks with each code. The best result comes first.
func (t Target) try(ctx context.Context, codes []Code, e Effort, whole time.Duration) ([]Result, error) {
	var results []Result
	var errs []error
	for _, code := range codes {
		r, err := t.Attack(ctx, code, e.Training, e.symbols(whole, code.mean()))
		if ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		results = append(results, r)
	}
	if len(results) == 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortFunc(results, byRate)
	return results, nil
}

// byRate puts the best result first.
func byRate(a, b Result) int { return cmp.Compare(b.Rate(), a.Rate()) }

// FastCodes are codes for a channel without a pace: delays of every length that can
// pay, with two and with eight symbols, and slots.
func FastCodes() []Code {
	var codes []Code
	for _, unit := range []time.Duration{1, 2, 4, 8, 16, 32} {
		for _, base := range []time.Duration{0, 8} {
			for _, symbols := range []int{2, 8} {
				codes = append(codes, Code{Unit: unit * time.Microsecond, Base: base * time.Microsecond, Values: upTo(symbols)})
			}
		}
	}
	for _, unit := range []time.Duration{10, 40, 160} {
		codes = append(codes, Code{Slotted: true, Unit: unit * time.Microsecond, Values: upTo(2)})
	}
	return codes
}

// upTo is 0 to n-1.
func upTo(n int) []int {
	values := make([]int, n)
	for i := range values {
		values[i] = i
	}
	return values
}

// PacedCodes are codes for whatever keeps to a pace: delays of whole ticks, as many
// and as often as is best by theory, and fewer of them; a tick for a bit; and
// several ticks for a bit, which helps against hold.
func PacedCodes(quantum time.Duration, hold float64) []Code {
	codes := []Code{GeometricDelays(quantum, hold)}
	if hold > 0 {
		codes = append(codes, CoarseDelays(quantum, hold))
	}
	for _, ticks := range []time.Duration{1, 2, 4} {
		codes = append(codes, Code{Slotted: true, Unit: ticks * quantum, Quantum: quantum, Values: upTo(2), Patient: true})
	}
	return codes
}
