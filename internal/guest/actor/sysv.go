package actor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Flags and commands of System V, from linux/ipc.h, linux/msg.h, linux/shm.h and
// linux/sem.h.
const (
	ipcCreate   = 0o1000
	ipcExcl     = 0o2000
	ipcNoWait   = 0o4000
	msgNoError  = 0o10000
	shmReadOnly = 0o10000

	ipcRemove = 0
	ipcSet    = 1
	ipcStat   = 2

	semGetAll = 13
	semSetAll = 17
)

// ipcPerm is the kernel's struct ipc64_perm (asm-generic/ipcbuf.h).
type ipcPerm struct {
	key, uid, gid, cuid, cgid, mode uint32
	seq                             uint16
	_                               [6]byte
	_                               [2]uint64
}

// ipcState has room for struct msqid64_ds, shmid64_ds and semid64_ds
// (asm-generic/msgbuf.h, shmbuf.h; x86's sembuf.h).
type ipcState struct {
	perm ipcPerm
	rest [9]uint64
}

// result is what a raw call gave.
func result(n uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// sysvKind is what the calls of the three kinds of System V objects have in common.
type sysvKind struct {
	get, control string // their names
	getNumber    uintptr
	ctlNumber    uintptr
	size         uintptr // second argument of shmget and semget
}

func sysvKinds() map[string]sysvKind {
	return map[string]sysvKind{
		"msgq": {get: "msgget", control: "msgctl", getNumber: unix.SYS_MSGGET, ctlNumber: unix.SYS_MSGCTL},
		"shm":  {get: "shmget", control: "shmctl", getNumber: unix.SYS_SHMGET, ctlNumber: unix.SYS_SHMCTL, size: segmentSize},
		"sem":  {get: "semget", control: "semctl", getNumber: unix.SYS_SEMGET, ctlNumber: unix.SYS_SEMCTL, size: semaphores},
	}
}

// find gives the number of the object with a key; with flags it may be made.
func (k sysvKind) find(key int32, flags int) (int, error) {
	size := k.size
	if flags&ipcCreate == 0 {
		size = 0
	}
	if k.get == "msgget" {
		n, _, errno := unix.Syscall(k.getNumber, uintptr(key), uintptr(flags), 0)
		return result(n, errno)
	}
	n, _, errno := unix.Syscall(k.getNumber, uintptr(key), size, uintptr(flags))
	return result(n, errno)
}

// command makes one of the calls msgctl, shmctl and semctl. The last one has its
// command behind the number of a semaphore.
func (k sysvKind) command(id, command int, data unsafe.Pointer) (int, error) {
	if k.control == "semctl" {
		n, _, errno := unix.Syscall6(k.ctlNumber, uintptr(id), 0, uintptr(command), uintptr(data), 0, 0)
		return result(n, errno)
	}
	n, _, errno := unix.Syscall(k.ctlNumber, uintptr(id), uintptr(command), uintptr(data))
	return result(n, errno)
}

// object is an end's hold of a System V object. No message, segment or semaphore
// has a type of its own to be set: it has its maker's.
type sysvObject struct {
	role Role
	kind sysvKind
	id   int // -1: not found yet
}

func newSysV(r Role) sysvObject { return sysvObject{role: r, kind: sysvKinds()[r.Object.Kind], id: -1} }

// Make makes the object, and gives it its owner and mode.
func (o *sysvObject) Make(t *Trace) (err error) {
	mode := o.role.mode(0o600)
	o.id, err = o.kind.find(o.role.Key, ipcCreate|ipcExcl|int(mode))
	if err := t.Did(o.kind.get, err, "%s(%#x, IPC_CREAT|IPC_EXCL|%#o)", o.kind.get, uint32(o.role.Key), mode); err != nil {
		return err
	}
	if o.role.UID < 0 && o.role.GID < 0 {
		return nil
	}
	return o.own(t, mode)
}

// own sets owner, group and mode (IPC_SET).
func (o *sysvObject) own(t *Trace, mode uint32) error {
	uid, gid := o.role.UID, o.role.GID
	if uid < 0 {
		uid = unix.Getuid()
	}
	if gid < 0 {
		gid = unix.Getgid()
	}
	s := ipcState{perm: ipcPerm{uid: uint32(uid), gid: uint32(gid), mode: mode}}
	if o.role.Object.Kind == "msgq" {
		s.rest[5] = queueSize // msg_qbytes, which is set as well
	}
	_, err := o.kind.command(o.id, ipcSet, unsafe.Pointer(&s))
	return t.Did(o.kind.control, err, "%s(%d, IPC_SET, owner %d, group %d, mode %#o)", o.kind.control, o.id, uid, gid, mode)
}

// Open finds the object by its key. Its maker has it.
func (o *sysvObject) Open(t *Trace) (err error) {
	if o.id >= 0 {
		return nil
	}
	o.id, err = o.kind.find(o.role.Key, 0)
	return t.Did(o.kind.get, err, "%s(%#x, 0)", o.kind.get, uint32(o.role.Key))
}

func (o *sysvObject) Close() {}

// Remove removes the object, if it is there.
func (o *sysvObject) Remove() error {
	id, err := o.kind.find(o.role.Key, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err == nil {
		_, err = o.kind.command(id, ipcRemove, nil)
	}
	return err
}
