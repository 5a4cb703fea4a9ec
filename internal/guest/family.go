package guest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// AgentPath is this program as the agent.
const AgentPath = "/usr/lib/ipclab/agent"

// How a child of another actor is made. Only a process can have children, and an
// actor may start nobody in another domain. So, before it becomes the actor, the
// parent-to-be is a process of the agent's (StartParent), which starts another one
// (StartChild); that makes the child with CLONE_PARENT: its parent is then not who
// made it, but that one's parent.

// relative is what one of the two is to become.
type relative struct {
	UID, GID uint32
	Groups   []uint32
	Caps     []uintptr
	Context  string
	Env      []string
}

func relativeOf(a api.ActorSpec) (relative, error) {
	u, err := lookUp(a.Subject.User)
	if err != nil {
		return relative{}, err
	}
	caps, err := capabilities(a.Capabilities)
	return relative{UID: u.uid, GID: u.gid, Groups: u.groups, Caps: caps, Context: contextOf(a.Subject), Env: append(u.env(), actorEnv[:]...)}, err
}

// Family starts two actors, of which one is a child of the other.
func (s *scenery) Family(parent, child api.ActorSpec, files []*os.File, diag io.Writer) (*exec.Cmd, int, error) {
	if len(parent.Namespaces)+len(child.Namespaces)+len(parent.Capabilities) > 0 {
		return nil, 0, errors.New("an exit status is tried between actors without namespaces, and its receiver has no capability")
	}
	roles, err := familyWords(parent, child)
	if err != nil {
		return nil, 0, err
	}
	cmd := exec.Command(AgentPath, append([]string{"parent"}, roles...)...)
	cmd.Env, cmd.Dir = []string{"PATH=" + loginPath}, "/"
	cmd.ExtraFiles, cmd.Stderr, cmd.WaitDelay = files, diag, drain
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, 0, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := s.startIn(cmd, parent); err != nil {
		return nil, 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, convErr := strconv.Atoi(strings.TrimSpace(line))
	if err := errors.Join(err, convErr); err != nil {
		return cmd, 0, fmt.Errorf("the child's process: %w", err)
	}
	return cmd, pid, nil
}

func familyWords(specs ...api.ActorSpec) (words []string, err error) {
	for _, spec := range specs {
		r, err := relativeOf(spec)
		if err != nil {
			return nil, err
		}
		word, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		words = append(words, string(word))
	}
	return words, nil
}

// startIn starts a program of the agent's own in a subject's control group.
func (s *scenery) startIn(cmd *exec.Cmd, a api.ActorSpec) error {
	g, err := s.group(a)
	if err != nil {
		return err
	}
	fd, err := g.open()
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	defer unix.Close(fd)
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, fd
	return cmd.Start()
}

// Files that StartParent has: those of the parent's actor stand where an actor
// finds them, those of the child's after them.
const (
	childControl = 5
	childParcel  = 6
)

// StartParent has the child made, says its process on stdout, and becomes the
// parent's actor.
func StartParent(words []string) error {
	if len(words) != 2 {
		return errors.New("want what parent and child are to become")
	}
	var parent relative
	if err := json.Unmarshal([]byte(words[0]), &parent); err != nil {
		return err
	}
	midwife := exec.Command(AgentPath, "child", words[1])
	midwife.ExtraFiles = []*os.File{os.NewFile(childControl, "control"), os.NewFile(childParcel, "parcel")}
	midwife.Stderr = os.Stderr
	pid, err := midwife.Output()
	if err != nil {
		return fmt.Errorf("make the child: %w", err)
	}
	closeFiles(midwife.ExtraFiles)
	if _, err := os.Stdout.Write(pid); err != nil {
		return err
	}
	return parent.become()
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// become makes this process an actor.
func (r relative) become() error {
	runtime.LockOSThread() // the label is the thread's
	if err := selinux.SetExecLabel(r.Context); err != nil {
		return err
	}
	groups := make([]int, len(r.Groups))
	for i, g := range r.Groups {
		groups[i] = int(g)
	}
	err := errors.Join(syscall.Setgroups(groups), syscall.Setresgid(int(r.GID), int(r.GID), int(r.GID)))
	if err == nil {
		err = syscall.Setresuid(int(r.UID), int(r.UID), int(r.UID))
	}
	if err != nil {
		return fmt.Errorf("become the user %d: %w", r.UID, err)
	}
	return syscall.Exec(ActorPath, []string{"ipclab-actor", "actor"}, r.Env)
}

// StartChild makes an actor whose parent is this process's parent, and says its
// process on stdout.
func StartChild(words []string) error {
	var child relative
	if len(words) != 1 || json.Unmarshal([]byte(words[0]), &child) != nil {
		return errors.New("want what the child is to become")
	}
	cmd := exec.Command(ActorPath, "actor")
	cmd.Args[0], cmd.Env, cmd.Dir = "ipclab-actor", child.Env, "/"
	cmd.ExtraFiles = []*os.File{os.NewFile(3, "control"), os.NewFile(4, "parcel")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_PARENT, Setsid: true, AmbientCaps: child.Caps,
		Credential: &syscall.Credential{Uid: child.UID, Gid: child.GID, Groups: child.Groups}}
	if err := startLabelled(cmd, child.Context, (*exec.Cmd).Start); err != nil {
		return err
	}
	_, err := fmt.Println(cmd.Process.Pid)
	return err
}
