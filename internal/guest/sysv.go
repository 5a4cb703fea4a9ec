package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// sysV is a System V object as /proc/sysvipc lists it (proc(5)).
type sysV struct {
	kind     string
	key, id  int32
	mode     uint32
	uid, gid uint32
	messages uint64 // msgq: that wait
	bytes    uint64 // msgq: of them
	qbytes   uint64 // msgq: that may wait
	size     int64  // shm: in bytes; sem: how many semaphores
	attached uint64 // shm
}

// keyOf is ftok(3): the number by which the object is found. ok is false when
// there is nothing at the path.
func keyOf(v api.SysV) (key int32, ok bool, err error) {
	var st unix.Stat_t
	err = unix.Stat(v.Path, &st)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("key of %s: %w", v, err)
	}
	return int32(uint32(v.Project[0])<<24 | uint32(st.Dev&0xff)<<16 | uint32(st.Ino&0xffff)), true, nil
}

// findSysV finds an object by its key; nil when there is none.
func findSysV(v api.SysV) (*sysV, error) {
	key, ok, err := keyOf(v)
	if err != nil || !ok {
		return nil, err
	}
	return findKey(v.Kind, key)
}

// findKey finds the object of a kind that has the key. One that was removed
// while it was in use has none any more.
func findKey(kind string, key int32) (*sysV, error) {
	list, err := os.ReadFile("/proc/sysvipc/" + strings.TrimSuffix(kind, "q"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(list)) {
		if o, ok := parseSysV(kind, line); ok && o.key == key {
			return o, nil
		}
	}
	return nil, nil
}

// parseSysV reads a line of the list; false for its heading.
func parseSysV(kind, line string) (*sysV, bool) {
	f := strings.Fields(line)
	owner := map[string]int{api.KindQueue: 7, api.KindSegment: 7, api.KindSemaphores: 4}[kind]
	if len(f) < owner+2 {
		return nil, false
	}
	key, err := strconv.ParseInt(f[0], 10, 32)
	mode, err2 := strconv.ParseUint(f[2], 8, 32)
	if err != nil || err2 != nil {
		return nil, false
	}
	o := &sysV{kind: kind, key: int32(key), id: int32(number(f[1])), mode: uint32(mode) & 0o777,
		uid: number(f[owner]), gid: number(f[owner+1])}
	switch kind {
	case api.KindQueue:
		o.bytes, o.messages = uint64(number(f[3])), uint64(number(f[4]))
	case api.KindSegment:
		o.size, _ = strconv.ParseInt(f[3], 10, 64)
		o.attached = uint64(number(f[6]))
	default:
		o.size = int64(number(f[3]))
	}
	return o, true
}

// ipcPerm is the kernel's struct ipc64_perm (asm-generic/ipcbuf.h).
type ipcPerm struct {
	key, uid, gid, cuid, cgid, mode uint32
	seq                             uint16
	_                               [6]byte
	_                               [2]uint64
}

// msqidDS is the kernel's struct msqid64_ds (asm-generic/msgbuf.h).
type msqidDS struct {
	perm                 ipcPerm
	stime, rtime, ctime  int64
	cbytes, qnum, qbytes uint64
	lspid, lrpid         int32
	_                    [2]uint64
}

// control makes one of the calls msgctl, shmctl and semctl. The last one has its
// command behind the number of a semaphore.
func (o *sysV) control(command int, data unsafe.Pointer) error {
	call, args := uintptr(unix.SYS_SHMCTL), [2]uintptr{uintptr(command), uintptr(data)}
	var errno unix.Errno
	switch o.kind {
	case api.KindQueue:
		call = unix.SYS_MSGCTL
	case api.KindSemaphores:
		_, _, errno = unix.Syscall6(unix.SYS_SEMCTL, uintptr(o.id), 0, args[0], args[1], 0, 0)
		return failure(errno)
	}
	_, _, errno = unix.Syscall(call, uintptr(o.id), args[0], args[1])
	return failure(errno)
}

// failure is nil for no error number.
func failure(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// remove removes the object.
func (o *sysV) remove() error { return o.control(unix.IPC_RMID, nil) }

// stat asks the kernel for the object, as every other process would have to:
// that is when it tells the audit trail the type. See the auditallow rules in
// vagrant/guest/ipclab.cil.
func (o *sysV) stat() error {
	var ds struct {
		msqidDS
		_ [64]byte // the structures of the other kinds are no longer than this
	}
	if err := o.control(unix.IPC_STAT, unsafe.Pointer(&ds)); err != nil {
		return err
	}
	if o.kind == api.KindQueue {
		o.qbytes = ds.qbytes
	}
	return nil
}

// setCapacity sets how many bytes a queue holds.
func (o *sysV) setCapacity(bytes uint64) error {
	ds := msqidDS{perm: ipcPerm{uid: o.uid, gid: o.gid, mode: o.mode}, qbytes: bytes}
	return o.control(unix.IPC_SET, unsafe.Pointer(&ds))
}

// statSysV looks at a System V object.
func (a *Agent) statSysV(name string) (api.Object, *sysV, error) {
	v, err := api.ParseSysV(name)
	if err != nil {
		return api.Object{}, nil, err
	}
	o, err := findSysV(v)
	if err != nil || o == nil {
		return api.Object{Path: name, Kind: "absent"}, nil, err
	}
	context, err := a.contextOf(o)
	if errors.Is(err, unix.EIDRM) || errors.Is(err, unix.EINVAL) {
		return api.Object{Path: name, Kind: "absent"}, nil, nil
	}
	if err != nil {
		return api.Object{}, nil, fmt.Errorf("look at %s: %w", name, err)
	}
	return o.object(name, context), o, nil
}

// object is what the host is told. Device and inode tell one object from
// another: the kernel gives no identifier twice before 32768 others.
func (o *sysV) object(name, context string) api.Object {
	return api.Object{Path: name, Kind: o.kind, Mode: fmt.Sprintf("%04o", o.mode), Owner: userName(o.uid), Group: groupName(o.gid),
		Context: context, Inode: uint64(o.id), Size: o.size,
		Messages: o.messages, Bytes: o.bytes, Capacity: o.qbytes, Attached: o.attached}
}

// contextOf gives the SELinux context of a System V object. No call tells it;
// but the policy has the kernel write into the audit trail what the agent looks
// at with IPC_STAT, and the record names it.
func (a *Agent) contextOf(o *sysV) (string, error) {
	a.looking.Lock()
	defer a.looking.Unlock()
	for range looks {
		if context, err := a.lookFor(o); context != "" || err != nil {
			return context, err
		}
	}
	return "", errors.New("the audit trail does not tell its type")
}

// looks is how often an object is looked at until the trail tells its type: the
// programs of a lab can flood the trail, so that a record is dropped before it is read.
const looks = 5

// lookFor looks once. The context is empty when there is no record of it.
func (a *Agent) lookFor(o *sysV) (string, error) {
	before, err := a.audit.Query(api.RecordsQuery{Since: a.audit.last()})
	if err != nil {
		return "", err
	}
	if err := o.stat(); err != nil {
		return "", err
	}
	after, err := a.audit.Query(api.RecordsQuery{Since: before.Next, PID: os.Getpid()})
	if err != nil {
		return "", err
	}
	for _, r := range after.Records {
		if context, ok := lookedAt(r.Text, o.kind); ok {
			return context, nil
		}
	}
	return "", nil
}

// lookedAt reads the record of a look at an object of a class.
func lookedAt(record, class string) (context string, ok bool) {
	if !strings.Contains(record, " granted  { getattr ") || !strings.Contains(record+" ", " tclass="+class+" ") {
		return "", false
	}
	_, rest, ok := strings.Cut(record, " tcontext=")
	context, _, _ = strings.Cut(rest, " ")
	return context, ok
}
