package sipc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"testing/iotest"
	"time"
)

// streamConfigs are channels through which a stream has to go in many chunks.
func streamConfigs() map[string]Config {
	return map[string]Config{
		"strict":    {Mode: Strict, SlotSize: 64},
		"pipelined": {Mode: Pipelined, SlotSize: 64, Capacity: 3},
		"checksums": {SlotSize: 192, Checksum: true},
		"paced":     {Mode: Paced, Quantum: 20 * time.Microsecond, SlotSize: 1024},
	}
}

func randomBytes(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(p)
	return p
}

// sending writes p to s in the background, and tells what came of it.
func sending(ctx context.Context, s *Sender, write func(w *Writer) error) chan error {
	sent := make(chan error, 1)
	go func() {
		w := NewWriter(ctx, s)
		sent <- errors.Join(write(w), w.Close())
	}()
	return sent
}

func TestReaderIsAReader(t *testing.T) {
	for name, c := range streamConfigs() {
		t.Run(name, func(t *testing.T) {
			s, r := channel(t, c)
			content := randomBytes(5000)
			sent := sending(t.Context(), s, func(w *Writer) error {
				_, err := io.Copy(w, iotest.OneByteReader(bytes.NewReader(content[:100])))
				_, err2 := io.Copy(w, iotest.HalfReader(bytes.NewReader(content[100:3000])))
				_, err3 := io.Copy(w, iotest.DataErrReader(bytes.NewReader(content[3000:4000])))
				_, err4 := io.Copy(struct{ io.Writer }{w}, bytes.NewReader(content[4000:]))
				return errors.Join(err, err2, err3, err4)
			})
			if err := iotest.TestReader(NewReader(t.Context(), r), content); err != nil {
				t.Error(err)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
		})
	}
}

// Packed records are no stream of bytes.
func TestReaderRefusesRecords(t *testing.T) {
	s, r := channel(t, Config{SlotSize: 64})
	p := NewPacker(s)
	if err := errors.Join(p.Append(t.Context(), []byte("a record")), p.Flush(t.Context()), s.Send(t.Context(), []byte("bytes"))); err != nil {
		t.Fatal(err)
	}
	reader := NewReader(t.Context(), r)
	buf := make([]byte, 100)
	if n, err := reader.Read(buf); n != 0 || !errors.Is(err, ErrPacked) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := reader.Read(buf); string(buf[:n]) != "bytes" || err != nil {
		t.Errorf("after it: %q, %v", buf[:n], err)
	}
}

func TestCopyThroughChannel(t *testing.T) {
	content := randomBytes(100_000)
	for name, c := range streamConfigs() {
		for where, to := range map[string]func(t *testing.T, r *Reader) []byte{
			"memory": copyToMemory, "file": copyToFile, "reads": copyByReads,
		} {
			t.Run(name+"/"+where, func(t *testing.T) {
				s, r := channel(t, c)
				sent := sending(t.Context(), s, func(w *Writer) error {
					n, err := io.Copy(w, bytes.NewReader(content))
					if int(n) != len(content) {
						t.Errorf("%d bytes written", n)
					}
					return err
				})
				if !bytes.Equal(to(t, NewReader(t.Context(), r)), content) {
					t.Error("other bytes came than were sent")
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func copyToMemory(t *testing.T, r *Reader) []byte {
	var to bytes.Buffer
	if n, err := io.Copy(struct{ io.Writer }{&to}, r); err != nil || int(n) != to.Len() {
		t.Errorf("%d bytes: %v", n, err)
	}
	return to.Bytes()
}

func copyToFile(t *testing.T, r *Reader) []byte {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := r.WriteTo(file); err != nil {
		t.Error(err)
	}
	content, err := os.ReadFile(file.Name())
	if err != nil {
		t.Error(err)
	}
	return content
}

func copyByReads(t *testing.T, r *Reader) []byte {
	content, err := io.ReadAll(iotest.HalfReader(r))
	if err != nil {
		t.Error(err)
	}
	return content
}

// A reader that fails, and one that never gives anything, end the copying.
func TestReadFromTellsOfTheReader(t *testing.T) {
	s, _ := channel(t, Config{})
	w := NewWriter(t.Context(), s)
	if _, err := w.ReadFrom(iotest.ErrReader(os.ErrInvalid)); !errors.Is(err, os.ErrInvalid) {
		t.Error(err)
	}
	if _, err := w.ReadFrom(idle{}); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// What a writer did not take is still there to be read.
func TestWriteToTellsOfTheWriter(t *testing.T) {
	s, r := channel(t, Config{})
	if err := s.Send(t.Context(), []byte("abcdef")); err != nil {
		t.Fatal(err)
	}
	reader := NewReader(t.Context(), r)
	if n, err := reader.WriteTo(short{}); n != 2 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("%d, %v", n, err)
	}
	rest := make([]byte, 10)
	if n, err := reader.Read(rest); err != nil || string(rest[:n]) != "cdef" {
		t.Errorf("%q, %v", rest[:n], err)
	}
}

// short writes two bytes of what it gets.
type short struct{}

func (short) Write(p []byte) (int, error) { return min(2, len(p)), nil }

// A sender that gives up in the middle of a message leaves a hole in the stream.
func TestStreamTellsOfAHole(t *testing.T) {
	s, r := channel(t, Config{SlotSize: 64, Capacity: 8})
	reader := NewReader(t.Context(), r)
	if err := s.Send(t.Context(), []byte("whole")); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Send(soon, make([]byte, 64*20)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("more than fits: %v", err)
	}
	sent := make(chan error, 1)
	go func() { sent <- s.Send(t.Context(), []byte("after")) }()
	got, err := io.ReadAll(reader)
	if !errors.Is(err, ErrTruncated) || !bytes.HasPrefix(got, []byte("whole\x00")) {
		t.Errorf("%q, %v", got, err)
	}
	rest := make([]byte, 10)
	if n, err := reader.Read(rest); err != nil || string(rest[:n]) != "after" {
		t.Errorf("%q, %v", rest[:n], err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	_, r := channel(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewReader(ctx, r).Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
