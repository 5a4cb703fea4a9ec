package sipc

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"ipclab/sipc/internal/sysv"
)

// The upper 8 bits of a channel's keys; the lower 24 are its number.
const (
	queueProject   = 'Q'
	segmentProject = 'S'
)

// key is one of the two keys of channel number n.
func key(project byte, n uint32) int32 { return int32(uint32(project)<<24 | n) }

// numberOf is the number of the channel whose keys come from a path.
func numberOf(path string) (uint32, error) {
	k, err := sysv.Key(path, 0)
	if err != nil {
		return 0, &Error{Op: "ftok", Object: "key path " + path, Err: err}
	}
	return uint32(k), nil
}

func randomNumber() uint32 {
	var raw [4]byte
	rand.Read(raw[:]) // never fails: see its documentation
	return binary.NativeEndian.Uint32(raw[:]) >> 8
}

// draws is how many random numbers are tried, should they all be taken.
const draws = 64

// Create makes a channel: the segment first, with its header, then the queue.
// Whatever fails, nothing is left behind. A key that is taken is an [*Error] with
// EEXIST, a config that cannot be a [*ConfigError].
func Create(c Config) (Descriptor, error) {
	h, err := c.header()
	if err != nil {
		return Descriptor{}, err
	}
	if c.KeyPath != "" {
		n, err := numberOf(c.KeyPath)
		if err != nil {
			return Descriptor{}, err
		}
		return create(c, h, n)
	}
	var d Descriptor
	for range draws {
		d, err = create(c, h, randomNumber())
		if !errors.Is(err, syscall.EEXIST) {
			break
		}
	}
	return d, err
}

// create makes channel number n.
func create(c Config, h Header, n uint32) (Descriptor, error) {
	d := Descriptor{Segment: NoSegment}
	var err error
	if !c.QueueOnly {
		if d.Segment, err = makeSegment(c, h, n); err != nil {
			return Descriptor{}, err
		}
	}
	if d.Queue, err = makeQueue(c, h, n); err == nil {
		return d, nil
	}
	if d.Segment != NoSegment {
		err = errors.Join(err, removeSegment(d.Segment))
	}
	return Descriptor{}, err
}

// firstMode is the mode that an object is made with. Where it is to get another
// group, nobody but the owner may use it before it has.
func (c Config) firstMode() int {
	mode := int(c.perm())
	if c.GID > 0 {
		mode &= 0o700
	}
	return mode | sysv.Create | sysv.Excl
}

// group is the group that the objects are to have.
func (c Config) group() int {
	if c.GID > 0 {
		return c.GID
	}
	return os.Getegid()
}

// makeSegment makes a segment with the header and all its pages.
func makeSegment(c Config, h Header, n uint32) (id int, err error) {
	k := key(segmentProject, n)
	id, err = sysv.ShmGet(k, h.SegmentSize(), c.firstMode())
	if err != nil {
		return 0, &Error{Op: "shmget", Object: keyName(k), Err: err}
	}
	if err = fillSegment(c, h, id); err != nil {
		return 0, errors.Join(err, removeSegment(id))
	}
	return id, nil
}

func fillSegment(c Config, h Header, id int) error {
	segment, err := sysv.Attach(id, 0)
	if err != nil {
		return &Error{Op: "shmat", Object: segmentName(id), Err: err}
	}
	h.put(segment.Bytes)
	if err := populate(segment); err != nil {
		return errors.Join(&Error{Op: "populate", Object: segmentName(id), Err: err}, segment.Detach())
	}
	if err := segment.Detach(); err != nil {
		return &Error{Op: "shmdt", Object: segmentName(id), Err: err}
	}
	if c.GID <= 0 {
		return nil
	}
	if err := sysv.ShmOwn(id, os.Geteuid(), c.GID, c.perm()); err != nil {
		return &Error{Op: "shmctl IPC_SET", Object: segmentName(id), Err: err}
	}
	return nil
}

// populate has all pages made now. A kernel before 5.14 makes them when they are
// first touched.
func populate(segment sysv.Segment) error {
	if err := segment.Populate(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// makeQueue makes a queue of the channel's capacity.
func makeQueue(c Config, h Header, n uint32) (id int, err error) {
	k := key(queueProject, n)
	id, err = sysv.MsgGet(k, c.firstMode())
	if err != nil {
		return 0, &Error{Op: "msgget", Object: keyName(k), Err: err}
	}
	limit := uint64(h.Capacity) * MessageSize
	if err = sysv.MsgLimit(id, os.Geteuid(), c.group(), c.perm(), limit); err != nil {
		return 0, errors.Join(limitError(id, limit, err), removeQueue(id))
	}
	return id, nil
}

// limitError tells a capacity that this computer does not allow from other
// reasons why IPC_SET fails.
func limitError(id int, limit uint64, err error) error {
	if most, ok := queueLimit(); ok && limit > most && errors.Is(err, syscall.EPERM) {
		return &ConfigError{"capacity", fmt.Sprintf("is %d: a queue of this computer holds at most %d messages (kernel.msgmnb)",
			limit/MessageSize, most/MessageSize)}
	}
	return &Error{Op: "msgctl IPC_SET", Object: queueName(id), Err: err}
}

// queueLimit is how many bytes an unprivileged queue may hold.
func queueLimit() (uint64, bool) {
	text, err := os.ReadFile("/proc/sys/kernel/msgmnb")
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// Find is the channel that a helper made with this key path. The segment is
// NoSegment if there is none yet.
func Find(keyPath string) (Descriptor, error) {
	n, err := numberOf(keyPath)
	if err != nil {
		return Descriptor{}, err
	}
	d := Descriptor{Segment: NoSegment}
	k := key(queueProject, n)
	if d.Queue, err = sysv.MsgGet(k, 0); err != nil {
		return Descriptor{}, &Error{Op: "msgget", Object: keyName(k), Err: err}
	}
	segment, err := findSegment(n)
	if errors.Is(err, syscall.ENOENT) {
		return d, nil
	}
	d.Segment = segment
	return d, err
}

// findSegment is the segment of channel number n.
func findSegment(n uint32) (int, error) {
	k := key(segmentProject, n)
	id, err := sysv.ShmGet(k, 0, 0)
	if err != nil {
		return NoSegment, &Error{Op: "shmget", Object: keyName(k), Err: err}
	}
	return id, nil
}

// Remove removes queue and segment. What is already gone is no error. Ends that
// have the segment attached keep it until they close.
func (d Descriptor) Remove() error {
	err := removeQueue(d.Queue)
	if d.Segment != NoSegment {
		err = errors.Join(err, removeSegment(d.Segment))
	}
	return err
}

func removeQueue(id int) error {
	return unlessGone(&Error{Op: "msgctl IPC_RMID", Object: queueName(id), Err: sysv.MsgRemove(id)})
}

func removeSegment(id int) error {
	return unlessGone(&Error{Op: "shmctl IPC_RMID", Object: segmentName(id), Err: sysv.ShmRemove(id)})
}

// unlessGone is the error, unless it is none or says that there is nothing.
func unlessGone(e *Error) error {
	if e.Err == nil || errors.Is(e, ErrRemoved) {
		return nil
	}
	return e
}

func queueName(id int) string   { return fmt.Sprintf("queue %d", id) }
func segmentName(id int) string { return fmt.Sprintf("segment %d", id) }
func keyName(k int32) string    { return fmt.Sprintf("key %#x", uint32(k)) }
