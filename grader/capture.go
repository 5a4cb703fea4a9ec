package grader

import (
	"bytes"
	"strings"
	"sync"
)

// maxOutput bounds what is kept of a run's stdout and stderr together.
const maxOutput = 1 << 20

// quota is the room that the two outputs of a run share.
type quota struct {
	mu    sync.Mutex
	left  int
	over  bool
	flood func() // called once, when the room is used up
}

// take grants as many of n bytes as there is room for.
func (q *quota) take(n int) int {
	q.mu.Lock()
	granted := min(n, q.left)
	q.left -= granted
	first := granted < n && !q.over
	q.over = q.over || first
	q.mu.Unlock()
	if first && q.flood != nil {
		q.flood()
	}
	return granted
}

func (q *quota) exceeded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.over
}

// capture keeps one output of a run. It accepts any amount, so that whoever
// writes is never blocked or failed, and keeps what the quota grants.
type capture struct {
	quota *quota
	mu    sync.Mutex
	buf   bytes.Buffer
	wake  chan struct{} // closed at the next write
}

func newCapture(q *quota) *capture { return &capture{quota: q, wake: make(chan struct{})} }

// Write keeps what there is room for, and never fails.
func (c *capture) Write(p []byte) (int, error) {
	n := c.quota.take(len(p))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf.Write(p[:n])
	close(c.wake)
	c.wake = make(chan struct{})
	return len(p), nil
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

// contains says whether the output has the text, and otherwise when to look
// again.
func (c *capture) contains(text string) (bool, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Contains(c.buf.String(), text), c.wake
}
