package leak

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipclab/sipc/internal/sysv"
)

// memoryWays are those that come with sharing memory, however it is attached.
func memoryWays() []Way {
	return []Way{
		{
			Name:   "futex on the segment",
			Closed: "no check by SELinux; closed by a pump",
			Width:  1, Slots: micros(64, 128, 256, 512, 1024), receiver: showWake, sender: seeWake, early: true,
		},
		{
			Name:   "pages that were made, by mincore",
			Closed: "no check by SELinux; closed by a pump",
			Width:  8, Slots: micros(16, 32, 64, 128, 256), receiver: showTouched, sender: seeTouched,
		},
		{
			Name:   "pages that are mapped twice, by /proc/self/pagemap",
			Closed: "closed if the sender lacks `file { read }` on its own type (package `sipc` needs it, a program in C does not); closed by a pump",
			Width:  8, Slots: micros(16, 32, 64, 128, 256), receiver: showMapped, sender: seeMapped,
		},
	}
}

// futex is futex(2) on a word of a segment. It is no private one: its other waiters
// and wakers may be in other processes.
func futex(word *uint32, operation int, value uint32, timeout *unix.Timespec) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), uintptr(operation), uintptr(value), uintptr(unsafe.Pointer(timeout)), 0, 0)
	return int(n), errno
}

// From linux/futex.h.
const (
	futexWait = 0
	futexWake = 1
)

// spare is a word of the segment that nobody uses.
func spare(segment []byte) *uint32 { return (*uint32)(unsafe.Pointer(&segment[4000])) }

// showWake wakes the sender, through a mapping that it may only read.
func showWake(j job) (shower, error) {
	s, err := sysv.Attach(j.Channel.Segment, sysv.ReadOnly)
	if err != nil {
		return nil, err
	}
	clock := newClock()
	return func(symbol int, until int64) error {
		for symbol == 1 && clock.now() < until {
			n, errno := futex(spare(s.Bytes), futexWake, 1, nil)
			if errno != 0 {
				return errno
			}
			if n > 0 {
				break
			}
		}
		return nil
	}, nil
}

// seeWake waits to be woken, until the slot is over.
func seeWake(j job) (seer, error) {
	s, err := sysv.Attach(j.Channel.Segment, 0)
	if err != nil {
		return nil, err
	}
	clock := newClock()
	return func(begin, end int64) (int64, error) {
		clock.spin(begin)
		for {
			left := unix.NsecToTimespec(max(end-clock.now(), 1))
			_, errno := futex(spare(s.Bytes), futexWait, 0, &left)
			switch errno {
			case 0:
				return 1, nil
			case syscall.ETIMEDOUT:
				return 0, nil
			case syscall.EINTR:
			default:
				return 0, errno
			}
		}
	}, nil
}

// pages are the pages that show a symbol, one a bit. The first one is the header's.
func pages(segment []byte) []byte {
	size := os.Getpagesize()
	return segment[size : 9*size]
}

// touch reads a byte of each page whose bit is set.
func touch(memory []byte, symbol int) {
	for bit := range 8 {
		if symbol>>bit&1 == 1 {
			touched.Add(uint32(memory[bit*os.Getpagesize()]))
		}
	}
}

// touched keeps the compiler from leaving reads out.
var touched atomic.Uint32

// showTouched reads pages that are not there: reading makes them.
func showTouched(j job) (shower, error) {
	s, err := sysv.Attach(j.Channel.Segment, sysv.ReadOnly)
	if err != nil {
		return nil, err
	}
	return func(symbol int, _ int64) error { touch(pages(s.Bytes), symbol); return nil }, nil
}

// seeTouched asks which pages are there, and then punches holes into the segment.
func seeTouched(j job) (seer, error) {
	s, err := sysv.Attach(j.Channel.Segment, 0)
	if err != nil {
		return nil, err
	}
	memory := pages(s.Bytes)
	if err := unix.Madvise(memory, unix.MADV_REMOVE); err != nil {
		return nil, err
	}
	var there [8]byte
	return atEnd(func() (int64, error) {
		if _, _, errno := syscall.RawSyscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&memory[0])), uintptr(len(memory)), uintptr(unsafe.Pointer(&there[0]))); errno != 0 {
			return 0, errno
		}
		symbol := int64(0)
		for bit, resident := range there {
			symbol |= int64(resident&1) << bit
		}
		return symbol, unix.Madvise(memory, unix.MADV_REMOVE)
	}), nil
}

// showMapped gives its own mappings of the pages up, and makes some of them again.
func showMapped(j job) (shower, error) {
	s, err := sysv.Attach(j.Channel.Segment, sysv.ReadOnly)
	if err != nil {
		return nil, err
	}
	memory := pages(s.Bytes)
	return func(symbol int, _ int64) error {
		if err := unix.Madvise(memory, unix.MADV_DONTNEED); err != nil {
			return err
		}
		touch(memory, symbol)
		return nil
	}, nil
}

// seeMapped reads of its own pages which are mapped nowhere else (bit 56 of an
// entry, proc_pid_pagemap(5)).
func seeMapped(j job) (seer, error) {
	s, err := sysv.Attach(j.Channel.Segment, 0)
	if err != nil {
		return nil, err
	}
	memory := pages(s.Bytes)
	touch(memory, 0xff)
	runtime.KeepAlive(memory)
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil, err
	}
	entries := make([]byte, 8*8)
	at := int64(uintptr(unsafe.Pointer(&memory[0]))) / int64(os.Getpagesize()) * 8
	return atEnd(func() (int64, error) {
		if n, err := file.ReadAt(entries, at); n != len(entries) {
			return 0, errors.Join(errors.New("too few entries of /proc/self/pagemap"), err)
		}
		symbol := int64(0)
		for bit := range 8 {
			exclusive := binary.NativeEndian.Uint64(entries[bit*8:]) >> 56 & 1
			symbol |= int64(1-exclusive) << bit
		}
		return symbol, nil
	}), nil
}
