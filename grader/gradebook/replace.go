package gradebook

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
)

// Care says how sure a replaced file has to be.
type Care bool

// How sure.
const (
	Durable Care = true  // it outlives the loss of power
	Derived Care = false // it can be made anew
)

// Draft is a file that is being written beside the one that it will replace.
type Draft struct {
	*bufio.Writer
	file *os.File
	path string
}

// NewDraft begins a file, in a folder that is made if need be. The caller calls
// Put or Drop.
func NewDraft(name string) (*Draft, error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, err
	}
	return &Draft{Writer: bufio.NewWriter(f), file: f, path: name}, nil
}

// Put puts the draft in the place of the file in one step: nobody ever reads a
// half of it.
func (d *Draft) Put(care Care) error {
	err := d.close(care)
	if err == nil {
		err = os.Rename(d.file.Name(), d.path)
	}
	if err != nil {
		d.Drop()
		return err
	}
	if care == Durable {
		return syncDir(filepath.Dir(d.path))
	}
	return nil
}

// Drop throws the draft away. After Put it does nothing.
func (d *Draft) Drop() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}

func (d *Draft) close(care Care) error {
	err := d.Flush()
	if err == nil {
		err = d.file.Chmod(0o644)
	}
	if err == nil && care == Durable {
		err = d.file.Sync()
	}
	if closed := d.file.Close(); err == nil {
		err = closed
	}
	return err
}

// Replace writes a whole file and puts it in the place of the old one.
func Replace(name string, write func(io.Writer) error, care Care) error {
	d, err := NewDraft(name)
	if err != nil {
		return err
	}
	if err := write(d); err != nil {
		d.Drop()
		return err
	}
	return d.Put(care)
}

// draftForm is how drafts are named, so that nothing else is taken for one.
var draftForm = regexp.MustCompile(`^\.[a-z0-9._-]+\.(json|html|xml|csv)-[0-9]+$`)

// SweepDrafts removes the drafts that killed processes left in the folder of a
// class. The caller sees to it that nobody is writing there.
func SweepDrafts(dir string) {
	for _, folder := range []string{".", submissionsDir + "/*", studentDir + "/*", "gradescope", "classroom50"} {
		drafts, _ := fs.Glob(os.DirFS(dir), path.Join(folder, ".*-*")) // the pattern is well-formed
		for _, name := range drafts {
			if draftForm.MatchString(path.Base(name)) {
				_ = os.Remove(filepath.Join(dir, filepath.FromSlash(name))) // one that stays does no harm
			}
		}
	}
}

// syncDir makes a rename outlive the loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
