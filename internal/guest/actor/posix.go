package actor

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mqAttr is struct mq_attr of the kernel (linux/mqueue.h).
type mqAttr struct {
	flags, maxmsg, msgsize, curmsgs int64
	_                               [4]int64
}

// The size of a POSIX queue: within what the kernel gives anybody
// (fs.mqueue.msg_max and msgsize_max).
const (
	mqMessages = 8
	mqSize     = 256
)

// posixMq is an end of a POSIX message queue.
type posixMq struct {
	role Role
	fd   int
}

func newPosixMq(r Role) End { return &posixMq{role: r, fd: -1} }

// Make makes the queue, and lets go of it again: the maker gets at it by Open, as
// everybody does.
func (q *posixMq) Make(t *Trace) error {
	attr, mode := mqAttr{maxmsg: mqMessages, msgsize: mqSize}, q.role.mode(0o600)
	fd, err := mqOpen(q.role.Object.Path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, mode, &attr)
	if err := t.Did("mq_open", err, "mq_open(%q, O_RDWR|O_CREAT|O_EXCL, %#o)", q.role.Object.Path, mode); err != nil {
		return err
	}
	defer unix.Close(fd)
	return q.role.dressDescriptor(t, fd)
}

func (q *posixMq) Open(t *Trace) error {
	flags, name := unix.O_RDONLY, "O_RDONLY"
	if q.role.Side == FromSide {
		flags, name = unix.O_WRONLY, "O_WRONLY"
	}
	fd, err := mqOpen(q.role.Object.Path, flags|unix.O_NONBLOCK, 0, nil)
	q.fd = fd
	return t.Did("mq_open", err, "mq_open(%q, %s|O_NONBLOCK)", q.role.Object.Path, name)
}

func (q *posixMq) Send(t *Trace, secret []byte) ([]byte, error) {
	n := min(len(secret), mqSize)
	return secret[:n], t.Did("mq_send", mqSend(q.fd, secret[:n]), "mq_send(%d, %d bytes)", q.fd, n)
}

func (q *posixMq) Receive(t *Trace) ([]byte, error) {
	data := make([]byte, mqSize)
	n, err := mqReceive(q.fd, data)
	if err := t.Did("mq_receive", err, "mq_receive(%d)", q.fd); err != nil {
		return nil, err
	}
	return data[:n], nil
}

func (q *posixMq) Close() { closeAll(&q.fd) }

// Remove removes the queue's name, if it is there.
func (q *posixMq) Remove() error {
	name, err := unix.BytePtrFromString(strings.TrimPrefix(q.role.Object.Path, "/"))
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(name)), 0, 0)
	if errno != 0 && errno != unix.ENOENT {
		return errno
	}
	return nil
}

// mqOpen is mq_open(3): the kernel wants the name without its slash.
func mqOpen(path string, flags int, mode uint32, attr *mqAttr) (int, error) {
	name, err := unix.BytePtrFromString(strings.TrimPrefix(path, "/"))
	if err != nil {
		return -1, err
	}
	n, _, errno := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(name)), uintptr(flags|unix.O_CLOEXEC), uintptr(mode), uintptr(unsafe.Pointer(attr)), 0, 0)
	return result(n, errno)
}

// mqSend is mq_send(3).
func mqSend(fd int, data []byte) error {
	_, _, errno := unix.Syscall6(unix.SYS_MQ_TIMEDSEND, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)), 0, 0, 0)
	_, err := result(0, errno)
	return err
}

// mqReceive is mq_receive(3): data has to have room for the longest message.
func mqReceive(fd int, data []byte) (int, error) {
	n, _, errno := unix.Syscall6(unix.SYS_MQ_TIMEDRECEIVE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)), 0, 0, 0)
	return result(n, errno)
}

// dressDescriptor is dress for what has no path that everybody sees alike.
func (r Role) dressDescriptor(t *Trace, fd int) error {
	if r.Type != "" {
		err := unix.Fsetxattr(fd, "security.selinux", append([]byte(r.Type), 0), 0)
		if err := t.Did("setxattr", err, "fsetxattr(%d, \"security.selinux\", %q)", fd, r.Type); err != nil {
			return err
		}
	}
	if r.UID >= 0 || r.GID >= 0 {
		if err := t.Did("chown", unix.Fchown(fd, r.UID, r.GID), "fchown(%d, %d, %d)", fd, r.UID, r.GID); err != nil {
			return err
		}
	}
	if r.Mode == 0 {
		return nil
	}
	return t.Did("chmod", unix.Fchmod(fd, r.Mode), "fchmod(%d, %#o)", fd, r.Mode)
}

// posixShm is an end of a POSIX shared memory: a file below /dev/shm that is
// mapped.
type posixShm struct {
	role   Role
	fd     int
	shared []byte
}

func newPosixShm(r Role) End { return &posixShm{role: r, fd: -1} }

// path is where shm_open(3) finds the name.
func (m *posixShm) path() string { return "/dev/shm/" + strings.TrimPrefix(m.role.Object.Path, "/") }

// Make makes the memory, and lets go of it again.
func (m *posixShm) Make(t *Trace) error {
	mode := m.role.mode(0o600)
	fd, err := unix.Open(m.path(), unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err := t.Did("shm_open", err, "shm_open(%q, O_RDWR|O_CREAT|O_EXCL, %#o)", m.role.Object.Path, mode); err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := t.Did("ftruncate", unix.Ftruncate(fd, segmentSize), "ftruncate(%d, %d)", fd, segmentSize); err != nil {
		return err
	}
	return m.role.dressDescriptor(t, fd)
}

// Open maps the memory, for reading and writing if the end tells something.
func (m *posixShm) Open(t *Trace) error {
	flags, name, protection := unix.O_RDONLY, "O_RDONLY", unix.PROT_READ
	if m.role.Side == FromSide {
		flags, name, protection = unix.O_RDWR, "O_RDWR", unix.PROT_READ|unix.PROT_WRITE
	}
	fd, err := unix.Open(m.path(), flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	m.fd = fd
	if err := t.Did("shm_open", err, "shm_open(%q, %s)", m.role.Object.Path, name); err != nil {
		return err
	}
	m.shared, err = unix.Mmap(fd, 0, segmentSize, protection, unix.MAP_SHARED)
	return t.Did("mmap", err, "mmap(%d)", fd)
}

func (m *posixShm) Send(t *Trace, secret []byte) ([]byte, error) {
	return store(t, m.shared, secret), nil
}

func (m *posixShm) Receive(t *Trace) ([]byte, error) { return load(t, m.shared) }

func (m *posixShm) Close() {
	if m.shared != nil {
		_ = unix.Munmap(m.shared)
		m.shared = nil
	}
	closeAll(&m.fd)
}

func (m *posixShm) Remove() error { return unlink(m.path()) }
