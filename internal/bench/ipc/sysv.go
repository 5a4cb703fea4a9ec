package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// part is the largest message of a queue, System V's or POSIX's, by the kernel's
// defaults (kernel.msgmax, fs.mqueue.msgsize_max).
const part = 8 << 10

// untilDone repeats a system call that a signal interrupted, as Go's runtime
// sends them.
func untilDone(name string, call func() (uintptr, unix.Errno)) (uintptr, error) {
	for {
		r, errno := call()
		if errno == 0 {
			return r, nil
		}
		if errno != unix.EINTR {
			return 0, os.NewSyscallError(name, errno)
		}
	}
}

// parts are a message's memory, each part with room for so many bytes before it.
func parts(size, before int) [][]byte {
	n := (size + part - 1) / part
	all, memory := make([][]byte, n), private(size+n*before)
	for i := range all {
		length := before + min(part, size-i*part)
		all[i], memory = memory[:length:length], memory[length:]
	}
	return all
}

// layQueue makes a System V message queue.
func layQueue(trial) (*cable, error) {
	id, err := untilDone("msgget", func() (uintptr, unix.Errno) {
		r, _, e := unix.Syscall(unix.SYS_MSGGET, unix.IPC_PRIVATE, unix.IPC_CREAT|0o600, 0)
		return r, e
	})
	if err != nil {
		return nil, err
	}
	remove := func() error {
		_, _, e := unix.Syscall(unix.SYS_MSGCTL, id, unix.IPC_RMID, 0)
		return ifAny("msgctl", e)
	}
	return &cable{word: fmt.Sprint(id), remove: remove}, nil
}

func ifAny(name string, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return os.NewSyscallError(name, errno)
}

// queue is an end of a System V message queue. Each part begins with its type.
type queue struct {
	id    uintptr
	work  *work
	parts [][]byte
}

func newQueue(p plug) (*queue, error) {
	q := &queue{work: p.work, parts: parts(p.Size, 8)}
	for _, one := range q.parts {
		one[0] = 1
		for i := range one[1:8] {
			one[1+i] = 0
		}
	}
	_, err := fmt.Sscan(p.word, &q.id)
	return q, err
}

func queueSender(_ context.Context, p plug) (sender, error)     { return newQueue(p) }
func queueReceiver(_ context.Context, p plug) (receiver, error) { return newQueue(p) }

func (q *queue) Close() error { return nil }

func (q *queue) send(messages int) error {
	for range messages {
		for _, one := range q.parts {
			q.work.make(one[8:])
			if _, err := untilDone("msgsnd", func() (uintptr, unix.Errno) {
				r, _, e := unix.Syscall6(unix.SYS_MSGSND, q.id, uintptr(unsafe.Pointer(&one[0])), uintptr(len(one)-8), 0, 0, 0)
				return r, e
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *queue) receive(messages int) error {
	for range messages {
		for _, one := range q.parts {
			if _, err := untilDone("msgrcv", func() (uintptr, unix.Errno) {
				r, _, e := unix.Syscall6(unix.SYS_MSGRCV, q.id, uintptr(unsafe.Pointer(&one[0])), uintptr(len(one)-8), 0, 0, 0)
				return r, e
			}); err != nil {
				return err
			}
			q.work.take(one[8:])
		}
	}
	return nil
}

// The semaphores of a segment: one is 1 while it may be written, the other
// while it may be read.
const (
	empty = iota
	filled
	semaphores
)

// setValue is SETVAL of semctl(2), which x/sys lacks.
const setValue = 16

// laySegment makes a System V segment for one message, and two semaphores.
func laySegment(t trial) (*cable, error) {
	segment, err := unix.SysvShmGet(unix.IPC_PRIVATE, t.Size, unix.IPC_CREAT|0o600)
	if err != nil {
		return nil, os.NewSyscallError("shmget", err)
	}
	set, _, e := unix.Syscall(unix.SYS_SEMGET, unix.IPC_PRIVATE, semaphores, unix.IPC_CREAT|0o600)
	c := &cable{word: fmt.Sprint(segment, " ", set)}
	c.remove = func() error {
		_, err := unix.SysvShmCtl(segment, unix.IPC_RMID, nil)
		_, _, e := unix.Syscall(unix.SYS_SEMCTL, set, 0, unix.IPC_RMID)
		return errors.Join(err, ifAny("semctl", e))
	}
	if e == 0 {
		_, _, e = unix.Syscall6(unix.SYS_SEMCTL, set, empty, setValue, 1, 0, 0)
	}
	if e != 0 {
		return nil, errors.Join(os.NewSyscallError("semget", e), c.remove())
	}
	return c, nil
}

// turns is an end of a segment whose ends take turns by semaphores.
type turns struct {
	segment []byte
	set     uintptr
	work    *work
	buf     []byte
}

func newTurns(p plug) (*turns, error) {
	t := &turns{work: p.work, buf: private(p.Size)}
	var id int
	if _, err := fmt.Sscan(p.word, &id, &t.set); err != nil {
		return nil, err
	}
	memory, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return nil, os.NewSyscallError("shmat", err)
	}
	t.segment = memory[:p.Size]
	return t, nil
}

func turnsSender(_ context.Context, p plug) (sender, error)     { return newTurns(p) }
func turnsReceiver(_ context.Context, p plug) (receiver, error) { return newTurns(p) }

func (t *turns) Close() error { return unix.SysvShmDetach(t.segment[:1]) }

// operate adds to a semaphore, and waits before it falls below 0.
func (t *turns) operate(number uint16, add int16) error {
	o := struct {
		number uint16
		add    int16
		flags  int16
	}{number, add, 0}
	_, err := untilDone("semop", func() (uintptr, unix.Errno) {
		r, _, e := unix.Syscall(unix.SYS_SEMOP, t.set, uintptr(unsafe.Pointer(&o)), 1)
		return r, e
	})
	return err
}

func (t *turns) send(messages int) error {
	for range messages {
		t.work.make(t.buf)
		if err := t.operate(empty, -1); err != nil {
			return err
		}
		copy(t.segment, t.buf)
		if err := t.operate(filled, 1); err != nil {
			return err
		}
	}
	return nil
}

func (t *turns) receive(messages int) error {
	for range messages {
		if err := t.operate(filled, -1); err != nil {
			return err
		}
		copy(t.buf, t.segment)
		if err := t.operate(empty, 1); err != nil {
			return err
		}
		t.work.take(t.buf)
	}
	return nil
}
