package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settleTime is how long Watch waits after the first event before it reports,
// so that an editor's save, which is several events, is one change.
const settleTime = 100 * time.Millisecond

// Watch reports that something in a workspace may have changed: a value comes
// on the channel some 0.1 s after each burst of events. Values do not queue up;
// whoever receives one takes a Snapshot and compares digests. Folders that
// appear are watched too, and so is a workspace that is removed and made again.
// The channel is closed when ctx ends, or when watching becomes impossible.
func Watch(ctx context.Context, dir string) (<-chan struct{}, error) {
	real, err := realPath(dir)
	if err != nil {
		return nil, failure(watching, dir, err)
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, failure(watching, dir, err)
	}
	w := &watch{notify: notify, dir: real, out: make(chan struct{}, 1)}
	// The parent tells when the workspace itself goes and comes.
	if err := errors.Join(notify.Add(filepath.Dir(real)), w.add(real)); err != nil {
		return nil, failure(watching, dir, errors.Join(err, notify.Close()))
	}
	go w.loop(ctx)
	return w.out, nil
}

type watch struct {
	notify *fsnotify.Watcher
	dir    string
	out    chan struct{}
}

// add watches a folder and the folders in it. What vanishes meanwhile is
// reported as an event of its parent, so it is no error here.
func (w *watch) add(dir string) error {
	entries := 0
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if entries++; entries > DefaultEntries {
			return fs.SkipAll // Snapshot refuses such a folder
		}
		switch {
		case err != nil && path == w.dir:
			return err
		case err != nil, !d.IsDir():
			return nil
		case path != w.dir && IsJunk(d.Name()):
			return fs.SkipDir
		}
		if err := w.notify.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// loop turns events into reports until the end.
func (w *watch) loop(ctx context.Context) {
	defer close(w.out)
	defer w.notify.Close()
	var settled <-chan time.Time // nil while nothing has happened
	for {
		select {
		case <-ctx.Done():
			return
		case <-settled:
			settled = nil
			w.report()
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			// The first event sets the time, later ones do not move it:
			// a program that writes all the time must not delay a report.
			if w.concerns(e) && settled == nil {
				settled = time.After(settleTime)
			}
		case _, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			// Events were lost: anything may have happened.
			_ = w.add(w.dir)
			settled = time.After(settleTime)
		}
	}
}

// concerns tells whether an event is about the workspace's content, and
// watches the folders that have appeared.
func (w *watch) concerns(e fsnotify.Event) bool {
	if e.Name != w.dir && (filepath.Dir(e.Name) == filepath.Dir(w.dir) || IsJunk(filepath.Base(e.Name))) {
		return false // beside the workspace, or nothing that Snapshot reads
	}
	if e.Has(fsnotify.Create) {
		if info, err := os.Lstat(e.Name); err == nil && info.IsDir() {
			_ = w.add(e.Name) // without it, the next change of the parent is still seen
		}
	}
	return true
}

// report leaves a value for the receiver, unless one is waiting already.
func (w *watch) report() {
	select {
	case w.out <- struct{}{}:
	default:
	}
}
