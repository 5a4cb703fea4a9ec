package actor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands that only back channels need (linux/msg.h, linux/shm.h, linux/sem.h).
const (
	msgCopy    = 0o40000
	msgStatAny = 13
	msgInfo    = 12
	shmStatAny = 15
	shmInfo    = 14
	semStatAny = 20
	semInfo    = 19

	semGetVal    = 12
	semGetZCount = 15
	semSetVal    = 16
)

// anyStats and infos are the commands by kind.
func anyStats() map[string]int {
	return map[string]int{"msgq": msgStatAny, "shm": shmStatAny, "sem": semStatAny}
}

func infos() map[string]int {
	return map[string]int{"msgq": msgInfo, "shm": shmInfo, "sem": semInfo}
}

// index is where the kernel's table holds an object (IPCMNI_SHIFT of ipc/util.h).
func index(id int) int { return id & 0x7fff }

// state asks for an object's state by IPC_STAT, and, where that is refused, by
// MSG_STAT_ANY and its like, which do not ask for the mode.
func (o *sysvObject) state(t *Trace) (ipcState, error) {
	var s ipcState
	_, err := o.kind.command(o.id, ipcStat, unsafe.Pointer(&s))
	err = t.Did(o.kind.control, err, "%s(%d, IPC_STAT)", o.kind.control, o.id)
	if err == nil {
		return s, nil
	}
	_, err = o.kind.command(index(o.id), anyStats()[o.role.Object.Kind], unsafe.Pointer(&s))
	return s, t.Did(o.kind.control, err, "%s(%d, STAT_ANY)", o.kind.control, index(o.id))
}

// Where ipcState has some numbers, counted in words behind the permissions.
const (
	queueMessages   = 4 // msg_qnum
	segmentAttached = 5 // shm_nattch
)

// taken is the back channel of who takes messages out of a queue: they are
// not there any more.
func taken(r Role, _ End) Channel {
	q := &msgq{newSysV(r)}
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			if err := q.Open(t); err != nil || !bit {
				return err
			}
			return q.take(t)
		}}
	}
	counted := uint64(0)
	return back{look: func(t *Trace) (bool, error) {
		if err := q.Open(t); err != nil {
			return false, err
		}
		now, err := q.waiting(t)
		fewer := now < counted
		counted = now
		return fewer, err
	}}
}

// waiting counts the messages in the queue: by its state, or by looking whether
// there is a first one, a second one and so on.
func (q *msgq) waiting(t *Trace) (uint64, error) {
	s, err := q.state(t)
	if err == nil {
		return s.rest[queueMessages], nil
	}
	there, err := q.has(0)
	if err := t.Did("msgrcv", err, "msgrcv(%d, MSG_COPY)", q.id); err != nil || !there {
		return 0, err
	}
	least, most := 0, queueSize // the number of one that is there, and of one that is not
	for least+1 < most {
		middle := (least + most) / 2
		if there, err = q.has(middle); err != nil {
			return 0, err
		} else if there {
			least = middle
		} else {
			most = middle
		}
	}
	return uint64(most), nil
}

// has tells whether there is a message with a number, the first of which is 0,
// without taking it.
func (q *msgq) has(number int) (bool, error) {
	var m message
	_, _, errno := unix.Syscall6(unix.SYS_MSGRCV, uintptr(q.id), uintptr(unsafe.Pointer(&m)), messageSize, uintptr(number), ipcNoWait|msgNoError|msgCopy, 0)
	if errno == unix.ENOMSG {
		return false, nil
	}
	_, err := result(0, errno)
	return err == nil, err
}

// stock is how many short messages are put into a queue that is to be taken from.
const stock = 4096

