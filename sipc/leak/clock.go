package leak

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A clock tells the time that all processes of a machine share, in nanoseconds:
// CLOCK_MONOTONIC. It reads it as the runtime does, without a system call.
type clock struct {
	began time.Time
	at    int64
}

func newClock() clock {
	var ts unix.Timespec
	began := time.Now()
	// It cannot fail: the clock exists and the pointer is ours.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return clock{began: began, at: ts.Nano()}
}

func (c clock) now() int64 { return c.at + int64(time.Since(c.began)) }

// spin waits without giving the processor away.
func (c clock) spin(until int64) {
	for c.now() < until {
	}
}

// sleep waits and gives the processor away. Signals do not cut it short.
func (c clock) sleep(until int64) {
	for left := until - c.now(); left > 0; left = until - c.now() {
		ts := unix.NsecToTimespec(left)
		_ = unix.Nanosleep(&ts, nil) // interrupted or not: there is the loop
	}
}

// alone gives the calling goroutine a thread of its own, whose sleeps the kernel does
// not stretch to save wake-ups.
func alone() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it there is more noise, no more
}
