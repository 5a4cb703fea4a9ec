package workspace

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"ipclab/internal/workspace/glob"
)

// Create makes a workspace and puts the starter into it. A folder that already
// holds something is left as it is, and made is false. A Create or Reset that
// was interrupted is taken up where it stopped. No file is ever overwritten;
// several Creates at once do no harm. The error is an *Error.
func Create(dir string, starter fs.FS) (made bool, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, failure(making, dir, err)
	}
	fresh, err := isFresh(dir)
	if err != nil || !fresh {
		return false, failure(making, dir, err)
	}
	f, err := beginFilling(dir)
	if err != nil {
		return false, failure(making, dir, err)
	}
	defer f.close()
	return true, failure(making, dir, f.finish(starter))
}

// isFresh tells whether a folder holds nothing yet, or was not filled to the
// end. It does not read more of a big folder than it needs.
func isFresh(dir string) (bool, error) {
	if _, err := os.Lstat(filepath.Join(dir, unfinished)); err == nil {
		return true, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer f.Close()
	for {
		portion, err := f.ReadDir(64)
		for _, e := range portion {
			if !IsJunk(e.Name()) {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// filling is the right to fill a folder. Its mark is a file in the folder: it
// is locked while somebody fills, it outlives a crash, and it holds the name
// of the dated copy while Reset moves things there.
type filling struct {
	dir  string
	root *os.Root
	mark *os.File
}

// beginFilling marks the folder and waits for others that are filling it.
func beginFilling(dir string) (*filling, error) {
	dir, err := realPath(dir) // the dated copies stand beside the real folder
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	for {
		mark, err := root.OpenFile(unfinished, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, errors.Join(err, root.Close())
		}
		// Some network folders have no locks: then only the care for existing
		// files remains.
		_ = syscall.Flock(int(mark.Fd()), syscall.LOCK_EX)
		if current(root, mark) {
			return &filling{dir, root, mark}, nil
		}
		mark.Close() // the other has finished and removed it while this one waited
	}
}

// realPath is a path that is absolute and has no links.
func realPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir) // first, because $PWD may itself be a link
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// current tells whether an open mark is still the one in the folder.
func current(root *os.Root, mark *os.File) bool {
	mine, err1 := mark.Stat()
	theirs, err2 := root.Lstat(unfinished)
	return err1 == nil && err2 == nil && os.SameFile(mine, theirs)
}

func (f *filling) close() {
	f.mark.Close()
	f.root.Close()
}

// finish does what is left to do, and removes the mark.
func (f *filling) finish(starter fs.FS) error {
	if err := f.resumeMoving(); err != nil {
		return err
	}
	if err := f.removePartial(); err != nil {
		return err
	}
	if err := fs.WalkDir(starter, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return f.put(starter, name, d.IsDir())
	}); err != nil {
		return err
	}
	return f.root.Remove(unfinished)
}

// removePartial removes what an interrupted Create was writing.
func (f *filling) removePartial() error {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if glob.Match(partial, e.Name()) {
			if err := f.root.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// put makes one folder or file of the starter, unless something is there.
func (f *filling) put(starter fs.FS, name string, folder bool) error {
	if folder {
		return f.root.MkdirAll(name, 0o755)
	}
	if _, err := f.root.Lstat(name); err == nil {
		return nil
	}
	data, err := fs.ReadFile(starter, name)
	if err != nil {
		return err
	}
	temp := strings.TrimSuffix(partial, "*") + rand.Text()
	defer f.root.Remove(temp)
	if err := f.root.WriteFile(temp, data, 0o644); err != nil {
		return &Error{Doing: making, Path: path.Join(f.dir, name), Err: reason(making, err)}
	}
	return f.settle(temp, name)
}

// settle gives a written file its name, unless that is taken. A link cannot
// overwrite; a rename could, and is only for file systems without links.
func (f *filling) settle(temp, name string) error {
	err := f.root.Link(temp, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if _, taken := f.root.Lstat(name); taken == nil {
		return nil
	}
	return f.root.Rename(temp, name)
}
