package guest

import (
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// loginPath is the PATH of every login and run.
const loginPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/lab/bin"

// loginContext is the SELinux context of a login's shell.
func loginContext(name string) string {
	if name == LoginAdmin {
		return adminContext
	}
	return fmt.Sprintf(subjectContext, studentDomain)
}

// shell is every login's shell.
const shell = "/bin/bash"

// loginCommand makes a login's program, which is its shell in most cases.
func loginCommand(name, path string, argv, env []string) (*exec.Cmd, error) {
	account, err := lookUp(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	cmd.Args = argv
	cmd.Dir = account.home
	cmd.Env = append(account.env(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account.credential()}
	cmd.WaitDelay = time.Second // a program left in the background does not hold the session
	return cmd, nil
}

// account is a user of the guest with all its groups.
type account struct {
	name, home string
	uid, gid   uint32
	groups     []uint32
}

func lookUp(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("no user %q in the machine: %w", name, err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of %s: %w", name, err)
	}
	a := &account{name: name, home: u.HomeDir, uid: number(u.Uid), gid: number(u.Gid)}
	for _, id := range ids {
		a.groups = append(a.groups, number(id))
	}
	return a, nil
}

// number converts an id of the passwd database, which is decimal.
func number(id string) uint32 {
	n, _ := strconv.ParseUint(id, 10, 32)
	return uint32(n)
}

func (a *account) credential() *syscall.Credential {
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: a.groups}
}

func (a *account) env() []string {
	return []string{
		"HOME=" + a.home, "USER=" + a.name, "LOGNAME=" + a.name,
		"SHELL=/bin/bash", "PATH=" + loginPath, "LANG=C.UTF-8",
	}
}

// exitOf says how a finished command ended: its exit code, or the name of the
// signal without "SIG", as SSH wants it.
func exitOf(cmd *exec.Cmd, err error) (code int, signal string) {
	state := cmd.ProcessState
	if state == nil {
		return 127, ""
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -1, strings.TrimPrefix(unix.SignalName(status.Signal()), "SIG")
	}
	return state.ExitCode(), ""
}

// signalNumber is the number of a signal's name, 0 where there is none.
func signalNumber(name string) syscall.Signal { return unix.SignalNum(name) }
