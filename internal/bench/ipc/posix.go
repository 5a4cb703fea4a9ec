package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// layFIFO makes a FIFO in a folder of its own.
func layFIFO(trial) (*cable, error) {
	dir, err := os.MkdirTemp("", "ipclab-ipc-")
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		return nil, errors.Join(os.NewSyscallError("mkfifo", err), os.RemoveAll(dir))
	}
	return &cable{word: name, remove: func() error { return os.RemoveAll(dir) }}, nil
}

func fifoSender(_ context.Context, p plug) (sender, error)     { return openFIFO(p, unix.O_WRONLY) }
func fifoReceiver(_ context.Context, p plug) (receiver, error) { return openFIFO(p, unix.O_RDONLY) }

// openFIFO opens an end whose calls block in the kernel, as a pipe's do here.
func openFIFO(p plug, mode int) (*stream, error) {
	for {
		fd, err := unix.Open(p.word, mode|unix.O_CLOEXEC, 0)
		if err == nil {
			p.file = os.NewFile(uintptr(fd), p.word)
			return newFile(p), nil
		}
		if err != unix.EINTR {
			return nil, &os.PathError{Op: "open", Path: p.word, Err: err}
		}
	}
}

func layDatagram(trial) (*cable, error) { return laySocket(unix.SOCK_DGRAM) }

// layMessages makes a POSIX message queue.
func layMessages(trial) (*cable, error) {
	name := fmt.Sprintf("ipclab-ipc-%d-%d", os.Getpid(), time.Now().UnixNano())
	fd, err := openMessages(name, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR)
	if err != nil {
		return nil, err
	}
	remove := func() error {
		text, err := unix.BytePtrFromString(name)
		if err != nil {
			return err
		}
		_, _, e := unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(text)), 0, 0)
		return ifAny("mq_unlink", e)
	}
	return &cable{word: name, remove: remove}, unix.Close(int(fd))
}

// openMessages opens a queue by its name, here without the slash that the C
// library takes away. What it makes has the kernel's default sizes.
func openMessages(name string, mode int) (uintptr, error) {
	text, err := unix.BytePtrFromString(name)
	if err != nil {
		return 0, err
	}
	return untilDone("mq_open", func() (uintptr, unix.Errno) {
		r, _, e := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(text)), uintptr(mode|unix.O_CLOEXEC), 0o600, 0, 0, 0)
		return r, e
	})
}

// messages is an end of a POSIX message queue.
type messages struct {
	fd    uintptr
	work  *work
	parts [][]byte
	buf   []byte // as large as the queue's largest message, as the kernel asks
}

func newMessages(p plug, mode int) (*messages, error) {
	fd, err := openMessages(p.word, mode)
	return &messages{fd: fd, work: p.work, parts: parts(p.Size, 0), buf: private(part)}, err
}

func messagesSender(_ context.Context, p plug) (sender, error) { return newMessages(p, unix.O_WRONLY) }
func messagesReceiver(_ context.Context, p plug) (receiver, error) {
	return newMessages(p, unix.O_RDONLY)
}

func (m *messages) Close() error { return unix.Close(int(m.fd)) }

func (m *messages) send(count int) error {
	for range count {
		for _, one := range m.parts {
			m.work.make(one)
			if _, err := untilDone("mq_send", func() (uintptr, unix.Errno) {
				r, _, e := unix.Syscall6(unix.SYS_MQ_TIMEDSEND, m.fd, uintptr(unsafe.Pointer(&one[0])), uintptr(len(one)), 0, 0, 0)
				return r, e
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *messages) receive(count int) error {
	for range count {
		for range m.parts {
			n, err := untilDone("mq_receive", func() (uintptr, unix.Errno) {
				r, _, e := unix.Syscall6(unix.SYS_MQ_TIMEDRECEIVE, m.fd, uintptr(unsafe.Pointer(&m.buf[0])), uintptr(len(m.buf)), 0, 0, 0)
				return r, e
			})
			if err != nil {
				return err
			}
			m.work.take(m.buf[:n])
		}
	}
	return nil
}

// header is what stands before the message in POSIX shared memory: one word,
// 1 while there is a message to be read.
const header = 64

// layMapping makes POSIX shared memory for one message.
func layMapping(t trial) (*cable, error) {
	f, err := os.CreateTemp("/dev/shm", "ipclab-ipc-")
	if err != nil {
		return nil, err
	}
	c := &cable{word: f.Name(), remove: func() error { return os.Remove(f.Name()) }}
	if err := errors.Join(f.Truncate(int64(header+t.Size)), f.Close()); err != nil {
		return nil, errors.Join(err, c.remove())
	}
	return c, nil
}

// mapping is an end of POSIX shared memory whose ends take turns by a futex.
type mapping struct {
	mapped []byte
	work   *work
	buf    []byte
}

func newMapping(p plug) (*mapping, error) {
	f, err := os.OpenFile(p.word, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	mapped, err := unix.Mmap(int(f.Fd()), 0, header+p.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return &mapping{mapped, p.work, private(p.Size)}, os.NewSyscallError("mmap", err)
}

func mappingSender(_ context.Context, p plug) (sender, error)     { return newMapping(p) }
func mappingReceiver(_ context.Context, p plug) (receiver, error) { return newMapping(p) }

func (m *mapping) Close() error { return unix.Munmap(m.mapped) }

func (m *mapping) word() *uint32 { return (*uint32)(unsafe.Pointer(&m.mapped[0])) }

// The operations of futex(2) between processes.
const (
	futexWait = 0
	futexWake = 1
)

// await waits until the word is what it shall be.
func (m *mapping) await(want uint32) error {
	for atomic.LoadUint32(m.word()) != want {
		_, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(m.word())), futexWait, uintptr(1-want), 0, 0, 0)
		if e != 0 && e != unix.EINTR && e != unix.EAGAIN {
			return os.NewSyscallError("futex", e)
		}
	}
	return nil
}

// pass sets the word, and wakes who waits for it.
func (m *mapping) pass(word uint32) error {
	atomic.StoreUint32(m.word(), word)
	_, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(m.word())), futexWake, 1, 0, 0, 0)
	return ifAny("futex", e)
}

func (m *mapping) send(count int) error {
	for range count {
		m.work.make(m.buf)
		if err := m.await(0); err != nil {
			return err
		}
		copy(m.mapped[header:], m.buf)
		if err := m.pass(1); err != nil {
			return err
		}
	}
	return nil
}

func (m *mapping) receive(count int) error {
	for range count {
		if err := m.await(1); err != nil {
			return err
		}
		copy(m.buf, m.mapped[header:])
		if err := m.pass(0); err != nil {
			return err
		}
		m.work.take(m.buf)
	}
	return nil
}
