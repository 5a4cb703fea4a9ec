package sipc

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"ipclab/sipc/internal/sysv"
)

func TestModeNames(t *testing.T) {
	for _, mode := range []Mode{Strict, Pipelined, Paced} {
		if got, err := ParseMode(mode.String()); err != nil || got != mode {
			t.Errorf("%v is read as %v, %v", mode, got, err)
		}
	}
	for _, name := range []string{"", "Strict", "mode 4", "strict "} {
		if mode, err := ParseMode(name); err == nil {
			t.Errorf("%q is %v", name, mode)
		}
	}
}

func TestDescriptors(t *testing.T) {
	for text, want := range map[string]Descriptor{
		"sipc:1:0:0":                   {0, 0},
		"sipc:1:98304:65598\n":         {98304, 65598},
		" sipc:1:7:- ":                 {7, NoSegment},
		"sipc:1:2147483647:2147483647": {math.MaxInt32, math.MaxInt32},
	} {
		if d, err := ParseDescriptor(text); err != nil || d != want {
			t.Errorf("%q is %v, %v", text, d, err)
		}
	}
	for _, text := range []string{
		"", "sipc", "sipc:1", "sipc:1:", "sipc:1:2", "sipc:1:2:", "sipc:1::3", "sipc:2:1:1", "SIPC:1:1:1", "sipc:1:1:1:1",
		"sipc:1:-1:1", "sipc:1:1:-1", "sipc:1:-:1", "sipc:1:1:--", "sipc:1:+1:1", "sipc:1:01:1", "sipc:1: 1:1", "sipc:1:1:2147483648",
		"sipc:1:0x1:1", "sipc:1:1_0:1", "sipc:1:1:1 x",
	} {
		d, err := ParseDescriptor(text)
		var wrong *DescriptorError
		if !errors.As(err, &wrong) || wrong.Hint() == "" {
			t.Errorf("%q is %v, %v", text, d, err)
		}
	}
}

func FuzzDescriptor(f *testing.F) {
	f.Add("sipc:1:2:3")
	f.Add("sipc:1:2:-")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDescriptor(text)
		if err == nil && d.String() != strings.TrimSpace(text) {
			t.Errorf("%q is read as %v", text, d)
		}
	})
}

func TestConfigBecomesHeader(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   Header
	}{
		"nothing said": {Config{}, Header{Mode: Pipelined, Capacity: 8, Slots: 10, SlotSize: 128 << 10}},
		"strict":       {Config{Mode: Strict}, Header{Mode: Strict, Capacity: 1, Slots: 1, SlotSize: 128 << 10}},
		"rounded": {
			Config{Capacity: 1, SlotSize: 65, Alive: time.Nanosecond, Checksum: true},
			Header{Mode: Pipelined, Capacity: 1, Slots: 3, SlotSize: 128, Alive: time.Millisecond, Checksum: true},
		},
		"paced": {
			Config{Mode: Paced, Hold: 0.25},
			Header{Mode: Paced, Capacity: 8, Slots: 10, SlotSize: 128 << 10, Quantum: DefaultQuantum, Hold: 0.25},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := test.config.header()
			if err != nil || h != test.want {
				t.Fatalf("%+v, %v", h, err)
			}
			segment := make([]byte, h.SegmentSize())
			h.put(segment)
			if again, err := readHeader(segment); err != nil || again != h {
				t.Errorf("read back: %+v, %v", again, err)
			}
		})
	}
}

func TestConfigsThatCannotBe(t *testing.T) {
	for field, list := range map[string][]Config{
		"mode":      {{Mode: 4}, {Mode: math.MaxUint32}},
		"capacity":  {{Mode: Strict, Capacity: 2}, {Capacity: -1}, {Capacity: MaxCapacity + 1}, {Capacity: math.MaxInt}},
		"slot size": {{SlotSize: -1}, {SlotSize: math.MaxInt}, {Capacity: MaxCapacity, SlotSize: 1 << 40}},
		"quantum":   {{Quantum: 1}, {Mode: Strict, Quantum: time.Second}, {Mode: Paced, Quantum: -1}},
		"hold":      {{Hold: 0.5}, {Mode: Paced, Hold: 1}, {Mode: Paced, Hold: -0.1}, {Mode: Paced, Hold: math.NaN()}, {Mode: Paced, Hold: 0.9999999}},
		"alive":     {{Alive: -1}, {Alive: math.MaxInt64}},

		"group": {{GID: math.MaxUint32}, {GID: math.MaxInt}},

		"mode of the objects": {{Perm: 0o1600}},
	} {
		for _, c := range list {
			d, err := Create(c)
			var wrong *ConfigError
			if !errors.As(err, &wrong) || wrong.Field != field {
				t.Errorf("%+v: %v, %v", c, d, err)
			}
		}
	}
}

