package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stage is the directory that a build works in. It is not in the cache: the
// root of a user namespace is somebody else, who must be able to reach it.
//
//	recipe/, hook   what is run; readable by all
//	tmp/            anybody may add to it, as to /tmp
//	tmp/out/        made by the build; nobody else can write into it
//
// The directory itself is locked for as long as the build or any process that
// it started lives, so that what a killed build left can be told from a build
// at work.
type stage struct {
	dir  string
	lock *os.File // the locked directory, inherited by every process of the build
}

const stagePrefix = "ipclab-image-"

func newStage(scratch string, recipe fs.FS) (*stage, error) {
	s, err := lockedStage(scratch)
	if err != nil {
		return nil, fmt.Errorf("make a place to build in: %w", err)
	}
	err = errors.Join(
		os.Chmod(s.dir, 0o755),
		os.Mkdir(s.path("tmp"), 0o700), os.Chmod(s.path("tmp"), 0o777|os.ModeSticky),
		copyTree(s.path("recipe"), recipe),
		os.WriteFile(s.path("hook"), []byte(hook), 0o755), os.Chmod(s.path("hook"), 0o755),
	)
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// lockedStage makes a directory and locks it. Somebody who sweeps may take it
// for an abandoned one before it is locked, and remove it: then the next is
// tried.
func lockedStage(scratch string) (*stage, error) {
	for range 10 {
		dir, err := os.MkdirTemp(scratch, stagePrefix)
		if err != nil {
			return nil, err
		}
		if lock := lockDir(dir); lock != nil {
			return &stage{dir: dir, lock: lock}, nil
		}
	}
	return nil, fmt.Errorf("%s: directories vanish as soon as they are made", scratch)
}

// lockDir locks a directory; nil says that somebody else holds it, or that it
// is not there any more.
func lockDir(dir string) *os.File {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil
	}
	var mine, there unix.Stat_t
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil &&
		unix.Fstat(int(f.Fd()), &mine) == nil && unix.Lstat(dir, &there) == nil && mine.Ino == there.Ino {
		return f
	}
	f.Close()
	return nil
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// out is where the build leaves its results.
func (s *stage) out(name string) string { return filepath.Join(s.dir, "tmp", "out", name) }

// patience bounds the wait for the processes of a build that was ended.
const patience = 10 * time.Second

// remove waits for the end of the build's processes and removes the directory.
func (s *stage) remove() {
	s.lock.Close() // the others keep their copies of the lock
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		if lock := lockDir(s.dir); lock != nil {
			removeStage(s.dir)
			lock.Close()
			return
		}
		if _, err := os.Lstat(s.dir); absent(err) {
			return
		}
	}
}

// removeStage removes a build's directory, also the files in it that belong to
// the root of our user namespace.
func removeStage(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil || os.Geteuid() == 0 {
		return err
	}
	find := exec.Command("mmdebstrap", "--unshare-helper", "find", filepath.Join(dir, "tmp"), "-xdev", "-mindepth", "1", "-delete")
	find.Dir = "/"
	if out, helperErr := find.CombinedOutput(); helperErr != nil {
		return fmt.Errorf("%w; and in a user namespace: %w: %.200s", err, helperErr, out)
	}
	return os.RemoveAll(dir)
}

// leftovers are the directories below scratch that killed builds of this user
// left behind.
func leftovers(scratch string) []string {
	var left []string
	eachLeftover(scratch, func(dir string) { left = append(left, dir) })
	return left
}

// sweepStages removes what killed builds left.
func sweepStages(scratch string) {
	eachLeftover(scratch, func(dir string) { _ = removeStage(dir) }) // what cannot be removed is doctor's to tell
}

// eachLeftover visits our abandoned stages, each locked.
func eachLeftover(scratch string, visit func(dir string)) {
	all, _ := filepath.Glob(filepath.Join(scratch, stagePrefix+"*"))
	for _, dir := range all {
		var st unix.Stat_t
		if unix.Lstat(dir, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() {
			continue
		}
		if lock := lockDir(dir); lock != nil {
			visit(dir)
			lock.Close()
		}
	}
}

// lifeline runs a command in a process group that ends with us, however we end:
// the reader of descriptor 4 sees the end of file when we are gone, and kills
// the group. A parent-death signal would reach mmdebstrap only, not what it
// runs. Descriptor 3 is the stage's lock, which the reader must not hold.
const lifeline = `{ read -r _ <&4; kill -KILL 0; } 3>&- >/dev/null 2>&1 & exec 4<&-; exec "$@"`

// run runs mmdebstrap. Its own output folder is thrown away; the hook has made
// the file system image by then.
func (s *stage) run(ctx context.Context, progress Progress) error {
	packages, err := readPackages(s.path("recipe/packages.txt"))
	if err != nil {
		return err
	}
	alive, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close()
	cmd := s.command(ctx, packages, alive)
	var diag lastLines
	pipe, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	alive.Close()
	if err != nil {
		return fmt.Errorf("mmdebstrap: %w", err)
	}
	said := follow(io.TeeReader(pipe, &diag), progress)
	if err := cmd.Wait(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return &BuildError{Err: err, Cause: said, Output: diag.String()}
	}
	return nil
}

func (s *stage) command(ctx context.Context, packages []string, alive *os.File) *exec.Cmd {
	args := append([]string{"-c", lifeline, "sh", "mmdebstrap"}, s.arguments(packages)...)
	cmd := exec.CommandContext(ctx, "/bin/sh", args...)
	cmd.Env = append(os.Environ(), "OUT="+s.out(""), "RECIPE="+s.path("recipe"), "TMPDIR="+s.path("tmp"),
		"LC_ALL=C", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Dir = "/" // the root of the user namespace may not enter ours
	cmd.ExtraFiles = []*os.File{s.lock, alive}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// All mounts are in namespaces of the build, which end with it.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = patience
	return cmd
}

// mode tells mmdebstrap how to become root. Its mode "unshare" keeps mounts and
// processes in namespaces of their own, for root too; where that is refused, as
// in a container, root builds without mounts.
func mode() string {
	if os.Geteuid() == 0 && exec.Command("unshare", "--mount", "--pid", "--fork", "--propagation", "unchanged", "--", "true").Run() != nil {
		return "root"
	}
	return "unshare"
}
