package sipc

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

func TestPaceIsChecked(t *testing.T) {
	for _, c := range []struct {
		p  Pace
		ok bool
	}{
		{Pace{Quantum: time.Millisecond}, true},
		{Pace{Quantum: 1, Hold: 0.999}, true},
		{Pace{}, false},
		{Pace{Quantum: -1}, false},
		{Pace{Quantum: 1, Hold: 1}, false},
		{Pace{Quantum: 1, Hold: -0.1}, false},
		{Pace{Quantum: 1, Hold: math.NaN()}, false},
	} {
		if err := c.p.check(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.p, err)
		}
	}
}

// No tick is used twice, however late one wakes up for it.
func TestTicksAreUsedOnce(t *testing.T) {
	ticks := newTicker(Pace{Quantum: 200 * time.Microsecond, Hold: 0.2})
	last := int64(0)
	for range 200 {
		if err := ticks.wait(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		now := int64(time.Since(ticks.start) / ticks.quantum)
		if now <= last {
			t.Fatalf("tick %d after tick %d", now, last)
		}
		last = now
	}
}

// So many ticks pass unused as were asked for: 40,000 draws are off by more than
// 2 in 100 once in 10^15 times.
func TestTicksAreHeld(t *testing.T) {
	for _, hold := range []float64{0, 0.25, 0.9} {
		ticks, held := newTicker(Pace{Quantum: 1, Hold: hold}), 0
		for range 40_000 {
			if ticks.held() {
				held++
			}
		}
		if got := float64(held) / 40_000; math.Abs(got-hold) > 0.02 || hold == 0 && held > 0 {
			t.Errorf("%v of the ticks were held, not %v", got, hold)
		}
	}
}

func TestWaitingForATickEnds(t *testing.T) {
	ticks := newTicker(Pace{Quantum: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ticks.wait(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with its context: %v", err)
	}
	closed := make(chan struct{})
	close(closed)
	if err := ticks.wait(t.Context(), closed); !errors.Is(err, ErrClosed) {
		t.Errorf("with its end: %v", err)
	}
}

func TestWaitingForATickAllocatesNothing(t *testing.T) {
	ticks := newTicker(Pace{Quantum: time.Microsecond, Hold: 0.5})
	if n := testing.AllocsPerRun(100, func() { ticks.wait(t.Context(), nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
