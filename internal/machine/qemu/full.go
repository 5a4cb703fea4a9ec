package qemu

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// FullError says that a disk has no room for a machine's files.
type FullError struct {
	Dir string
	Err error // what failed for that reason
}

func (e *FullError) Error() string {
	return "the disk that holds " + e.Dir + " is full: " + e.Err.Error()
}
func (e *FullError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *FullError) Hint() string {
	return "make room there, then try again; XDG_STATE_HOME and XDG_CACHE_HOME put ipclab's files on another disk"
}

// nearlyFull is less than what any machine writes at its start, in bytes.
const nearlyFull = 1 << 20

// Room is a *FullError when the disk that holds a machine's files has less than
// this many bytes left.
func Room(dir string, bytes int64) error {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) == nil && int64(st.Bavail)*st.Bsize < bytes {
		return &FullError{Dir: dir, Err: fmt.Errorf("less than %d MB are left", bytes>>20)}
	}
	return nil
}

// full looks for a full disk behind a failure. Other programs, such as qemu-img,
// tell it in words only, so the disk itself is asked, too.
func full(dir string, err error) error {
	if err == nil {
		return nil
	}
	var st unix.Statfs_t
	isFull := errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
	if unix.Statfs(dir, &st) == nil && int64(st.Bavail)*st.Bsize < nearlyFull {
		isFull = true
	}
	var already *FullError
	if !isFull || errors.As(err, &already) {
		return err
	}
	return &FullError{Dir: dir, Err: err}
}
