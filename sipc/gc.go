package sipc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"ipclab/sipc/internal/sysv"
)

// NoQueue stands for the queue of a channel that has lost it.
const NoQueue = -1

// Channel is what looks like a channel, or like what is left of one: a
// segment whose key and first bytes are a channel's, a queue with such a key and
// with room for a whole number of SIPC's messages, or both with the same number
// and capacity. A segment whose header is gone belongs to the queue with its
// number and owner that was made right after it.
type Channel struct {
	Number  uint32        // the lower 24 bits of its keys
	Queue   int           // or NoQueue
	Segment int           // or NoSegment
	Owner   int           // user ID
	InUse   bool          // the segment is attached, or without one, a process that used the queue last is alive
	Age     time.Duration // since it was made or its queue was used, to the second
}

// Channels are all channels of this IPC namespace that the caller may look
// into. Of a helper that was killed between two system calls it can miss an object, namely
// a segment without any header or a queue without a capacity: nothing tells those
// from other programs' objects.
func Channels() ([]Channel, error) {
	queues, err := sysv.Queues()
	if err != nil {
		return nil, fmt.Errorf("sipc: list of queues: %w", err)
	}
	segments, err := sysv.Segments()
	if err != nil {
		return nil, fmt.Errorf("sipc: list of segments: %w", err)
	}
	now := time.Now()
	halves := segmentHalves(segments, now)
	var list []Channel
	for _, q := range queueHalves(queues, now) {
		if s, ok := halves[q.Number]; ok && q.belongsTo(s) {
			q.Segment, q.InUse, q.Age = s.Segment, s.InUse, min(q.Age, s.Age)
			delete(halves, q.Number)
		}
		list = append(list, q.Channel)
	}
	for _, s := range halves {
		if s.capacity > 0 {
			list = append(list, s.Channel)
		}
	}
	return list, nil
}

// half is the queue or the segment of what may be a channel.
type half struct {
	Channel
	capacity uint32 // 0: a segment without a header
	changed  int64  // when it was made, or given to somebody; seconds since 1970
}

// makingTime is how long a helper may be between segment and queue: it fills the
// segment meanwhile.
const makingTime = 10 // seconds

// belongsTo says whether a helper made the queue and this segment with the same number. A
// hostile sender may have wiped out the header, so that gc would not find the
// segment; then owner and time must do.
func (q half) belongsTo(s half) bool {
	if s.capacity > 0 {
		return s.capacity == q.capacity
	}
	return s.Owner == q.Owner && s.changed <= q.changed && q.changed-s.changed <= makingTime
}

// channelNumber tells keys of a channel's queues or segments from others.
func channelNumber(k int32, project byte) (uint32, bool) {
	return uint32(k) & 0xffffff, uint32(k)>>24 == uint32(project)
}

// queueHalves picks those queues that are channels'.
func queueHalves(queues []sysv.QueueLine, now time.Time) []half {
	var list []half
	for _, q := range queues {
		n, ok := channelNumber(q.Key, queueProject)
		if !ok {
			continue
		}
		capacity, ok := queueCapacity(q.ID)
		if !ok {
			continue
		}
		list = append(list, half{capacity: capacity, changed: q.Ctime, Channel: Channel{
			Number: n, Queue: q.ID, Segment: NoSegment, Owner: int(q.UID),
			InUse: alive(q.LastSend) || alive(q.LastRecv),
			Age:   since(now, q.Ctime, q.Stime, q.Rtime),
		}})
	}
	return list
}

// queueCapacity is how many messages a helper gave the queue room for. A queue
// that has the computer's default had no helper.
func queueCapacity(id int) (uint32, bool) {
	stat, err := sysv.MsgStat(id)
	if err != nil || stat.Limit == 0 || stat.Limit%MessageSize != 0 || stat.Limit/MessageSize > MaxCapacity {
		return 0, false
	}
	if most, ok := queueLimit(); ok && stat.Limit == most {
		return 0, false
	}
	return uint32(stat.Limit / MessageSize), true
}

// segmentHalves picks those segments that may be channels', by their numbers.
func segmentHalves(segments []sysv.SegmentLine, now time.Time) map[uint32]half {
	found := map[uint32]half{}
	for _, s := range segments {
		n, ok := channelNumber(s.Key, segmentProject)
		if !ok || s.Size < headerSize {
			continue
		}
		found[n] = half{capacity: segmentCapacity(s.ID), changed: s.Ctime, Channel: Channel{
			Number: n, Queue: NoQueue, Segment: s.ID, Owner: int(s.UID),
			InUse: s.Attached > 0, Age: since(now, s.Ctime),
		}}
	}
	return found
}

// segmentCapacity is the capacity that a segment names, if it begins as a
// channel's does, else 0. It is only looked at, not believed: the sender may have
// rewritten it.
func segmentCapacity(id int) uint32 {
	segment, err := sysv.Attach(id, sysv.ReadOnly)
	if err != nil {
		return 0
	}
	defer segment.Detach()
	if len(segment.Bytes) < headerSize || [8]byte(segment.Bytes[atMagic:atMode]) != magic {
		return 0
	}
	return binary.NativeEndian.Uint32(segment.Bytes[atCapacity:])
}

// alive says that there is a process with this ID. If it is another one by now,
// gc is more careful than it needs to be.
func alive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// since is the time since the last of some times, which are in seconds since
// 1970.
func since(now time.Time, times ...int64) time.Duration {
	var last int64
	for _, t := range times {
		last = max(last, t)
	}
	return max(0, now.Truncate(time.Second).Sub(time.Unix(last, 0)))
}

// Collect removes every channel that is not in use and at least as old as that,
// and returns those that it removed. It passes over those that the caller may
// not remove. A grace period of some seconds lets channels live whose ends are about to open
// them. Ends that open one in that very moment find it removed.
func Collect(ctx context.Context, older time.Duration) (removed []Channel, err error) {
	list, err := Channels()
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if ctx.Err() != nil {
			return removed, errors.Join(err, ctx.Err())
		}
		if !c.collectable(older) {
			continue
		}
		switch e := c.remove(); {
		case e == nil:
			removed = append(removed, c)
		case !errors.Is(e, fs.ErrPermission):
			err = errors.Join(err, e)
		}
	}
	return removed, err
}

// collectable says whether nobody uses the channel, and has not for so long.
func (c Channel) collectable(older time.Duration) bool {
	return !c.InUse && c.Age >= older && !c.attached()
}

// attached looks once more, right before it is too late.
func (c Channel) attached() bool {
	if c.Segment == NoSegment {
		return false
	}
	stat, err := sysv.ShmStat(c.Segment)
	return err == nil && stat.Attached > 0
}

func (c Channel) remove() error {
	var err error
	if c.Queue != NoQueue {
		err = removeQueue(c.Queue)
	}
	if c.Segment != NoSegment {
		err = errors.Join(err, removeSegment(c.Segment))
	}
	return err
}
