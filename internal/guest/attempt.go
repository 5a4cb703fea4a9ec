package guest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// attempt is one operation that the probe is to try: how it is told, and what the
// agent does before and after it.
type attempt struct {
	args   []string // of the probe
	object api.Object
	before func() error
	after  func() error // undoes what before and the probe have changed
}

// prepare looks at the object and makes the attempt ready.
func (a *Agent) prepare(spec api.ProbeSpec) (*attempt, error) {
	nothing := func() error { return nil }
	t := &attempt{before: nothing, after: nothing}
	if api.IsSysV(spec.Path) {
		return t, a.prepareSysV(t, spec)
	}
	var err error
	t.args = []string{"try", string(spec.Op), spec.Path}
	t.object, err = statObject(spec.Path)
	return t, err
}

func (a *Agent) prepareSysV(t *attempt, spec api.ProbeSpec) error {
	object, o, err := a.statSysV(spec.Path)
	if err != nil {
		return err
	}
	if o == nil || spec.Op == api.OpCreate {
		kind, _, _ := strings.Cut(spec.Path, ":")
		if o, err = spare(kind); err != nil {
			return err
		}
	}
	t.object, t.args = object, probeArgs(spec.Op, o)
	t.around(spec.Op, o)
	return nil
}

// spare stands for an object that there is none of: its key is free.
func spare(kind string) (*sysV, error) {
	for key := int32(spareKey); ; key++ {
		taken, err := findKey(kind, key)
		if err != nil {
			return nil, err
		}
		if taken == nil {
			return &sysV{kind: kind, id: -1, key: key}, nil
		}
	}
}

// spareKey is the first key that is tried.
const spareKey = 0x70726f62

// probeArgs are the words of the probe: what the subject may not find out by itself,
// the agent tells it.
func probeArgs(op api.Op, o *sysV) []string {
	decimal := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return []string{"sysv", o.kind, string(op), strconv.Itoa(int(o.id)), strconv.Itoa(int(o.key)),
		decimal(uint64(o.uid)), decimal(uint64(o.gid)), strconv.FormatUint(uint64(o.mode), 8), decimal(o.qbytes)}
}

// around says what is to be done before and after an operation that would change
// something.
func (t *attempt) around(op api.Op, o *sysV) {
	switch op {
	case api.OpCreate:
		t.after = func() error { return removeKey(o.kind, o.key) }
	case api.OpMsgsnd:
		t.after = o.takeBack
	case api.OpMsgrcv, api.OpMsgcopy:
		t.before, t.after = o.putMessage, o.takeBack
	}
}

// removeKey removes the object with a key, if there is one.
func removeKey(kind string, key int32) error {
	o, err := findKey(kind, key)
	if err != nil || o == nil {
		return err
	}
	return o.remove()
}

// probeMessage is the message by which sending and taking is tried: of a type
// that no program of a lab uses (PROBE_TYPE in vagrant/guest/probe.c).
type probeMessage struct {
	kind int64
	text [24]byte
}

const probeType = 0x6970636c

func probeMessageOf(kind int64) *probeMessage { return &probeMessage{kind: kind} }

// send puts the message into a queue, or fails at once.
func (m *probeMessage) send(queue int32) error {
	_, _, errno := unix.Syscall6(unix.SYS_MSGSND, uintptr(queue), uintptr(unsafe.Pointer(m)), uintptr(len(m.text)), ipcNoWait, 0, 0)
	return failure(errno)
}

// putMessage puts a message into a queue for the probe to take, also into a
// full one. Where the policy lets no message of this queue's type be in it, there
// can be none: that is left to the probe to find.
func (o *sysV) putMessage() error {
	if o.id < 0 {
		return nil
	}
	m := probeMessageOf(probeType)
	room := max(o.bytes+uint64(len(m.text)), o.messages+1) // messages of no bytes count as one (ipc/msg.c)
	if room > o.qbytes {
		if err := o.setCapacity(room); err != nil {
			return fmt.Errorf("make room in a queue: %w", err)
		}
		defer o.setCapacity(o.qbytes)
	}
	if err := m.send(o.id); err != nil && !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("put a message into a queue: %w", err)
	}
	return nil
}

// Flags of the calls (sys/ipc.h, sys/msg.h).
const (
	ipcNoWait  = 0o4000
	msgNoError = 0o10000
)

// takeBack takes the probe's messages out of a queue.
func (o *sysV) takeBack() error {
	var m probeMessage
	for {
		_, _, errno := unix.Syscall6(unix.SYS_MSGRCV, uintptr(o.id), uintptr(unsafe.Pointer(&m)), uintptr(len(m.text)),
			probeType, ipcNoWait|msgNoError, 0)
		switch {
		case errno == 0 || errno == unix.EINTR:
		case errors.Is(errno, unix.ENOMSG) || errors.Is(errno, unix.EINVAL) || errors.Is(errno, unix.EIDRM):
			return nil // none, or the queue is gone
		default:
			return fmt.Errorf("take a message back: %w", errno)
		}
	}
}
