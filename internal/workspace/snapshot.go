package workspace

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"ipclab/internal/guest/api"
)

// Limits bound what Snapshot reads. A zero field takes the default.
type Limits struct {
	Entries int   // files and folders, also those that are left out
	Bytes   int64 // content of all files
	Depth   int   // folders in one another
}

// The limits that apply where none are given.
const (
	DefaultEntries = 2000
	DefaultBytes   = 16 << 20
	DefaultDepth   = 16
)

func (l Limits) orDefault() Limits {
	return Limits{
		cmp.Or(l.Entries, DefaultEntries),
		cmp.Or(l.Bytes, DefaultBytes),
		cmp.Or(l.Depth, DefaultDepth),
	}
}

// Snapshot reads a workspace into memory. It leaves out what editors, version
// control and desktops put into folders, and the files named in leave (paths
// relative to dir, such as a build's outputs). It needs only the right to
// read, opens nothing that could block, follows no link below dir, and stops
// at the limits without looking at the rest. The error is an *Error.
func Snapshot(dir string, limits Limits, leave ...string) (*Tree, error) {
	var tree *Tree
	var err error
	for range attempts {
		if tree, err = read(dir, limits, leave); !errors.Is(err, ErrGone) {
			break
		}
	}
	return tree, err
}

// attempts is how often a folder is read in which a file vanished between
// being listed and being opened, as happens when an editor saves.
const attempts = 3

// read reads a folder once.
func read(dir string, limits Limits, leave []string) (*Tree, error) {
	root, err := openFolder(dir)
	if err != nil {
		return nil, failure(reading, dir, err)
	}
	defer root.Close()
	s := &snapshot{root: root, shown: dir, limits: limits.orDefault(), leave: leave}
	if err := s.folder(".", 1); err != nil {
		return nil, err
	}
	return NewTree(s.files), nil
}

// openFolder opens a folder without ever blocking, whatever stands there.
func openFolder(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, ErrNotFolder
	}
	return os.OpenRoot(dir)
}

// snapshot is one reading of a folder.
type snapshot struct {
	root   *os.Root // opens nothing outside of the folder
	shown  string
	limits Limits
	leave  []string

	entries int
	bytes   int64
	files   []api.File
}

// refuse makes the error for one path of the folder.
func (s *snapshot) refuse(name string, reason error, note string) error {
	return &Error{Doing: reading, Path: filepath.Join(s.shown, filepath.FromSlash(name)), Err: reason, Note: note}
}

// folder reads one folder and those in it.
func (s *snapshot) folder(dir string, depth int) error {
	if depth > s.limits.Depth {
		return s.refuse(dir, ErrTooDeep, fmt.Sprintf("the limit is %d", s.limits.Depth))
	}
	entries, err := s.list(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if IsJunk(e.Name()) || slices.Contains(s.leave, name) && !e.IsDir() {
			continue
		}
		if err := s.entry(name, e, depth); err != nil {
			return err
		}
	}
	return nil
}

// list gives a folder's entries in order. It reads them by portions, so that a
// folder with a million files costs no more than the limit.
func (s *snapshot) list(dir string) ([]fs.DirEntry, error) {
	f, err := s.root.OpenFile(dir, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, failure(reading, filepath.Join(s.shown, dir), err)
	}
	defer f.Close()
	var all []fs.DirEntry
	for {
		portion, err := f.ReadDir(256)
		all = append(all, portion...)
		if s.entries += len(portion); s.entries > s.limits.Entries {
			return nil, s.refuse(dir, ErrTooMany, fmt.Sprintf("the workspace may hold %d", s.limits.Entries))
		}
		if errors.Is(err, io.EOF) {
			slices.SortFunc(all, func(a, b fs.DirEntry) int { return compare(a.Name(), b.Name()) })
			return all, nil
		}
		if err != nil {
			return nil, failure(reading, filepath.Join(s.shown, dir), err)
		}
	}
}

// entry takes one entry of a folder by its kind.
func (s *snapshot) entry(name string, e fs.DirEntry, depth int) error {
	switch {
	case !IsPlain(e.Name()):
		return s.refuse(name, ErrName, "")
	case e.IsDir():
		return s.folder(name, depth+1)
	case e.Type()&fs.ModeSymlink != 0:
		return s.refuse(name, ErrSymlink, "")
	case !e.Type().IsRegular():
		return s.refuse(name, ErrSpecial, kind(e.Type()))
	}
	return s.file(name)
}

// IsPlain accepts names that can be shown and sent. A backslash is refused
// because tools on other systems take it for a slash.
func IsPlain(base string) bool {
	return utf8.ValidString(base) && !strings.ContainsFunc(base, func(r rune) bool {
		return !unicode.IsPrint(r) || r == '\\'
	})
}

func kind(t fs.FileMode) string {
	switch {
	case t&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case t&fs.ModeSocket != 0:
		return "a socket"
	case t&fs.ModeDevice != 0:
		return "a device"
	}
	return ""
}

// file reads one file. What the folder's listing called a file may have become
// something else since, so it is opened without waiting and looked at again.
func (s *snapshot) file(name string) error {
	f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW|syscall.O_NOCTTY, 0)
	if err != nil {
		return failure(reading, filepath.Join(s.shown, name), err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return failure(reading, filepath.Join(s.shown, name), err)
	}
	if !info.Mode().IsRegular() {
		return s.refuse(name, ErrSpecial, kind(info.Mode()))
	}
	return s.content(name, f, info)
}

// content reads an open file, and never more of it than the limit allows.
func (s *snapshot) content(name string, f *os.File, info fs.FileInfo) error {
	left := s.limits.Bytes - s.bytes
	note := fmt.Sprintf("with it the workspace would pass %d bytes", s.limits.Bytes)
	if info.Size() > left {
		return s.refuse(name, ErrTooBig, note)
	}
	data, err := io.ReadAll(io.LimitReader(f, left+1)) // it may be growing
	if err != nil {
		return failure(reading, filepath.Join(s.shown, name), err)
	}
	if int64(len(data)) > left {
		return s.refuse(name, ErrTooBig, note)
	}
	s.bytes += int64(len(data))
	s.files = append(s.files, api.File{Path: name, Exec: info.Mode()&0o111 != 0, Data: data})
	return nil
}
