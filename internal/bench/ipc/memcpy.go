package main

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// layMemcpy makes a pipe, over which the sender says that it is done.
func layMemcpy(t trial) (*cable, error) { return layPipe(t) }

// memory is one process that copies messages to the same place of shared memory,
// which nobody reads: how fast one copy is. No channel can be as fast.
type memory struct {
	done   *os.File
	work   *work
	buf    []byte
	shared []byte
}

func memcpySender(_ context.Context, p plug) (sender, error) {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, p.Size, 0o600)
	if err != nil {
		return nil, os.NewSyscallError("shmget", err)
	}
	shared, err := unix.SysvShmAttach(id, 0, 0)
	if _, removing := unix.SysvShmCtl(id, unix.IPC_RMID, nil); err == nil {
		err = removing // the segment lives until it is detached
	}
	if err != nil {
		return nil, os.NewSyscallError("shmat", err)
	}
	fill(shared, 1)
	return &memory{p.file, p.work, private(p.Size), shared}, nil
}

func memcpyReceiver(_ context.Context, p plug) (receiver, error) {
	return &memory{done: p.file, work: p.work, buf: make([]byte, 1)}, nil
}

func (m *memory) Close() error {
	if m.shared == nil {
		return m.done.Close()
	}
	return unix.SysvShmDetach(m.shared)
}

func (m *memory) send(messages int) error {
	for range messages {
		m.work.make(m.buf)
		copy(m.shared, m.buf)
	}
	_, err := m.done.Write([]byte{1})
	return err
}

func (m *memory) receive(int) error {
	_, err := m.done.Read(m.buf)
	return err
}