// stockUp puts messages into a queue. Where the policy lets none of them be in
// it, there are none.
func stockUp(end End, first bool) error {
	if !first {
		return nil
	}
	q := end.(*msgq)
	for range stock {
		err := msgsnd(q.id, &message{kind: 1}, 1)
		if err == unix.EACCES || err == unix.EAGAIN {
			return nil
		}
		if err != nil {
			return fmt.Errorf("put messages into a queue: %w", err)
		}
	}
	return nil
}

// attached is the back channel of who attaches a segment: they are counted.
func attached(r Role, _ End) Channel {
	o := newSysV(r)
	if r.Side == FromSide {
		at := uintptr(0)
		letGo := func() {
			if at != 0 {
				shmdt(at)
				at = 0
			}
		}
		return back{close: letGo, signal: func(t *Trace, bit bool) (err error) {
			if err := o.Open(t); err != nil {
				return err
			}
			if letGo(); !bit {
				return nil
			}
			at, err = shmat(o.id, shmReadOnly)
			return t.Did("shmat", err, "shmat(%d, SHM_RDONLY)", o.id)
		}}
	}
	before, known := uint64(0), false
	return back{look: func(t *Trace) (bool, error) {
		if err := o.Open(t); err != nil {
			return false, err
		}
		s, err := o.state(t)
		now := s.rest[segmentAttached]
		if !known {
			before, known = now, true
		}
		return now > before, err
	}}
}

// pageOfBits is where in a segment the page is that one end maps and the other
// one looks at. The first page has the secrets.
const pageOfBits = 4096

// mapped is the back channel of who maps a page of a segment: another one who has
// it mapped sees in /proc/self/pagemap that it is not alone.
func mapped(r Role, _ End) Channel {
	s := &shm{sysvObject: newSysV(r)}
	s.role.Side = ToSide // it is attached for reading
	ready := func(t *Trace) error {
		if s.at != 0 {
			return nil
		}
		return s.Open(t)
	}
	if r.Side == FromSide {
		return back{close: s.Close, signal: func(t *Trace, bit bool) error {
			if err := ready(t); err != nil {
				return err
			}
			page := memory(s.at)[pageOfBits : 2*pageOfBits]
			err := unix.Madvise(page, unix.MADV_DONTNEED)
			if bit {
				touch(page)
			}
			return t.Did("madvise", err, "the page is given up, or read")
		}}
	}
	return back{close: s.Close, look: func(t *Trace) (bool, error) {
		if err := ready(t); err != nil {
			return false, err
		}
		page := memory(s.at)[pageOfBits : 2*pageOfBits]
		touch(page)
		return notAlone(t, page)
	}}
}

// touch reads a byte: the page is mapped then.
func touch(page []byte) { runtime.KeepAlive(*(*byte)(unsafe.Pointer(&page[0]))) }

// notAlone tells whether another process has the page mapped (bit 56 of its entry,
// proc_pid_pagemap(5)).
func notAlone(t *Trace, page []byte) (bool, error) {
	// A program that may not be read hides its own map even from itself, unless it
	// says that it does not mind.
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
	fd, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err := t.Did("open", err, "open(\"/proc/self/pagemap\", O_RDONLY)"); err != nil {
		return false, err
	}
	defer unix.Close(fd)
	var entry [8]byte
	_, err = unix.Pread(fd, entry[:], int64(uintptr(unsafe.Pointer(&page[0])))/int64(os.Getpagesize())*8)
	return binary.NativeEndian.Uint64(entry[:])>>56&1 == 0, t.Did("read", err, "pread(%d)", fd)
}

// waitOn is the semaphore that is waited on.
const waitOn = semaphores - 1

