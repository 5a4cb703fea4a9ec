package grader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/labs"
)

// fakeGuest answers from tables, and notes what it was asked.
type fakeGuest struct {
	mu       sync.Mutex
	calls    []string
	specs    []api.RunSpec
	programs map[string]program         // by the last element of Argv[0]
	probes   map[string]api.ProbeResult // by "USER OP"
	more     []bool                     // of each probe, whether another was announced
	objects  map[string][]api.Object    // by path; the last one stays
	errs     map[string]error           // by method
	hooks    map[string]func()          // by method
	running  int
}

// program is what a run does until it ends.
type program func(r *fakeRun) api.Exit

type fakeRun struct {
	spec           api.RunSpec
	stdin          string
	stdout, stderr io.Writer
	stopped        chan struct{}
	signals        chan string
	result         chan api.Exit
	err            error
	guest          *fakeGuest
	once           sync.Once
}

func newFake() *fakeGuest {
	return &fakeGuest{programs: map[string]program{"build": exits(0)}, probes: map[string]api.ProbeResult{},
		objects: map[string][]api.Object{}, errs: map[string]error{}, hooks: map[string]func(){}}
}

func (g *fakeGuest) note(method, detail string) error {
	g.mu.Lock()
	g.calls = append(g.calls, strings.TrimSpace(method+" "+detail))
	err, hook := g.errs[method], g.hooks[method]
	g.mu.Unlock()
	if hook != nil {
		hook()
	}
	return err
}

// count is how often a call was made.
func (g *fakeGuest) count(call string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, c := range g.calls {
		if strings.HasPrefix(c, call) {
			n++
		}
	}
	return n
}

