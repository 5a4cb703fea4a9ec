package guest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// Default limits of a run.
const (
	defaultWall   = 30 * time.Second
	defaultOutput = 4 << 20
	defaultMemory = 128 << 20
	defaultPids   = 32
)

// drain is how long the output of a run that has ended is still read.
const drain = 200 * time.Millisecond

// runs are the programs that run for the host at the moment.
type runs struct {
	groups *Groups
	mu     sync.Mutex
	active map[string]*group
}

func newRuns(g *Groups) *runs { return &runs{groups: g, active: map[string]*group{}} }

// do runs one program to its end. The end of wishes ends it early.
func (r *runs) do(spec api.RunSpec, wishes <-chan wish, std stdio) api.Exit {
	spec.Limits = withDefaults(spec.Limits)
	run, err := r.begin(spec, std)
	if err != nil {
		return api.Exit{Code: -1, Cause: api.CauseNotBegun, Detail: err.Error()}
	}
	defer r.end(spec.ID, run.group)
	return run.wait(wishes)
}

func withDefaults(l api.Limits) api.Limits {
	if l.Wall <= 0 {
		l.Wall = defaultWall
	}
	if l.Output <= 0 {
		l.Output = defaultOutput
	}
	if l.Memory <= 0 {
		l.Memory = defaultMemory
	}
	if l.Pids <= 0 {
		l.Pids = defaultPids
	}
	return l
}

// run is one program in its control group.
type run struct {
	spec  api.RunSpec
	cmd   *exec.Cmd
	group *group
	meter *meter
	begun time.Time
}

func (r *runs) begin(spec api.RunSpec, std stdio) (*run, error) {
	if spec.ID == "" || strings.ContainsAny(spec.ID, "/.\x00") {
		return nil, fmt.Errorf("run: bad id %q", spec.ID)
	}
	cmd, err := subjectCommand(spec)
	if err != nil {
		return nil, err
	}
	r.groups.thaw()
	g, err := r.enter(spec)
	if err != nil {
		return nil, err
	}
	x := &run{spec: spec, cmd: cmd, group: g, meter: newMeter(spec.Limits.Output), begun: time.Now()}
	if err := x.start(std); err != nil {
		r.end(spec.ID, g)
		return nil, err
	}
	return x, nil
}

// enter makes the run's control group and remembers it.
func (r *runs) enter(spec api.RunSpec) (*group, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, err := r.groups.make(spec.ID, spec.Limits.Memory, spec.Limits.Pids)
	if err == nil {
		r.active[spec.ID] = g
	}
	return g, err
}

func (r *runs) end(id string, g *group) {
	g.remove()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, id)
}

// killAll ends every run, and returns when their processes are gone.
func (r *runs) killAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.active {
		g.remove()
	}
}

// subjectCommand prepares the program with its user, groups and environment.
func subjectCommand(spec api.RunSpec) (*exec.Cmd, error) {
	if len(spec.Argv) == 0 {
		return nil, errors.New("run: no program")
	}
	user, err := lookUp(spec.Subject.User)
	if err != nil {
		return nil, err
	}
	path, args := program(spec)
	cmd := exec.Command(path)
	cmd.Args = args
	cmd.Dir = spec.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	cmd.Env = append(user.env(), spec.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user.credential(), Setsid: true}
	cmd.WaitDelay = drain
	return cmd, nil
}

// SIPCPath is this program under a type that every subject may run, where it
// plays the ends of a channel.
const SIPCPath = "/usr/lib/ipclab/sipc"

// ActorPath is this program under the same type, where it plays a subject of a
// scenario.
const ActorPath = SIPCPath

// program is the file that a run executes, and its words. Actors are in the probe,
// those of package sipc in a program of its own.
func program(spec api.RunSpec) (path string, args []string) {
	if !spec.Actor {
		return spec.Argv[0], spec.Argv
	}
	if part, ok := strings.CutPrefix(spec.Argv[0], "sipc-"); ok {
		return SIPCPath, append([]string{"ipclab-sipc", "sipc", part}, spec.Argv[1:]...)
	}
	return ProbePath, append([]string{"probe", "act"}, spec.Argv...)
}

