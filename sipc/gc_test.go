package sipc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"ipclab/sipc/internal/sysv"
)

func addressOf(p []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&p[0]))) }

// modeOf is how the mapping that begins at addr is mapped.
func modeOf(t *testing.T, maps []byte, addr uint64) string {
	t.Helper()
	for line := range strings.Lines(string(maps)) {
		if fields := strings.Fields(line); strings.HasPrefix(fields[0], fmt.Sprintf("%x-", addr)) {
			return fields[1]
		}
	}
	t.Fatalf("nothing is mapped at %#x", addr)
	return ""
}

// lookFor is how Channels sees the channel with this queue or segment.
func lookFor(t *testing.T, d Descriptor) (Channel, bool) {
	t.Helper()
	list, err := Channels()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(list, func(c Channel) bool {
		return c.Queue == d.Queue || d.Segment != NoSegment && c.Segment == d.Segment
	})
	if at < 0 {
		return Channel{}, false
	}
	return list[at], true
}

// collects says whether gc, were it let loose on everything, would remove it. It
// is not let loose: other tests have channels, too.
func collects(t *testing.T, d Descriptor) bool {
	t.Helper()
	c, found := lookFor(t, d)
	return found && c.collectable(0)
}

func TestChannelsAreFound(t *testing.T) {
	d := makeChannel(t, Config{})
	c, ok := lookFor(t, d)
	if !ok || c.Queue != d.Queue || c.Segment != d.Segment || c.InUse || c.Owner != os.Getuid() || c.Age > time.Hour {
		t.Fatalf("%+v, %v", c, ok)
	}
	s := sender(t, d)
	if c, _ := lookFor(t, d); !c.InUse || collects(t, d) {
		t.Errorf("with a sender: %+v", c)
	}
	s.Close()
	if c, _ := lookFor(t, d); c.InUse || !collects(t, d) {
		t.Errorf("without: %+v", c)
	}
}

// What a helper that died between two steps left is found, too.
func TestHalvesAreFound(t *testing.T) {
	d := makeChannel(t, Config{})
	t.Run("no segment", func(t *testing.T) {
		queueOnly := makeChannel(t, Config{QueueOnly: true})
		if c, ok := lookFor(t, queueOnly); !ok || c.Segment != NoSegment || c.InUse {
			t.Errorf("%+v, %v", c, ok)
		}
		if err := sysv.MsgSend(queueOnly.Queue, 1, make([]byte, 24), 0); err != nil {
			t.Fatal(err)
		}
		if c, _ := lookFor(t, queueOnly); !c.InUse {
			t.Errorf("its last sender lives: %+v", c)
		}
	})
	t.Run("no queue", func(t *testing.T) {
		if err := sysv.MsgRemove(d.Queue); err != nil {
			t.Fatal(err)
		}
		c, ok := lookFor(t, d)
		if !ok || c.Queue != NoQueue || c.Segment != d.Segment || !c.collectable(0) {
			t.Errorf("%+v, %v", c, ok)
		}
	})
}

// Other programs' objects with keys like a channel's are never touched.
func TestForeignObjectsAreNoChannels(t *testing.T) {
	for name, test := range map[string]struct {
		limit uint64 // of a queue
		size  int    // of a segment
		text  string // in it
	}{
		"a queue as the kernel makes it":          {},
		"a queue of 1000 bytes":                   {limit: 1000},
		"an empty segment":                        {size: 1 << 20},
		"a segment that is too small":             {size: 100, text: string(magic[:])},
		"a segment with something else in it":     {size: 8192, text: "SIPC version 1"},
		"a segment of another version of SIPC":    {size: 8192, text: "SIPC\x00\x00\x00\x02"},
		"the magic, but not at the segment's top": {size: 8192, text: "        " + string(magic[:])},
	} {
		t.Run(name, func(t *testing.T) {
			d := foreign(t, test.limit, test.size, test.text)
			if c, ok := lookFor(t, d); ok {
				t.Errorf("it is taken for %+v", c)
			}
		})
	}
}

// foreign makes a queue, or a segment if it has a size.
func foreign(t *testing.T, limit uint64, size int, text string) Descriptor {
	t.Helper()
	n := randomNumber()
	if size == 0 {
		queue, err := sysv.MsgGet(key(queueProject, n), 0o600|sysv.Create|sysv.Excl)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sysv.MsgRemove(queue) })
		if limit > 0 {
			if err := sysv.MsgLimit(queue, os.Getuid(), os.Getgid(), 0o600, limit); err != nil {
				t.Fatal(err)
			}
		}
		return Descriptor{Queue: queue, Segment: NoSegment}
	}
	id, err := sysv.ShmGet(key(segmentProject, n), size, 0o600|sysv.Create|sysv.Excl)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sysv.ShmRemove(id) })
	segment, err := sysv.Attach(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	copy(segment.Bytes, text)
	segment.Detach()
	return Descriptor{Queue: -2, Segment: id}
}

