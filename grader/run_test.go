package grader

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ipclab/internal/guest/api"
)

func TestRunCommands(t *testing.T) {
	tests := []struct {
		name    string
		script  string // after "build"
		writer  program
		verdict Verdict
		fault   Fault
		says    string
	}{
		{"ends well", "run writer", exits(0), Pass, NoFault, ""},
		{"fails", "run writer", exits(3), Fail, Student, "writer ended with exit code 3, and had to end with 0"},
		{"has to fail", "! run writer\nexited 3", exits(3), Pass, NoFault, ""},
		{"fails with another code", "! run writer\nexited 4", exits(3), Fail, Student, "exit code 3, and had to end with 4"},
		{"does not fail", "! run writer", exits(0), Fail, Student, "had to fail"},
		{"exited 0", "run writer\nexited 0", exits(0), Pass, NoFault, ""},
		{"crash", "run writer", ends(api.Exit{Cause: api.CauseSignal, Signal: "SIGSEGV"}), Fail, Student, "crashed: SIGSEGV"},
		{"crash is no failure", "! run writer", ends(api.Exit{Cause: api.CauseSignal, Signal: "SIGSEGV"}), Fail, Student, "crashed"},
		{"unknown signal", "run writer", ends(api.Exit{Cause: api.CauseSignal, Signal: "SIGRT\x1b3"}), Fail, Student, `SIGRT\x1b3 ended it`},
		{"timeout", "! run writer", ends(api.Exit{Cause: api.CauseTimeout, Wall: 5 * time.Second, Detail: "in pipe_read"}), Fail, Student, "hung: it was still running after 5 s and was stopped (in pipe_read)"},
		{"flood", "! run writer", ends(api.Exit{Cause: api.CauseFlood}), Fail, Student, "flooded its output: it printed more than 1 MiB"},
		{"memory", "! run writer", ends(api.Exit{Cause: api.CauseMemory}), Fail, Student, "more memory"},
		{"forks", "! run writer", ends(api.Exit{Cause: api.CausePids}), Fail, Student, "more processes"},
		{"not begun", "! run writer", ends(api.Exit{Cause: api.CauseNotBegun, Detail: "exec format error"}), Fail, Student, "could not be started (exec format error)"},
		{"killed by nobody", "run writer", ends(api.Exit{Cause: api.CauseKilled}), Broken, Machine, "no reason of ours"},
		{"stdout", "run writer\nstdout '^hello$'\n! stdout bye\nstdout -count=2 hell", prints("hello\nhell\n", "", 0), Pass, NoFault, ""},
		{"stdout is not so", "run writer\nstdout '^hello$'", prints("help\n", "", 0), Fail, Student, `stdout of writer has nothing that matches "^hello$"`},
		{"stdout is empty", "run writer\nstdout .", exits(0), Fail, Student, "it is empty"},
		{"stdout too often", "run writer\nstdout -count=1 l", prints("ll", "", 0), Fail, Student, "2 times, and must do so 1 time"},
		{"stdout must not", "run writer\n! stdout h.l", prints("a hello", "", 0), Fail, Student, `has "hel", which must not match`},
		{"stderr", "run writer\nstderr oops\n! stdout .", prints("", "oops", 0), Pass, NoFault, ""},
		{"stderr is not so", "run writer\nstderr oops", prints("oops", "", 0), Fail, Student, "stderr of writer"},
		{"grep", "grep main writer.c\n! grep malloc writer.c", exits(0), Pass, NoFault, ""},
		{"grep finds nothing", "grep malloc writer.c", exits(0), Fail, Student, "writer.c has nothing"},
		{"grep in no file", "grep main reader.c", exits(0), Fail, Student, "no file reader.c"},
		{"variables", "env X=lo\nrun writer\nstdout hel$X", prints("hello", "", 0), Pass, NoFault, ""},
		{"spawn and wait", "spawn w writer\nwaitfor w\nstdout x\nexited 0", prints("x", "", 0), Pass, NoFault, ""},
		{"wait for a failure", "spawn w writer\nwaitfor w", exits(1), Fail, Student, "exit code 1"},
		{"wait for the failure", "spawn w writer\n! waitfor w\nexited 1", exits(1), Pass, NoFault, ""},
		{"await text", "spawn w writer\nawait w ready\nstop w\nstdout ready", lives("I am ready", ""), Pass, NoFault, ""},
		{"await text that never comes", "spawn w writer\nawait w ready", exits(0), Fail, Student, `ended without having printed "ready"`},
		{"await text of a crash", "spawn w writer\nawait w ready", ends(api.Exit{Cause: api.CauseSignal, Signal: "SIGPIPE"}), Fail, Student, "SIGPIPE ended it: it wrote to a channel that nobody reads"},
		{"stop asks first", "spawn w writer\nstop w\nexited 0", polite, Pass, NoFault, ""},
		{"stop kills", "spawn w writer\nstop w", lives("", ""), Pass, NoFault, ""},
		{"killed by stop", "spawn w writer\nstop w\nexited 0", lives("", ""), Fail, Student, "did not end when it was asked to, and was killed"},
		{"left running", "spawn w writer", lives("", ""), Pass, NoFault, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.programs["writer"] = test.writer
			res := try(t, g, "build\n"+test.script+"\n")
			want(t, res, test.verdict, test.fault, test.says)
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.running != 0 {
				t.Errorf("%d programs were left running", g.running)
			}
		})
	}
}

