package grader

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A budget whose time is over at the very moment at which the machine's time
// begins ended in the student's time, and the other way round.
func TestBudgetThatEndsAsTheTurnChanges(t *testing.T) {
	for name, test := range map[string]struct {
		away bool
		turn func(*budget)
		want error
	}{
		"student's": {false, func(b *budget) { b.aside(time.Hour) }, errTimeUp},
		"machine's": {true, func(b *budget) { b.resume() }, errNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBudget(t.Context(), time.Hour)
			defer b.end()
			b.away = test.away
			b.timer.Stop() // as if it had fired, and expire had yet to get the lock
			test.turn(b)
			b.expire()
			if got := context.Cause(b.ctx); !errors.Is(got, test.want) {
				t.Errorf("ended by %v, want %v", got, test.want)
			}
		})
	}
}
