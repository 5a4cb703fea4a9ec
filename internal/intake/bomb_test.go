package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// zeros writes so many zero bytes.
func zeros(t *testing.T, w io.Writer, n int64) {
	t.Helper()
	block := make([]byte, 1<<20)
	for ; n > 0; n -= int64(len(block)) {
		_, err := w.Write(block[:min(n, int64(len(block)))])
		must(t, err)
	}
}

// header is that of a tar's entry, without the content that it announces.
func header(t *testing.T, name string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size, Format: tar.FormatGNU}))
	return b.Bytes()
}

const tenGB = 10 << 30

// gzipBomb is a tar.gz with one file of 10 GB: its parts are gzip streams of
// 128 MB each, which read like one.
func gzipBomb(t *testing.T, name string) []byte {
	t.Helper()
	var part bytes.Buffer
	zeros(t, &part, 128<<20)
	return append(gzipped(t, header(t, name, tenGB)), bytes.Repeat(gzipped(t, part.Bytes()), tenGB/(128<<20))...)
}

func zstdBomb(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	must(t, err)
	_, err = w.Write(header(t, name, tenGB))
	must(t, err)
	zeros(t, w, 512<<20) // as much as anybody would read, and more
	must(t, w.Close())
	return b.Bytes()
}

func deflated(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	must(t, err)
	zeros(t, w, n)
	must(t, w.Close())
	return b.Bytes()
}

func names(n int, format string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return all
}

// millionEntries is a tar.gz of empty files. Their names come again after ten
// thousand: nobody gets that far.
func millionEntries(t *testing.T, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, name := range names(10_000, format) {
		b.Write(header(t, name, 0))
	}
	return bytes.Repeat(gzipped(t, b.Bytes()), 100)
}

// Bombs are refused at the limit: little of them is read, and less is kept.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("makes gigabytes")
	}
	for _, bomb := range []struct {
		name string
		make func() []byte
		want error
		kept uint64 // bytes of memory at most, all in all
	}{
		{"10 GB in a tar.gz", func() []byte { return gzipBomb(t, "big") }, ErrTooBig, 8 << 20},
		{"10 GB in an ignored folder of a tar.gz", func() []byte { return gzipBomb(t, ".git/big") }, ErrTooBig, 8 << 20},
		{"10 GB in a tar.zst", func() []byte { return zstdBomb(t, "big") }, ErrTooBig, 64 << 20},
		{"10 GB in an ignored folder of a tar.zst", func() []byte { return zstdBomb(t, ".git/big") }, ErrTooBig, 128 << 20},
		{"zip that says 4 GB", func() []byte { return lyingZip([]string{"Makefile"}, zip.Deflate, deflated(t, 64<<20), 0xfffffffe, 0) }, ErrTooBig, 8 << 20},
		{"zip that says 10 bytes", func() []byte { return lyingZip([]string{"Makefile"}, zip.Deflate, deflated(t, 128<<20), 10, 0) }, ErrDamaged, 8 << 20},
		{"zip whose files overlap", func() []byte {
			data := deflated(t, 10<<20)
			return lyingZip(names(2000, "f%d"), zip.Deflate, data, 10<<20, 0)
		}, ErrTooBig, 96 << 20},
		{"a million entries in a zip", func() []byte { return lyingZip(names(1_000_000, "%d"), zip.Store, nil, 0, 0) }, ErrTooMany, 64 << 20},
		{"a million ignored entries in a zip", func() []byte { return lyingZip(names(1_000_000, ".git/%d"), zip.Store, nil, 0, 0) }, ErrTooMany, 64 << 20},
		{"a million entries in a tar.gz", func() []byte { return millionEntries(t, "%d") }, ErrTooMany, 32 << 20},
		{"a million ignored entries in a tar.gz", func() []byte { return millionEntries(t, ".git/%d") }, ErrTooMany, 64 << 20},
		{"big archive", func() []byte { return append(makeTar(t), make([]byte, maxArchive)...) }, ErrTooBig, 1 << 20},
	} {
		t.Run(bomb.name, func(t *testing.T) {
			data := bomb.make()
			read := &counting{ReaderAt: bytes.NewReader(data)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := unpackFrom(t.Context(), read, int64(len(data)))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, bomb.want) {
				t.Errorf("error is %v, want %v", err, bomb.want)
			}
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes handed in, %d read, %d allocated in all: %v", len(data), read.n, took, err)
			if took > bomb.kept {
				t.Errorf("it took %d bytes of memory, want at most %d", took, bomb.kept)
			}
		})
	}
}

// counting counts what is read.
type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += n
	return n, err
}

// An archive in an archive is a file like any other: nothing unpacks it.
func TestNestedBombIsOnlyAFile(t *testing.T) {
	inner := makeZip(t, entry{name: "zeros", text: strings.Repeat("\x00", 8<<20)})
	files := append(solution(t, fifo(t), ""), entry{name: "42.zip", text: string(inner)})
	w, err := Open(t.Context(), submit(t, "a.zip", makeZip(t, files...)), fifo(t))
	must(t, err)
	if f, ok := w.Tree.File("42.zip"); !ok || !slices.Equal(f.Data, inner) {
		t.Errorf("42.zip is there: %t, with %d bytes", ok, len(f.Data))
	}
}

// A frame may ask its reader to remember gigabytes.
func TestZstdWindowIsBounded(t *testing.T) {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00} // window of 2^30 bytes, one empty block
	if _, err := unpackFrom(t.Context(), bytes.NewReader(frame), int64(len(frame))); !errors.Is(err, ErrDamaged) {
		t.Errorf("error is %v", err)
	}
}
