package actor

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// pathOf is where an object stands in the file system.
func pathOf(o api.ObjectSpec) string {
	switch o.Kind {
	case "posix-shm":
		return "/dev/shm/" + strings.TrimPrefix(o.Path, "/")
	case "posix-mq":
		return "/dev/mqueue/" + strings.TrimPrefix(o.Path, "/")
	}
	return o.Path
}

// anyhow opens a path in the first of the given ways that is allowed.
func anyhow(t *Trace, path string, ways ...int) (fd int, err error) {
	for _, flags := range ways {
		fd, err = unix.Open(path, flags|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		if err = t.Did("open", err, "open(%q, %s)", path, flagName(flags)); err == nil {
			return fd, nil
		}
	}
	return -1, err
}

func flagName(flags int) string {
	switch flags {
	case unix.O_WRONLY:
		return "O_WRONLY"
	case unix.O_WRONLY | unix.O_APPEND:
		return "O_WRONLY|O_APPEND"
	case unix.O_RDWR:
		return "O_RDWR"
	}
	return "O_RDONLY"
}

// holder opens a path when it is first needed, and holds it.
type holder struct {
	path string
	fd   int
}

func holderOf(r Role) *holder { return &holder{path: pathOf(r.Object), fd: -1} }

func (h *holder) open(t *Trace) (err error) {
	if h.fd >= 0 {
		return nil
	}
	h.fd, err = anyhow(t, h.path, unix.O_RDONLY, unix.O_WRONLY, unix.O_WRONLY|unix.O_APPEND)
	return err
}

func (h *holder) close() { closeAll(&h.fd) }

// locked is the back channel of who holds a lock.
func locked(r Role, _ End) Channel {
	h := holderOf(r)
	if r.Side == FromSide {
		return back{close: h.close, signal: func(t *Trace, bit bool) error {
			if err := h.open(t); err != nil {
				return err
			}
			how, word := unix.LOCK_UN, "LOCK_UN"
			if bit {
				how, word = unix.LOCK_EX|unix.LOCK_NB, "LOCK_EX|LOCK_NB"
			}
			return t.Did("flock", unix.Flock(h.fd, how), "flock(%d, %s)", h.fd, word)
		}}
	}
	return back{close: h.close, look: func(t *Trace) (bool, error) {
		if err := h.open(t); err != nil {
			return false, err
		}
		err := unix.Flock(h.fd, unix.LOCK_EX|unix.LOCK_NB)
		if err == unix.EAGAIN {
			return true, t.Did("flock", nil, "flock(%d, LOCK_EX|LOCK_NB) = EAGAIN", h.fd)
		}
		if err == nil {
			_ = unix.Flock(h.fd, unix.LOCK_UN)
		}
		return false, t.Did("flock", err, "flock(%d, LOCK_EX|LOCK_NB)", h.fd)
	}}
}

// refusedPath is the back channel of who changes a file's mode: another one cannot
// open it any more.
func refusedPath(r Role, _ End) Channel {
	path := pathOf(r.Object)
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			mode := r.mode(0o600)
			if bit {
				mode = 0
			}
			return t.Did("chmod", unix.Chmod(path, mode), "chmod(%q, %#o)", path, mode)
		}}
	}
	allowed := -1 // how it could be opened before
	return back{look: func(t *Trace) (bool, error) {
		if allowed < 0 {
			return false, firstWay(t, path, &allowed)
		}
		fd, err := anyhow(NewTrace(), path, allowed)
		closeAll(&fd)
		return err != nil, t.Did("open", nil, "open(%q, %s) again", path, flagName(allowed))
	}}
}

// firstWay finds out how a path can be opened.
func firstWay(t *Trace, path string, allowed *int) (err error) {
	for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_WRONLY | unix.O_APPEND} {
		var fd int
		if fd, err = anyhow(t, path, flags); err == nil {
			closeAll(&fd)
			*allowed = flags
			return nil
		}
	}
	return err
}

