// Package ownipc runs a test program in an IPC namespace of its own. What the
// tests find in /proc/sysvipc is theirs, what they collect is nobody else's, and
// when they are killed, the kernel removes what they made. It is for tests; nothing
// in a program imports it.
package ownipc

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// variable is set in the namespace, for the program and all that it starts.
const variable = "IPCLAB_TEST_OWN_IPC"

// Inside tells whether this process has its System V objects for itself.
func Inside() bool { return os.Getenv(variable) != "" }

// Main is for TestMain: it runs this program again in an IPC namespace of its own,
// there calls run, and gives its exit code. Where no namespace can be had it calls run
// here, where [Inside] is false.
func Main(run func() int) int {
	if Inside() {
		return run()
	}
	if code, err := again(); err == nil {
		return code
	}
	return run()
}

// again runs this program again and gives its exit code.
func again() (int, error) {
	runtime.LockOSThread() // Pdeathsig is about the thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), variable+"=yes")
	cmd.SysProcAttr = attributes()
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}

// attributes ask for the namespace. Who is not root needs a user namespace, too.
func attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWIPC, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	return attr
}
