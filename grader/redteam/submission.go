package redteam

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"ipclab/labs"
)

// Form is how a submission is handed in.
type Form string

// The forms of a submission.
const (
	Folder  Form = "folder"
	Tar     Form = "tar"
	TarGz   Form = "tar.gz"
	TarZstd Form = "tar.zst"
	Zip     Form = "zip"
)

func (f Form) known() bool {
	return slices.Contains([]Form{"", Folder, Tar, TarGz, TarZstd, Zip}, f)
}

func (f Form) folder() bool { return f == "" || f == Folder }

// Entry is one thing in a submission, told in words because no repository
// could hold it: a link, a FIFO, a name that leads out, a gigabyte of zeros.
type Entry struct {
	Name  string `yaml:"name"`  // in an archive, any text; %d stands for the number when Count is set
	Kind  Kind   `yaml:"kind"`  // empty is PlainFile
	Data  string `yaml:"data"`  // of a file
	Size  int64  `yaml:"size"`  // of a file: zeros after Data up to this many bytes
	Link  string `yaml:"link"`  // where a symlink or hardlink leads
	Mode  string `yaml:"mode"`  // octal; empty is 0644
	Count int    `yaml:"count"` // so many of them
}

// Kind is what an entry is.
type Kind string

// The kinds of entries.
const (
	PlainFile Kind = "file"
	Dir       Kind = "dir"
	Symlink   Kind = "symlink"
	Hardlink  Kind = "hardlink"
	FIFO      Kind = "fifo"
	CharDev   Kind = "char"  // /dev/null's numbers
	BlockDev  Kind = "block" // /dev/sda's numbers
)

func (e Entry) kind() Kind {
	if e.Kind == "" {
		return PlainFile
	}
	return e.Kind
}

// judge says what is wrong with an entry. A folder is made on this computer,
// so that nothing in it may have a name that leads out, or be a device.
func (e Entry) judge(form Form) error {
	kinds := []Kind{PlainFile, Dir, Symlink, Hardlink, FIFO}
	if !form.folder() {
		kinds = append(kinds, CharDev, BlockDev)
	}
	switch {
	case form.folder() && !fs.ValidPath(e.Name):
		return fmt.Errorf("%q is no path within a folder", e.Name)
	case !slices.Contains(kinds, e.kind()):
		return fmt.Errorf("there is no kind %q in a %s", e.Kind, form)
	case e.Link != "" && e.kind() != Symlink && e.kind() != Hardlink:
		return errors.New("only links have a link")
	case e.kind() == Hardlink && form.folder() && !fs.ValidPath(e.Link):
		return fmt.Errorf("the hard link to %q leads out of the folder", e.Link)
	}
	_, err := e.mode()
	return err
}

func (e Entry) mode() (fs.FileMode, error) {
	if e.Mode == "" {
		return 0o644, nil
	}
	bits, err := strconv.ParseUint(e.Mode, 8, 12)
	return fs.FileMode(bits), err
}

// names are the entry's name, or the names of all its copies.
func (e Entry) names() []string {
	if e.Count == 0 {
		return []string{e.Name}
	}
	var all []string
	for i := range e.Count {
		all = append(all, strings.ReplaceAll(e.Name, "%d", strconv.Itoa(i)))
	}
	return all
}

// content reads the entry's data and then its zeros.
func (e Entry) content() (io.Reader, int64) {
	size := max(e.Size, int64(len(e.Data)))
	return io.MultiReader(strings.NewReader(e.Data), io.LimitReader(zeros{}, size-int64(len(e.Data)))), size
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// files are the ordinary files of the submission: the solution without what is
// deleted, patched, with those of the folder files/ over it.
func (a *Attack) files(lab *labs.Lab) (fstest.MapFS, error) {
	tree := fstest.MapFS{}
	if !a.Bare {
		if err := labs.AddFiles(tree, lab.Solution()); err != nil {
			return nil, err
		}
	}
	for _, name := range a.Delete {
		if tree[name] == nil {
			return nil, &Error{File: path.Join(a.Name, File), Msg: "the solution has no file " + name}
		}
		delete(tree, name)
	}
	if err := a.patch(tree); err != nil {
		return nil, err
	}
	over, err := fs.Sub(a.dir, "files")
	if err != nil {
		return nil, err
	}
	if err := labs.AddFiles(tree, over); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return tree, nil
}

func (a *Attack) patch(tree fstest.MapFS) error {
	patch, err := fs.ReadFile(a.dir, labs.PatchFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = labs.Patch(tree, patch)
	}
	if err != nil {
		return &labs.PatchError{File: path.Join(a.Name, labs.PatchFile), Err: err}
	}
	return nil
}

// Write puts the submission at a path that does not exist yet: a folder, or an
// archive.
func (a *Attack) Write(at string, lab *labs.Lab) error {
	tree, err := a.files(lab)
	if err != nil {
		return err
	}
	if !a.Form.folder() {
		return a.writeArchive(at, tree)
	}
	return writeFolder(at, tree, a.Add)
}

// writeFolder makes the folder. Everything goes through a root, out of which
// no name and no link leads.
func writeFolder(at string, tree fstest.MapFS, add []Entry) error {
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(at, tree); err != nil {
		return err
	}
	root, err := os.OpenRoot(at)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, e := range add {
		for _, name := range e.names() {
			if err := e.put(root, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// put makes one entry of a folder, in place of what is there.
func (e Entry) put(root *os.Root, name string) error {
	mode, err := e.mode()
	if err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch e.kind() {
	case Dir:
		return root.Mkdir(name, mode|0o111)
	case Symlink:
		return root.Symlink(e.Link, name)
	case Hardlink:
		return root.Link(e.Link, name)
	case FIFO:
		return mkfifo(root, name, mode)
	}
	return e.putFile(root, name, mode)
}

func (e Entry) putFile(root *os.Root, name string, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	content, _ := e.content()
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

func mkfifo(root *os.Root, name string, mode fs.FileMode) error {
	dir, err := root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Mkfifoat(int(dir.Fd()), path.Base(name), uint32(mode.Perm()))
}
