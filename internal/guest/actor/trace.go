package actor

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// Trace notes the system calls of one step.
type Trace struct {
	texts  []string
	call   string
	errno  string
	parcel int // the socket that descriptors are passed over; -1: there is none
	passed []Side
	taken  int // descriptors that were taken, or that the kernel held back
}

// NewTrace begins the trace of a step that has no way to pass descriptors.
func NewTrace() *Trace { return &Trace{parcel: -1} }

// RefusedError is a system call that did not succeed. It is noted already.
type RefusedError struct {
	Call string
	Err  error
}

func (e *RefusedError) Error() string { return e.Call + ": " + e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// errTruncated stands for MSG_CTRUNC: the kernel left a descriptor out, and gave
// no error.
var errTruncated = errors.New(api.Truncated)

// Did notes a system call by its name, with its arguments for people. Where it
// failed, the error to return is a *RefusedError.
func (t *Trace) Did(call string, err error, format string, args ...any) error {
	t.call, t.errno = call, ""
	text := fmt.Sprintf(format, args...)
	if err != nil {
		t.errno = errnoName(err)
		text += " = " + t.errno
	}
	t.texts = append(t.texts, text)
	if err != nil {
		return &RefusedError{call, err}
	}
	return nil
}

// errnoName is such as "EACCES".
func errnoName(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
	}
	return err.Error()
}

// text is all that was noted, in one line.
func (t *Trace) text() string { return strings.Join(t.texts, "; ") }

// PassDescriptor sends a descriptor towards the other end, by the agent.
func (t *Trace) PassDescriptor(fd int, to Side) error {
	err := unix.Sendmsg(t.parcel, []byte(to), unix.UnixRights(fd), nil, 0)
	if err := t.Did("sendmsg", err, "sendmsg(SCM_RIGHTS %d)", fd); err != nil {
		return err
	}
	t.passed = append(t.passed, to)
	return nil
}

// TakeDescriptor receives a descriptor that was sent towards this end.
func (t *Trace) TakeDescriptor() (int, error) {
	data, rights := make([]byte, 16), make([]byte, unix.CmsgSpace(4))
	_, n, flags, _, err := unix.Recvmsg(t.parcel, data, rights, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err == nil {
		t.taken++
		if flags&unix.MSG_CTRUNC != 0 {
			err = errTruncated
		}
	}
	if err := t.Did("recvmsg", err, "recvmsg(SCM_RIGHTS)"); err != nil {
		return -1, err
	}
	return OneDescriptor(rights[:n])
}

// OneDescriptor reads a control message that carries one descriptor.
func OneDescriptor(control []byte) (int, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 {
		return -1, errors.New("no descriptor came")
	}
	all, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(all) != 1 {
		return -1, errors.New("no descriptor came")
	}
	return all[0], nil
}
