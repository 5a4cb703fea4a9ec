package leak

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// ipcWays are those that System V objects offer beside the channel itself.
func ipcWays() []Way {
	fast, calm := micros(4, 8, 16, 32, 64, 128), micros(500, 1000, 2000)
	return []Way{
		{
			Name:   "nattch, by IPC_STAT",
			Closed: "closed: sender, `shm { getattr }`",
			Width:  1, Slots: fast, receiver: showAttached, sender: seeAttached,
		},
		{
			Name:   "nattch, by /proc/sysvipc/shm",
			Closed: "closed: sender, `file { read }` on `proc_t`",
			Width:  1, Slots: micros(16, 32, 64, 128, 256), receiver: showAttached, sender: seeListed,
		},
		{
			Name:   "lpid of the segment, by IPC_STAT",
			Closed: "closed: sender, `shm { getattr }`",
			Width:  1, Slots: calm, Helpers: 2, Patient: true, receiver: showLastAttacher, sender: seeLastAttacher, learned: true,
		},
		{
			Name:   "lrpid of the queue, by IPC_STAT",
			Closed: "closed: sender, `msgq { unix_read }`; by `MSG_STAT_ANY`, `msgq { getattr }`",
			Width:  1, Slots: calm, Helpers: 2, Patient: true, receiver: showLastReceiver, sender: seeLastReceiver, learned: true,
		},
		{
			Name:   "qnum of the queue, by IPC_STAT",
			Closed: "closed: sender, `msgq { unix_read }`; by `MSG_STAT_ANY`, `msgq { getattr }`",
			Width:  3, Slots: fast, receiver: showTaken, sender: seeTaken,
		},
		{
			Name:   "atime of the segment, by IPC_STAT",
			Closed: "closed: sender, `shm { getattr }`",
			Width:  1, Slots: []time.Duration{time.Second}, receiver: showAttachment, sender: seeAttachment,
		},
		{
			Name:   "existence of a queue, by msgget",
			Closed: "closed: receiver, `msgq { create }`; and nobody but helper and destroyer has `destroy`",
			Width:  1, Slots: fast, receiver: showExistence, sender: seeExistence,
		},
	}
}

// attachment attaches and detaches the segment a second time.
type attachment struct {
	segment int
	held    *sysv.Segment
}

func (a *attachment) set(attached bool) error {
	if attached == (a.held != nil) {
		return nil
	}
	if a.held != nil {
		err := a.held.Detach()
		a.held = nil
		return err
	}
	s, err := attachReadOnly(a.segment)
	a.held = s
	return err
}

func attachReadOnly(segment int) (*sysv.Segment, error) {
	s, err := sysv.Attach(segment, sysv.ReadOnly)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

func showAttached(j job) (shower, error) {
	a := &attachment{segment: j.Channel.Segment}
	return func(symbol int, _ int64) error { return a.set(symbol == 1) }, nil
}

func seeAttached(j job) (seer, error) {
	return atEnd(func() (int64, error) {
		s, err := sysv.ShmStat(j.Channel.Segment)
		return int64(s.Attached), err
	}), nil
}

// seeListed reads the seventh column of the segment's line.
func seeListed(j job) (seer, error) {
	id := []byte(strconv.Itoa(j.Channel.Segment))
	return atEnd(func() (int64, error) {
		list, err := os.ReadFile("/proc/sysvipc/shm")
		if err != nil {
			return 0, err
		}
		for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
			if f := bytes.Fields(lines.Bytes()); len(f) > 6 && bytes.Equal(f[1], id) {
				return strconv.ParseInt(string(f[6]), 10, 64)
			}
		}
		return 0, errors.New("/proc/sysvipc/shm does not list the segment")
	}), nil
}

// attachOnce attaches a segment for a moment: it leaves who did it, and when.
func attachOnce(segment int) error {
	s, err := attachReadOnly(segment)
	if err != nil {
		return err
	}
	return s.Detach()
}

