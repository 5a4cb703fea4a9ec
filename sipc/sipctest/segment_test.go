package sipctest_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// noReserve is SHM_NORESERVE (linux/shm.h): memory is found when it is touched.
const noReserve = 0o10000

// Where the helper makes the queue only, a hostile sender makes the segment: a
// terabyte of nothing, and slots that are as large. The receiver needs memory
// for what comes, not for what might.
func TestHostileSegment(t *testing.T) {
	const size = 1 << 40
	for _, checksum := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := sipc.Create(sipc.Config{Capacity: 1, KeyPath: path, QueueOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Remove() })
		h := &hostile{channel: d, segment: makeSegment(t, path, size)}
		writeHeader(h.segment.Bytes, 3, (size-headerSize)/3&^63, checksum)
		r, err := sipc.OpenReceiver(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		copy(h.segment.Bytes[headerSize:], "small")
		if err := h.send(h.data(r, 0, 5, flagFirst|flagLast)); err != nil {
			t.Fatal(err)
		}
		c, err := r.Borrow(t.Context())
		if err != nil || string(c.Bytes) != "small" {
			t.Errorf("%q, %v", c.Bytes, err)
		}
	}
}

// makeSegment makes the segment of the channel with this key path.
func makeSegment(t *testing.T, path string, size int) sysv.Segment {
	t.Helper()
	key, err := sysv.Key(path, 'S')
	if err != nil {
		t.Fatal(err)
	}
	id, err := sysv.ShmGet(key, size, 0o600|sysv.Create|sysv.Excl|noReserve)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sysv.ShmRemove(id) })
	segment, err := sysv.Attach(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { segment.Detach() })
	return segment
}

// writeHeader writes the header of a pipelined channel.
func writeHeader(segment []byte, slots, slotSize int, checksum bool) {
	order := binary.NativeEndian
	copy(segment, "SIPC\x00\x00\x00\x01")
	order.PutUint32(segment[8:], uint32(sipc.Pipelined))
	order.PutUint32(segment[12:], uint32(slots-2))
	order.PutUint32(segment[16:], uint32(slots))
	if checksum {
		order.PutUint32(segment[20:], 1)
	}
	order.PutUint64(segment[24:], uint64(slotSize))
	order.PutUint64(segment[32:], headerSize)
}
