package grader

import (
	"errors"
	"sync"
)

// memo remembers what came of something that is done once a run. Machine
// trouble is not remembered: the next check may have more luck. The lock is
// not held while it is done, so that a trial that was given up in the middle
// of it stands in nobody's way.
type memo[T any] struct {
	mu    sync.Mutex
	known bool
	value T
	err   error
}

func (m *memo[T]) get(f func() (T, error)) (T, error) {
	if value, err, ok := m.recall(); ok {
		return value, err
	}
	value, err := f()
	if err == nil || isVerdict(err) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.known, m.value, m.err = true, value, err
	}
	return value, err
}

func (m *memo[T]) recall() (T, error, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value, m.err, m.known
}

// isVerdict says whether an error is about the student's or the lab's files,
// and would come again.
func isVerdict(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.fault != Machine
}

// once is a memo of something without a value.
type once struct{ memo[struct{}] }

func (o *once) do(f func() error) error {
	_, err := o.get(func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// loadedPolicy remembers which policy is in the kernel.
type loadedPolicy struct {
	mu          sync.Mutex
	known       bool
	withStudent bool
}

func (l *loadedPolicy) is(withStudent bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known && l.withStudent == withStudent
}

func (l *loadedPolicy) set(withStudent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.withStudent = true, withStudent
}

func (l *loadedPolicy) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = false
}