// waiting is the back channel of who waits for a semaphore to be zero: those
// who wait are counted. It asks for no right but to read.
func waiting(r Role, _ End) Channel {
	o := newSysV(r)
	if r.Side == FromSide {
		w := &waiter{}
		return back{close: w.stop, signal: func(t *Trace, bit bool) error {
			if err := o.Open(t); err != nil {
				return err
			}
			if w.stop(); !bit {
				return nil
			}
			return t.Did("semop", w.start(o.id), "semop(%d, wait for zero)", o.id)
		}}
	}
	return back{look: func(t *Trace) (bool, error) {
		if err := o.Open(t); err != nil {
			return false, err
		}
		n, _, errno := unix.Syscall6(unix.SYS_SEMCTL, uintptr(o.id), waitOn, semGetZCount, 0, 0, 0)
		_, err := result(n, errno)
		return n > 0, t.Did("semctl", err, "semctl(%d, GETZCNT)", o.id)
	}}
}

// keepWaiting makes the semaphore that is waited on other than zero.
func keepWaiting(end End, first bool) error {
	if !first {
		return nil
	}
	_, _, errno := unix.Syscall6(unix.SYS_SEMCTL, uintptr(end.(*sem).id), waitOn, semSetVal, 1, 0, 0)
	_, err := result(0, errno)
	return err
}

// waiter is a thread that waits for a semaphore.
type waiter struct {
	thread int
	done   chan error
}

// waitLimit bounds each wait, should nobody end it.
const waitLimit = 2 * time.Second

// start has a thread wait, and returns when it does. An error that comes at once is
// the call's.
func (w *waiter) start(id int) error {
	begun := make(chan int)
	w.done = make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: a thread that had a signal is not used for anything else
		begun <- unix.Gettid()
		limit := unix.NsecToTimespec(int64(waitLimit))
		op := semOperation{number: waitOn}
		_, _, errno := unix.Syscall6(unix.SYS_SEMTIMEDOP, uintptr(id), uintptr(unsafe.Pointer(&op)), 1, uintptr(unsafe.Pointer(&limit)), 0, 0)
		_, err := result(0, errno)
		w.done <- err
	}()
	w.thread = <-begun
	for range mostLooks {
		select {
		case err := <-w.done:
			w.thread = 0
			return err
		case <-time.After(200 * time.Microsecond):
		}
		if asleep(w.thread) {
			break
		}
	}
	return nil
}

// mostLooks bounds how often it is looked whether a thread waits already.
const mostLooks = 100

// asleep tells whether a thread waits for something (proc_pid_stat(5)).
func asleep(thread int) bool {
	stat, err := readAll(fmt.Sprintf("/proc/self/task/%d/stat", thread))
	_, rest, ok := strings.Cut(stat, ") ")
	return err == nil && ok && strings.HasPrefix(rest, "S")
}

// stop ends the wait by a signal to the thread, which Go's runtime takes and ignores.
func (w *waiter) stop() {
	for w.thread != 0 {
		_ = unix.Tgkill(unix.Getpid(), w.thread, unix.SIGURG)
		select {
		case <-w.done:
			w.thread = 0
		case <-time.After(time.Millisecond):
		}
	}
}

// refusedSysV is the back channel of who changes an object's mode: another one's
// calls fail.
func refusedSysV(r Role, _ End) Channel {
	o := newSysV(r)
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			if err := o.Open(t); err != nil {
				return err
			}
			if bit {
				return o.own(t, 0)
			}
			return o.own(t, r.mode(0o600))
		}}
	}
	var use func(t *Trace) error
	return back{look: func(t *Trace) (bool, error) {
		if err := o.Open(t); err != nil {
			return false, err
		}
		var err error
		for _, way := range o.uses() {
			if use == nil {
				if err = way(t); err == nil {
					use = way
				}
			}
		}
		if use == nil {
			return false, err
		}
		err = use(NewTrace())
		return err != nil, t.Did("look", nil, "the same again")
	}}
}

// uses are calls that the mode lets one make, or not, and that change little.
func (o *sysvObject) uses() []func(*Trace) error {
	switch o.role.Object.Kind {
	case "msgq":
		return []func(*Trace) error{o.useQueueForReading, o.useQueueForWriting}
	case "shm":
		return []func(*Trace) error{o.useSegment}
	}
	return []func(*Trace) error{o.useSet}
}

