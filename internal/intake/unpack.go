package intake

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// unpack reads an archive into memory.
func unpack(ctx context.Context, path string) (*hold, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return unpackFrom(ctx, f, info.Size())
}

// unpackFrom reads an archive of a given size.
func unpackFrom(ctx context.Context, f io.ReaderAt, size int64) (*hold, error) {
	switch {
	case size == 0:
		return nil, refused("", ErrEmpty, "")
	case size > maxArchive:
		return nil, refused("", ErrTooBig, fmt.Sprintf("an archive may have %d bytes", maxArchive))
	}
	f = &patient{ctx, f}
	head := make([]byte, headSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	h := newHold()
	stream := io.NewSectionReader(f, 0, size)
	switch k := kindOf(head[:n]); k {
	case isZip:
		err = h.zip(f, size)
	case isTar:
		err = h.tar(stream)
	case isGzip:
		err = h.gzip(stream)
	case isZstd:
		err = h.zstd(stream)
	default:
		return nil, notKnown(k)
	}
	return h, damage(err)
}

// patient reads until the context ends.
type patient struct {
	ctx context.Context
	io.ReaderAt
}

func (p *patient) ReadAt(b []byte, off int64) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	return p.ReaderAt.ReadAt(b, off)
}

// damage tells what the unpacking libraries say about an archive from what the
// system says about the disk.
func damage(err error) error {
	var done *Error
	var disk *fs.PathError
	switch {
	case err == nil, errors.As(err, &done), errors.As(err, &disk), errors.Is(err, os.ErrClosed),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return refused("", ErrDamaged, "it ends too early")
	}
	return refused("", ErrDamaged, err.Error())
}

// gzip reads a compressed tar.
func (h *hold) gzip(r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	return h.compressed(z)
}

// maxWindow bounds what a zstd frame may make its reader remember; zstd's own
// level 19 asks for a quarter of it.
const maxWindow = 32 << 20

// zstd reads a compressed tar.
func (h *hold) zstd(r io.Reader) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return err
	}
	defer z.Close()
	return h.compressed(z)
}

// compressed reads the tar that must come out of r, and r to its end: only
// there stands the checksum.
func (h *hold) compressed(r io.Reader) error {
	b := bufio.NewReader(&bounded{r, maxUnpacked})
	head, err := b.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !looksLikeTar(head) {
		return refused("", ErrKind, "it is compressed, but what comes out of it is no tar")
	}
	if err := h.tar(b); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, b)
	return err
}

// bounded reads no more than so many bytes, whatever a bomb would make of them.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, refused("", ErrTooBig, fmt.Sprintf("unpacked it passes %d bytes", maxUnpacked))
	}
	return n, err
}

// tar reads the entries of a tar.
func (h *hold) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are judged below
			return err
		}
		if err := h.tarEntry(header, t); err != nil {
			return err
		}
	}
}

func (h *hold) tarEntry(header *tar.Header, r io.Reader) error {
	if header.Typeflag == tar.TypeXGlobalHeader { // git archive writes one, without a file
		return h.pass()
	}
	regular, folder := header.Typeflag == tar.TypeReg, header.Typeflag == tar.TypeDir
	link := header.Typeflag == tar.TypeSymlink || header.Typeflag == tar.TypeLink
	clean, err := h.enter(header.Name, folder, link, !regular && !folder)
	if err != nil || clean == "" || folder {
		return err
	}
	return h.file(clean, header.Mode&0o111 != 0, header.Size, r)
}

// pass counts an entry that is no file.
func (h *hold) pass() error {
	_, err := h.enter(".", true, false, false)
	return err
}

// maxDirectory bounds the list of contents of a zip, which is read as a whole:
// it has room for maxEntries entries with names of ordinary length.
const maxDirectory = 2 << 20

// metered lets so much be read while it is on.
type metered struct {
	io.ReaderAt
	on   bool
	left int
}

func (m *metered) ReadAt(b []byte, off int64) (int, error) {
	n, err := m.ReaderAt.ReadAt(b, off)
	if m.left -= n; m.on && m.left < 0 {
		return 0, refused("", ErrTooMany, fmt.Sprintf("the list of a zip's contents may have %d bytes", maxDirectory))
	}
	return n, err
}

// zip reads the entries of a zip.
func (h *hold) zip(r io.ReaderAt, size int64) error {
	m := &metered{ReaderAt: r, on: true, left: maxDirectory}
	z, err := zip.NewReader(m, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are judged below
		return err
	}
	m.on = false
	for _, f := range z.File {
		if err := h.zipEntry(f); err != nil {
			return err
		}
	}
	return nil
}

// encrypted is the bit that says so in a zip entry's flags.
const encrypted = 0x1

func (h *hold) zipEntry(f *zip.File) error {
	name := f.Name
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, `\`, "/") // as old programs on Windows write it
	}
	folder := strings.HasSuffix(name, "/")
	mode := f.Mode()
	link, special := mode&fs.ModeSymlink != 0, mode&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket|fs.ModeIrregular) != 0
	clean, err := h.enter(name, folder, link, special)
	if err != nil || clean == "" || folder {
		return err
	}
	if f.Flags&encrypted != 0 {
		return refused(clean, ErrEncrypted, "")
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return refused(clean, ErrMethod, fmt.Sprintf("method %d", f.Method))
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return h.file(clean, mode&0o111 != 0, int64(min(f.UncompressedSize64, 1<<62)), r)
}
