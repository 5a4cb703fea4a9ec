package grader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/labs"
)

func deleteScript(lab *labs.Lab) error {
	tree, ok := lab.FS().(fstest.MapFS)
	if !ok {
		return fmt.Errorf("the lab is in a %T", lab.FS())
	}
	delete(tree, "checks/one.txtar")
	return nil
}

func judgeScriptOf(t *testing.T, s *script) error {
	return judgeScript(testLab(t, "10s", [2]string{"one", "build\n"}), s)
}

// builtins are the commands of testscript 1.16 (scriptCmds in its cmd.go, which
// is not exported).
func builtins() []string {
	return strings.Fields(`cd chmod cmp cmpenv cp env exec exists grep kill mkdir mv rm skip stderr stdin
stdout stop symlink ttyin ttyout unix2dos unquote wait`)
}

// chain is a lab whose checks need each other: b needs a, c needs b, d nothing.
func chain(t *testing.T) *labs.Lab {
	return testLab(t, "10s", [2]string{"a", "build\n"}, [2]string{"b a", "build\nrun writer\n"},
		[2]string{"c b", "build\n"}, [2]string{"d", "build\n"})
}

func runChain(t *testing.T, g Guest, req RunRequest, observer func(Event)) *Report {
	t.Helper()
	req.Lab, req.Workspace = chain(t), workspace()
	e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: time.Second}
	report, err := e.Run(t.Context(), req, observer)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func verdicts(r *Report) string {
	var all []string
	for _, res := range r.Results {
		all = append(all, res.Check+":"+string(res.Verdict))
	}
	return strings.Join(all, " ")
}

func TestPrerequisites(t *testing.T) {
	g := newFake()
	g.programs["writer"] = exits(1)
	var events []string
	report := runChain(t, g, RunRequest{}, func(e Event) {
		switch e := e.(type) {
		case CheckStarted:
			events = append(events, fmt.Sprintf("start %s %d/%d", e.Check.ID, e.Index, e.Count))
		case CheckFinished:
			events = append(events, fmt.Sprintf("end %s %s", e.Check.ID, e.Result.Verdict))
		}
	})
	if got := verdicts(report); got != "a:pass b:fail c:skipped d:pass" {
		t.Errorf("verdicts: %s", got)
	}
	if want := []string{"start a 0/4", "end a pass", "start b 1/4", "end b fail", "end c skipped", "start d 3/4", "end d pass"}; !slices.Equal(events, want) {
		t.Errorf("events: %q", events)
	}
	if c := report.Results[2]; !slices.Equal(c.Unmet, []string{"b"}) || c.Points != 0 || c.Fault != NoFault {
		t.Errorf("skipped: %+v", c)
	}
	if report.Points != 80 || report.MaxPoints != 100 || report.Passed != 2 || report.Failed != 1 || report.Skipped != 1 || !report.Complete || report.Done() {
		t.Errorf("report: %+v", report)
	}
	if n := g.count("Start build"); n != 1 {
		t.Errorf("built %d times", n)
	}
	if n := g.count("Reset"); n != 3 {
		t.Errorf("reset %d times", n)
	}
}

func TestOnlyAndIndependent(t *testing.T) {
	g := newFake()
	g.programs["writer"] = exits(1)
	report := runChain(t, g, RunRequest{Only: []string{"c"}}, nil)
	if got := verdicts(report); got != "a:pass b:fail c:skipped" || report.Complete {
		t.Errorf("only c: %s", got)
	}
	report = runChain(t, g, RunRequest{Only: []string{"c"}, Independent: true}, nil)
	if got := verdicts(report); got != "c:pass" {
		t.Errorf("only c, independent: %s", got)
	}
	report = runChain(t, g, RunRequest{Independent: true}, nil)
	if got := verdicts(report); got != "a:pass b:fail c:pass d:pass" {
		t.Errorf("independent: %s", got)
	}
	_, err := (&Engine{Guest: g}).Run(t.Context(), RunRequest{Lab: chain(t), Only: []string{"dd"}}, nil)
	if unknown, ok := errors.AsType[*UnknownCheckError](err); !ok || unknown.Check != "dd" || unknown.Near == "" {
		t.Errorf("unknown check: %v", err)
	}
}