// useQueueForReading asks for a message of a type that nobody sends.
func (o *sysvObject) useQueueForReading(t *Trace) error {
	var m message
	_, _, errno := unix.Syscall6(unix.SYS_MSGRCV, uintptr(o.id), uintptr(unsafe.Pointer(&m)), messageSize, 0x6e6f6e65, ipcNoWait|msgNoError, 0)
	if errno == unix.ENOMSG {
		errno = 0
	}
	_, err := result(0, errno)
	return t.Did("msgrcv", err, "msgrcv(%d, of a type that nobody sends)", o.id)
}

func (o *sysvObject) useQueueForWriting(t *Trace) error {
	err := msgsnd(o.id, &message{kind: 1}, 0)
	return t.Did("msgsnd", unlessEmpty(err), "msgsnd(%d, 0 bytes)", o.id)
}

func (o *sysvObject) useSegment(t *Trace) error {
	at, err := shmat(o.id, shmReadOnly)
	if err == nil {
		shmdt(at)
	}
	return t.Did("shmat", err, "shmat(%d, SHM_RDONLY)", o.id)
}

func (o *sysvObject) useSet(t *Trace) error {
	_, err := o.kind.command(o.id, semGetVal, nil)
	return t.Did("semctl", err, "semctl(%d, GETVAL)", o.id)
}

// signposts are keys that are taken or free: one for each bit, so that none has to
// be given back. firstPost is the first of an object's.
const signposts = 4096

func (r Role) firstPost() int32 { return r.Key ^ 0x2a000000&^(signposts-1) }

// posts is a row of signposts, as each side counts along it.
type posts struct {
	kind sysvKind
	key  int32
	last int // the object that was made last; -1: there is none, or it could not be removed
}

func newPosts(r Role) *posts {
	return &posts{kind: sysvKinds()[r.Object.Kind], key: r.firstPost(), last: -1}
}

// raise makes an object with the next key, if the bit is set, and takes the one
// before away, if that is allowed.
func (p *posts) raise(t *Trace, bit bool) error {
	if p.last >= 0 {
		_, _ = p.kind.command(p.last, ipcRemove, nil)
		p.last = -1
	}
	key := p.key
	p.key++
	if !bit {
		return nil
	}
	id, err := p.kind.find(key, ipcCreate|ipcExcl|0o600)
	p.last = id
	return t.Did(p.kind.get, err, "%s(%#x, IPC_CREAT|IPC_EXCL)", p.kind.get, uint32(key))
}

// stands tells whether there is an object with the next key. Any error but ENOENT
// is one that the kernel gives for an object that exists.
func (p *posts) stands(t *Trace) (bool, error) {
	key := p.key
	p.key++
	_, err := p.kind.find(key, 0)
	if err == unix.ENOENT {
		return false, t.Did(p.kind.get, nil, "%s(next key, 0) = ENOENT", p.kind.get)
	}
	if err == unix.ENOSYS || err == unix.EPERM { // such as a filter gives: no object was looked for
		return false, t.Did(p.kind.get, err, "%s(next key, 0)", p.kind.get)
	}
	return true, t.Did(p.kind.get, nil, "%s(next key, 0): it exists", p.kind.get)
}