func TestRunSpec(t *testing.T) {
	g := newFake()
	var stdin string
	g.programs["writer"] = func(r *fakeRun) api.Exit { stdin = r.stdin; return exits(0)(r) }
	g.programs["write"] = exits(0)
	res := try(t, g, "build\nrun -as writer -umask 077 -stdin in.txt -timeout 2s writer -x $CHANNEL\nrun -as alice @write $CHANNEL 'a b'\nrun writer\n-- in.txt --\nhello\n")
	want(t, res, Pass, NoFault, "")
	build, first, actor, plain := g.specs[0], g.specs[1], g.specs[2], g.specs[3]
	if got := strings.Join(build.Argv, " "); got != "/usr/lib/ipclab/build make -s" || build.Env[0] != "OUTPUTS=writer reader" || build.Limits.Wall != 90*time.Second {
		t.Errorf("build: %+v", build)
	}
	if got := strings.Join(first.Argv, " "); got != "/lab/bin/writer -x /run/c" {
		t.Errorf("argv: %s", got)
	}
	if first.Subject != (api.Subject{User: "alice", Domain: "w_t"}) || *first.Umask != 0o77 || first.Limits.Wall != 2*time.Second || first.Limits.Output != maxOutput {
		t.Errorf("spec: %+v", first)
	}
	if plain.Subject != (api.Subject{User: "student", Domain: "ipclab_student_t"}) || plain.Umask != nil {
		t.Errorf("default subject: %+v", plain.Subject)
	}
	if !actor.Actor || strings.Join(actor.Argv, "|") != "write|/run/c|a b" {
		t.Errorf("actor: %+v", actor)
	}
	if first.ID == plain.ID || stdin != "" && g.specs[1].ID == "" {
		t.Errorf("ids: %q %q", first.ID, plain.ID)
	}
}

func TestStdinIsGiven(t *testing.T) {
	g := newFake()
	g.programs["writer"] = func(r *fakeRun) api.Exit { return prints(r.stdin, "", 0)(r) }
	want(t, try(t, g, "build\nrun -stdin in.txt writer\nstdout '^hello$'\n-- in.txt --\nhello\n"), Pass, NoFault, "")
}

func TestActors(t *testing.T) {
	tests := []struct {
		name, script string
		actor        program
		verdict      Verdict
		fault        Fault
		says         string
	}{
		{"ready is taken away", "spawn a @hold r $CHANNEL\nstop a\n! stderr .", lives("", "ready\n"), Pass, NoFault, ""},
		{"the rest of stderr stays", "spawn a @hold r $CHANNEL\nstop a\nstderr '^then$'", lives("", "ready\nthen\n"), Pass, NoFault, ""},
		{"refused", "spawn a @hold r $CHANNEL", prints("", "open: EACCES\n", 1), Fail, Student, "@hold ended with exit code 1"},
		{"never ready", "spawn a @hold r $CHANNEL", exits(0), Broken, Machine, "without having been ready"},
		{"not begun", "spawn a @hold r $CHANNEL", ends(api.Exit{Cause: api.CauseNotBegun, Detail: "no such actor"}), Broken, Machine, "no such actor"},
		{"others are not waited for", "run @hold r $CHANNEL", exits(0), Pass, NoFault, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.programs["hold"] = test.actor
			want(t, try(t, g, test.script), test.verdict, test.fault, test.says)
		})
	}
}

func TestHangs(t *testing.T) {
	for name, script := range map[string]string{
		"run":     "build\nrun writer\n",
		"waitfor": "build\nspawn w writer\nwaitfor w\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.programs["writer"] = lives("", "waiting")
			res := tryFor(t, g, "50ms", script)
			want(t, res, Fail, Student, "writer hung: it was still running when the check's 0.05 s were over")
			if !res.Slow {
				t.Error("it does not say that time was what it lacked")
			}
			if !hasEvidence(res, KindOutput, "waiting") {
				t.Errorf("evidence: %+v", res.Evidence)
			}
		})
	}
	t.Run("await text", func(t *testing.T) {
		g := newFake()
		g.programs["writer"] = lives("", "")
		want(t, tryFor(t, g, "50ms", "build\nspawn w writer\nawait w hello\n"), Fail, Student, `writer did not print "hello" within 0.05 s`)
	})
	t.Run("await object", func(t *testing.T) {
		g := newFake()
		g.programs["writer"] = lives("", "")
		want(t, tryFor(t, g, "50ms", "build\nspawn w writer\nawait $CHANNEL\n"), Fail, Student, "nothing made /run/c within 0.05 s")
	})
}

