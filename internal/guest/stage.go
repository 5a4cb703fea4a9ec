package guest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// The directories of a lab in the guest.
const (
	homeDir  = "/lab/home" // the student's
	buildDir = "/lab/build"
	binDir   = "/lab/bin"
)

// reset ends every run and remakes the lab's directories, empty.
func (a *Agent) reset(stage api.Stage) error {
	a.runs.killAll()
	if err := sweep(); err != nil {
		return err
	}
	umaskTurn.Lock()
	defer umaskTurn.Unlock()
	for _, d := range stage.Directories {
		if err := remake(d); err != nil {
			return err
		}
	}
	return nil
}

// remake makes a directory that is the lab's own anew. Only such as lie below
// /run/ipclab or /lab are touched: a lab must not be able to empty /etc.
func remake(d api.Directory) error {
	clean := filepath.Clean(d.Path)
	if !strings.HasPrefix(clean, "/run/ipclab/") && !strings.HasPrefix(clean, "/lab/") {
		return fmt.Errorf("directory %s: a lab's directories lie below /run/ipclab or /lab", d.Path)
	}
	if err := os.RemoveAll(clean); err != nil {
		return fmt.Errorf("empty %s: %w", clean, err)
	}
	if err := os.MkdirAll(clean, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", clean, err)
	}
	return dress(clean, d)
}

// dress gives a directory its owner, mode and type, in this order: chown clears
// the set-group-ID bit.
func dress(path string, d api.Directory) error {
	mode, err := strconv.ParseUint(d.Mode, 8, 12)
	if err != nil {
		return fmt.Errorf("mode of %s: %w", path, err)
	}
	uid, gid, err := ownerOf(d)
	if err != nil {
		return err
	}
	if err := os.Chown(path, uid, gid); err != nil {
		return fmt.Errorf("own %s: %w", path, err)
	}
	if err := unix.Chmod(path, uint32(mode)); err != nil {
		return fmt.Errorf("mode of %s: %w", path, err)
	}
	if err := selinux.LsetFileLabel(path, fmt.Sprintf(objectContext, d.Type)); err != nil {
		return fmt.Errorf("type of %s: %w", path, err)
	}
	return nil
}

func ownerOf(d api.Directory) (uid, gid int, err error) {
	u, err := lookUp(d.Owner)
	if err != nil {
		return 0, 0, err
	}
	if d.Group == "" {
		return int(u.uid), int(u.gid), nil
	}
	g, err := user.LookupGroup(d.Group)
	if err != nil {
		return 0, 0, fmt.Errorf("directory %s: %w", d.Path, err)
	}
	return int(u.uid), int(number(g.Gid)), nil
}

// install puts a tree of files in place of what a directory held. They belong
// to root, so student code can read but not change them.
func install(tree api.Tree) error {
	umaskTurn.Lock()
	defer umaskTurn.Unlock()
	clean := filepath.Clean(tree.Dir)
	if !strings.HasPrefix(clean, "/lab/") {
		return fmt.Errorf("install: %s is not below /lab", tree.Dir)
	}
	root, err := emptied(clean)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range tree.Files {
		if err := put(root, f); err != nil {
			return fmt.Errorf("install %s: %w", f.Path, err)
		}
	}
	return nil
}

// emptied removes a directory's content but not the directory, which may be
// somebody's working directory.
func emptied(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return os.OpenRoot(dir) // no name of the tree can lead out of it
}

func put(root *os.Root, f api.File) error {
	if dir := filepath.Dir(f.Path); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	mode := os.FileMode(0o644)
	if f.Exec {
		mode = 0o755
	}
	file, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := file.Write(f.Data); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// publish moves what a build made to /lab/bin, as root's: the student's code
// cannot swap a program between one check and the next. A build's output is
// copied through a descriptor opened without following links.
func publish(outputs []string) (api.Published, error) {
	var files []api.File
	for _, name := range outputs {
		if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
			return api.Published{}, fmt.Errorf("output %q is not a plain file name", name)
		}
		data, reason := readPlain(filepath.Join(buildDir, name))
		if reason != "" {
			return api.Published{Bad: name, Reason: reason}, nil
		}
		files = append(files, api.File{Path: name, Exec: true, Data: data})
	}
	return api.Published{}, install(api.Tree{Dir: binDir, Files: files})
}

// maxOutput bounds a built program's size.
const maxOutput = 64 << 20

// readPlain reads a regular file, or says in the student's words why it is none.
func readPlain(path string) (data []byte, reason string) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, "is missing"
	case errors.Is(err, unix.ELOOP):
		return nil, "is a symbolic link"
	case err != nil:
		return nil, "cannot be opened: " + err.Error()
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err.Error()
	case !info.Mode().IsRegular():
		return nil, "is not a regular file"
	case info.Size() > maxOutput:
		return nil, fmt.Sprintf("has more than %d MB", maxOutput>>20)
	}
	data = make([]byte, info.Size())
	if n, err := f.ReadAt(data, 0); n < len(data) {
		return nil, "cannot be read: " + err.Error()
	}
	return data, ""
}
