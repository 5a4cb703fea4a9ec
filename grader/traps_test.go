package grader

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/guest/api"
)

// The tests here hold the engine against what testscript does by itself. Each
// trap is sprung first, in testscript as most people use it, and then offered
// to the engine.

// plainT is the testscript.T that most people write first: FailNow notes the
// failure and returns.
type plainT struct{ failed, passed bool }

func (t *plainT) Skip(...any)                        {}
func (t *plainT) Fatal(...any)                       { t.failed = true }
func (t *plainT) FailNow()                           { t.failed = true }
func (t *plainT) Parallel()                          {}
func (t *plainT) Verbose() bool                      { return true }
func (t *plainT) Run(_ string, f func(testscript.T)) { f(t) }
func (t *plainT) Log(args ...any) {
	t.passed = t.passed || strings.Contains(fmt.Sprint(args...), "PASS")
}

// plain runs a script with testscript alone.
func plain(t *testing.T, script string) *plainT {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.txtar")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &plainT{}
	testscript.RunT(p, testscript.Params{Files: []string{file}, WorkdirRoot: t.TempDir()})
	return p
}

func TestTrapScriptGoesOnAfterFailure(t *testing.T) {
	sign := filepath.Join(t.TempDir(), "sign")
	if p := plain(t, "exec false\nexec touch "+sign+"\n"); !p.failed || !p.passed || !exists(sign) {
		t.Errorf("testscript alone: failed %v, logged PASS %v, went on %v; the trap has gone", p.failed, p.passed, exists(sign))
	}
	g := newFake()
	g.programs["writer"], g.programs["reader"] = exits(1), exits(0)
	want(t, try(t, g, "build\nrun writer\nrun reader\n"), Fail, Student, "exit code 1")
	if g.count("Start reader") != 0 {
		t.Error("the script went on")
	}
}

func TestTrapFailureIsWanted(t *testing.T) {
	for _, script := range []string{"! exec no-such-program\n", "! exec sh -c 'kill -SEGV $$'\n"} {
		if p := plain(t, script); p.failed {
			t.Errorf("testscript alone refuses %q; the trap has gone", script)
		}
	}
	for _, x := range []api.Exit{
		{Cause: api.CauseExit, Code: 1}, // the only one that is a failure as wanted
		{Cause: api.CauseSignal, Signal: "SIGSEGV"},
		{Cause: api.CauseNotBegun, Detail: "no such file"},
		{Cause: api.CauseMemory},
		{Cause: api.CauseTimeout},
		{Cause: api.CauseFlood},
		{Cause: api.CausePids},
	} {
		g := newFake()
		g.programs["writer"] = ends(x)
		if res := try(t, g, "build\n! run writer\n"); (res.Verdict == Pass) != (x.Cause == api.CauseExit) {
			t.Errorf("%s: %s, %s", x.Cause, res.Verdict, res.Message)
		}
	}
}

func TestTrapFilesWithAbsoluteNames(t *testing.T) {
	target := filepath.Join(t.TempDir(), "written")
	script := "%s\n-- " + target + " --\nby a script\n"
	plain(t, fmt.Sprintf(script, "exec true"))
	if !exists(target) {
		t.Error("testscript alone did not write it; the trap has gone")
	}
	os.Remove(target)
	try(t, newFake(), fmt.Sprintf(script, "build"))
	if exists(target) {
		t.Error("a file that follows a script was written to its absolute name")
	}
}

func TestTrapConditionsAndBuiltins(t *testing.T) {
	for _, line := range []string{"[short] build", "[exec:sh] build", "cmp a b", "cp /etc/passwd here", "exec true", "kill -KILL x", "symlink a -> b"} {
		res := try(t, newFake(), "build\n"+line+"\n")
		if res.Verdict != Broken || res.Fault != Lab || res.Script == nil || res.Script.Line != 2 {
			t.Errorf("%q: %s/%s %q at %v", line, res.Verdict, res.Fault, res.Message, res.Script)
		}
	}
}

// Nothing of the host's environment is a variable of a script.
func TestTrapEnvironment(t *testing.T) {
	t.Setenv("GRADER_TOKEN", "secret")
	g := newFake()
	g.programs["writer"] = exits(0)
	res := try(t, g, "build\nrun writer $GRADER_TOKEN$HOME$PATH\n")
	for _, spec := range g.specs {
		if strings.Contains(strings.Join(spec.Argv, " "), "secret") || len(spec.Env) > 1 {
			t.Errorf("argv %q, env %q", spec.Argv, spec.Env)
		}
	}
	if res.Verdict == Pass {
		t.Error("variables that do not exist were taken for empty ones")
	}
}

// Engines that share a folder for their scripts do not meet there.
func TestTrapSharedFolder(t *testing.T) {
	temp := t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			g := newFake()
			g.programs["writer"] = prints("hello", "", 0)
			e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: 5 * time.Second, Temp: temp}
			lab := testLab(t, "10s", [2]string{"one", "build\nrun writer\nstdout hello\n"})
			want(t, tryWith(t, e, RunRequest{Lab: lab, Workspace: workspace()}), Pass, NoFault, "")
		})
	}
	group.Wait()
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