// showLastAttacher has one of two processes attach: the one that the symbol names.
func showLastAttacher(j job) (shower, error) {
	return func(symbol int, _ int64) error {
		if symbol != j.Helper {
			return nil
		}
		return attachOnce(j.Channel.Segment)
	}, nil
}

func seeLastAttacher(j job) (seer, error) {
	return atEnd(func() (int64, error) {
		s, err := sysv.ShmStat(j.Channel.Segment)
		return int64(s.Last), err
	}), nil
}

// showLastReceiver has one of two processes take a message.
func showLastReceiver(j job) (shower, error) {
	var m sysv.Message
	return func(symbol int, _ int64) error {
		if symbol != j.Helper {
			return nil
		}
		_, errno := sysv.TryReceive(j.Channel.Queue, &m)
		return unless(errno, syscall.ENOMSG)
	}, nil
}

// unless is the error, but for one that is none here.
func unless(errno, harmless syscall.Errno) error {
	if errno == 0 || errno == harmless {
		return nil
	}
	return errno
}

func seeLastReceiver(j job) (seer, error) {
	if err := fill(j.Channel.Queue); err != nil {
		return nil, err
	}
	return atEnd(func() (int64, error) {
		q, err := sysv.MsgStat(j.Channel.Queue)
		if err != nil {
			return 0, err
		}
		return int64(q.LastRecv), fill(j.Channel.Queue)
	}), nil
}

// fill sends until the queue is full.
func fill(queue int) error {
	m := dataMessage(0)
	for {
		if errno := sysv.TrySend(queue, &m); errno != 0 {
			return unless(errno, syscall.EAGAIN)
		}
	}
}

// showTaken takes as many messages as the symbol says.
func showTaken(j job) (shower, error) {
	var m sysv.Message
	return func(symbol int, _ int64) error {
		for range symbol {
			if _, errno := sysv.TryReceive(j.Channel.Queue, &m); errno != 0 {
				return unless(errno, syscall.ENOMSG)
			}
		}
		return nil
	}, nil
}

// seeTaken counts what is left, without sending anything before it has counted.
func seeTaken(j job) (seer, error) {
	if err := fill(j.Channel.Queue); err != nil {
		return nil, err
	}
	return atEnd(func() (int64, error) {
		q, err := sysv.MsgStat(j.Channel.Queue)
		if err != nil {
			return 0, err
		}
		return sipc.DefaultCapacity - int64(q.Num), fill(j.Channel.Queue)
	}), nil
}

func showAttachment(j job) (shower, error) {
	return func(symbol int, _ int64) error {
		if symbol == 0 {
			return nil
		}
		return attachOnce(j.Channel.Segment)
	}, nil
}

// seeAttachment sees whether the time has changed, which is told in seconds.
func seeAttachment(j job) (seer, error) {
	first, err := sysv.ShmStat(j.Channel.Segment)
	if err != nil {
		return nil, err
	}
	last := first.Atime
	return atEnd(func() (int64, error) {
		s, err := sysv.ShmStat(j.Channel.Segment)
		changed := s.Atime != last
		last = s.Atime
		return truth(changed), err
	}), nil
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// signpost is the key of the queue that is there or not: one that the channel does
// not use.
func signpost(j job) int32 { return int32('L')<<24 | int32(j.Channel.Queue&0xffffff) }

func showExistence(j job) (shower, error) {
	id, there := 0, false
	return func(symbol int, _ int64) (err error) {
		switch {
		case symbol == 1 && !there:
			id, err = sysv.MsgGet(signpost(j), sysv.Create|sysv.Excl|0o600)
		case symbol == 0 && there:
			err = sysv.MsgRemove(id)
		}
		there = symbol == 1
		return err
	}, nil
}

func seeExistence(j job) (seer, error) {
	return atEnd(func() (int64, error) {
		_, err := sysv.MsgGet(signpost(j), 0)
		if errors.Is(err, syscall.ENOENT) {
			return 0, nil
		}
		return 1, err
	}), nil
}
