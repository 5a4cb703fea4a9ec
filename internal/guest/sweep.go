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
	firstCast = 2001
	lastCast  = 2099
)

func ofCast(uid uint32) bool { return uid >= firstCast && uid <= lastCast }

// sweep removes what the cast's programs left behind.
func sweep() error {
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"} {
		if err := sweepDir(dir); err != nil {
			return fmt.Errorf("sweep %s: %w", dir, err)
		}
	}
	return errors.Join(
		sweepSysV("shm", 1, 7, unix.SYS_SHMCTL, false),
		sweepSysV("msg", 1, 7, unix.SYS_MSGCTL, false),
		sweepSysV("sem", 1, 4, unix.SYS_SEMCTL, true),
	)
}

func sweepDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil || !ofCast(st.Uid) {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// sweepSysV removes the System V objects of one kind that the cast owns.
// /proc/sysvipc (proc(5)) lists them; id and uid are columns of that list.
func sweepSysV(kind string, id, uid int, call uintptr, semaphore bool) error {
	list, err := os.ReadFile("/proc/sysvipc/" + kind)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		if len(f) <= max(id, uid) {
			continue
		}
		owner, err := strconv.ParseUint(f[uid], 10, 32)
		if err != nil || !ofCast(uint32(owner)) {
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
