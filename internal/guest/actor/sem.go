package actor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// semaphores are how many a set has: one for each byte of a secret, and one that
// the back channel "waiting" is about.
const semaphores = SecretSize + 1

// semOperation is struct sembuf.
type semOperation struct {
	number uint16
	change int16
	flags  int16
}

// sem is an end of a set of System V semaphores. A secret is their values.
type sem struct {
	sysvObject
	values [semaphores]uint16 // that this end has given them
}

func newSem(r Role) End { return &sem{sysvObject: newSysV(r)} }

func (s *sem) Send(t *Trace, secret []byte) ([]byte, error) {
	var want [semaphores]uint16
	n := min(len(secret), SecretSize)
	for i, b := range secret[:n] {
		want[i] = uint16(b) + 1
	}
	set := s.operate
	if s.role.How == "setval" {
		set = s.setAll
	}
	if err := set(t, &want); err != nil {
		return nil, err
	}
	s.values = want
	return secret[:n], nil
}

// setAll sets the values, which asks for no right to read.
func (s *sem) setAll(t *Trace, values *[semaphores]uint16) error {
	_, err := s.kind.command(s.id, semSetAll, unsafe.Pointer(values))
	return t.Did("semctl", err, "semctl(%d, SETALL)", s.id)
}

// operate adds to the values what is missing, and takes away what is too much.
func (s *sem) operate(t *Trace, want *[semaphores]uint16) error {
	var ops []semOperation
	for i, v := range want {
		if change := int16(v) - int16(s.values[i]); change != 0 {
			ops = append(ops, semOperation{number: uint16(i), change: change, flags: ipcNoWait})
		}
	}
	if len(ops) == 0 {
		return nil
	}
	return t.Did("semop", semop(s.id, ops), "semop(%d, %d operations, IPC_NOWAIT)", s.id, len(ops))
}

func (s *sem) Receive(t *Trace) ([]byte, error) {
	var values [semaphores]uint16
	_, err := s.kind.command(s.id, semGetAll, unsafe.Pointer(&values))
	if err == nil && values[0] == 0 {
		err = unix.EAGAIN // nothing was put in yet
	}
	if err := t.Did("semctl", err, "semctl(%d, GETALL)", s.id); err != nil {
		return nil, err
	}
	var data []byte
	for _, v := range values[:SecretSize] {
		if v > 0 {
			data = append(data, byte(v-1))
		}
	}
	return data, nil
}

// semop makes operations on a set, all or none.
func semop(id int, ops []semOperation) error {
	_, _, errno := unix.Syscall(unix.SYS_SEMOP, uintptr(id), uintptr(unsafe.Pointer(&ops[0])), uintptr(len(ops)))
	_, err := result(0, errno)
	return err
}
