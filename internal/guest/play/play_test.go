package play

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
	"ipclab/internal/ownipc"
)

// The test program itself is the actor, when it is started as one.
const actorVariable = "IPCLAB_TEST_ACTOR"

func TestMain(m *testing.M) {
	switch os.Getenv(actorVariable) {
	case "":
		os.Exit(ownipc.Main(m.Run)) // what is left of System V objects goes with the namespace
	case "mute":
		select {}
	case "garbage":
		unix.Recvfrom(actor.ControlFD, make([]byte, actor.MaxDatagram), 0)
		unix.Sendto(actor.ControlFD, []byte("{\"pid\": \"much\"}"), 0, nil)
		select {}
	case "sick":
		fmt.Fprintln(os.Stderr, "no such weather")
		os.Exit(3)
	}
	if err := actor.Serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// host is this computer as a stage: no domains, no audit trail.
type host struct {
	t        *testing.T
	manner   map[string]string // of actors by subject; empty: an ordinary one
	booleans map[string]bool

	mu      sync.Mutex
	cmds    []*exec.Cmd
	cleared bool
}

func newHost(t *testing.T) *host {
	h := &host{t: t, manner: map[string]string{}, booleans: map[string]bool{}}
	t.Cleanup(h.nothingLeft)
	return h
}

// nothingLeft is what every play must leave.
func (h *host) nothingLeft() {
	if len(h.cmds) > 0 && !h.cleared {
		h.t.Error("the stage was not cleared")
	}
	for _, cmd := range h.cmds {
		if cmd.ProcessState == nil {
			h.t.Errorf("process %d was not waited for", cmd.Process.Pid)
			cmd.Process.Kill()
		}
	}
}

func (h *host) Directory(api.Directory) error { return nil }
func (h *host) Pair() (ours, theirs int, err error) {
	both, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	return both[0], both[1], err
}
func (h *host) Command(a api.ActorSpec) (*exec.Cmd, error) {
	manner := h.manner[a.Name]
	if manner == "" {
		manner = "ordinary"
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), actorVariable+"="+manner, "GODEBUG=asyncpreemptoff=1")
	return cmd, nil
}
func (h *host) Start(cmd *exec.Cmd, _ api.ActorSpec) error {
	err := cmd.Start()
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.cmds = append(h.cmds, cmd)
	}
	return err
}
func (h *host) Family(_, _ api.ActorSpec, _ []*os.File, _ io.Writer) (*exec.Cmd, int, error) {
	return nil, 0, errors.New("no families here")
}
func (h *host) Bound(api.ActorSpec) error                          { return nil }
func (h *host) Counters(api.ActorSpec) map[string]int              { return nil }
func (h *host) Dress(api.ObjectSpec, *actor.Role) error            { return nil }
func (h *host) Inside(_ *api.ActorSpec, do func() error) error     { return do() }
func (h *host) Look(string) (api.Object, error)                    { return api.Object{}, nil }
func (h *host) Records(api.RecordsQuery) (api.RecordsReply, error) { return api.RecordsReply{}, nil }
func (h *host) Clear()                                             { h.cleared = true }
func (h *host) Probe(api.ActorSpec, api.Op, string) (api.ProbeResult, error) {
	return api.ProbeResult{}, errors.New("there is no probe here")
}
func (h *host) SetBooleans(values map[string]bool) (map[string]bool, error) {
	before := map[string]bool{}
	for name, value := range values {
		if _, ok := h.booleans[name]; !ok {
			return before, fmt.Errorf("no boolean %s", name)
		}
		before[name], h.booleans[name] = h.booleans[name], value
	}
	return before, nil
}

// everything is a play with an object of each kind of ours, between a and b.
func everything(t *testing.T) api.PlaySpec {
	dir := t.TempDir()
	spec := api.PlaySpec{
		Actors: []api.ActorSpec{{Name: "a"}, {Name: "b"}, {Name: "third"}},
		Objects: []api.ObjectSpec{
			{Name: "fifo", Kind: "fifo", Path: filepath.Join(dir, "fifo")},
			{Name: "file", Kind: "file", Path: filepath.Join(dir, "file")},
			{Name: "pipe", Kind: "pipe", Maker: "a"},
			{Name: "handed", Kind: "pipe", Maker: "third"},
			{Name: "passed", Kind: "descriptor", Of: "file"},
			{Name: "passedfifo", Kind: "descriptor", Of: "fifo"},
			{Name: "usr1", Kind: "signal", Signal: "USR1"},
			{Name: "kill", Kind: "signal", Signal: "KILL"},
			{Name: "stop", Kind: "signal", Signal: "STOP"},
		},
	}
	for _, o := range spec.Objects {
		spec.Tries = append(spec.Tries, flow("a", "b", o.Name), flow("b", "a", o.Name))
	}
	return spec
}

func flow(from, to, via string) api.Try {
	return api.Try{What: api.TryFlow, From: from, To: to, Via: via}
}

