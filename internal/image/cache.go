package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"ipclab/internal/sparse"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Cache is a directory of images, and what goes into the one that is wanted.
type Cache struct {
	Dir    string // holds one folder for each image
	Recipe fs.FS  // packages.txt, provision.sh, guest/
	Agent  string // the guest binary on this computer

	// Scratch is where builds work, for as long as they last; empty is
	// /var/tmp. Other users must be able to reach it: the root of our user
	// namespace is one.
	Scratch string
}

// scratch is Scratch or its default.
func (c Cache) scratch() string { return cmp.Or(c.Scratch, "/var/tmp") }

// want is the key of the image that this version of ipclab uses.
type want struct{ key, recipe, agent string }

// wanted computes the key.
func (c Cache) wanted() (want, error) {
	recipe, err := sumTree(c.Recipe)
	if err != nil {
		return want{}, err
	}
	agent, err := sumFile(c.Agent)
	if err != nil {
		return want{}, fmt.Errorf("the guest's program: %w", err)
	}
	recipe = fmt.Sprintf("%s-%d", recipe[:16], formatVersion)
	return want{key: recipe + "-" + agent[:16], recipe: recipe, agent: agent}, nil
}

// Find gives the image that is wanted. An error that is fs.ErrNotExist says
// that there is none yet; a DamagedError that there is one, but not whole.
func (c Cache) Find() (*Image, error) {
	w, err := c.wanted()
	if err != nil {
		return nil, err
	}
	return open(filepath.Join(c.Dir, w.key))
}

// Ensure gives the image that is wanted, and builds it if need be. When two
// processes want it at once, one builds and the other waits for it.
func (c Cache) Ensure(ctx context.Context, rebuild bool, progress Progress) (*Image, error) {
	if i, err := c.Find(); err == nil && !rebuild {
		c.tidy()
		return i, nil
	}
	unlock, err := c.lock(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer unlock()
	w, err := c.wanted()
	if err != nil {
		return nil, err
	}
	c.sweep()
	i, err := open(filepath.Join(c.Dir, w.key))
	if err == nil && !rebuild {
		return i, nil
	}
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		progress.Note("the cached image is damaged (" + damaged.What + ") and is made anew")
	}
	return c.make(ctx, w, rebuild, progress)
}

// lock lets one process at a time change the cache.
func (c Cache) lock(ctx context.Context, progress Progress) (func(), error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(c.Dir, ".lock"))
	mine, err := l.TryLock()
	if err == nil && !mine {
		progress.Note("another ipclab is making the image; waiting for it")
		_, err = l.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", c.Dir, err)
	}
	return func() { l.Unlock() }, nil
}

// sweep removes what interrupted builds left. The caller holds the lock.
func (c Cache) sweep() {
	entries, _ := os.ReadDir(c.Dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), makingPrefix) {
			removeAll(filepath.Join(c.Dir, e.Name()))
		}
	}
}

// Leftovers lists what killed builds and imports of this user left, in the
// cache and where images are built. What belongs to one at work is not listed.
func (c Cache) Leftovers() []string {
	left := leftovers(c.scratch())
	if unlock := c.tryLock(); unlock != nil {
		defer unlock()
		half, _ := filepath.Glob(filepath.Join(c.Dir, makingPrefix+"*"))
		left = append(left, half...)
	}
	return left
}

// tidy sweeps if there is anything that might be a leftover. It costs a look at
// two directories.
func (c Cache) tidy() {
	half, _ := filepath.Glob(filepath.Join(c.Dir, makingPrefix+"*"))
	stages, _ := filepath.Glob(filepath.Join(c.scratch(), stagePrefix+"*"))
	if len(half)+len(stages) > 0 {
		c.Sweep()
	}
}

// Sweep removes the leftovers.
func (c Cache) Sweep() {
	sweepStages(c.scratch())
	if unlock := c.tryLock(); unlock != nil {
		defer unlock()
		c.sweep()
	}
}

// tryLock locks a cache that is there and that nobody is changing.
func (c Cache) tryLock() (unlock func()) {
	if _, err := os.Stat(c.Dir); err != nil {
		return nil
	}
	l := flock.New(filepath.Join(c.Dir, ".lock"))
	if mine, err := l.TryLock(); err != nil || !mine {
		return nil
	}
	return func() { l.Unlock() }
}

const makingPrefix = ".making-"

// make builds the image, or derives it from one that differs in the agent only.
func (c Cache) make(ctx context.Context, w want, rebuild bool, progress Progress) (*Image, error) {
	work, err := os.MkdirTemp(c.Dir, makingPrefix)
	if err != nil {
		return nil, err
	}
	defer removeAll(work)
	i := &Image{Dir: work, Key: w.key, Recipe: w.recipe, Format: formatVersion, Built: time.Now().UTC()}
	relative := c.relative(w)
	if relative != nil && !rebuild {
		err = full(c.Dir, i.derive(relative))
	} else {
		err = i.build(ctx, c.scratch(), c.Recipe, progress)
	}
	if err != nil {
		return nil, err
	}
	progress.Step("putting the agent in place")
	if err := injectAgent(ctx, i.Disk(), c.Agent); err != nil {
		return nil, full(c.Dir, err)
	}
	progress.Step("computing checksums")
	return c.finish(i)
}

// finish computes a complete image's checksums and gives it its name.
func (c Cache) finish(i *Image) (*Image, error) {
	if err := i.describe(); err != nil {
		return nil, full(c.Dir, err)
	}
	return i, c.place(i)
}

// place writes the image's description and gives it its name.
func (c Cache) place(i *Image) error {
	if err := i.write(); err != nil {
		return err
	}
	final := filepath.Join(c.Dir, i.Key)
	if err := removeAll(final); err != nil {
		return err
	}
	if err := os.Rename(i.Dir, final); err != nil {
		return err
	}
	i.Dir = final
	return nil
}

// relative finds a whole image that was made from the same recipe.
func (c Cache) relative(w want) *Image {
	entries, _ := os.ReadDir(c.Dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), w.recipe+"-") || e.Name() == w.key {
			continue
		}
		if i, err := open(filepath.Join(c.Dir, e.Name())); err == nil && i.Verify() == nil {
			return i
		}
	}
	return nil
}

// derive copies another image's files.
func (i *Image) derive(from *Image) error {
	i.Kernel, i.Packages, i.Built = from.Kernel, from.Packages, from.Built
	for _, name := range fileNames() {
		if err := sparse.Copy(i.path(name), from.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// Obsolete lists images of other versions of ipclab.
func (c Cache) Obsolete() ([]string, error) {
	w, err := c.wanted()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(c.Dir)
	if absent(err) {
		return nil, nil
	}
	var old []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != w.key && !strings.HasPrefix(e.Name(), ".") {
			old = append(old, filepath.Join(c.Dir, e.Name()))
		}
	}
	return old, err
}

// removeAll removes a tree of which parts may be read-only.
func removeAll(dir string) error {
	return os.RemoveAll(dir)
}

// DiskUse is what a directory's files take of the disk, in bytes.
func DiskUse(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			sum += sparse.Allocated(path)
		}
		return nil // what cannot be read is not counted
	})
	return sum
}
