package sipc

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ipclab/sipc/internal/sysv"
)

// keyPath is a file of the test's own.
func keyPath(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// objects are the keys of a path that are in use.
func objects(t *testing.T, path string) (queue, segment bool) {
	t.Helper()
	n, err := numberOf(path)
	if err != nil {
		t.Fatal(err)
	}
	_, noQueue := sysv.MsgGet(key(queueProject, n), 0)
	_, noSegment := sysv.ShmGet(key(segmentProject, n), 0, 0)
	return noQueue == nil, noSegment == nil
}

func TestHelperMakesWhatTheConfigSays(t *testing.T) {
	for name, c := range map[string]Config{
		"nothing said":      {},
		"strict":            {Mode: Strict, Perm: 0o640},
		"another group":     {Capacity: 3, SlotSize: 100, GID: 12, Perm: 0o660},
		"from a path":       {KeyPath: keyPath(t)},
		"as deep as it may": {Capacity: 682, SlotSize: 64},
	} {
		t.Run(name, func(t *testing.T) {
			d := makeChannel(t, c)
			h, err := c.header()
			if err != nil {
				t.Fatal(err)
			}
			group := uint32(os.Getegid())
			if c.GID > 0 {
				group = uint32(c.GID)
			}
			q, err := sysv.MsgStat(d.Queue)
			if err != nil || q.Limit != uint64(h.Capacity)*24 || q.Mode&0o777 != c.perm() || q.GID != group {
				t.Errorf("the queue: %+v, %v", q, err)
			}
			s, err := sysv.ShmStat(d.Segment)
			if err != nil || s.Size != uint64(h.SegmentSize()) || s.Mode&0o777 != c.perm() || s.GID != group || s.Attached != 0 {
				t.Errorf("the segment: %+v, %v", s, err)
			}
			if uint32(q.Key)&0xffffff != uint32(s.Key)&0xffffff || uint32(q.Key)>>24 != 'Q' || uint32(s.Key)>>24 != 'S' {
				t.Errorf("the keys are %#x and %#x", q.Key, s.Key)
			}
			if got := receiver(t, d).Header(); got != h {
				t.Errorf("the header says %+v, not %+v", got, h)
			}
		})
	}
}

func TestFind(t *testing.T) {
	path := keyPath(t)
	if d, err := Find(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before there is one: %v, %v", d, err)
	}
	d := makeChannel(t, Config{KeyPath: path})
	if found, err := Find(path); err != nil || found != d {
		t.Errorf("%v, %v, not %v", found, err, d)
	}
	if d, err := Find(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such path: %v, %v", d, err)
	}
}

// Whichever of the two keys is taken, the helper says so, leaves that object alone
// and nothing of its own.
func TestTakenKeys(t *testing.T) {
	path := keyPath(t)
	n, err := numberOf(path)
	if err != nil {
		t.Fatal(err)
	}
	taken := func(t *testing.T) {
		t.Helper()
		beforeQueue, beforeSegment := objects(t, path)
		d, err := Create(Config{KeyPath: path})
		var failed *Error
		if !errors.As(err, &failed) || !errors.Is(err, syscall.EEXIST) || !errors.Is(err, fs.ErrExist) || failed.Hint() == "" {
			t.Fatalf("%v, %v", d, err)
		}
		if queue, segment := objects(t, path); queue != beforeQueue || segment != beforeSegment {
			t.Errorf("queue: %v, segment: %v", queue, segment)
		}
	}
	t.Run("queue", func(t *testing.T) {
		id, err := sysv.MsgGet(key(queueProject, n), 0o600|sysv.Create)
		if err != nil {
			t.Fatal(err)
		}
		defer sysv.MsgRemove(id)
		taken(t)
	})
	t.Run("segment", func(t *testing.T) {
		id, err := sysv.ShmGet(key(segmentProject, n), 1, 0o600|sysv.Create)
		if err != nil {
			t.Fatal(err)
		}
		defer sysv.ShmRemove(id)
		taken(t)
	})
	t.Run("both, by a channel", func(t *testing.T) {
		makeChannel(t, Config{KeyPath: path})
		taken(t)
	})
}

// helperEnv has the test binary be a helper that is refused something.
const helperEnv = "SIPC_TEST_HELPER"

// Segments that there is no room for leave nothing behind either, whether it is
// the computer that has none or the helper.
func TestSegmentBeyondMemory(t *testing.T) {
	if os.Getenv(helperEnv) == "" {
		again(t, helperEnv, nil)
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 4 << 30, Max: 4 << 30}); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{maxSegment / 10, 1 << 29} {
		createsNothing(t, Config{KeyPath: keyPath(t), SlotSize: size}, func(err error) bool {
			return !errors.Is(err, ErrRemoved) && (errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EINVAL))
		})
	}
}

// createsNothing wants Create to fail for that reason, and leave nothing.
func createsNothing(t *testing.T, c Config, reason func(error) bool) {
	t.Helper()
	d, err := Create(c)
	if err == nil {
		d.Remove()
		t.Fatalf("%+v could be created", c)
	}
	if !reason(err) {
		t.Errorf("%v", err)
	}
	if queue, segment := objects(t, c.KeyPath); queue || segment {
		t.Errorf("after %v: queue %v, segment %v", err, queue, segment)
	}
}

