//go:build linux && (amd64 || arm64 || riscv64 || loong64)

// Package sysv is the thin layer over the System V calls that SIPC needs:
// message queues, shared memory, keys, and what /proc says of them. It neither
// knows the protocol nor keeps state. Errors are bare errnos; the caller says
// what it was doing. See msgop(2), msgctl(2), shmop(2), shmctl(2), ftok(3),
// sysvipc(7).
//
// It is for 64-bit computers whose kernel has the generic layout of struct
// msqid64_ds and shmid64_ds.
package sysv

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Flags and commands, from linux/ipc.h, linux/msg.h and linux/shm.h.
const (
	Create   = 0o1000  // IPC_CREAT
	Excl     = 0o2000  // IPC_EXCL
	NoWait   = 0o4000  // IPC_NOWAIT
	NoError  = 0o10000 // MSG_NOERROR
	Copy     = 0o40000 // MSG_COPY
	ReadOnly = 0o10000 // SHM_RDONLY

	cmdRemove = 0 // IPC_RMID
	cmdSet    = 1 // IPC_SET
	cmdStat   = 2 // IPC_STAT
)

// Message is what msgsnd and msgrcv exchange with the kernel: a type and the 24
// bytes that every message of SIPC has.
type Message struct {
	Type int // the kernel's long
	Body [24]byte
}

// asError turns "no error" into nil.
func asError(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// TrySend is msgsnd with IPC_NOWAIT. It does not tell Go's scheduler, for it
// never waits: EAGAIN says that the queue is full.
func TrySend(queue int, m *Message) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_MSGSND, uintptr(queue), uintptr(unsafe.Pointer(m)), uintptr(len(m.Body)), NoWait, 0, 0)
	return errno
}

// Send is msgsnd. It waits for room, until a signal comes: EINTR. It returns the
// size of the body, as Receive does.
func Send(queue int, m *Message) (int, syscall.Errno) {
	_, _, errno := syscall.Syscall6(unix.SYS_MSGSND, uintptr(queue), uintptr(unsafe.Pointer(m)), uintptr(len(m.Body)), 0, 0, 0)
	return len(m.Body), errno
}

// TryReceive is msgrcv with IPC_NOWAIT for the first message of any type. It
// returns the size of its body. ENOMSG says that the queue is empty; E2BIG
// that the message is larger than 24 bytes, and stays.
func TryReceive(queue int, m *Message) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_MSGRCV, uintptr(queue), uintptr(unsafe.Pointer(m)), uintptr(len(m.Body)), 0, NoWait, 0)
	return int(n), errno
}

// Receive is TryReceive, but waits for a message, until a signal comes: EINTR.
func Receive(queue int, m *Message) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_MSGRCV, uintptr(queue), uintptr(unsafe.Pointer(m)), uintptr(len(m.Body)), 0, 0, 0)
	return int(n), errno
}

// MsgGet finds or makes a queue. A mode is part of the flags.
func MsgGet(key int32, flags int) (int, error) {
	id, _, errno := syscall.Syscall(unix.SYS_MSGGET, uintptr(key), uintptr(flags), 0)
	return int(id), asError(errno)
}

// MsgSend is msgsnd with a body of any size, for those who need not be quick.
func MsgSend(queue, typ int, body []byte, flags int) error {
	buf := packed(typ, len(body))
	copy(buf[wordSize:], body)
	_, _, errno := syscall.Syscall6(unix.SYS_MSGSND, uintptr(queue), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(body)), uintptr(flags), 0, 0)
	return asError(errno)
}

// MsgReceive is msgrcv with all its parameters. It returns the type and the size
// of what came into body.
func MsgReceive(queue int, body []byte, typ, flags int) (gotType, n int, err error) {
	buf := packed(0, len(body))
	size, _, errno := syscall.Syscall6(unix.SYS_MSGRCV, uintptr(queue), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(body)), uintptr(typ), uintptr(flags), 0)
	if errno != 0 {
		return 0, 0, errno
	}
	copy(body, buf[wordSize:wordSize+size])
	return *(*int)(unsafe.Pointer(&buf[0])), int(size), nil
}

const wordSize = unsafe.Sizeof(int(0))

// packed is a msgbuf with this type and room for n bytes; it is aligned as an
// int is.
func packed(typ, n int) []byte {
	words := make([]int, 1+(n+int(wordSize)-1)/int(wordSize))
	words[0] = typ
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*int(wordSize))
}

// perm is struct ipc64_perm of 64-bit computers (asm-generic/ipcbuf.h).
type perm struct {
	Key                  int32
	UID, GID, CUID, CGID uint32
	Mode                 uint32
	Sequence             uint16
	_                    uint16
	_, _                 uint64
}

// msqid is struct msqid64_ds (asm-generic/msgbuf.h).
type msqid struct {
	Perm                perm
	Stime, Rtime, Ctime int64
	Bytes, Num, Limit   uint64
	LastSend, LastRecv  int32
	_, _                uint64
}

// MsgLimit sets owner, group, mode and msg_qbytes of a queue.
func MsgLimit(queue, uid, gid int, mode uint32, limit uint64) error {
	ds := msqid{Perm: perm{UID: uint32(uid), GID: uint32(gid), Mode: mode}, Limit: limit}
	return msgctl(queue, cmdSet, &ds)
}

// MsgQueue is what IPC_STAT tells of a queue.
type MsgQueue struct {
	Key                int32
	UID, GID           uint32
	Mode               uint32
	Bytes, Num, Limit  uint64
	LastSend, LastRecv int32
	Stime, Rtime       int64 // seconds since 1970; 0 never
	Ctime              int64
}

// MsgStat is IPC_STAT.
func MsgStat(queue int) (MsgQueue, error) {
	var ds msqid
	if err := msgctl(queue, cmdStat, &ds); err != nil {
		return MsgQueue{}, err
	}
	return MsgQueue{
		Key: ds.Perm.Key, UID: ds.Perm.UID, GID: ds.Perm.GID, Mode: ds.Perm.Mode,
		Bytes: ds.Bytes, Num: ds.Num, Limit: ds.Limit, LastSend: ds.LastSend, LastRecv: ds.LastRecv,
		Stime: ds.Stime, Rtime: ds.Rtime, Ctime: ds.Ctime,
	}, nil
}

// MsgRemove is IPC_RMID.
func MsgRemove(queue int) error { return msgctl(queue, cmdRemove, nil) }

func msgctl(queue, cmd int, ds *msqid) error {
	_, _, errno := syscall.Syscall(unix.SYS_MSGCTL, uintptr(queue), uintptr(cmd), uintptr(unsafe.Pointer(ds)))
	return asError(errno)
}
