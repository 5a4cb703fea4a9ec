package workspace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Reset moves everything in a workspace into a new folder beside it, named
// after the workspace and the time (fifo.2026-11-21T10-00-00), and puts a fresh
// starter in its place. It returns that folder's path, or nothing when there
// was nothing to keep. The workspace itself stays the same folder, so that
// shells and editors that are in it see the fresh files; folders of version
// control stay in it. The error is an *Error; nothing is lost by one.
func Reset(dir string, starter fs.FS, now time.Time) (kept string, err error) {
	f, err := beginFilling(dir)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = Create(dir, starter)
		return "", err
	}
	if err != nil {
		return "", failure(resetting, dir, err)
	}
	defer f.close()
	if kept, err = f.moveAway(now); err != nil {
		return "", failure(resetting, dir, err)
	}
	return kept, failure(resetting, dir, f.finish(starter))
}

// moveAway empties the folder into a dated one.
func (f *filling) moveAway(now time.Time) (string, error) {
	if err := f.resumeMoving(); err != nil {
		return "", err
	}
	names, err := f.movable()
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", f.unmark()
	}
	kept, err := makeUnique(f.dir + "." + now.Format("2006-01-02T15-04-05"))
	if err != nil {
		return "", errors.Join(err, f.unmark())
	}
	if _, err := f.mark.WriteAt([]byte(filepath.Base(kept)), 0); err != nil {
		return "", err
	}
	return kept, f.resumeMoving()
}

// unmark takes back a mark that nothing was done under. An empty folder keeps
// it, because it is still to be filled.
func (f *filling) unmark() error {
	names, err := f.movable()
	if err != nil || len(names) == 0 {
		return err
	}
	return f.root.Remove(unfinished)
}

// movable are the folder's entries that Reset moves.
func (f *filling) movable() ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Name() != unfinished && !isRepository(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// resumeMoving moves what is still in the folder to the dated one that the
// mark names, if it names one.
func (f *filling) resumeMoving() error {
	text, err := io.ReadAll(io.NewSectionReader(f.mark, 0, 4096))
	if err != nil || len(text) == 0 {
		return err
	}
	base := filepath.Base(string(text))
	if !strings.HasPrefix(base, filepath.Base(f.dir)+".") {
		return f.mark.Truncate(0) // not written by Reset for this folder
	}
	kept := filepath.Join(filepath.Dir(f.dir), base)
	moveErr := f.moveAll(kept)
	if err := f.mark.Truncate(0); err != nil {
		return errors.Join(moveErr, err)
	}
	if moveErr != nil {
		return errors.Join(moveErr, f.unmark())
	}
	return nil
}

// moveAll moves everything into the dated folder, or nothing: what stands in
// the way of one entry must not leave the student with half a workspace.
func (f *filling) moveAll(kept string) error {
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return err
	}
	names, err := f.movable()
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := move(filepath.Join(f.dir, name), filepath.Join(kept, name)); err != nil {
			return errors.Join(err, f.moveBack(kept, names[:i]))
		}
	}
	return nil
}

// moveBack undoes moveAll.
func (f *filling) moveBack(kept string, names []string) error {
	for _, name := range names {
		if err := move(filepath.Join(kept, name), filepath.Join(f.dir, name)); err != nil {
			return err
		}
	}
	_ = os.Remove(kept) // stays when an interrupted reset has put things there
	return nil
}

// move renames, and never onto something that exists.
func move(from, to string) error {
	free, err := unique(to)
	if err != nil {
		return err
	}
	return os.Rename(from, free)
}

// unique is a path that is not taken: the given one, or with a number.
func unique(path string) (string, error) {
	for i := 1; i < 10000; i++ {
		free := path
		if i > 1 {
			free = fmt.Sprintf("%s-%d", path, i)
		}
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", &Error{Doing: resetting, Path: path, Err: fs.ErrExist}
}

// makeUnique makes a new folder under a path that was not taken.
func makeUnique(path string) (string, error) {
	for {
		free, err := unique(path)
		if err != nil {
			return "", err
		}
		if err := os.Mkdir(free, 0o755); !errors.Is(err, fs.ErrExist) {
			return free, err
		}
	}
}
