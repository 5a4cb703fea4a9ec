package sipc

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"time"
)

// Pace bounds how often something may be learnt: whatever keeps to it acts at
// ticks only, which come once a quantum, and lets some of them pass unused.
// docs/sipc-leaks.md derives what that leaves of the back channel.
type Pace struct {
	// Quantum is the time from one tick to the next. It is more than 0.
	Quantum time.Duration
	// Hold is the probability that a tick passes unused: from 0 to less than 1.
	// It is rounded down to a multiple of 1/65536.
	Hold float64
}

// holdUnit is what the protocol's hold counts in.
const holdUnit = 1 << 16

// hold is Hold as the header has it.
func (p Pace) hold() uint32 { return uint32(p.Hold * holdUnit) }

// check says what is wrong with a pace.
func (p Pace) check() error {
	if p.Quantum <= 0 {
		return fmt.Errorf("sipc: a quantum of %v: it must be more than 0", p.Quantum)
	}
	if !(p.Hold >= 0 && p.Hold < 1) { // NaN is neither
		return fmt.Errorf("sipc: hold is %v: it must be at least 0 and less than 1", p.Hold)
	}
	return nil
}

// A ticker waits for ticks. They are counted from its making, so that what is
// done at one tick does not move the next one. It belongs to one goroutine.
type ticker struct {
	quantum time.Duration
	hold    uint32
	start   time.Time
	timer   *time.Timer
	random  *rand.ChaCha8
}

// newTicker starts to count. Which ticks it will let pass nobody can foresee.
func newTicker(p Pace) *ticker {
	var seed [32]byte
	crand.Read(seed[:]) // never fails: see its documentation
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &ticker{
		quantum: p.Quantum, hold: p.hold(), start: time.Now(),
		timer: timer, random: rand.NewChaCha8(seed),
	}
}

// wait returns at the next tick that is to be used. One that passed while
// nobody waited is lost: there is no making up for it. It allocates nothing.
// When closed is closed, it returns ErrClosed, and ctx's error when ctx is done.
func (t *ticker) wait(ctx context.Context, closed <-chan struct{}) error {
	for {
		if err := t.sleep(ctx, closed); err != nil {
			return err
		}
		if !t.held() {
			return nil
		}
	}
}

// held draws whether this tick passes unused.
func (t *ticker) held() bool { return uint32(t.random.Uint64()%holdUnit) < t.hold }

// sleep waits for the next tick, used or not.
func (t *ticker) sleep(ctx context.Context, closed <-chan struct{}) error {
	defer t.timer.Stop()
	t.timer.Reset(t.quantum - time.Since(t.start)%t.quantum)
	select {
	case <-t.timer.C:
		return nil
	case <-closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
