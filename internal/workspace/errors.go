package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// The reasons for which a folder is refused. Test for them with errors.Is.
var (
	ErrGone       = errors.New("it does not exist")
	ErrNotFolder  = errors.New("it is not a folder")
	ErrUnreadable = errors.New("it cannot be read")
	ErrReadOnly   = errors.New("it cannot be written")
	ErrFull       = errors.New("the disk is full")
	ErrSymlink    = errors.New("it is a symbolic link")
	ErrSpecial    = errors.New("it is neither a file nor a folder")
	ErrName       = errors.New("its name has characters that cannot be shown")
	ErrTooMany    = errors.New("there are too many files")
	ErrTooBig     = errors.New("the files are too big")
	ErrTooDeep    = errors.New("the folders are nested too deep")
	ErrWatches    = errors.New("the system's limit on watched files is reached")
)

// Error says what is wrong with a workspace, and with what in it.
type Error struct {
	Doing string // "reading the workspace"
	Path  string // as the student would type it
	Err   error  // one of the reasons above, or an error of the system
	Note  string // details, such as the limit; may be empty
}

// Error reads `reading the workspace: "fifo/x": it is a symbolic link`.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %q: %v", e.Doing, e.Path, e.Err)
	if e.Note != "" {
		s += " (" + e.Note + ")"
	}
	return s
}

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// hints are what the student can do about each reason.
func hints() []struct {
	reason error
	hint   string
} {
	return []struct {
		reason error
		hint   string
	}{
		{ErrGone, "`ipclab start LAB` makes the folder anew; dated copies that `reset` kept stand beside it"},
		{ErrNotFolder, "move the file away, or name another folder"},
		{ErrUnreadable, "give yourself the right to read it: chmod -R u+rX FOLDER"},
		{ErrReadOnly, "give yourself the right to write it: chmod -R u+rwX FOLDER; or name another folder"},
		{ErrFull, "make room on the disk, then try again; nothing is lost"},
		{ErrSymlink, "put the file itself there; a workspace holds files and folders only"},
		{ErrSpecial, "remove it; a workspace holds files and folders only, the guest has the FIFOs and sockets"},
		{ErrName, "rename it to plain letters, digits, dashes and dots"},
		{ErrTooMany, "keep only the lab's files in the workspace, and move the rest elsewhere"},
		{ErrTooBig, "keep only sources in the workspace, and move the rest elsewhere"},
		{ErrTooDeep, "keep only the lab's files in the workspace, and move the rest elsewhere"},
		{ErrWatches, "end other programs that watch files, or raise fs.inotify.max_user_instances and max_user_watches with sysctl"},
	}
}

// Hint says what to do; empty when there is nothing to say.
func (e *Error) Hint() string {
	for _, h := range hints() {
		if errors.Is(e.Err, h.reason) {
			return h.hint
		}
	}
	return ""
}

// failure turns an error of the system into an *Error.
func failure(doing, path string, err error) error {
	var done *Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	return &Error{Doing: doing, Path: path, Err: reason(doing, err)}
}

// reason finds the reason behind an error of the system. What has none stays
// as it is, without the path that *fs.PathError repeats.
func reason(doing string, err error) error {
	var p *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrGone
	case errors.Is(err, syscall.ENOTDIR):
		return ErrNotFolder
	case errors.Is(err, syscall.ELOOP):
		return ErrSymlink
	case doing == watching && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE)):
		return ErrWatches // inotify_add_watch(2) and inotify_init(2) say it so
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		if doing == reading || doing == watching {
			return ErrUnreadable
		}
		return ErrReadOnly
	case errors.As(err, &p):
		return p.Err
	}
	return err
}

// What this package does, for messages.
const (
	reading   = "reading the workspace"
	making    = "making the workspace"
	resetting = "resetting the workspace"
	watching  = "watching the workspace"
)

// Open tests that a workspace is a folder that can be read, and gives its
// absolute path.
func Open(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", failure(reading, dir, err)
	}
	root, err := openFolder(abs)
	if err != nil {
		return "", failure(reading, dir, err)
	}
	return abs, root.Close()
}