// An unprivileged helper cannot make a queue of more than kernel.msgmnb bytes.
func TestQueueBeyondItsLimit(t *testing.T) {
	most, ok := queueLimit()
	if !ok || most/MessageSize >= MaxCapacity {
		t.Skip("there is no limit here")
	}
	if os.Getuid() == 0 {
		again(t, helperEnv, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}})
		return
	}
	c := Config{KeyPath: "/proc/self/exe", SlotSize: 64, Capacity: int(most/MessageSize) + 1}
	createsNothing(t, c, func(err error) bool {
		var wrong *ConfigError
		return errors.As(err, &wrong) && wrong.Field == "capacity"
	})
}

// What the kernel refuses to an unprivileged helper is told as what it is.
func TestCapacityBeyondTheComputers(t *testing.T) {
	most, ok := queueLimit()
	if !ok {
		t.Skip("kernel.msgmnb cannot be read")
	}
	var wrong *ConfigError
	err := limitError(1, most+24, syscall.EPERM)
	if !errors.As(err, &wrong) || wrong.Field != "capacity" || !strings.Contains(err.Error(), "kernel.msgmnb") {
		t.Errorf("%v", err)
	}
	if err := limitError(1, most, syscall.EPERM); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("another reason: %v", err)
	}
}

func TestRemoveTwice(t *testing.T) {
	d := makeChannel(t, Config{})
	for range 2 {
		if err := d.Remove(); err != nil {
			t.Error(err)
		}
	}
	if _, err := OpenSender(t.Context(), d); !errors.Is(err, ErrRemoved) {
		t.Error(err)
	}
	if _, err := OpenReceiver(t.Context(), d); !errors.Is(err, ErrRemoved) {
		t.Error(err)
	}
}

// The sender can make the segment, as in the slides; one that follows it takes
// what is there.
func TestSenderMakesTheSegment(t *testing.T) {
	for name, path := range map[string]string{"with a random number": "", "with a key path": keyPath(t)} {
		t.Run(name, func(t *testing.T) {
			senderMakesSegment(t, Config{Mode: Strict, QueueOnly: true, SlotSize: 100, Checksum: true, KeyPath: path})
		})
	}
}

func senderMakesSegment(t *testing.T, c Config) {
	d := makeChannel(t, c)
	if d.Segment != NoSegment {
		t.Fatalf("%v has a segment", d)
	}
	if _, err := OpenReceiver(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a receiver before the sender: %v", err)
	}
	var wrong *ConfigError
	if _, err := OpenSender(t.Context(), d); !errors.As(err, &wrong) {
		t.Errorf("a sender without WithSegment: %v", err)
	}
	for i := range 2 {
		s := sender(t, d, WithSegment(c))
		t.Cleanup(func() { s.Descriptor().Remove() })
		r := receiver(t, d)
		done := make(chan error, 1)
		go func() { done <- s.Send(t.Context(), []byte("made by the sender")) }()
		buf := make([]byte, 100)
		n, err := r.Recv(t.Context(), buf)
		if err != nil || !bytes.Equal(buf[:n], []byte("made by the sender")) {
			t.Errorf("sender %d: %q, %v", i, buf[:n], err)
		}
		if err := finishes(t, "Send", done); err != nil {
			t.Error(err)
		}
		s.Close()
		r.Close()
	}
}

// Neither end opens what is no channel's segment.
func TestSegmentsThatAreNoChannels(t *testing.T) {
	d := makeChannel(t, Config{})
	for name, test := range map[string]struct {
		size  int
		bytes []byte
		field string
	}{
		"empty":              {8192, nil, FieldMagic},
		"too small for SIPC": {10, nil, FieldMagic}, // it is mapped as a page
		"another's":          {8192, []byte("SIPC, but not really"), FieldMagic},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := sysv.ShmGet(0, test.size, 0o600|sysv.Create)
			if err != nil {
				t.Fatal(err)
			}
			defer sysv.ShmRemove(id)
			segment, err := sysv.Attach(id, 0)
			if err != nil {
				t.Fatal(err)
			}
			copy(segment.Bytes, test.bytes)
			before := slices.Clone(segment.Bytes)
			bad := Descriptor{Queue: d.Queue, Segment: id}
			if _, err := OpenReceiver(t.Context(), bad); fieldOf(err) != test.field {
				t.Errorf("receiver: %v", err)
			}
			if _, err := OpenSender(t.Context(), bad); fieldOf(err) != test.field {
				t.Errorf("sender: %v", err)
			}
			if !bytes.Equal(segment.Bytes, before) {
				t.Error("somebody wrote into it")
			}
			segment.Detach()
			if stat, err := sysv.ShmStat(id); err != nil || stat.Attached != 0 {
				t.Errorf("%d have it attached, %v", stat.Attached, err)
			}
		})
	}
}

// The receiver's mapping is read-only: what it borrows it cannot write.
func TestReceiverCannotWrite(t *testing.T) {
	_, r := channel(t, Config{})
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sysv.ParseMaps(maps, addressOf(r.segment.Bytes), r.desc.Segment); err != nil {
		t.Fatal(err)
	}
	if mode := modeOf(t, maps, addressOf(r.segment.Bytes)); mode != "r--s" {
		t.Errorf("it is mapped %s", mode)
	}
}
