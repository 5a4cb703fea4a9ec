package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// namespaces are those that a play has made, by their names in the scenario. They
// exist for as long as it holds them.
type namespaces struct {
	agent       *Agent
	directories []api.Directory // that a file system of one's own has as well

	mu      sync.Mutex
	made    map[space]*os.File
	holders []*exec.Cmd // processes that keep namespaces alive which cannot be held open
	group   *group      // of the holders
}

// space is a namespace of a kind.
type space struct{ kind, name string }

// kindsOfSpaces are the kinds of namespaces in the order in which an actor enters
// them: that of processes counts for its child only, and the user's is the actor's
// launcher's (launchInUser).
func kindsOfSpaces() []struct {
	kind string
	flag int
} {
	return []struct {
		kind string
		flag int
	}{
		{"ipc", unix.CLONE_NEWIPC}, {"net", unix.CLONE_NEWNET}, {"uts", unix.CLONE_NEWUTS}, {"mnt", unix.CLONE_NEWNS},
		{"pid", unix.CLONE_NEWPID}, {"user", unix.CLONE_NEWUSER},
	}
}

// apart calls do on a thread of its own, which is thrown away afterwards: it can be
// brought into other namespaces, and no other goroutine ever runs there.
func apart(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked
		done <- do()
	}()
	return <-done
}

// enter brings the calling thread into the namespaces that are wanted, but for the
// user's. Those that are not there yet are made.
func (n *namespaces) enter(want map[string]string) error {
	if err := checkSpaces(want); err != nil {
		return err
	}
	if want["mnt"] != "" {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("namespaces: %w", err)
		}
	}
	for _, k := range kindsOfSpaces() {
		if want[k.kind] == "" || k.kind == "user" {
			continue
		}
		file, err := n.get(space{k.kind, want[k.kind]}, k.flag)
		if err != nil {
			return fmt.Errorf("%s namespace %s: %w", k.kind, want[k.kind], err)
		}
		if err := unix.Setns(int(file.Fd()), k.flag); err != nil {
			return fmt.Errorf("enter the %s namespace %s: %w", k.kind, want[k.kind], err)
		}
	}
	return nil
}

// checkSpaces finds kinds that there are none of.
func checkSpaces(want map[string]string) error {
	known := map[string]bool{}
	for _, k := range kindsOfSpaces() {
		known[k.kind] = true
	}
	for kind := range want {
		if !known[kind] {
			return fmt.Errorf("there is no namespace of the kind %q", kind)
		}
	}
	return nil
}

// get gives a namespace, made when it is first asked for.
func (n *namespaces) get(s space, flag int) (*os.File, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if file := n.made[s]; file != nil {
		return file, nil
	}
	file, err := n.make(s, flag)
	if err == nil {
		n.made[s] = file
	}
	return file, err
}

func (n *namespaces) make(s space, flag int) (file *os.File, err error) {
	if s.kind == "pid" || s.kind == "user" {
		return n.hold(s, flag)
	}
	err = apart(func() error {
		if err := unix.Unshare(flag); err != nil {
			return err
		}
		if err := n.furnish(s.kind); err != nil {
			return err
		}
		file, err = os.Open("/proc/thread-self/ns/" + s.kind)
		return err
	})
	return file, err
}

// furnish makes the calling thread's new namespace usable.
func (n *namespaces) furnish(kind string) error {
	switch kind {
	case "net":
		return loopbackUp()
	case "mnt":
		return n.mountOwn()
	}
	return nil
}

// loopbackUp switches the loopback interface on.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}

// mountOwn gives the thread's mount namespace file systems of its own where
// subjects may write, with the scenario's directories.
func (n *namespaces) mountOwn() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts: %w", err)
	}
	for _, s := range scratches() {
		if strings.HasPrefix(s.path, "/lab") {
			continue
		}
		if err := s.mount(); err != nil {
			return err
		}
	}
	for _, d := range n.directories {
		if strings.HasPrefix(d.Path, "/run/") {
			if err := remake(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// hold makes a namespace that lasts as long as a process in it: one that sleeps.
func (n *namespaces) hold(s space, flag int) (*os.File, error) {
	cmd := exec.Command("/bin/sleep", "infinity")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: uintptr(flag)}
	if s.kind == "user" {
		all := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1 << 16}}
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = all, all
		cmd.SysProcAttr.GidMappingsEnableSetgroups = true
	}
	// not from the caller's thread, which may be in another one already
	if err := apart(func() error { return n.start(cmd) }); err != nil {
		return nil, err
	}
	n.holders = append(n.holders, cmd)
	return os.Open("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/ns/" + s.kind)
}

// start starts a holder in a control group that Clear empties.
func (n *namespaces) start(cmd *exec.Cmd) (err error) {
	if n.group == nil {
		if n.group, err = n.agent.runs.groups.makeActor("holders", defaultMemory, defaultPids); err != nil {
			return err
		}
	}
	fd, err := n.group.open()
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	defer unix.Close(fd)
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, fd
	return cmd.Start()
}

// inUser is the command line that starts a program in a user namespace, in a
// context: a thread of a program that has several, as the agent, cannot enter one.
func (n *namespaces) inUser(cmd *exec.Cmd, name, context string) (*exec.Cmd, error) {
	if len(cmd.SysProcAttr.AmbientCaps) > 0 {
		return nil, errors.New("capabilities and a user namespace of its own are not given together: there a subject has none outside")
	}
	file, err := n.get(space{"user", name}, unix.CLONE_NEWUSER)
	if err != nil {
		return nil, fmt.Errorf("user namespace %s: %w", name, err)
	}
	who := cmd.SysProcAttr.Credential
	groups := []string{}
	for _, g := range who.Groups {
		groups = append(groups, strconv.Itoa(int(g)))
	}
	groupOption := "--groups=" + strings.Join(groups, ",")
	if len(groups) == 0 {
		groupOption = "--clear-groups"
	}
	args := append([]string{"nsenter", "--user=" + file.Name(), "--preserve-credentials", "--", "setpriv",
		fmt.Sprint("--reuid=", who.Uid), fmt.Sprint("--regid=", who.Gid), groupOption, "--selinux-label=" + context, "--", cmd.Path},
		cmd.Args[1:]...)
	launcher := exec.Command("/usr/bin/nsenter")
	launcher.Args, launcher.Dir, launcher.Env = args, cmd.Dir, cmd.Env
	launcher.ExtraFiles, launcher.Stderr, launcher.WaitDelay = cmd.ExtraFiles, cmd.Stderr, cmd.WaitDelay
	launcher.SysProcAttr = &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: cmd.SysProcAttr.CgroupFD}
	return launcher, nil
}

// clear lets go of all.
func (n *namespaces) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s, file := range n.made {
		file.Close()
		delete(n.made, s)
	}
	for _, cmd := range n.holders { // all of them first: one may wait for another one's end
		cmd.Process.Kill()
	}
	for _, cmd := range n.holders {
		cmd.Wait()
	}
	n.holders = nil
	if n.group != nil {
		n.group.remove()
	}
}
