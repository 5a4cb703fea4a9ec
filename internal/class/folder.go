package class

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"ipclab/grader/gradebook"
)

// folder is where a class's grades are kept, while it is ours.
type folder struct {
	dir   string
	again Again
	lock  *flock.Flock
	temp  string // for the workers
}

// Names in the folder that are this package's.
const (
	ownDir   = ".ipclab"
	lockFile = "lock"
	tempLink = "temp" // points to the workers' folder, so that it is found after a kill

	tempPrefix = "ipclab-grade-"
)

// openFolder makes the folder, unless it is there, and locks other graders out.
func openFolder(dir string, again Again) (*folder, error) {
	if err := mayUse(dir, again); err != nil {
		return nil, err
	}
	own := filepath.Join(dir, ownDir)
	if err := os.MkdirAll(own, 0o755); err != nil {
		return nil, full(dir, err)
	}
	f := &folder{dir: dir, again: again, lock: flock.New(filepath.Join(own, lockFile))}
	mine, err := f.lock.TryLock()
	if err != nil {
		return nil, full(dir, err)
	}
	if !mine {
		return nil, &LockedError{Dir: dir}
	}
	f.sweep()
	if err := f.makeTemp(); err != nil {
		f.lock.Unlock()
		return nil, err
	}
	return f, nil
}

func (f *folder) own(name string) string { return filepath.Join(f.dir, ownDir, name) }

// makeTemp makes the workers' folder where the system has such folders.
func (f *folder) makeTemp() (err error) {
	if f.temp, err = os.MkdirTemp("", tempPrefix); err != nil {
		return full(os.TempDir(), err)
	}
	if err := os.Symlink(f.temp, f.own(tempLink)); err != nil {
		os.RemoveAll(f.temp)
		return full(f.dir, err)
	}
	return nil
}

func (f *folder) close() {
	f.sweepTemp()
	f.lock.Unlock()
}

// sweepTemp removes the workers' folder, also that of a killed grader.
func (f *folder) sweepTemp() {
	dir, err := os.Readlink(f.own(tempLink))
	if err == nil && strings.HasPrefix(filepath.Base(dir), tempPrefix) {
		os.RemoveAll(dir)
	}
	os.Remove(f.own(tempLink))
}

// mayUse tells why a folder cannot be graded into.
func mayUse(dir string, again Again) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, ownDir)); err != nil {
		return &ForeignError{Dir: dir}
	}
	if again == AgainNone && len(entries) > 1 {
		return &NotEmptyError{Dir: dir}
	}
	return nil
}

// sweep removes what a killed grader left.
func (f *folder) sweep() {
	f.sweepTemp()
	gradebook.SweepDrafts(f.dir)
}

// kept gives the grade that stands from an earlier run.
func (f *folder) kept(id, key string) (gradebook.Grade, bool) {
	if f.again == AgainNone || f.again == AgainAll {
		return gradebook.Grade{}, false
	}
	g, err := gradebook.ReadGrade(f.dir, id)
	return g, err == nil && stands(g, key, f.again) // what cannot be read is judged anew
}

// stands tells whether a grade need not be made again.
func stands(g gradebook.Grade, key string, again Again) bool {
	switch {
	case g.Key != key, g.Status == gradebook.Ungraded:
		return false
	case g.Status == gradebook.Superseded:
		return true
	case again == AgainFailed:
		return g.Score != nil && *g.Score == g.MaxScore
	}
	return true
}

// keep writes a grade down.
func (f *folder) keep(g gradebook.Grade) error {
	return full(f.dir, gradebook.WriteGrade(f.dir, g))
}