// busy is the back channel of who runs a program: nobody can open its file for
// writing.
func busy(r Role, _ End) Channel {
	path := pathOf(r.Object)
	if r.Side == FromSide {
		pid := 0
		end := func() {
			if pid > 0 {
				_ = unix.Kill(pid, unix.SIGKILL)
				_, _ = unix.Wait4(pid, nil, 0, nil)
				pid = 0
			}
		}
		return back{close: end, signal: func(t *Trace, bit bool) (err error) {
			if end(); !bit {
				return nil
			}
			// What the child is refused is recorded as the child's: so it is asked for first.
			if err := t.Did("access", unix.Access(path, unix.X_OK), "access(%q, X_OK)", path); err != nil {
				return err
			}
			pid, err = syscall.ForkExec(path, []string{path}, &syscall.ProcAttr{Env: []string{}})
			return t.Did("execve", err, "execve(%q)", path)
		}}
	}
	return back{look: func(t *Trace) (bool, error) {
		fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err == unix.ETXTBSY {
			return true, t.Did("open", nil, "open(%q, O_WRONLY) = ETXTBSY", path)
		}
		closeAll(&fd)
		return false, t.Did("open", err, "open(%q, O_WRONLY)", path)
	}}
}

// putProgram makes the file a program that waits for ever. Whoever may read it may
// run it, as far as its mode goes.
func putProgram(end End, _ bool) error {
	path := end.(*file).role.Object.Path
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, idler(), 0); err != nil {
		return err
	}
	return os.Chmod(path, st.Mode()|st.Mode()&0o444>>2)
}

// idler is the smallest program for x86-64 that waits: `for (;;) pause();`.
func idler() []byte {
	const base, headers = 0x400000, 64 + 56
	code := []byte{0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7} // mov eax, SYS_pause; syscall; jmp to the mov
	le := binary.LittleEndian
	b := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	b = le.AppendUint16(b, 2)  // ET_EXEC
	b = le.AppendUint16(b, 62) // EM_X86_64
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, base+headers) // where it begins
	b = le.AppendUint64(b, 64)           // the program header
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, half := range []uint16{64, 56, 1, 0, 0, 0} {
		b = le.AppendUint16(b, half)
	}
	b = le.AppendUint32(b, 1) // PT_LOAD
	b = le.AppendUint32(b, 5) // to be read and run
	size := uint64(headers + len(code))
	for _, word := range []uint64{0, base, base, size, size, 4096} {
		b = le.AppendUint64(b, word)
	}
	return append(b, code...)
}

// watched is the back channel of who opens a file: inotify(7) tells.
func watched(r Role, _ End) Channel {
	path := pathOf(r.Object)
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			if !bit {
				return nil
			}
			fd, err := anyhow(t, path, unix.O_RDONLY, unix.O_WRONLY, unix.O_WRONLY|unix.O_APPEND)
			closeAll(&fd)
			return err
		}}
	}
	events := -1
	return back{close: func() { closeAll(&events) }, look: func(t *Trace) (bool, error) {
		if events < 0 {
			return false, watch(t, path, &events)
		}
		n, err := unix.Read(events, make([]byte, pieceSize))
		return n > 0, t.Did("read", unlessEmpty(err), "read(%d)", events)
	}}
}

// unlessEmpty is the error of a read that may find nothing.
func unlessEmpty(err error) error {
	if err == unix.EAGAIN {
		return nil
	}
	return err
}

// watch begins to watch the opening of a file.
func watch(t *Trace, path string, events *int) (err error) {
	*events, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err := t.Did("inotify_init", err, "inotify_init1()"); err != nil {
		return err
	}
	_, err = unix.InotifyAddWatch(*events, path, unix.IN_OPEN)
	return t.Did("inotify_add_watch", err, "inotify_add_watch(%d, %q, IN_OPEN)", *events, path)
}

