package sipctest_test

import (
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A storm sends signals to every thread of this process. System calls on System
// V objects are never taken up again after one: they return EINTR.
type storm struct {
	over atomic.Bool
	sent atomic.Int64
	done chan struct{}
}

func startStorm(t *testing.T) *storm {
	s := &storm{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for !s.over.Load() {
			s.gust()
			time.Sleep(50 * time.Microsecond)
		}
	}()
	t.Cleanup(func() {
		s.over.Store(true)
		<-s.done
	})
	return s
}

// gust is one signal for each thread.
func (s *storm) gust() {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, task := range tasks {
		thread, err := strconv.Atoi(task.Name())
		if err == nil && unix.Tgkill(os.Getpid(), thread, syscall.SIGURG) == nil {
			s.sent.Add(1)
		}
	}
}

// stop ends the storm, and wants that there was one.
func (s *storm) stop(t *testing.T) {
	s.over.Store(true)
	<-s.done
	if s.sent.Load() == 0 {
		t.Error("there was no storm")
	}
	t.Logf("%d signals", s.sent.Load())
}