func TestRemembered(t *testing.T) {
	g := newFake()
	g.programs["writer"] = exits(0)
	remembered := func(c *labs.Check) (Result, bool) {
		switch c.ID {
		case "a":
			return Result{Check: "a", Verdict: Pass, Evidence: []Evidence{{Kind: KindExit, Text: "old"}}}, true
		case "d": // not a pass: not believed
			return Result{Check: "d", Verdict: Fail}, true
		}
		return Result{}, false
	}
	report := runChain(t, g, RunRequest{Remembered: remembered}, nil)
	a, d := report.Results[0], report.Results[3]
	if !a.Unchanged || a.Points != 70 || !hasEvidence(a, KindExit, "old") || d.Unchanged || d.Verdict != Pass {
		t.Errorf("a %+v\nd %+v", a, d)
	}
	if n := g.count("Reset"); n != 3 {
		t.Errorf("%d scripts were run", n)
	}
}

// When the guest is gone, the other checks are not tried.
func TestGuestGone(t *testing.T) {
	g := newFake()
	g.errs["Reset"] = errLost
	report := runChain(t, g, RunRequest{Independent: true}, nil)
	if report.Errors != 4 || g.count("Reset") != 1 || report.Results[3].Fault != Machine {
		t.Errorf("%s, %d resets", verdicts(report), g.count("Reset"))
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g := newFake()
	g.programs["writer"] = func(r *fakeRun) api.Exit { cancel(); return lives("", "")(r) }
	report, err := (&Engine{Guest: g, Policy: fakeBuilder{}, Grace: time.Second}).Run(ctx, RunRequest{Lab: chain(t), Workspace: workspace()}, nil)
	if !errors.Is(err, context.Canceled) || verdicts(report) != "a:pass b:error" {
		t.Errorf("%v: %s", err, verdicts(report))
	}
	want(t, report.Results[1], Broken, Machine, "the run was broken off")
}

func TestPanicOfTheEngine(t *testing.T) {
	g := newFake()
	g.hooks["Stat"] = func() { panic("boom") }
	want(t, try(t, g, "object $CHANNEL kind=fifo\n"), Broken, Machine, "boom")
}

func TestBuild(t *testing.T) {
	tests := []struct {
		name    string
		build   program
		publish error
		verdict Verdict
		fault   Fault
		says    string
	}{
		{"compiles", exits(0), nil, Pass, NoFault, ""},
		{"does not compile", prints("", "writer.c:1: error: \x1b[31mbad\n", 2), nil, Fail, Student, `the workspace does not compile: "make -s" ended with exit code 2`},
		{"compiler bomb", ends(api.Exit{Cause: api.CauseMemory}), nil, Fail, Student, "the build (make -s) used more memory"},
		{"endless", ends(api.Exit{Cause: api.CauseTimeout, Wall: 90 * time.Second}), nil, Fail, Student, "the build (make -s) hung: it was still running after 90 s"},
		{"link as output", exits(0), &OutputError{"writer", "is a symbolic link"}, Fail, Student, "the build ended well, but writer is a symbolic link"},
		{"wrapped", exits(0), fmt.Errorf("call: %w", &OutputError{"reader", "is missing"}), Fail, Student, "reader is missing"},
		{"cannot publish", exits(0), errors.New("disk full"), Broken, Machine, "disk full"},
		{"cannot begin", ends(api.Exit{Cause: api.CauseKilled}), nil, Broken, Machine, "killed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.programs["build"], g.errs["Publish"] = test.build, test.publish
			res := try(t, g, "build\n")
			want(t, res, test.verdict, test.fault, test.says)
			if res.Slow != (test.name == "endless") {
				t.Errorf("slow: %v", res.Slow)
			}
			if test.name == "does not compile" && !hasEvidence(res, KindCompiler, `writer.c:1: error: \x1b[31mbad`) {
				t.Errorf("evidence: %+v", res.Evidence)
			}
		})
	}
}