// clearPosts removes what stands at any of an object's signposts.
func clearPosts(r Role) error {
	kind := sysvKinds()[r.Object.Kind]
	var failures []error
	for key := r.firstPost(); key < r.firstPost()+signposts; key++ {
		if id, err := kind.find(key, 0); err == nil {
			_, err := kind.command(id, ipcRemove, nil)
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// existence is the back channel of who makes objects: whether a key is taken cannot
// be hidden from anybody.
func existence(r Role, _ End) Channel {
	p := newPosts(r)
	if r.Side == FromSide {
		return back{signal: p.raise}
	}
	primed := false
	return back{look: func(t *Trace) (bool, error) {
		if !primed { // the first look is before the first bit
			primed = true
			return false, nil
		}
		return p.stands(t)
	}}
}

// stirrer does what shows in what the kernel tells of all objects of a kind: the
// first of what the subject may do to one at all.
type stirrer struct {
	ways []func(t *Trace) error
	way  func(t *Trace) error // that it may
	end  func()
}

func newStirrer(r Role) *stirrer {
	s := &stirrer{end: func() {}}
	switch r.Object.Kind {
	case "msgq":
		q := &msgq{newSysV(r)}
		s.ways = append(s.ways, q.orOpen(q.take), q.orOpen(q.putLittle))
	case "shm":
		if r.How == "ipc-info" {
			break // who has attached is not counted there
		}
		m := &shm{sysvObject: newSysV(r)}
		m.role.Side = ToSide // it is attached for reading
		s.ways, s.end = append(s.ways, m.toggle), m.Close
	}
	s.ways = append(s.ways, newPosts(r).toggle)
	return s
}

// stir is one side of a back channel.
func stir(r Role) Channel {
	s := newStirrer(r)
	return back{signal: s.signal, close: s.end}
}

func (s *stirrer) signal(t *Trace, bit bool) (err error) {
	if !bit {
		return nil
	}
	if s.way != nil {
		return s.way(t)
	}
	for _, way := range s.ways {
		if err = way(t); err == nil {
			s.way = way
			return nil
		}
	}
	return err
}

// toggle attaches the segment, or detaches it again.
func (s *shm) toggle(t *Trace) error {
	if s.at != 0 {
		s.Close()
		return t.Did("shmdt", nil, "shmdt()")
	}
	return s.Open(t)
}

// toggle makes an object, or removes it again.
func (p *posts) toggle(t *Trace) error {
	if p.last >= 0 {
		_, err := p.kind.command(p.last, ipcRemove, nil)
		p.last = -1
		if err == nil {
			return t.Did(p.kind.control, nil, "%s(IPC_RMID)", p.kind.control)
		}
	}
	return p.raise(t, true)
}

// orOpen opens the queue before what is done with it.
func (q *msgq) orOpen(do func(*Trace) error) func(*Trace) error {
	return func(t *Trace) error {
		if err := q.Open(t); err != nil {
			return err
		}
		return do(t)
	}
}

func (q *msgq) putLittle(t *Trace) error {
	return took(t, "msgsnd", msgsnd(q.id, &message{kind: 1}, 1))
}

// ipcInfo is the back channel of the counts of all objects (MSG_INFO and its like).
func ipcInfo(r Role, _ End) Channel {
	if r.Side == FromSide {
		return stir(r)
	}
	kind := sysvKinds()[r.Object.Kind]
	var before [16]uint64 // as large as struct msginfo, shm_info and seminfo are at most
	return back{look: func(t *Trace) (bool, error) {
		var now [16]uint64
		_, err := kind.command(0, infos()[r.Object.Kind], unsafe.Pointer(&now))
		changed := now != before
		before = now
		return changed, t.Did(kind.control, err, "%s(INFO)", kind.control)
	}}
}

// sysvipc is the back channel of the lists of all objects in /proc/sysvipc.
func sysvipc(r Role, _ End) Channel {
	if r.Side == FromSide {
		return stir(r)
	}
	path, before := "/proc/sysvipc/"+strings.TrimSuffix(r.Object.Kind, "q"), ""
	return back{look: func(t *Trace) (bool, error) {
		now, err := readAll(path)
		changed := now != before
		before = now
		return changed, t.Did("open", err, "open(%q, O_RDONLY)", path)
	}}
}

// readAll reads a file of /proc.
func readAll(path string) (string, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var all strings.Builder
	part := make([]byte, 16<<10)
	for {
		n, err := unix.Read(fd, part)
		if err != nil || n == 0 {
			return all.String(), err
		}
		all.Write(part[:n])
	}
}
