package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Room that making an image needs, in bytes; measured on Debian 12, with some
// reserve.
const (
	// ScratchRoom is for packages, the unpacked system and its file system.
	ScratchRoom = 2 << 30
	// CacheRoom is for the image itself.
	CacheRoom = 1 << 30
)

// FullError says that a disk has no room for what is to be written.
type FullError struct {
	Dir        string
	Have, Need int64 // bytes; Need is 0 when the disk filled up on the way
	Err        error
}

func (e *FullError) Error() string {
	if e.Need == 0 {
		return "the disk that holds " + e.Dir + " is full"
	}
	return fmt.Sprintf("the disk that holds %s has %s free; %s are needed", e.Dir, Bytes(e.Have), Bytes(e.Need))
}

func (e *FullError) Unwrap() error { return e.Err }

// Hint says how to make room.
func (e *FullError) Hint() string {
	return "make room there (`ipclab image clean` removes old images), or use another disk: XDG_CACHE_HOME is where images are kept, IPCLAB_SCRATCH where they are built"
}

// Free tells how many bytes an ordinary user may still write below dir, which
// need not exist yet.
func Free(dir string) (int64, error) {
	for {
		var st unix.Statfs_t
		err := unix.Statfs(dir, &st)
		if err == nil {
			return int64(st.Bavail) * st.Bsize, nil
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, os.ErrNotExist) || parent == dir {
			return 0, fmt.Errorf("room in %s: %w", dir, err)
		}
		dir = parent
	}
}

// needRoom asks for room before hours of work are lost for the lack of it. A
// file system that does not tell is given the benefit of the doubt.
func needRoom(dir string, need int64) error {
	have, err := Free(dir)
	if err == nil && have < need {
		return &FullError{Dir: dir, Have: have, Need: need, Err: unix.ENOSPC}
	}
	return nil
}

// full tells the lack of room in dir from other errors.
func full(dir string, err error) error {
	var known *FullError
	if err == nil || errors.As(err, &known) {
		return err
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return &FullError{Dir: dir, Err: err}
	}
	return err
}

// Bytes writes a size for people.
func Bytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", (n+1023)>>10)
}