// rendezvous is the back channel of who has a FIFO open: the opening of the other
// end does not fail, and reading does not end.
func rendezvous(r Role, _ End) Channel {
	path := r.Object.Path
	if r.Side == FromSide {
		held := -1
		return back{close: func() { closeAll(&held) }, signal: func(t *Trace, bit bool) (err error) {
			if closeAll(&held); !bit {
				return nil
			}
			held, err = anyhow(t, path, unix.O_RDONLY, unix.O_WRONLY)
			return err
		}}
	}
	reads := -1
	return back{close: func() { closeAll(&reads) }, look: func(t *Trace) (bool, error) {
		if reads >= 0 {
			_, err := unix.Read(reads, make([]byte, 1))
			return err == unix.EAGAIN, t.Did("read", unlessEmpty(err), "read(%d)", reads)
		}
		fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		closeAll(&fd)
		if err == nil || err == unix.ENXIO {
			return err == nil, t.Did("open", nil, "open(%q, O_WRONLY): %v", path, err)
		}
		_ = t.Did("open", err, "open(%q, O_WRONLY)", path)
		reads, err = anyhow(t, path, unix.O_RDONLY)
		return false, err
	}}
}

// state is the back channel of who reads from a FIFO: there is less in it, and
// it has been read.
func state(r Role, end End) Channel {
	h := holderOf(r)
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			if !bit {
				return nil
			}
			_, err := unix.Read(end.(*fifo).fd, make([]byte, 2*drop))
			return took(t, "read", err)
		}}
	}
	before, look := int64(0), h.contents
	return back{close: h.close, look: func(t *Trace) (bool, error) {
		now, err := look(t)
		if err != nil {
			look = h.lastRead
			now, err = look(t)
		}
		more := now > before
		before = now
		return more, err
	}}
}

// contents tells how many bytes are in a FIFO that may be read: the fewer, the more.
func (h *holder) contents(t *Trace) (int64, error) {
	if h.fd < 0 {
		fd, err := anyhow(t, h.path, unix.O_RDONLY)
		if err != nil {
			return 0, err
		}
		h.fd = fd
	}
	n, err := unix.IoctlGetInt(h.fd, unix.TIOCINQ)
	return -int64(n), t.Did("ioctl", err, "ioctl(%d, FIONREAD)", h.fd)
}

// tick is longer than what times of files are rounded to (a tick of the kernel,
// 4 ms at 250 a second).
const tick = 5 * time.Millisecond

// lastRead is when a file was read last, in nanoseconds.
func (h *holder) lastRead(t *Trace) (int64, error) {
	time.Sleep(tick)
	var st unix.Stat_t
	err := unix.Lstat(h.path, &st)
	return st.Atim.Nano(), t.Did("stat", err, "lstat(%q)", h.path)
}

// stockBytes is how much is put into a FIFO that is to be read from.
const stockBytes = 48 << 10

// drop is what is written before each bit, in bytes; a set one takes two of it.
const drop = 16

// pour fills a FIFO, and writes a little before each bit: reading notes the time
// only in a file that was written to since (relatime).
func pour(end End, first bool) error {
	size := drop
	if first {
		size = stockBytes
	}
	_, err := unix.Write(end.(*fifo).fd, make([]byte, size))
	if err == unix.EAGAIN {
		return nil
	}
	return err
}

// capacity is the back channel of who changes how much fits into a FIFO, which
// everybody may who has it open.
func capacity(r Role, _ End) Channel {
	h := holderOf(r)
	if r.Side == FromSide {
		return back{close: h.close, signal: func(t *Trace, bit bool) error {
			if err := h.open(t); err != nil {
				return err
			}
			size := map[bool]int{false: 1 << 16, true: 1 << 17}[bit]
			_, err := unix.FcntlInt(uintptr(h.fd), unix.F_SETPIPE_SZ, size)
			return t.Did("fcntl", err, "fcntl(%d, F_SETPIPE_SZ, %d)", h.fd, size)
		}}
	}
	return back{close: h.close, look: func(t *Trace) (bool, error) {
		if err := h.open(t); err != nil {
			return false, err
		}
		size, err := unix.FcntlInt(uintptr(h.fd), unix.F_GETPIPE_SZ, 0)
		return size > 1<<16, t.Did("fcntl", err, "fcntl(%d, F_GETPIPE_SZ)", h.fd)
	}}
}
