package guest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/sys/unix"

	acting "ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// controlType is the type of the sockets between the agent and actors. It is no
// process's, and whoever is given such a socket may use it.
const controlType = "ipclab_control_t"

// scenery is the machine as a play sees it (play.Stage).
type scenery struct {
	agent *Agent

	mu     sync.Mutex
	groups map[string]*group // of actors, by subject
	spaces namespaces
}

func newScenery(a *Agent) *scenery {
	return &scenery{agent: a, groups: map[string]*group{}, spaces: namespaces{agent: a, made: map[space]*os.File{}}}
}

// Directory makes a directory anew, as for a lab.
func (s *scenery) Directory(d api.Directory) error {
	umaskTurn.Lock()
	defer umaskTurn.Unlock()
	s.spaces.directories = append(s.spaces.directories, d)
	return remake(d)
}

// Pair makes two sockets of the type for actors. The label of what is created next
// belongs to the thread.
func (s *scenery) Pair() (ours, theirs int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := selinux.SetSocketLabel(fmt.Sprintf(objectContext, controlType)); err != nil {
		return -1, -1, err
	}
	defer selinux.SetSocketLabel("") // an empty label is always accepted
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	return pair[0], pair[1], err
}

// actorEnv keeps Go's runtime from looking at control groups and from signalling
// its own threads: what a filter or the policy would refuse it, would be recorded
// as the subject's.
var actorEnv = [...]string{"GODEBUG=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0", "GOTRACEBACK=none"}

// Command prepares the program that plays a subject.
func (s *scenery) Command(a api.ActorSpec) (*exec.Cmd, error) {
	cmd, err := subjectCommand(api.RunSpec{Subject: a.Subject, Argv: []string{ActorPath, "actor"}, Env: actorEnv[:]})
	if err != nil {
		return nil, err
	}
	cmd.Args[0] = "ipclab-actor"
	cmd.SysProcAttr.AmbientCaps, err = capabilities(a.Capabilities)
	return cmd, err
}

// Start starts an actor in its domain, control group and namespaces.
func (s *scenery) Start(cmd *exec.Cmd, a api.ActorSpec) error {
	g, err := s.group(a)
	if err != nil {
		return err
	}
	// an actor that is started anew has threads to start, too: see Bound
	if err := writeFile(filepath.Join(g.dir, "pids.max"), strconv.Itoa(defaultPids)); err != nil {
		return err
	}
	fd, err := g.open()
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	defer unix.Close(fd)
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, fd
	if len(a.Namespaces) == 0 {
		return startLabelled(cmd, contextOf(a.Subject), withUmask(nil))
	}
	return apart(func() error {
		if err := s.spaces.enter(a.Namespaces); err != nil {
			return err
		}
		if name := a.Namespaces["user"]; name != "" {
			return s.startInUser(cmd, name, a)
		}
		return startLabelled(cmd, contextOf(a.Subject), withUmask(nil))
	})
}

// startInUser starts an actor by a launcher, whose process becomes the actor's.
func (s *scenery) startInUser(cmd *exec.Cmd, name string, a api.ActorSpec) error {
	launcher, err := s.spaces.inUser(cmd, name, contextOf(a.Subject))
	if err != nil {
		return err
	}
	*cmd = *launcher
	return withUmask(nil)(cmd)
}

// group gives the control group of a subject's actors, with its bounds.
func (s *scenery) group(a api.ActorSpec) (*group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[a.Name]; g != nil {
		return g, nil
	}
	memory := a.Memory
	if memory == 0 {
		memory = defaultMemory
	}
	g, err := s.agent.runs.groups.makeActor(strconv.Itoa(len(s.groups)), memory, defaultPids)
	if err == nil {
		s.groups[a.Name] = g
	}
	return g, err
}

// Bound sets what a subject's bound on tasks leaves to it: the threads that its
// program has at the beginning are one task.
func (s *scenery) Bound(a api.ActorSpec) error {
	if a.Pids == 0 {
		return nil
	}
	g, err := s.group(a)
	if err != nil {
		return err
	}
	now, err := os.ReadFile(filepath.Join(g.dir, "pids.current"))
	if err != nil {
		return err
	}
	threads, _ := strconv.Atoi(strings.TrimSpace(string(now)))
	return writeFile(filepath.Join(g.dir, "pids.max"), strconv.Itoa(threads+a.Pids-1))
}

// Counters are how often the bounds of a subject have refused something.
func (s *scenery) Counters(a api.ActorSpec) map[string]int {
	g, err := s.group(a)
	if err != nil {
		return nil
	}
	return map[string]int{
		"memory.events oom_kill": g.event("memory.events", "oom_kill"),
		"memory.events oom":      g.event("memory.events", "oom"),
		"pids.events max":        g.event("pids.events", "max"),
	}
}

// Dress says how an object is to be dressed.
func (s *scenery) Dress(o api.ObjectSpec, r *acting.Role) error {
	if o.Owner != "" {
		u, err := lookUp(o.Owner)
		if err != nil {
			return err
		}
		r.UID, r.GID = int(u.uid), int(u.gid)
	}
	if o.Group != "" {
		g, err := user.LookupGroup(o.Group)
		if err != nil {
			return fmt.Errorf("object %s: %w", o.Name, err)
		}
		r.GID = int(number(g.Gid))
	}
	if o.Mode != "" {
		mode, err := strconv.ParseUint(o.Mode, 8, 12)
		if err != nil {
			return fmt.Errorf("mode of %s: %w", o.Name, err)
		}
		r.Mode = uint32(mode)
	}
	if o.Type != "" {
		r.Type = fmt.Sprintf(objectContext, o.Type)
	}
	if !api.IsSysV(o.Path) {
		return nil
	}
	return dressKey(o, r)
}

