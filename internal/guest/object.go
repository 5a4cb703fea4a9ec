package guest

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"time"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// stat looks at an object of any kind.
func (a *Agent) stat(name string) (api.Object, error) {
	if api.IsSysV(name) {
		object, _, err := a.statSysV(name)
		return object, err
	}
	return statObject(name)
}

// statObject looks at a path without following a link at its end. It opens the
// object first, without any right to it, so that all it tells is about the same
// object, also when somebody takes that away meanwhile.
func statObject(path string) (api.Object, error) {
	o := api.Object{Path: path}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		o.Kind = "absent"
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("stat %s: %w", path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return o, fmt.Errorf("stat %s: %w", path, err)
	}
	o.Kind = kindOf(st.Mode)
	o.Mode = fmt.Sprintf("%04o", st.Mode&0o7777)
	o.Owner, o.Group = userName(st.Uid), groupName(st.Gid)
	o.Inode, o.Device, o.Links, o.Size = st.Ino, st.Dev, uint64(st.Nlink), st.Size
	o.Changed = time.Unix(st.Ctim.Unix())
	o.Context, err = selinux.FileLabel(handle(fd))
	if err != nil {
		return o, fmt.Errorf("label of %s: %w", path, err)
	}
	return o, nil
}

// handle is a path to what a descriptor has open, for calls that take no
// descriptor made with O_PATH.
func handle(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "dir"
	case unix.S_IFLNK:
		return "symlink"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFCHR:
		return "char"
	case unix.S_IFBLK:
		return "block"
	}
	return "unknown"
}

func userName(id uint32) string {
	text := strconv.FormatUint(uint64(id), 10)
	if u, err := user.LookupId(text); err == nil {
		return u.Username
	}
	return text
}

func groupName(id uint32) string {
	text := strconv.FormatUint(uint64(id), 10)
	if g, err := user.LookupGroupId(text); err == nil {
		return g.Name
	}
	return text
}
