package actor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// queueSize is how many bytes a queue holds (the kernel's default, msgmnb).
const queueSize = 16384

// messageSize is the room for a message's text in bytes.
const messageSize = 1024

// message is struct msgbuf.
type message struct {
	kind int64
	text [messageSize]byte
}

// msgq is an end of a System V message queue.
type msgq struct{ sysvObject }

func newMsgq(r Role) End { return &msgq{newSysV(r)} }

func (q *msgq) Send(t *Trace, secret []byte) ([]byte, error) {
	m := message{kind: 1}
	n := copy(m.text[:], secret)
	err := msgsnd(q.id, &m, n)
	return secret[:n], t.Did("msgsnd", err, "msgsnd(%d, %d bytes, IPC_NOWAIT)", q.id, n)
}

func (q *msgq) Receive(t *Trace) ([]byte, error) {
	var m message
	n, err := msgrcv(q.id, &m)
	if err := t.Did("msgrcv", err, "msgrcv(%d, IPC_NOWAIT)", q.id); err != nil {
		return nil, err
	}
	return m.text[:n], nil
}

// msgsnd sends so many bytes of a message, or fails at once.
func msgsnd(id int, m *message, size int) error {
	_, _, errno := unix.Syscall6(unix.SYS_MSGSND, uintptr(id), uintptr(unsafe.Pointer(m)), uintptr(size), ipcNoWait, 0, 0)
	_, err := result(0, errno)
	return err
}

// msgrcv takes the first message, or fails at once.
func msgrcv(id int, m *message) (int, error) {
	n, _, errno := unix.Syscall6(unix.SYS_MSGRCV, uintptr(id), uintptr(unsafe.Pointer(m)), messageSize, 0, ipcNoWait|msgNoError, 0)
	return result(n, errno)
}