// dressKey tells the key of a System V object.
func dressKey(o api.ObjectSpec, r *acting.Role) error {
	v, err := api.ParseSysV(o.Path)
	if err != nil {
		return fmt.Errorf("object %s: %w", o.Name, err)
	}
	key, there, err := keyOf(v)
	if err == nil && !there {
		err = fmt.Errorf("there is nothing at %s to make a key of", v.Path)
	}
	r.Key = key
	return err
}

// Inside calls do in an actor's namespaces.
func (s *scenery) Inside(a *api.ActorSpec, do func() error) error {
	if a == nil || len(a.Namespaces) == 0 {
		return do()
	}
	return apart(func() error {
		if err := s.spaces.enter(a.Namespaces); err != nil {
			return err
		}
		return do()
	})
}

// Records asks for audit records.
func (s *scenery) Records(q api.RecordsQuery) (api.RecordsReply, error) {
	return s.agent.audit.Query(q)
}

// Look looks at what stands at a path.
func (s *scenery) Look(path string) (api.Object, error) { return statObject(path) }

// Probe has the trusted probe try an operation as a subject. It has neither the
// subject's namespaces nor its filter.
func (s *scenery) Probe(a api.ActorSpec, op api.Op, path string) (r api.ProbeResult, err error) {
	if len(a.Namespaces) > 0 || a.Filter != nil {
		return r, fmt.Errorf("the probe cannot look for %s, which has namespaces or a filter of its own", a.Name)
	}
	spec := api.ProbeSpec{Subject: a.Subject, Op: op, Path: path}
	t, err := s.agent.prepare(spec)
	if err != nil {
		return r, err
	}
	p, err := startProbe(spec, t.args)
	if err != nil {
		return r, err
	}
	defer p.end()
	return s.agent.observe(p, t)
}

// Clear ends every process of the play.
func (s *scenery) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, g := range s.groups {
		g.remove()
		delete(s.groups, name)
	}
	s.spaces.clear()
}

// capabilities are the numbers of capabilities by their names in capabilities(7),
// without "cap_".
func capabilities(names []string) ([]uintptr, error) {
	var all []uintptr
	for _, name := range names {
		n, ok := capabilityNumbers()[name]
		if !ok {
			return nil, fmt.Errorf("there is no capability %q", name)
		}
		all = append(all, n)
	}
	return all, nil
}

func capabilityNumbers() map[string]uintptr {
	return map[string]uintptr{
		"audit_control": unix.CAP_AUDIT_CONTROL, "audit_read": unix.CAP_AUDIT_READ, "audit_write": unix.CAP_AUDIT_WRITE,
		"block_suspend": unix.CAP_BLOCK_SUSPEND, "bpf": unix.CAP_BPF, "checkpoint_restore": unix.CAP_CHECKPOINT_RESTORE,
		"chown": unix.CAP_CHOWN, "dac_override": unix.CAP_DAC_OVERRIDE, "dac_read_search": unix.CAP_DAC_READ_SEARCH,
		"fowner": unix.CAP_FOWNER, "fsetid": unix.CAP_FSETID, "ipc_lock": unix.CAP_IPC_LOCK, "ipc_owner": unix.CAP_IPC_OWNER,
		"kill": unix.CAP_KILL, "lease": unix.CAP_LEASE, "linux_immutable": unix.CAP_LINUX_IMMUTABLE, "mac_admin": unix.CAP_MAC_ADMIN,
		"mac_override": unix.CAP_MAC_OVERRIDE, "mknod": unix.CAP_MKNOD, "net_admin": unix.CAP_NET_ADMIN,
		"net_bind_service": unix.CAP_NET_BIND_SERVICE, "net_broadcast": unix.CAP_NET_BROADCAST, "net_raw": unix.CAP_NET_RAW,
		"perfmon": unix.CAP_PERFMON, "setfcap": unix.CAP_SETFCAP, "setgid": unix.CAP_SETGID, "setpcap": unix.CAP_SETPCAP,
		"setuid": unix.CAP_SETUID, "sys_admin": unix.CAP_SYS_ADMIN, "sys_boot": unix.CAP_SYS_BOOT, "sys_chroot": unix.CAP_SYS_CHROOT,
		"sys_module": unix.CAP_SYS_MODULE, "sys_nice": unix.CAP_SYS_NICE, "sys_pacct": unix.CAP_SYS_PACCT, "sys_ptrace": unix.CAP_SYS_PTRACE,
		"sys_rawio": unix.CAP_SYS_RAWIO, "sys_resource": unix.CAP_SYS_RESOURCE, "sys_time": unix.CAP_SYS_TIME,
		"sys_tty_config": unix.CAP_SYS_TTY_CONFIG, "syslog": unix.CAP_SYSLOG, "wake_alarm": unix.CAP_WAKE_ALARM,
	}
}
