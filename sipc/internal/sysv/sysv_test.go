package sysv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func newQueue(t *testing.T) int {
	t.Helper()
	id, err := MsgGet(0, 0o600|Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { MsgRemove(id) })
	return id
}

func newSegment(t *testing.T, size int) int {
	t.Helper()
	id, err := ShmGet(0, size, 0o600|Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ShmRemove(id) })
	return id
}

func TestQueueHoldsAsManyMessagesAsItsLimitSays(t *testing.T) {
	queue := newQueue(t)
	const messages = 3
	if err := MsgLimit(queue, os.Getuid(), os.Getgid(), 0o640, 24*messages); err != nil {
		t.Fatal(err)
	}
	m := Message{Type: 5, Body: [24]byte{0: 1, 23: 2}}
	for i := range messages {
		if errno := TrySend(queue, &m); errno != 0 {
			t.Fatalf("message %d: %v", i, errno)
		}
	}
	if errno := TrySend(queue, &m); errno != syscall.EAGAIN {
		t.Fatalf("one more: %v", errno)
	}
	stat, err := MsgStat(queue)
	if err != nil || stat.Num != messages || stat.Bytes != 24*messages || stat.Limit != 24*messages || stat.Mode&0o777 != 0o640 ||
		int(stat.LastSend) != os.Getpid() || stat.LastRecv != 0 {
		t.Errorf("%+v, %v", stat, err)
	}
	var got Message
	if n, errno := TryReceive(queue, &got); n != 24 || errno != 0 || got != m {
		t.Errorf("%d bytes, %v: %+v", n, errno, got)
	}
}

func TestMessagesOfAnySize(t *testing.T) {
	queue := newQueue(t)
	for size := range 40 {
		body := bytes.Repeat([]byte{byte(size)}, size)
		if err := MsgSend(queue, size+1, body, NoWait); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 40)
		typ, n, err := MsgReceive(queue, buf, 0, NoWait)
		if err != nil || typ != size+1 || !bytes.Equal(buf[:n], body) {
			t.Errorf("type %d, % x, %v", typ, buf[:n], err)
		}
	}
	if err := MsgSend(queue, 1, make([]byte, 25), NoWait); err != nil {
		t.Fatal(err)
	}
	if _, errno := TryReceive(queue, new(Message)); errno != syscall.E2BIG {
		t.Errorf("25 bytes: %v", errno)
	}
}