func (g *fakeGuest) Start(_ context.Context, spec api.RunSpec, stdin io.Reader, stdout, stderr io.Writer) (Process, error) {
	name := path.Base(spec.Argv[0])
	if err := g.note("Start", name); err != nil {
		return nil, err
	}
	r := &fakeRun{spec: spec, stdout: stdout, stderr: stderr, stopped: make(chan struct{}),
		signals: make(chan string, 8), result: make(chan api.Exit, 1), guest: g}
	if stdin != nil {
		data, _ := io.ReadAll(stdin)
		r.stdin = string(data)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.programs[name]
	if p == nil {
		return nil, fmt.Errorf("the test has no program %q", name)
	}
	g.specs = append(g.specs, spec)
	g.running++
	go func() { r.result <- p(r) }()
	return r, nil
}

func (r *fakeRun) Wait() (api.Exit, error) {
	x := <-r.result
	r.guest.mu.Lock()
	r.guest.running--
	r.guest.mu.Unlock()
	return x, r.err
}

func (r *fakeRun) Signal(_ context.Context, name string) error {
	r.signals <- name
	return r.guest.note("Signal", name)
}

func (r *fakeRun) Stop(context.Context) error {
	r.once.Do(func() { close(r.stopped) })
	return r.guest.note("Stop", "")
}

func (g *fakeGuest) Probe(_ context.Context, spec api.ProbeSpec) (api.ProbeResult, error) {
	err := g.note("Probe", fmt.Sprintf("%s %s", spec.Subject.User, spec.Op))
	g.more = append(g.more, spec.More)
	res := g.probes[fmt.Sprintf("%s %s", spec.Subject.User, spec.Op)]
	if res.PID == 0 {
		res.PID = 7
	}
	if res.Context == "" {
		res.Context = "system_u:system_r:" + spec.Subject.Domain + ":s0"
	}
	if res.Object.Kind == "" {
		res.Object = channel()
	}
	return res, err
}

func (g *fakeGuest) Stat(_ context.Context, p string) (api.Object, error) {
	if err := g.note("Stat", p); err != nil {
		return api.Object{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.objects[p]
	if len(list) == 0 {
		return api.Object{Path: p, Kind: "absent"}, nil
	}
	if len(list) > 1 {
		g.objects[p] = list[1:]
	}
	return list[0], nil
}

func (g *fakeGuest) Install(_ context.Context, tree api.Tree) error {
	return g.note("Install", tree.Dir)
}
func (g *fakeGuest) Publish(_ context.Context, o []string) error {
	return g.note("Publish", strings.Join(o, " "))
}
func (g *fakeGuest) Reset(context.Context, api.Stage) error { return g.note("Reset", "") }
func (g *fakeGuest) Records(context.Context, api.RecordsQuery) (api.RecordsReply, error) {
	return api.RecordsReply{}, g.note("Records", "")
}
func (g *fakeGuest) LoadPolicy(_ context.Context, p []byte) error {
	return g.note("LoadPolicy", string(p))
}

// fakeBuilder compiles nothing. err is what comes of the student's modules, and
// alone what comes of the lab's without them.
type fakeBuilder struct{ err, alone error }

func (b fakeBuilder) Build(_ context.Context, lab, student []policy.Module) ([]byte, error) {
	if len(student) == 0 {
		return []byte("given"), b.alone
	}
	return []byte("all"), b.err
}

// Programs for the table.

func exits(code int) program {
	return func(*fakeRun) api.Exit { return api.Exit{PID: 5, Cause: api.CauseExit, Code: code} }
}

func ends(x api.Exit) program {
	if x.Cause != api.CauseExit {
		x.Code = -1
	}
	return func(*fakeRun) api.Exit { return x }
}

func prints(stdout, stderr string, code int) program {
	return func(r *fakeRun) api.Exit {
		io.WriteString(r.stdout, stdout)
		io.WriteString(r.stderr, stderr)
		return exits(code)(r)
	}
}

// lives prints something and then runs until it is stopped.
func lives(stdout, stderr string) program {
	return func(r *fakeRun) api.Exit {
		io.WriteString(r.stdout, stdout)
		io.WriteString(r.stderr, stderr)
		<-r.stopped
		return api.Exit{Cause: api.CauseKilled, Code: -1}
	}
}

// polite ends when it is asked to.
func polite(r *fakeRun) api.Exit {
	select {
	case <-r.signals:
		return exits(0)(r)
	case <-r.stopped:
		return api.Exit{Cause: api.CauseKilled, Code: -1}
	}
}

// never cannot be ended by anything.
func never(*fakeRun) api.Exit { select {} }

func channel() api.Object {
	return api.Object{Path: "/run/c", Kind: "fifo", Mode: "0640", Owner: "alice", Group: "channel",
		Context: "system_u:object_r:c_t:s0", Inode: 11, Device: 1}
}

const (
	given   = "(type c_t)\n"
	student = "(allow w_t c_t (fifo_file (open write)))\n"
)

// testLab is a lab with one step whose checks are made of "ID [NEED…]" and the
// script.
func testLab(t *testing.T, timeout string, checks ...[2]string) *labs.Lab {
	t.Helper()
	tree := fstest.MapFS{"policy/given.cil": {Data: []byte(given)}}
	manifest := fmt.Sprintf(labHead, 1)
	for i, c := range checks {
		ids := strings.Fields(c[0])
		points := 10
		if i == 0 {
			points = 100 - 10*(len(checks)-1)
		}
		manifest += fmt.Sprintf(labCheck, ids[0], points, ids[0], timeout)
		if len(ids) > 1 {
			manifest += fmt.Sprintf("        needs: [%s]\n", strings.Join(ids[1:], ", "))
		}
		tree["checks/"+ids[0]+".txtar"] = &fstest.MapFile{Data: []byte(c[1])}
	}
	tree["lab.yaml"] = &fstest.MapFile{Data: []byte(manifest)}
	lab, err := labs.Load(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

const labHead = `name: pipe
title: A pipe
order: %d
minutes: 30
summary: one line
objectives:
  - know pipes
subjects:
  alice: {user: alice}
  bob: {user: bob}
  writer: {user: alice, domain: w_t}
  reader: {user: bob, domain: r_t}
objects:
  channel: {kind: fifo, path: /run/c, type: c_t}
directories:
  - {path: /run/ipclab/pipe, owner: alice, group: channel, mode: "2750", type: d_t}
build: {command: [make, -s], outputs: [writer, reader], timeout: 90s}
policy:
  given: [policy/given.cil]
  student: [policy/own.cil]
  review:
    subjects: [w_t, r_t]
    objects: [c_t]
steps:
  - title: First
    about: It builds.
    checks:
`

const labCheck = `      - id: %s
        title: it works
        expect: It has to work.
        points: %d
        inputs: ["%s.c"]
        timeout: %s
        hints: [look, read, type]
`

func workspace() []api.File {
	return []api.File{{Path: "writer.c", Data: []byte("int main;")}, {Path: "policy/own.cil", Data: []byte(student)}}
}

// try runs one script and gives its result.
func try(t *testing.T, g Guest, script string) Result {
	t.Helper()
	return tryFor(t, g, "10s", script)
}

func tryFor(t *testing.T, g Guest, timeout, script string) Result {
	t.Helper()
	e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: time.Second}
	return tryWith(t, e, RunRequest{Lab: testLab(t, timeout, [2]string{"one", script}), Workspace: workspace()})
}

func tryWith(t *testing.T, e *Engine, req RunRequest) Result {
	t.Helper()
	report, err := e.Run(t.Context(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report.Results[0]
}

// want checks a result's verdict, fault, and that its message says something.
func want(t *testing.T, res Result, v Verdict, f Fault, says string) {
	t.Helper()
	if res.Verdict != v || res.Fault != f || !strings.Contains(res.Message, says) {
		t.Errorf("got %s/%s %q\nwant %s/%s …%s…", res.Verdict, res.Fault, res.Message, v, f, says)
	}
	if (res.Verdict == Pass) != (res.Points == res.MaxPoints) {
		t.Errorf("a %s earned %d of %d", res.Verdict, res.Points, res.MaxPoints)
	}
}

// kinds are the kinds of a result's evidence.
func kinds(res Result) []EvidenceKind {
	var all []EvidenceKind
	for _, e := range res.Evidence {
		all = append(all, e.Kind)
	}
	return all
}

func hasEvidence(res Result, kind EvidenceKind, says string) bool {
	return slices.ContainsFunc(res.Evidence, func(e Evidence) bool { return e.Kind == kind && strings.Contains(e.Text, says) })
}

var errLost = fmt.Errorf("read: %w", errors.Join(ErrGuestGone))
