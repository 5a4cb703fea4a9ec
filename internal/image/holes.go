package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// counter passes bytes on until ctx ends, and tells every quarter of the whole.
type counter struct {
	ctx         context.Context
	in          io.Reader
	done, whole int64
	progress    Progress
}

func (c *counter) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.in.Read(p)
	before := c.quarter()
	c.done += int64(n)
	if q := c.quarter(); q != before {
		c.progress.Done(float64(q) / 4)
	}
	return n, err
}

func (c *counter) quarter() int64 { return c.done * 4 / max(c.whole, 1) }

// sparseReader reads a file without asking the disk for its holes.
type sparseReader struct {
	file      *os.File
	at        int64
	data, end int64 // the next data, from data to end
}

func (r *sparseReader) Read(p []byte) (int, error) {
	if r.at >= r.end {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	if r.at < r.data { // in a hole
		n := min(int64(len(p)), r.data-r.at)
		clear(p[:n])
		r.at += n
		return int(n), nil
	}
	n, err := r.file.ReadAt(p[:min(int64(len(p)), r.end-r.at)], r.at)
	r.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// next finds the data after r.at (lseek(2)). A hole at the end of the file is
// data of no length.
func (r *sparseReader) next() error {
	size, err := r.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if r.at >= size {
		return io.EOF
	}
	r.data, err = r.file.Seek(r.at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		r.data, r.end = size, size
		return nil
	}
	if err != nil {
		return err
	}
	r.end, err = r.file.Seek(r.data, unix.SEEK_HOLE)
	return err
}

// block is how many zeros make a hole.
const block = 4096

// writeSparse writes size bytes to a new file. Blocks of zeros become holes.
func writeSparse(path string, in io.Reader, size int64) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	zeros := make([]byte, block)
	buffered := bufio.NewReaderSize(in, 256<<10)
	piece := make([]byte, block)
	for at := int64(0); at < size; at += block {
		piece = piece[:min(block, size-at)]
		if _, err := io.ReadFull(buffered, piece); err != nil {
			return err
		}
		if bytes.Equal(piece, zeros[:len(piece)]) {
			continue
		}
		if _, err := out.WriteAt(piece, at); err != nil {
			return err
		}
	}
	if err := out.Truncate(size); err != nil {
		return err
	}
	return out.Close()
}