// A queue with the number of a channel that is none of its own stays apart.
func TestHalvesOfTwoChannelsStayApart(t *testing.T) {
	path := keyPath(t)
	d := makeChannel(t, Config{KeyPath: path, Capacity: 5})
	if err := sysv.MsgRemove(d.Queue); err != nil {
		t.Fatal(err)
	}
	s := sender(t, d)
	other := makeChannel(t, Config{KeyPath: path, Capacity: 6, QueueOnly: true})
	if c, ok := lookFor(t, Descriptor{Queue: other.Queue, Segment: NoSegment}); !ok || c.Segment != NoSegment || c.InUse {
		t.Errorf("the queue: %+v, %v", c, ok)
	}
	if c, ok := lookFor(t, Descriptor{Queue: -2, Segment: d.Segment}); !ok || c.Queue != NoQueue || !c.InUse {
		t.Errorf("the segment: %+v, %v", c, ok)
	}
	s.Close()
}

// A hostile sender cannot hide the segment from gc.
func TestSegmentWithoutHeaderIsFound(t *testing.T) {
	for name, at := range map[string]int{"magic": atMagic, "capacity": atCapacity} {
		t.Run(name, func(t *testing.T) {
			d := makeChannel(t, Config{})
			segment, err := sysv.Attach(d.Segment, 0)
			if err != nil {
				t.Fatal(err)
			}
			segment.Bytes[at] ^= 0xff
			segment.Detach()
			if c, ok := lookFor(t, Descriptor{Queue: -2, Segment: d.Segment}); !ok || !c.collectable(0) {
				t.Errorf("%+v, %v", c, ok)
			}
		})
	}
}

// A segment without a header is a queue's only if one helper can have made both.
func TestSegmentWithoutHeader(t *testing.T) {
	path := keyPath(t)
	n, err := numberOf(path)
	if err != nil {
		t.Fatal(err)
	}
	d := makeChannel(t, Config{KeyPath: path})
	segment, err := sysv.Attach(d.Segment, 0)
	if err != nil {
		t.Fatal(err)
	}
	clear(segment.Bytes)
	if c, ok := lookFor(t, d); !ok || c.Segment != d.Segment || !c.InUse {
		t.Errorf("wiped out by its sender: %+v, %v", c, ok)
	}
	segment.Detach()
	if c, _ := lookFor(t, d); c.InUse {
		t.Errorf("its sender has gone: %+v", c)
	}
	queue := half{Channel: Channel{Number: n, Owner: 7}, capacity: 8, changed: 1000}
	for name, s := range map[string]half{
		"made after the queue":  {Channel: Channel{Number: n, Owner: 7}, changed: 1001},
		"made long before":      {Channel: Channel{Number: n, Owner: 7}, changed: 1000 - makingTime - 1},
		"somebody else's":       {Channel: Channel{Number: n, Owner: 8}, changed: 1000},
		"of a channel that was": {Channel: Channel{Number: n, Owner: 7}, changed: 1000, capacity: 9},
	} {
		if queue.belongsTo(s) {
			t.Errorf("a segment %s is taken for the queue's", name)
		}
	}
}

// collectEnv has the test binary collect in a namespace of its own.
const collectEnv = "SIPC_TEST_COLLECT"

// Collect removes what nobody uses and what is old enough, and nothing else. It
// runs in an IPC namespace of its own, for it takes all that it finds.
func TestCollect(t *testing.T) {
	if os.Getenv(collectEnv) != "" {
		collectHere(t)
		return
	}
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWIPC}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	again(t, collectEnv, attr)
}

// again runs the test in a process of its own, which the variable tells it.
func again(t *testing.T, variable string, attr *syscall.SysProcAttr) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), variable+"=1")
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skip("no such process is to be had here: ", err)
	}
	if err != nil || !strings.Contains(string(out), "PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

func collectHere(t *testing.T) {
	used, idle, queueOnly := makeChannel(t, Config{}), makeChannel(t, Config{}), makeChannel(t, Config{QueueOnly: true})
	orphan := makeChannel(t, Config{})
	sysv.MsgRemove(orphan.Queue)
	sender(t, used)
	strange := foreign(t, 0, 8192, "not SIPC's")
	strangeQueue := foreign(t, 1000, 0, "")

	if removed, err := Collect(t.Context(), time.Hour); err != nil || len(removed) != 0 {
		t.Errorf("of those older than an hour: %+v, %v", removed, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if removed, err := Collect(cancelled, 0); !errors.Is(err, context.Canceled) || len(removed) != 0 {
		t.Errorf("cancelled: %+v, %v", removed, err)
	}
	removed, err := Collect(t.Context(), 0)
	if err != nil || len(removed) != 3 {
		t.Errorf("%+v, %v", removed, err)
	}
	for _, d := range []Descriptor{idle, orphan} {
		if _, err := sysv.ShmStat(d.Segment); err == nil {
			t.Errorf("segment %d is still there", d.Segment)
		}
	}
	for _, id := range []int{idle.Queue, queueOnly.Queue} {
		if _, err := sysv.MsgStat(id); err == nil {
			t.Errorf("queue %d is still there", id)
		}
	}
	for _, id := range []int{used.Queue, strangeQueue.Queue} {
		if _, err := sysv.MsgStat(id); err != nil {
			t.Errorf("queue %d: %v", id, err)
		}
	}
	for _, id := range []int{used.Segment, strange.Segment} {
		if _, err := sysv.ShmStat(id); err != nil {
			t.Errorf("segment %d: %v", id, err)
		}
	}
	if list, err := Channels(); err != nil || len(list) != 1 || list[0].Queue != used.Queue {
		t.Errorf("what is left: %+v, %v", list, err)
	}
}