func TestEverythingComesThrough(t *testing.T) {
	spec := everything(t)
	spec.Tries = append(spec.Tries, api.Try{What: api.TryFlow, From: "a", To: "b", Via: "fifo", How: "append"},
		api.Try{What: api.TryFlow, From: "a", To: "b", Via: "file", How: "rdwr"})
	r, err := Play(context.Background(), newHost(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range r.Tried {
		if !one.Through || one.Trouble != "" {
			t.Errorf("%+v: %+v", spec.Tries[i], one)
		}
	}
	for _, o := range spec.Objects {
		if _, err := os.Lstat(o.Path); o.Path != "" && err == nil {
			t.Errorf("%s is left", o.Path)
		}
	}
}

// The steps of a flow, in order, each with its actor and its process.
func TestStepsAreReported(t *testing.T) {
	spec := everything(t)
	spec.Tries = spec.Tries[:1]
	r, err := Play(context.Background(), newHost(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, s := range r.Tried[0].Steps {
		if s.PID <= 0 || s.Errno != "" || s.Text == "" {
			t.Errorf("%+v", s)
		}
		said = append(said, s.Actor+" "+s.Call)
	}
	if got := strings.Join(said, ", "); got != "b open, a open, a write, b read" {
		t.Errorf("steps: %s", got)
	}
}

// What is refused is reported with its errno, and the other end is tried all the same.
func TestRefusalIsReported(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may do everything; a filter refuses in the next test")
	}
	spec := everything(t)
	spec.Objects[0].Path = "/proc/nothing"
	if r, err := Play(context.Background(), newHost(t), spec); err == nil && r.Tried[0].Trouble == "" {
		t.Errorf("%+v", r.Tried[0])
	}
}

func TestFilterRefuses(t *testing.T) {
	spec := everything(t)
	spec.Actors[0].Filter = &api.Filter{Deny: []string{"write", "recvmsg"}, Errno: "EPERM"}
	spec.Tries = []api.Try{flow("a", "b", "fifo"), flow("b", "a", "fifo"), flow("b", "a", "handed"), flow("b", "a", "fifo")}
	r, err := Play(context.Background(), newHost(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"write EPERM", "", "recvmsg EPERM", ""} {
		if got := refused(r.Tried[i]); got != want || r.Tried[i].Through != (want == "") || r.Tried[i].Trouble != "" {
			t.Errorf("try %d: %q, want %q: %+v", i, got, want, r.Tried[i])
		}
	}
}

// refused is the first call that was refused.
func refused(tried api.Tried) string {
	for _, s := range tried.Steps {
		if s.Errno != "" || s.Died != "" {
			return s.Call + " " + s.Errno + s.Died
		}
	}
	return ""
}

// A filter that kills: the actor is started anew for what comes next.
func TestFilterKills(t *testing.T) {
	spec := everything(t)
	spec.Actors[0].Filter = &api.Filter{Deny: []string{"write"}}
	spec.Tries = []api.Try{flow("a", "b", "fifo"), flow("b", "a", "fifo"), flow("a", "b", "file")}
	r, err := Play(context.Background(), newHost(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"send SIGSYS", "", "send SIGSYS"} {
		if got := refused(r.Tried[i]); got != want || r.Tried[i].Through != (want == "") {
			t.Errorf("try %d: %q, want %q: %+v", i, got, want, r.Tried[i])
		}
	}
	if a, b := r.Tried[0].Steps[1].PID, r.Tried[2].Steps[1].PID; a == b {
		t.Errorf("the actor was not started anew: %d", a)
	}
}

// A filter that allows next to nothing lets an actor take its orders.
func TestFilterAllowsOrders(t *testing.T) {
	spec := everything(t)
	allow := strings.Fields("read write close recvmsg sendmsg fcntl poll ppoll futex mmap munmap mprotect madvise brk rt_sigreturn" +
		" rt_sigaction rt_sigprocmask sigaltstack clone clone3 set_robust_list rseq sched_yield sched_getaffinity nanosleep" +
		" clock_nanosleep clock_gettime epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2 getpid gettid tgkill" +
		" restart_syscall exit exit_group openat")
	spec.Actors[0].Filter = &api.Filter{Allow: allow, Errno: "ENOSYS"}
	spec.Tries = []api.Try{flow("a", "b", "fifo"), flow("a", "b", "usr1")}
	r, err := Play(context.Background(), newHost(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Tried[0].Through || refused(r.Tried[1]) != "kill ENOSYS" {
		t.Errorf("%+v", r.Tried)
	}
}

func TestRevocation(t *testing.T) {
	h, spec := newHost(t), everything(t)
	h.booleans["open"] = true
	spec.Tries = []api.Try{{What: api.TryRevocation, From: "a", To: "b", Via: "fifo", Boolean: "open"},
		{What: api.TryRevocation, From: "a", To: "b", Via: "passed", Boolean: "open"},
		{What: api.TryRevocation, From: "a", To: "b", Via: "fifo", Boolean: "shut"}}
	r, err := Play(context.Background(), h, spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range r.Tried[:2] { // there is no policy here: what is open goes on
		if !one.Through || !one.After || one.Trouble != "" {
			t.Errorf("%+v", one)
		}
	}
	if !strings.Contains(r.Tried[2].Trouble, "no boolean shut") || !h.booleans["open"] {
		t.Errorf("%+v, booleans %v", r.Tried[2], h.booleans)
	}
}

// Actors that are none: each says who was waited for, and for what.
func TestBrokenActors(t *testing.T) {
	for manner, want := range map[string]string{
		"mute":    "the actor of b did not answer the order setup within",
		"garbage": "the answer of b",
		"sick":    "no such weather",
	} {
		t.Run(manner, func(t *testing.T) {
			h := newHost(t)
			h.manner["b"] = manner
			w := &whole{stage: h, spec: everything(t), players: map[string]*player{}, limit: 2 * time.Second}
			_, err := w.play(context.Background())
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
			if wait := (*WaitError)(nil); errors.As(err, &wait) && wait.Hint() == "" {
				t.Error("no hint")
			}
		})
	}
}

// An actor that somebody kills or stops between two steps costs one try.
func TestActorIsKilledHalfWay(t *testing.T) {
	for _, signal := range []unix.Signal{unix.SIGKILL, unix.SIGSTOP} {
		h := newHost(t)
		spec := everything(t)
		w := &whole{stage: &interferer{host: h, signal: signal}, spec: spec, players: map[string]*player{}, limit: time.Second}
		w.spec.Tries = []api.Try{flow("a", "b", "fifo"), flow("a", "b", "fifo"), flow("a", "b", "fifo")}
		r, err := w.play(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if r.Tried[0].Through {
			t.Errorf("%v: %+v", signal, r.Tried[0])
		}
		if last := r.Tried[2]; !last.Through || last.Trouble != "" {
			t.Errorf("%v: afterwards: %+v", signal, last)
		}
	}
}

// interferer signals the second actor when records are asked for the third time: in
// the middle of the first try.
type interferer struct {
	*host
	signal unix.Signal
	asked  int
}

func (i *interferer) Records(q api.RecordsQuery) (api.RecordsReply, error) {
	if i.asked++; i.asked == 3 {
		unix.Kill(i.cmds[1].Process.Pid, i.signal)
		unix.Kill(i.cmds[0].Process.Pid, i.signal)
	}
	return i.host.Records(q)
}

func TestPlayIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("nobody listens")
	cancel(why)
	if _, err := Play(ctx, newHost(t), everything(t)); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func TestTwoPlaysAtOnce(t *testing.T) {
	var both sync.WaitGroup
	for range 2 {
		h, spec := newHost(t), everything(t)
		both.Go(func() {
			r, err := Play(context.Background(), h, spec)
			if err != nil {
				t.Error(err)
				return
			}
			for i, one := range r.Tried {
				if !one.Through {
					t.Errorf("%+v: %+v", spec.Tries[i], one)
				}
			}
		})
	}
	both.Wait()
}

func TestSpecsThatMakeNoSense(t *testing.T) {
	for want, change := range map[string]func(*api.PlaySpec){
		"two actors":             func(s *api.PlaySpec) { s.Actors[1].Name = "a" },
		"without a name":         func(s *api.PlaySpec) { s.Actors[1].Name = "" },
		"no subject \"nobody\"":  func(s *api.PlaySpec) { s.Objects[0].Maker = "nobody" },
		"the mechanism \"wish\"": func(s *api.PlaySpec) { s.Objects[0].Kind = "wish" },
		"the object \"nothing\"": func(s *api.PlaySpec) { s.Tries[0].Via = "nothing" },
		"the subject \"x\"":      func(s *api.PlaySpec) { s.Tries[0].From = "x" },
		"a to itself":            func(s *api.PlaySpec) { s.Tries[0].To = "a" },
		"are the limits":         func(s *api.PlaySpec) { s.Tries = make([]api.Try, 1<<20) },
		"system call \"fly\"":    func(s *api.PlaySpec) { s.Actors[0].Filter = &api.Filter{Deny: []string{"fly"}, Errno: "EPERM"} },
		"no errno \"EWISH\"":     func(s *api.PlaySpec) { s.Actors[0].Filter = &api.Filter{Deny: []string{"kill"}, Errno: "EWISH"} },
		"no boolean wind":        func(s *api.PlaySpec) { s.Booleans = map[string]bool{"wind": true} },
	} {
		spec := everything(t)
		change(&spec)
		if _, err := Play(context.Background(), newHost(t), spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	spec := everything(t)
	spec.Tries[0].What = "dance"
	spec.Objects[2].Maker = ""
	r, err := Play(context.Background(), newHost(t), spec)
	if err != nil || !strings.Contains(r.Tried[0].Trouble, "dance") || !strings.Contains(r.Tried[4].Trouble, "must name its maker") {
		t.Errorf("%v: %+v", err, r.Tried)
	}
}
