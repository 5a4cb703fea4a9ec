package redteam

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"
)

// packer writes the entries of an archive, whatever they are called.
type packer interface {
	pack(e Entry, name string) error
	Close() error
}

// made is the time of everything in an archive: two packings are the same.
var made = time.Unix(1_700_000_000, 0)

// writeArchive packs the files and then the entries that were added.
func (a *Attack) writeArchive(at string, tree fstest.MapFS) error {
	f, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := newPacker(f, a.Form)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		if err := p.pack(Entry{Data: string(tree[name].Data)}, name); err != nil {
			return err
		}
	}
	for _, e := range a.Add {
		for _, name := range e.names() {
			if err := p.pack(e, name); err != nil {
				return err
			}
		}
	}
	if err := p.Close(); err != nil {
		return err
	}
	return cut(f, a.Cut)
}

// cut takes bytes off the end of a file.
func cut(f *os.File, n int64) error {
	info, err := f.Stat()
	if err != nil || n == 0 {
		return err
	}
	return f.Truncate(max(0, info.Size()-n))
}

func newPacker(w io.Writer, form Form) (packer, error) {
	switch form {
	case Zip:
		return &zipPacker{zip.NewWriter(w)}, nil
	case TarGz:
		z := gzip.NewWriter(w)
		return &tarPacker{tar.NewWriter(z), z}, nil
	case TarZstd:
		z, err := zstd.NewWriter(w)
		return &tarPacker{tar.NewWriter(z), z}, err
	}
	return &tarPacker{tar.NewWriter(w), io.NopCloser(nil)}, nil
}

type tarPacker struct {
	*tar.Writer
	below io.Closer // the compressor
}

func (t *tarPacker) Close() error {
	if err := t.Writer.Close(); err != nil {
		return err
	}
	return t.below.Close()
}

func (t *tarPacker) pack(e Entry, name string) error {
	mode, err := e.mode()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: name, Linkname: e.Link, Mode: int64(mode), ModTime: made}
	h.Typeflag = map[Kind]byte{
		PlainFile: tar.TypeReg, Dir: tar.TypeDir, Symlink: tar.TypeSymlink, Hardlink: tar.TypeLink,
		FIFO: tar.TypeFifo, CharDev: tar.TypeChar, BlockDev: tar.TypeBlock,
	}[e.kind()]
	content, size := e.content()
	switch e.kind() {
	case PlainFile:
		h.Size = size
	case CharDev:
		h.Devmajor, h.Devminor = 1, 3
	case BlockDev:
		h.Devmajor, h.Devminor = 8, 0
	}
	if err := t.WriteHeader(h); err != nil || h.Size == 0 {
		return err
	}
	_, err = io.Copy(t, content)
	return err
}

type zipPacker struct{ *zip.Writer }

func (z *zipPacker) pack(e Entry, name string) error {
	mode, err := e.mode()
	if err != nil {
		return err
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: made}
	switch e.kind() {
	case Dir:
		h.Name, mode = name+"/", mode|fs.ModeDir
	case Symlink:
		e.Data, mode = e.Link, mode|fs.ModeSymlink
	case FIFO:
		mode |= fs.ModeNamedPipe
	case CharDev:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case BlockDev:
		mode |= fs.ModeDevice
	case Hardlink:
		return errors.New("a zip file has no hard links")
	}
	h.SetMode(mode)
	w, err := z.CreateHeader(h)
	if err != nil || e.kind() == Dir {
		return err
	}
	content, _ := e.content()
	_, err = io.Copy(w, content)
	return err
}