// start begins the program in its domain, control group and umask.
func (x *run) start(std stdio) error {
	fd, err := x.group.open()
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	defer unix.Close(fd)
	x.cmd.SysProcAttr.UseCgroupFD, x.cmd.SysProcAttr.CgroupFD = true, fd
	x.cmd.Stdout = x.meter.limit(std.out)
	x.cmd.Stderr = x.meter.limit(std.err)
	stdin, err := x.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := startLabelled(x.cmd, contextOf(x.spec.Subject), withUmask(x.spec.Umask)); err != nil {
		return err
	}
	go func() {
		io.Copy(stdin, std.in)
		stdin.Close()
	}()
	return nil
}

// umaskTurn guards the umask, which belongs to the whole process: whoever
// changes it for a child, or makes files that must not see such a change, takes
// its turn.
var umaskTurn sync.Mutex

func withUmask(mask *uint32) func(*exec.Cmd) error {
	want := 0o022
	if mask != nil {
		want = int(*mask & 0o777)
	}
	return func(cmd *exec.Cmd) error {
		umaskTurn.Lock()
		defer umaskTurn.Unlock()
		defer unix.Umask(unix.Umask(want))
		return cmd.Start()
	}
}

// wait waits for the end of the program, or brings it about.
func (x *run) wait(wishes <-chan wish) api.Exit {
	ended := make(chan error, 1)
	go func() { ended <- x.cmd.Wait() }()
	timer := time.NewTimer(x.spec.Limits.Wall)
	defer timer.Stop()
	look := time.NewTicker(lookForForks)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return x.exit("", err)
		case <-timer.C:
			return x.cut(api.CauseTimeout, ended)
		case <-x.meter.full:
			return x.cut(api.CauseFlood, ended)
		case <-look.C:
			if x.forksTooMuch() {
				return x.cut(api.CausePids, ended)
			}
		case w, more := <-wishes:
			if !more {
				return x.cut(api.CauseKilled, ended)
			}
			x.cmd.Process.Signal(w.signal)
		}
	}
}

// lookForForks is how often a run is asked whether it forks without end: left
// alone it would keep all processors busy until its time is over.
const lookForForks = 200 * time.Millisecond

// forksTooMuch says whether a fork was refused for the limit on processes.
func (x *run) forksTooMuch() bool { return x.group.event("pids.events", "max") > 0 }

// cut ends the run and says why, and what it was doing.
func (x *run) cut(cause api.Cause, ended <-chan error) api.Exit {
	doing := waitingIn(x.cmd.Process.Pid)
	x.group.kill()
	e := x.exit(cause, <-ended)
	e.Detail = doing
	return e
}

// waitingIn names the kernel function that a process sleeps in (proc(5),
// wchan), such as "pipe_read"; a process that runs has none.
func waitingIn(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
	if err != nil || string(name) == "0" || len(name) == 0 {
		return ""
	}
	return "in " + string(name)
}

// exit tells how the run ended. What the kernel counted comes before what the
// program's own status says: a program that runs out of memory dies of SIGKILL.
func (x *run) exit(cause api.Cause, err error) api.Exit {
	e := api.Exit{PID: x.cmd.Process.Pid, Code: -1, Wall: time.Since(x.begun), Left: x.group.alive()}
	e.Cause = x.cause(cause)
	code, signal := exitOf(x.cmd, err)
	if signal != "" {
		e.Signal = "SIG" + signal
	}
	if e.Cause == "" {
		e.Cause = api.CauseExit
		if signal != "" {
			e.Cause = api.CauseSignal
		}
	}
	if e.Cause == api.CauseExit {
		e.Code = code
	}
	return e
}

func (x *run) cause(seen api.Cause) api.Cause {
	switch {
	case x.group.event("memory.events", "oom_kill") > 0:
		return api.CauseMemory
	case x.forksTooMuch():
		return api.CausePids
	case seen == "" && x.meter.isFull():
		return api.CauseFlood
	}
	return seen
}

// meter counts the bytes of all outputs of a run.
type meter struct {
	left atomic.Int64
	full chan struct{}
	once sync.Once
}

func newMeter(limit int64) *meter {
	m := &meter{full: make(chan struct{})}
	m.left.Store(limit)
	return m
}

func (m *meter) isFull() bool { return m.left.Load() < 0 }

// limit passes writes on to w until the meter is full, and drops the rest.
func (m *meter) limit(w io.Writer) io.Writer { return &metered{w: w, m: m} }

type metered struct {
	w io.Writer
	m *meter
}

func (w *metered) Write(p []byte) (int, error) {
	if w.m.left.Add(-int64(len(p))) < 0 {
		w.m.once.Do(func() { close(w.m.full) })
		return len(p), nil
	}
	return w.w.Write(p)
}
