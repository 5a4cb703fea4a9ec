package sipc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// channel makes a channel with both its ends, for the time of a test.
func channel(t testing.TB, c Config) (*Sender, *Receiver) {
	t.Helper()
	d, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	s, err := OpenSender(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := OpenReceiver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return s, r
}

// randomRecords are many small ones, empty ones, and some that fill a slot.
func randomRecords(random *rand.Rand, n, slotSize int) [][]byte {
	records := make([][]byte, n)
	for i := range records {
		size := random.IntN(70)
		if random.IntN(20) == 0 {
			size = slotSize - recordPrefix - random.IntN(8)
		}
		records[i] = make([]byte, size)
		for j := range records[i] {
			records[i][j] = byte(random.Uint32())
		}
	}
	return records
}

func TestRecordsComeAsTheyWent(t *testing.T) {
	for _, c := range []Config{
		{Mode: Strict, SlotSize: 256}, {Mode: Pipelined, SlotSize: 256}, {SlotSize: 4096, Checksum: true},
		{Mode: Paced, Quantum: 50 * time.Microsecond, SlotSize: 1024},
	} {
		t.Run(c.Mode.String(), func(t *testing.T) {
			seed := rand.Uint64()
			random := rand.New(rand.NewPCG(seed, 0))
			s, r := channel(t, c)
			records := randomRecords(random, 3000, c.SlotSize)
			sent := make(chan error, 1)
			go func() { sent <- pack(t.Context(), s, records, random) }()
			if err := unpack(t.Context(), r, records); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
		})
	}
}

// pack sends records, some of them without waiting for more.
func pack(ctx context.Context, s *Sender, records [][]byte, random *rand.Rand) error {
	p := NewPacker(s)
	for _, record := range records {
		if err := p.Append(ctx, record); err != nil {
			return err
		}
		if random.IntN(50) == 0 {
			if err := p.Flush(ctx); err != nil {
				return err
			}
		}
	}
	if err := p.Flush(ctx); err != nil {
		return err
	}
	return s.Finish(ctx)
}

// unpack receives and compares.
func unpack(ctx context.Context, r *Receiver, want [][]byte) error {
	u := NewUnpacker(r)
	for n := 0; ; n++ {
		record, err := u.Next(ctx)
		if errors.Is(err, io.EOF) && n == len(want) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == len(want) || !bytes.Equal(record, want[n]) {
			return errors.New("another record came than was sent")
		}
	}
}

func TestRecordLargerThanSlot(t *testing.T) {
	s, _ := channel(t, Config{SlotSize: 256})
	p := NewPacker(s)
	var size *RecordSizeError
	if err := p.Append(t.Context(), make([]byte, 253)); !errors.As(err, &size) || size.Max != 252 {
		t.Errorf("253 bytes in a slot of 256: %v", err)
	}
	if err := p.Append(t.Context(), make([]byte, 252)); err != nil {
		t.Error(err)
	}
}

// What a Packer could not send in time it sends later.
func TestPackerKeepsWhatItCannotSend(t *testing.T) {
	s, r := channel(t, Config{Capacity: 1, SlotSize: 64})
	p := NewPacker(s)
	flush := func(ctx context.Context, record string) error {
		if err := p.Append(t.Context(), []byte(record)); err != nil {
			t.Fatal(err)
		}
		return p.Flush(ctx)
	}
	if err := flush(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := flush(ended, "two"); !errors.Is(err, context.Canceled) {
		t.Fatalf("the queue is full: %v", err)
	}
	sent := make(chan error, 1)
	go func() { sent <- errors.Join(flush(t.Context(), "three"), s.Finish(t.Context())) }()
	if err := unpack(t.Context(), r, [][]byte{[]byte("one"), []byte("two"), []byte("three")}); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestUnpackerWantsPackedRecords(t *testing.T) {
	s, r := channel(t, Config{SlotSize: 64})
	u := NewUnpacker(r)
	if err := s.Send(t.Context(), make([]byte, 150)); err != nil { // three chunks
		t.Fatal(err)
	}
	if _, err := u.Next(t.Context()); !errors.Is(err, ErrNotPacked) {
		t.Errorf("a message that is not packed: %v", err)
	}
	if err := pack(t.Context(), s, [][]byte{[]byte("packed")}, rand.New(rand.NewPCG(0, 0))); err != nil {
		t.Fatal(err)
	}
	if err := unpack(t.Context(), r, [][]byte{[]byte("packed")}); err != nil {
		t.Error(err)
	}
}

func TestPackingAllocatesNothing(t *testing.T) {
	s, r := channel(t, Config{})
	p, u, record := NewPacker(s), NewUnpacker(r), make([]byte, 64)
	once := func() {
		for range 100 {
			if err := p.Append(t.Context(), record); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := u.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := testing.AllocsPerRun(100, once); n != 0 {
		t.Errorf("%v allocations for 100 records", n)
	}
}

// row is a row of records, as the protocol has it.
func row(records ...[]byte) []byte {
	var all []byte
	for _, record := range records {
		all = binary.NativeEndian.AppendUint32(all, uint32(len(record)))
		all = append(all, record...)
		all = append(all, make([]byte, -len(record)&3)...)
	}
	return all
}

// Whatever a hostile sender packs: records of the row come, or an error, and
// what came packs into the same row again.
func FuzzUnpack(f *testing.F) {
	f.Add(row([]byte("one"), nil, []byte("four")))
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0})
	f.Add([]byte{5, 0, 0, 0, 1, 2, 3, 4})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xfd, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, chunk []byte) {
		var records [][]byte
		rest := chunk
		for len(rest) > 0 {
			record, after, err := cutRecord(rest)
			if err != nil {
				var violation *ProtocolError
				if !errors.As(err, &violation) {
					t.Fatalf("%T: %v", err, err)
				}
				break
			}
			if len(after) >= len(rest) {
				t.Fatal("it does not end")
			}
			records, rest = append(records, record), after
		}
		checkRow(t, chunk[:len(chunk)-len(rest)], records)
	})
}

// checkRow compares a row with its records. What fills them up is nobody's.
func checkRow(t *testing.T, chunk []byte, records [][]byte) {
	again := row(records...)
	if len(again) != len(chunk) {
		t.Fatalf("%d bytes of records were %d", len(again), len(chunk))
	}
	for at, n := 0, 0; n < len(records); n++ {
		end := at + recordPrefix + len(records[n])
		if !bytes.Equal(again[at:end], chunk[at:end]) {
			t.Fatalf("record %d is another one", n)
		}
		at += recordSize(len(records[n]))
	}
}
