package qemu

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Clear ends a clone whose name is not used again, and removes everything of it,
// also when whoever started it was killed in the middle of that: its supervisor
// may then come to life only now.
func (st Store) Clear(ctx context.Context, name string) error {
	for {
		err := st.Stop(ctx, name)
		var not *NotRunningError
		if err != nil && !errors.As(err, &not) {
			return err
		}
		if _, err := os.Stat(st.Dir); missing(err) {
			return nil
		}
		unlock, err := st.takeStartLock(ctx, name)
		if err != nil {
			return err
		}
		st.sweepDead(name)
		cleared := st.forget(name)
		unlock()
		if cleared {
			return nil
		}
	}
}

// forget removes the lock and the last words of a clone that is gone. The caller
// holds the start lock.
func (st Store) forget(name string) bool {
	if _, err := os.Stat(st.dir(name)); !missing(err) {
		return false
	}
	os.Remove(lastWordsFile(st.dir(name)))
	os.Remove(st.startLock(name))
	return true
}

// ClearAll removes what is left of clones that are gone, of all whose names have
// this prefix and are not used again.
func (st Store) ClearAll(prefix string) {
	left, _ := filepath.Glob(filepath.Join(st.Dir, "."+prefix+"*"))
	for _, path := range left {
		name := strings.TrimPrefix(filepath.Base(path), ".")
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".lock"), lastWordsSuffix)
		if unlock, ok := st.tryStartLock(name); ok {
			st.forget(name)
			unlock()
		}
	}
}
