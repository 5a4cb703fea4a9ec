package grader

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptT is the testscript.T of one script. testscript's log holds what
// student programs printed, so nothing is ever read from it; it is thrown away.
type scriptT struct {
	failed  bool
	message string // of Fatal: trouble of testscript itself
}

// stopScript is what FailNow panics with. FailNow must not return, or the
// script would go on.
type stopScript struct{}

// Skip ends the script; no command of ours leads here.
func (t *scriptT) Skip(args ...any) { t.Fatal(args...) }

// Fatal ends the script.
func (t *scriptT) Fatal(args ...any) {
	t.message = fmt.Sprint(args...)
	t.FailNow()
}

// Parallel does nothing: scripts share the guest and run one after the other.
func (t *scriptT) Parallel() {}

// Log throws the log away.
func (t *scriptT) Log(...any) {}

// FailNow ends the script.
func (t *scriptT) FailNow() {
	t.failed = true
	panic(stopScript{})
}

// Run runs f in this goroutine, until its end or FailNow.
func (t *scriptT) Run(_ string, f func(testscript.T)) {
	defer func() {
		if r := recover(); r != nil && r != any(stopScript{}) {
			panic(r)
		}
	}()
	f(t)
}

// Verbose is always false.
func (t *scriptT) Verbose() bool { return false }

// perform runs the trial's script in testscript, in the trial's private
// directory. The files that follow the script are not written out: our
// commands have them in memory.
func (tr *trial) perform() error {
	file := filepath.Join(tr.dir, "script.txtar")
	if err := os.WriteFile(file, tr.script.source(), 0o600); err != nil {
		return err
	}
	t := &scriptT{}
	t.Run("", func(testscript.T) { testscript.RunT(t, tr.params(file)) })
	if t.failed && tr.end == nil {
		return labFault("testscript gave up at statement %d: %s", tr.done+1, t.message)
	}
	return nil
}

func (tr *trial) params(file string) testscript.Params {
	return testscript.Params{
		Files:       []string{file},
		WorkdirRoot: tr.dir,
		Cmds:        map[string]func(*testscript.TestScript, bool, []string){"do": tr.do},
		Setup:       tr.setup,
	}
}

// setup replaces the variables that testscript took from the host by ours.
func (tr *trial) setup(env *testscript.Env) error {
	env.Vars = nil
	for name, value := range variables(tr.run.lab) {
		env.Vars = append(env.Vars, name+"="+value)
	}
	for _, v := range env.Vars {
		if strings.ContainsAny(v, "\x00\n") {
			return fmt.Errorf("a variable has a line end: %q", v)
		}
	}
	return nil
}
