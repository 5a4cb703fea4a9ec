package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"ipclab/labs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fifo is the lab that is handed in for.
func fifo(t testing.TB) *labs.Lab {
	t.Helper()
	c, err := labs.NewCatalog(labs.Embedded())
	must(t, err)
	l, err := c.Find("fifo")
	must(t, err)
	return l
}

// put writes files below a folder; a name that ends in a slash is a folder.
func put(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// solution is the lab's solution under a folder's name.
func solution(t testing.TB, l *labs.Lab, under string) []entry {
	t.Helper()
	var all []entry
	must(t, fs.WalkDir(l.Solution(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(l.Solution(), name)
		all = append(all, entry{name: under + name, text: string(data)})
		return err
	}))
	return all
}

// entry is one entry of an archive that a test makes.
type entry struct {
	name, text string
	kind       byte   // as in tar; zero is a file
	link       string // where a link leads
	exec       bool
}

func makeTar(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: 0o644, Size: int64(len(e.text))}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if e.exec {
			h.Mode = 0o755
		}
		must(t, w.WriteHeader(h))
		_, err := io.WriteString(w, e.text)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(t, errors.Join(err, w.Close()))
	return b.Bytes()
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	return w.EncodeAll(data, nil)
}

func makeZip(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		mode := fs.FileMode(0o644)
		switch e.kind {
		case tar.TypeSymlink:
			mode |= fs.ModeSymlink
			e.text = e.link
		case tar.TypeChar:
			mode |= fs.ModeDevice | fs.ModeCharDevice
		case tar.TypeFifo:
			mode |= fs.ModeNamedPipe
		}
		if e.exec {
			mode |= 0o111
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		must(t, err)
		_, err = io.WriteString(f, e.text)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// lyingZip is a zip whose list of contents says what it likes: every name leads
// to the same stored or deflated data.
func lyingZip(names []string, method uint16, data []byte, size uint32, sum uint32) []byte {
	var b bytes.Buffer
	le := binary.LittleEndian
	local := make([]byte, 30)
	le.PutUint32(local, 0x04034b50)
	le.PutUint16(local[8:], method)
	le.PutUint32(local[14:], sum)
	le.PutUint32(local[18:], uint32(len(data)))
	le.PutUint32(local[22:], size)
	b.Write(local)
	b.Write(data)
	begin := b.Len()
	for _, name := range names {
		h := make([]byte, 46)
		le.PutUint32(h, 0x02014b50)
		le.PutUint16(h[10:], method)
		le.PutUint32(h[16:], sum)
		le.PutUint32(h[20:], uint32(len(data)))
		le.PutUint32(h[24:], size)
		le.PutUint16(h[28:], uint16(len(name)))
		b.Write(h)
		b.WriteString(name)
	}
	end := make([]byte, 22)
	le.PutUint32(end, 0x06054b50)
	le.PutUint16(end[8:], uint16(len(names)))
	le.PutUint16(end[10:], uint16(len(names)))
	le.PutUint32(end[12:], uint32(b.Len()-begin))
	le.PutUint32(end[16:], uint32(begin))
	b.Write(end)
	return b.Bytes()
}

func sumOf(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// submit puts an archive into a folder and finds it there.
func submit(t testing.TB, name string, data []byte) Submission {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, data, 0o644))
	return find(t, Options{}, path)[0]
}

func find(t testing.TB, o Options, paths ...string) []Submission {
	t.Helper()
	all, err := Find(context.Background(), paths, o)
	must(t, err)
	return all
}
