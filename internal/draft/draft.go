// Package draft replaces files: what is new is written beside the old file and
// put in its place in one step, so that nobody ever reads a half of it, and a
// process that is killed loses nothing but its draft. It knows no formats.
package draft

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

// New begins a file with these permissions. The draft's name is a dot, the name
// of the file, a dash and a number. If the folder is not there it is made, for
// those who may read the file. The caller calls Put or Drop. Errors are those of
// the system.
func New(name string, mode fs.FileMode) (*Draft, error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, mode|mode&0o444>>2); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, err
	}
	d := &Draft{Writer: bufio.NewWriter(f), file: f, path: name}
	if err := f.Chmod(mode); err != nil {
		d.Drop()
		return nil, err
	}
	return d, nil
}

// Name is the draft's own file.
func (d *Draft) Name() string { return d.file.Name() }

// Put puts the draft in the place of the file in one step. After an error
// neither draft nor change is left.
func (d *Draft) Put(care Care) error {
	err := d.Finish(care)
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

// Finish writes the draft out and closes it, for those who look at it before
// they call Put. A second call does nothing.
func (d *Draft) Finish(care Care) error {
	if d.Writer == nil {
		return nil
	}
	err := d.Flush()
	if err == nil && care == Durable {
		err = d.file.Sync()
	}
	if closed := d.file.Close(); err == nil {
		err = closed
	}
	d.Writer = nil
	return err
}

// Drop throws the draft away. After Put it does nothing.
func (d *Draft) Drop() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}

// Replace writes a whole file and puts it in the place of the old one. The
// error is write's, or the system's.
func Replace(name string, mode fs.FileMode, care Care, write func(io.Writer) error) error {
	d, err := New(name, mode)
	if err != nil {
		return err
	}
	if err := write(d); err != nil {
		d.Drop()
		return err
	}
	return d.Put(care)
}

// Write is Replace for bytes.
func Write(name string, data []byte, mode fs.FileMode, care Care) error {
	return Replace(name, mode, care, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteJSON is Write for a value, indented for people.
func WriteJSON(name string, value any, mode fs.FileMode, care Care) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return Write(name, data, mode, care)
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