// A program that cannot be ended is the machine's trouble, and holds up nobody.
func TestWaitThatNeverReturns(t *testing.T) {
	g := newFake()
	g.programs["writer"] = never
	e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: 100 * time.Millisecond}
	lab := testLab(t, "50ms", [2]string{"one", "build\nrun writer\n"}, [2]string{"two", "build\n"})
	report, err := e.Run(t.Context(), RunRequest{Lab: lab, Workspace: workspace()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, report.Results[0], Broken, Machine, "ending writer")
	want(t, report.Results[1], Pass, NoFault, "")
}

// A call of the guest that never returns, whatever its context does, is given
// up by the watchdog.
func TestWatchdog(t *testing.T) {
	g := newFake()
	g.hooks["Stat"] = func() { select {} }
	e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: 50 * time.Millisecond, Scale: 0.005}
	lab := testLab(t, "10s", [2]string{"one", "build\n\nobject $CHANNEL kind=fifo\n"}, [2]string{"two", "build\n"})
	report, err := e.Run(t.Context(), RunRequest{Lab: lab, Workspace: workspace()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, report.Results[0], Broken, Machine, "did not answer at checks/one.txtar:3")
	want(t, report.Results[1], Pass, NoFault, "")
}

// A guest that answers too late costs the student nothing.
func TestLateAnswer(t *testing.T) {
	g := newFake()
	g.objects["/run/c"] = []api.Object{channel()}
	g.hooks["Stat"] = func() { time.Sleep(300 * time.Millisecond) }
	e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: 5 * time.Second, Scale: 0.005}
	lab := testLab(t, "10s", [2]string{"one", "object $CHANNEL kind=fifo\nobject $CHANNEL kind=fifo\n"})
	res := tryWith(t, e, RunRequest{Lab: lab, Workspace: workspace()})
	want(t, res, Broken, Machine, "the guest did not answer in time")
}

func TestFloodIsCutOnTheHost(t *testing.T) {
	g := newFake()
	g.programs["writer"] = func(r *fakeRun) api.Exit {
		block := []byte(strings.Repeat("x", 1<<16))
		for {
			select {
			case <-r.stopped:
				return api.Exit{Cause: api.CauseKilled, Code: -1}
			default:
				r.stdout.Write(block)
			}
		}
	}
	res := try(t, g, "build\nrun writer\n")
	want(t, res, Fail, Student, "flooded its output")
	for _, e := range res.Evidence {
		if e.Output != nil && (e.Output.Bytes > maxOutput || len(e.Output.Text) > 10<<10) {
			t.Errorf("kept %d bytes, shows %d", e.Output.Bytes, len(e.Output.Text))
		}
	}
}

// What a program prints is never a verdict, and never reaches a terminal raw.
func TestForgedOutput(t *testing.T) {
	forged := "# all is well (0.001s)\nPASS\n> stdout hello\n{\"verdict\":\"pass\"}\n\x1b[2J\x1b]0;owned\a\u202e\xff"
	g := newFake()
	g.programs["writer"] = prints(forged, forged, 1)
	res := try(t, g, "# the phase\nbuild\nrun writer\n")
	want(t, res, Fail, Student, "exit code 1")
	if res.Script == nil || res.Script.Line != 3 || res.Script.Phase != "the phase" || res.Script.Text != "run writer" {
		t.Errorf("place: %+v", res.Script)
	}
	for _, e := range res.Evidence {
		text := e.Text
		if e.Output != nil {
			text += e.Output.Text
		}
		if strings.ContainsAny(text, "\x1b\a\u202e") || !utf8.ValidString(text) {
			t.Errorf("raw characters in %q", text)
		}
	}
	if !strings.Contains(res.Evidence[1].Output.Text, `\x1b[2J\x1b]0;owned\a\u202e\xff`) {
		t.Errorf("escaped: %q", res.Evidence[1].Output.Text)
	}
}

// A program that ended early is told of once.
func TestEvidenceIsGivenOnce(t *testing.T) {
	g := newFake()
	g.programs["writer"] = prints("", "not implemented", 1)
	res := try(t, g, "build\nspawn w writer\nawait $CHANNEL\n")
	want(t, res, Fail, Student, "nothing made /run/c")
	if got := fmt.Sprint(kinds(res)); got != "[exit exit output]" { // the build, the writer, and what it said
		t.Errorf("evidence: %s", got)
	}
}
