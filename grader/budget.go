package grader

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errTimeUp is the cause of a context that ended because a check took longer
// than it may.
var errTimeUp = errors.New("the check's time is over")

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
}

func newBudget(parent context.Context, total time.Duration) *budget {
	b := &budget{total: total, left: total, since: time.Now()}
	b.ctx, b.cancel = context.WithCancelCause(parent)
	b.timer = time.AfterFunc(total, func() { b.cancel(errTimeUp) })
	return b
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
	b.left = max(0, b.left-time.Since(b.since))
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
	b.since = time.Now()
	b.timer.Reset(b.left)
}