func TestSegmentWithoutRoomForAHeader(t *testing.T) {
	for _, size := range []int{0, 8, atEnd, headerSize - 1} {
		segment := make([]byte, size)
		copy(segment, magic[:])
		if h, err := readHeader(segment); fieldOf(err) != FieldSegment {
			t.Errorf("%d bytes: %+v, %v", size, h, err)
		}
	}
}

// A header that is accepted describes slots that lie in the segment.
func FuzzHeader(f *testing.F) {
	for _, c := range []Config{{}, {Mode: Strict, Checksum: true}, {Mode: Paced, Hold: 0.5, Alive: time.Second}} {
		h, err := c.header()
		if err != nil {
			f.Fatal(err)
		}
		segment := make([]byte, headerSize)
		h.put(segment)
		f.Add(segment[:atEnd], uint64(h.SegmentSize()))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint64) {
		var raw rawHeader
		copy(raw[:], text)
		size = min(max(size, headerSize), 1<<62)
		h, err := parseHeader(&raw, size)
		if err != nil {
			if fieldOf(err) == "" {
				t.Errorf("%v names no field", err)
			}
			return
		}
		if h.SlotSize < 64 || h.Slots < 1 || h.Quantum < 0 || h.Alive < 0 || h.Hold >= 1 {
			t.Errorf("%+v", h)
		}
		if uint64(h.Slots) > (size-headerSize)/uint64(h.SlotSize) || uint64(h.SegmentSize()) > size {
			t.Errorf("%+v does not fit into %d bytes", h, size)
		}
		again := make([]byte, headerSize)
		h.put(again)
		copy(again[atSessions:], raw[atSessions:])
		if !bytes.Equal(again[:atEnd], raw[:]) {
			t.Errorf("% x is written as\n% x", raw, again[:atEnd])
		}
	})
}

// A message that is accepted is written as it was read.
func FuzzMessage(f *testing.F) {
	f.Add(1, make([]byte, MessageSize), MessageSize, true)
	f.Add(2, []byte{0, 0, 0, 0, 0, 0, 0, 0, 1}, 9, false)
	f.Fuzz(func(t *testing.T, typ int, body []byte, size int, checksums bool) {
		raw := sysv.Message{Type: typ}
		copy(raw.Body[:], body)
		m, err := parseMessage(&raw, size, checksums)
		if err != nil {
			if fieldOf(err) == "" {
				t.Errorf("%v names no field", err)
			}
			return
		}
		var again sysv.Message
		if m.encode(&again); again != raw || size != MessageSize {
			t.Errorf("%+v of %d bytes is written as %+v", raw, size, again)
		}
		if m.Type != Data && (m.Length != 0 || m.Flags != 0 || m.Checksum != 0) || m.Checksum != 0 && !checksums {
			t.Errorf("%+v", m)
		}
	})
}

// Whatever comes in whatever order, a chunk is never longer than a slot, and
// messages begin with FIRST and end with LAST.
func FuzzTracker(f *testing.F) {
	f.Add(true, []byte{1, 0, 1, 3, 2, 0, 0, 0, 3, 0, 0, 0})
	f.Add(false, []byte{1, 0, 64, 1, 1, 1, 1, 2, 4, 9, 0, 0, 1, 9, 0, 3, 6, 10, 0, 0})
	f.Fuzz(func(t *testing.T, strict bool, script []byte) {
		const slot = 64
		tr := tracker{strict: strict, slotSize: slot}
		inside := false
		for ; len(script) >= 4; script = script[4:] {
			m := Message{
				Type:     MessageType(script[0]%6 + 1),
				Sequence: uint64(script[1]),
				Length:   uint32(script[2]),
				Flags:    Flags(script[3]) & knownFlags,
			}
			v, err := tr.accept(m)
			if err != nil {
				if fieldOf(err) == "" {
					t.Fatalf("%v names no field", err)
				}
				return
			}
			switch v {
			case restart:
				inside = false
			case end:
				if inside {
					t.Fatal("the end came within a message")
				}
				return
			case chunk:
				if m.Type != Data || m.Length > slot || m.Flags.First() == inside {
					t.Fatalf("%+v is a chunk, within a message: %v", m, inside)
				}
				inside = !m.Flags.Last()
			}
		}
	})
}
