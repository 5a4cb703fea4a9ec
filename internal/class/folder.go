package class

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"ipclab/grader/gradebook"
)

// folder is where a class's grades are kept, while it is ours.
type folder struct {
	dir   string
	again Again
	lock  *flock.Flock
}

// Names in the folder that are this package's.
const (
	ownDir   = ".ipclab"
	lockFile = "lock"
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
	return f, nil
}

func (f *folder) close() { f.lock.Unlock() }

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

// sweep removes drafts that a killed grader left.
func (f *folder) sweep() {
	drafts, _ := filepath.Glob(filepath.Join(f.dir, "submissions", "*", ".result.json-*"))
	for _, path := range drafts {
		os.Remove(path)
	}
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