func TestPolicy(t *testing.T) {
	at := policy.Pos{File: "policy/own.cil", Line: 3, Col: 7}
	theirs := policy.Pos{File: "lab pipe: policy/given.cil", Line: 1, Col: 1}
	tests := []struct {
		name    string
		err     error
		verdict Verdict
		fault   Fault
		says    string
	}{
		{"loads", nil, Pass, NoFault, ""},
		{"syntax", &policy.SyntaxError{Pos: at, Msg: "no", Hint: "do"}, Fail, Student, "does not compile: policy/own.cil:3:7: no"},
		{"neverallow", fmt.Errorf("x: %w", &policy.CompileError{Pos: at, Msg: "never"}), Fail, Student, "policy/own.cil:3:7: never"},
		{"only together", &policy.CompileError{Pos: theirs, Msg: "no"}, Fail, Student, "not together with the student's: lab pipe: policy/given.cil:1:1"},
		{"the lab's module", &policy.CompileError{Pos: theirs, Msg: "no"}, Broken, Lab, "the lab's own policy does not compile: lab pipe: policy/given.cil:1:1"},
		{"the base", &policy.FlatError{Msg: "no"}, Broken, Machine, "compiling the policy"},
		{"the compiler", errors.New("no secilc"), Broken, Machine, "no secilc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			builder := fakeBuilder{err: test.err}
			if test.fault == Lab {
				builder.alone = test.err
			}
			e := &Engine{Guest: newFake(), Policy: builder}
			lab := testLab(t, "10s", [2]string{"one", "policy\n"})
			res := tryWith(t, e, RunRequest{Lab: lab, Workspace: workspace()})
			want(t, res, test.verdict, test.fault, test.says)
			if test.name == "syntax" && !reflect.DeepEqual(res.Evidence[0].Finding, &Finding{"policy/own.cil", 3, 7, "no", "do"}) {
				t.Errorf("finding: %+v", res.Evidence[0].Finding)
			}
		})
	}
	res := tryWith(t, &Engine{Guest: newFake(), Policy: fakeBuilder{}}, RunRequest{Lab: testLab(t, "10s", [2]string{"one", "policy\n"})})
	want(t, res, Fail, Student, "the workspace has no file policy/own.cil")
}

// Scripts without the command policy run under the lab's policy alone, and
// nothing is loaded twice in a row.
func TestWhichPolicyIsLoaded(t *testing.T) {
	g := newFake()
	lab := testLab(t, "10s", [2]string{"a", "build\n"}, [2]string{"b", "build\n"}, [2]string{"c", "policy\n"}, [2]string{"d", "policy\n"}, [2]string{"e", "build\n"})
	report, err := (&Engine{Guest: g, Policy: fakeBuilder{}}).Run(t.Context(), RunRequest{Lab: lab, Workspace: workspace()}, nil)
	if err != nil || !report.Done() {
		t.Fatalf("%v %s", err, verdicts(report))
	}
	if n := g.count("LoadPolicy"); n != 3 {
		t.Errorf("loaded %d times: %v", n, g.calls)
	}
}

func TestReview(t *testing.T) {
	lab := testLab(t, "10s", [2]string{"one", "review\n"})
	e := &Engine{Guest: newFake(), Policy: fakeBuilder{}}
	want(t, tryWith(t, e, RunRequest{Lab: lab, Workspace: workspace()}), Pass, NoFault, "")
	bad := []api.File{{Path: "policy/own.cil", Data: []byte("(typepermissive w_t)\n(allow w_t shadow_t (file (read)))\n")}}
	res := tryWith(t, e, RunRequest{Lab: lab, Workspace: bad})
	want(t, res, Fail, Student, "the policy says what it may not: policy/own.cil:1:")
	if len(res.Evidence) < 2 || res.Evidence[1].Finding.Line != 2 {
		t.Errorf("evidence: %+v", res.Evidence)
	}
}

func TestMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.json")
	lab, ws := chain(t), workspace()
	g := newFake()
	g.programs["writer"] = exits(1)
	report := runChain(t, g, RunRequest{}, nil)
	m := OpenMemory(file)
	m.Learn(report, lab, "image", ws)
	if err := m.Save(); err != nil {
		t.Fatal(err)
	}
	m = OpenMemory(file)
	recall := func(image string, ws []api.File, id string) bool {
		_, ok := m.Remembered(lab, image, ws)(lab.Check(id))
		return ok
	}
	if !recall("image", ws, "a") || !recall("image", ws, "d") || recall("image", ws, "b") || recall("image", ws, "c") {
		t.Error("not exactly the passes are remembered")
	}
	if recall("other", ws, "a") {
		t.Error("remembered for another image")
	}
	if !recall("image", append(ws, api.File{Path: "x.c"}), "a") || recall("image", append(ws, api.File{Path: "a.c"}), "a") {
		t.Error("the inputs do not decide")
	}
	res, _ := m.Remembered(lab, "image", ws)(lab.Check("a"))
	if !reflect.DeepEqual(res, report.Results[0]) {
		t.Errorf("remembered %+v\nwas %+v", res, report.Results[0])
	}
	m.Forget(lab)
	if recall("image", ws, "a") {
		t.Error("not forgotten")
	}
}

func TestKeyDependsOnNeeds(t *testing.T) {
	lab := chain(t)
	key := func(id string, names ...string) string {
		var ws []api.File
		for _, n := range names {
			ws = append(ws, api.File{Path: n})
		}
		return Key(lab, "image", lab.Check(id), ws)
	}
	if key("c", "c.c") == key("c", "c.c", "a.c") {
		t.Error("an input of what is needed does not count")
	}
	if key("c", "c.c") != key("c", "c.c", "d.c") || key("c", "a.c", "c.c") != key("c", "c.c", "a.c") {
		t.Error("something else counts")
	}
}

func TestDamagedMemory(t *testing.T) {
	for _, text := range []string{"", "{", "null", `{"version":"0","passes":{}}`, `{"version":"` + Version + `"}`} {
		file := filepath.Join(t.TempDir(), "memory.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m := OpenMemory(file)
		m.Learn(&Report{Results: []Result{{Check: "a", Verdict: Pass}}}, chain(t), "", nil)
		if err := m.Save(); err != nil || len(OpenMemory(file).passes) != 1 {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := OpenMemory(filepath.Join("/dev/null", "x")).Save(); err == nil {
		t.Error("saved into what is no folder")
	}
}

// The keys of the JSON form are a promise.
func TestReportJSON(t *testing.T) {
	g := newFake()
	g.probes["bob write"] = answers("EACCES", avc(7, "write", "r_t", "c_t", "fifo_file", 0))
	res := try(t, g, control+"denied reader : write $CHANNEL by selinux fifo_file write\n")
	text, err := json.Marshal(Report{Lab: "pipe", Results: []Result{res}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"lab", "title", "results", "points", "max_points", "passed", "failed", "skipped", "errors", "complete", "duration_ns",
		"check", "verdict", "expected", "evidence", "unchanged", "kind", "text", "avc", "denied", "permissive", "permissions", "class", "source", "target",
		"pid", "raw", "probe", "subject", "user", "context", "op", "path", "errno", "object", "mode", "owner", "group", "type", "inode", "links", "size"} {
		if !strings.Contains(string(text), `"`+key+`":`) {
			t.Errorf("no key %q", key)
		}
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back.Results[0], res) {
		t.Errorf("%v: %+v", err, back)
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{5 * time.Second: "5 s", 250 * time.Millisecond: "0.25 s", 90 * time.Second: "90 s", 1500 * time.Millisecond: "1.5 s", 0: "0 s"} {
		if got := seconds(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
