package gradebook

import (
	"bufio"
	"io"
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

// Replace writes a file, in a folder that is made if need be, and puts it in
// the place of the old one in one step: nobody ever reads a half of it.
func Replace(path string, write func(io.Writer) error, care Care) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone when all went well
	if err := fill(f, write, care); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if care == Durable {
		return syncDir(dir)
	}
	return nil
}

// fill writes the file and closes it.
func fill(f *os.File, write func(io.Writer) error, care Care) error {
	w := bufio.NewWriter(f)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil && care == Durable {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
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
