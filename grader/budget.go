package grader

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The causes of a context that a budget has ended: the student's programs took
// longer than they may, or the machine did, and did not even notice the end of
// its own limit.
var (
	errTimeUp   = errors.New("the check's time is over")
	errNoAnswer = errors.New("the guest did not answer in time")
)

// budget is the time that a check may take. Only waiting for the student's
// work counts; what the machine needs for itself (compiling, loading, looking)
// has limits of its own, so that a slow machine costs nobody points.
type budget struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	total  time.Duration

	mu    sync.Mutex
	timer *time.Timer
	left  time.Duration
	since time.Time
	away  bool // the time that passes is the machine's
}

func newBudget(parent context.Context, total time.Duration) *budget {
	b := &budget{total: total, left: total, since: time.Now()}
	b.ctx, b.cancel = context.WithCancelCause(parent)
	b.timer = time.AfterFunc(total, b.expire)
	return b
}

func (b *budget) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancel(b.cause())
}

// cause says whose time it is that passes. The caller holds the lock.
func (b *budget) cause() error {
	if b.away {
		return errNoAnswer
	}
	return errTimeUp
}

// halt stops the timer. If it has fired, and expire only waits for the lock,
// the time that is over is the one that passed until now, not the one that is
// about to begin. The caller holds the lock.
func (b *budget) halt() {
	if !b.timer.Stop() {
		b.cancel(b.cause())
	}
}

// end releases the budget.
func (b *budget) end() {
	b.timer.Stop()
	b.cancel(context.Canceled)
}

// up says whether the time is over.
func (b *budget) up() bool { return errors.Is(context.Cause(b.ctx), errTimeUp) }

// remaining is what is left of the time.
func (b *budget) remaining() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, b.left-time.Since(b.since))
}

// aside stops the clock for something that has a limit of its own, until back
// is called. There is always a timer running, so that the script ends even if
// back never is.
func (b *budget) aside(limit time.Duration) (ctx context.Context, back func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halt()
	b.left = max(0, b.left-time.Since(b.since))
	b.away = true
	b.timer.Reset(b.left + limit)
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	return ctx, func() {
		cancel()
		b.resume()
	}
}

func (b *budget) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halt()
	b.away = false
	b.since = time.Now()
	b.timer.Reset(b.left)
}
