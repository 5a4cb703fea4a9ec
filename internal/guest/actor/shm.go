package actor

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// segmentSize is the size of a shared memory in bytes: enough pages for the back
// channels that use pages.
const segmentSize = 16 * 4096

// shm is an end of a System V shared memory segment.
type shm struct {
	sysvObject
	at uintptr // where it is attached; 0: nowhere
}

func newShm(r Role) End { return &shm{sysvObject: newSysV(r)} }

// Open attaches the segment, for reading and writing if the end tells something.
func (s *shm) Open(t *Trace) error {
	if err := s.sysvObject.Open(t); err != nil {
		return err
	}
	flags, name := shmReadOnly, "SHM_RDONLY"
	if s.role.Side == FromSide {
		flags, name = 0, "0"
	}
	at, err := shmat(s.id, flags)
	if err := t.Did("shmat", err, "shmat(%d, %s)", s.id, name); err != nil {
		return err
	}
	s.at = at
	return nil
}

func (s *shm) Send(t *Trace, secret []byte) ([]byte, error) {
	return store(t, memory(s.at), secret), nil
}

func (s *shm) Receive(t *Trace) ([]byte, error) { return load(t, memory(s.at)) }

// Close detaches the segment.
func (s *shm) Close() {
	if s.at != 0 {
		shmdt(s.at)
		s.at = 0
	}
}

// shmat attaches a segment wherever there is room.
func shmat(id, flags int) (uintptr, error) {
	at, _, errno := unix.Syscall(unix.SYS_SHMAT, uintptr(id), 0, uintptr(flags))
	if errno != 0 {
		return 0, errno
	}
	return at, nil
}

func shmdt(at uintptr) { unix.Syscall(unix.SYS_SHMDT, at, 0, 0) }

// memory is what is shared at an address that the kernel gave, which Go's
// collector knows nothing of.
func memory(at uintptr) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), segmentSize)
}

// store puts a secret into memory: its length, behind it the secret. No system
// call is made, and nobody is asked.
func store(t *Trace, shared, secret []byte) []byte {
	n := copy(shared[4:4096], secret)
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&shared[0])), uint32(n))
	_ = t.Did("store", nil, "%d bytes stored in memory", n)
	return secret[:n]
}

// load takes a secret out of memory: EAGAIN where nothing was stored yet.
func load(t *Trace, shared []byte) ([]byte, error) {
	n := atomic.LoadUint32((*uint32)(unsafe.Pointer(&shared[0])))
	if n == 0 || n > 4092 {
		return nil, t.Did("load", unix.EAGAIN, "memory read")
	}
	return append([]byte(nil), shared[4:4+n]...), t.Did("load", nil, "memory read")
}
