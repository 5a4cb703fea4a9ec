package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The users that labs' programs run as. What they leave outside a lab's own
// directories is removed before each check, so that no check sees anything of
// the one before. The student, who has a shell, keeps what is his.
const (
	studentID = 1000
	firstCast = 2001
	lastCast  = 2099
)

func ofCast(uid uint32) bool { return uid >= firstCast && uid <= lastCast }

// sweep removes what the cast's programs left behind, and closes to them what
// the student's own left.
func sweep() error {
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/lab/alice", "/lab/bob", "/lab/carol"} {
		if err := sweepDir(dir); err != nil {
			return fmt.Errorf("sweep %s: %w", dir, err)
		}
	}
	return errors.Join(
		closeToCast(homeDir), closeToCast(buildDir),
		sweepSysV("shm", 1, 7, unix.SYS_SHMCTL, false),
		sweepSysV("msg", 1, 7, unix.SYS_MSGCTL, false),
		sweepSysV("sem", 1, 4, unix.SYS_SEMCTL, true),
	)
}

// sweepDir sweeps a directory, and those in it that belong to neither the cast
// nor the student: in such a one everybody may have been allowed to write.
func sweepDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var st unix.Stat_t
		switch {
		case unix.Lstat(path, &st) != nil:
		case ofCast(st.Uid):
			errs = append(errs, os.RemoveAll(path))
		case st.Uid == studentID:
			errs = append(errs, closeToCast(path))
		case e.IsDir():
			errs = append(errs, sweepDir(path))
		}
	}
	return errors.Join(errs...)
}

// closeToCast takes every right away from others than the owner, who is the
// student: what a build has left open to the cast could carry something from
// one check to the next. A link is left alone, as the cast cannot change it.
func closeToCast(path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // the student has taken it away
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&0o077 == 0 || st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return nil
	}
	return unix.Chmod(handle(fd), st.Mode&0o7700)
}

// sweepSysV removes the System V objects of one kind that the cast made or
// owns (IPC_SET gives an object to somebody else), and the student's that others
// may reach. /proc/sysvipc (proc(5)) lists them; id and uid are columns of that
// list, and the creator stands two columns after the owner.
func sweepSysV(kind string, id, uid int, call uintptr, semaphore bool) error {
	list, err := os.ReadFile("/proc/sysvipc/" + kind)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		if len(f) <= max(id, uid+2) || !sweptAway(f[2], f[uid], f[uid+2]) {
			continue // the heading, or somebody else's
		}
		number, _ := strconv.Atoi(f[id])
		command := [3]uintptr{unix.IPC_RMID, 0, 0}
		if semaphore {
			command = [3]uintptr{0, unix.IPC_RMID, 0}
		}
		unix.Syscall6(call, uintptr(number), command[0], command[1], command[2], 0, 0)
	}
	return nil
}

// sweptAway says whether a System V object is to be removed.
func sweptAway(mode, owner, creator string) bool {
	bits, err := strconv.ParseUint(mode, 8, 32)
	if err != nil {
		return false
	}
	open := bits&0o077 != 0
	for _, id := range []uint32{number(owner), number(creator)} {
		if ofCast(id) || id == studentID && open {
			return true
		}
	}
	return false
}
