// Package sparse copies files that are mostly holes, as disk images and the
// memory of machines are, without writing the holes.
package sparse

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Copy copies a file. Where the file system can, the two share their blocks
// (ioctl_ficlone(2)); elsewhere only the data is copied (lseek(2), SEEK_DATA).
// The copy must not exist; it is removed when copying fails.
func Copy(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = copyFile(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(to)
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

func copyFile(out, in *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := out.Truncate(info.Size()); err != nil {
		return err
	}
	if unix.IoctlFileClone(int(out.Fd()), int(in.Fd())) == nil {
		return nil
	}
	for at := int64(0); at < info.Size(); {
		if at, err = copyRun(out, in, at); err != nil {
			return err
		}
	}
	return nil
}

// copyRun copies the next run of data at or after at and gives its end.
func copyRun(out, in *os.File, at int64) (int64, error) {
	data, err := in.Seek(at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) { // only a hole is left
		info, err := in.Stat()
		return info.Size(), err
	}
	if err != nil {
		return at, err
	}
	hole, err := in.Seek(data, unix.SEEK_HOLE)
	if err != nil {
		return at, err
	}
	if _, err := out.Seek(data, io.SeekStart); err != nil {
		return at, err
	}
	_, err = io.Copy(out, io.NewSectionReader(in, data, hole-data))
	return hole, err
}

// Allocated is what a file takes of the disk, in bytes; holes take nothing. A
// file that cannot be looked at takes nothing.
func Allocated(path string) int64 {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0
	}
	return st.Blocks * 512 // stat(2): always units of 512 bytes
}