func TestSegmentIsSharedAndMeasured(t *testing.T) {
	id := newSegment(t, 5000)
	writer, err := Attach(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Detach()
	reader, err := Attach(id, ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Detach()
	if err := writer.Populate(); err != nil && err != syscall.EINVAL {
		t.Error(err)
	}
	page := os.Getpagesize()
	if want := (5000 + page - 1) / page * page; len(writer.Bytes) != want || len(reader.Bytes) != want {
		t.Fatalf("%d and %d bytes, not %d", len(writer.Bytes), len(reader.Bytes), want)
	}
	writer.Bytes[4999] = 7
	if reader.Bytes[4999] != 7 {
		t.Error("what one wrote the other does not see")
	}
	if stat, err := ShmStat(id); err != nil || stat.Size != 5000 || stat.Attached != 2 || int(stat.Creator) != os.Getpid() {
		t.Errorf("%+v, %v", stat, err)
	}
}

func TestListsNameWhatIsThere(t *testing.T) {
	queue, segment := newQueue(t), newSegment(t, 4097)
	queues, err := Queues()
	if err != nil {
		t.Fatal(err)
	}
	if q := find(queues, func(q QueueLine) bool { return q.ID == queue }); q.Ctime == 0 || q.UID != uint32(os.Getuid()) || q.Num != 0 {
		t.Errorf("%+v", q)
	}
	segments, err := Segments()
	if err != nil {
		t.Fatal(err)
	}
	if s := find(segments, func(s SegmentLine) bool { return s.ID == segment }); s.Size != 4097 || s.Creator != os.Getpid() || s.Attached != 0 || s.Ctime == 0 {
		t.Errorf("%+v", s)
	}
}

// find is the element for which ok holds, or the zero value.
func find[T any](list []T, ok func(T) bool) (none T) {
	for _, e := range list {
		if ok(e) {
			return e
		}
	}
	return none
}

func TestKeyIsThatOfFtok(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("51%02x%04x", st.Dev&0xff, st.Ino&0xffff)
	if k, err := Key(path, 'Q'); err != nil || fmt.Sprintf("%08x", uint32(k)) != want {
		t.Errorf("%08x, %v, not %s", uint32(k), err, want)
	}
	if _, err := Key(path+"x", 'Q'); err != syscall.ENOENT {
		t.Error(err)
	}
}

const someMaps = `55d0c0a00000-55d0c0a21000 r--p 00000000 fe:00 1234 /usr/bin/SYSV
7f0000000000-7f0000002000 rw-s 00000000 00:01 65598 /SYSV5300069b (deleted)
7f0000002000-7f0000003000 r--s 00000000 00:01 65599                      /SYSV00000000 (deleted)
7f0000004000-7f0000005000 rw-p 00000000 00:00 0 
`

func TestMapsTellTheSize(t *testing.T) {
	for _, test := range []struct {
		addr     uint64
		id, want int
	}{
		{0x7f0000000000, 65598, 0x2000},
		{0x7f0000002000, 65599, 0x1000},
		{0x7f0000000000, 65599, 0}, // another segment's
		{0x7f0000001000, 65598, 0}, // within one
		{0x7f0000004000, 0, 0},     // no segment's
		{0x55d0c0a00000, 1234, 0},
	} {
		n, err := ParseMaps([]byte(someMaps), test.addr, test.id)
		if n != test.want || (err == nil) != (n > 0) {
			t.Errorf("%#x, %d: %d, %v", test.addr, test.id, n, err)
		}
	}
}

func FuzzMaps(f *testing.F) {
	f.Add([]byte(someMaps), uint64(0x7f0000000000), 65598)
	f.Add([]byte("0-ffffffffffffffff rw-s 0 0 1 /SYSV"), uint64(0), 1)
	f.Fuzz(func(t *testing.T, text []byte, addr uint64, id int) {
		if n, err := ParseMaps(text, addr, id); err == nil && n <= 0 {
			t.Errorf("a size of %d", n)
		}
	})
}

func FuzzProc(f *testing.F) {
	for _, name := range []string{"/proc/sysvipc/msg", "/proc/sysvipc/shm"} {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte("key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime\n-5 1 600 0 0 0 0 0 0 0 0 0 0 1\n"))
	f.Add([]byte("key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n1 1 600 9 1 1 0 0 0 0 0 0 0 1 0 0\n\n1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := bytes.Count(text, []byte("\n")) + 1
		if list, err := ParseQueues(text); err == nil && len(list) > lines {
			t.Errorf("%d queues in %d lines", len(list), lines)
		}
		list, err := ParseSegments(text)
		for _, s := range list {
			if err == nil && (s.ID < 0 || s.Creator < 0 || s.Ctime < 0) {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestListsInAnotherOrder(t *testing.T) {
	list, err := ParseQueues([]byte("msqid key extra uid cbytes qnum lspid lrpid stime rtime ctime\n3 -7 x 1 2 4 5 6 8 9 10\n"))
	want := QueueLine{Key: -7, ID: 3, UID: 1, Bytes: 2, Num: 4, LastSend: 5, LastRecv: 6, Stime: 8, Rtime: 9, Ctime: 10}
	if err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("%+v, %v", list, err)
	}
	for _, text := range []string{"key shmid\n1 2\n", "key msqid\nx 2\n"} {
		if list, err := ParseSegments([]byte(text)); err == nil {
			t.Errorf("%q is %+v", text, list)
		}
	}
}
