package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// plainScripts are fifo's checks as plain testscript would have them, with the
// built-in commands and on this computer: those that need no SELinux and no
// other users. Nothing here withstands a hostile program, and the programs that
// they run are the lab's own solution.
//
//go:embed testdata/plain
var plainScripts embed.FS

// plain builds the reference solution and runs the plain scripts, and says how
// long that took.
func (b *bench) plain() (float64, error) {
	scripts, err := unpacked(filepath.Join(b.home, "plain"))
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	build := exec.CommandContext(b.ctx, "make", "-s", "-j2", "-B")
	build.Dir = b.workspace()
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("make: %w\n%s", err, out)
	}
	t := &plainT{}
	t.run("scripts", func(t *plainT) {
		testscript.RunT(t, testscript.Params{Dir: scripts, Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", b.workspace()+string(os.PathListSeparator)+os.Getenv("PATH"))
			return nil
		}})
	})
	took := time.Since(begun).Seconds()
	if t.failed != "" {
		return 0, fmt.Errorf("plain testscript: %s", t.failed)
	}
	return took, nil
}

// unpacked writes the scripts to where testscript can read them.
func unpacked(dir string) (string, error) {
	files, err := fs.Sub(plainScripts, "testdata/plain")
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.CopyFS(dir, files)
}

// plainT is a testing.T for testscript, outside of go test.
type plainT struct {
	log    string
	failed string // the log of the first that failed
}

// stopped is what ends a script early.
type stopped struct{}

func (t *plainT) run(name string, f func(*plainT)) {
	sub := &plainT{}
	defer func() {
		if r := recover(); r != nil && r != (stopped{}) {
			panic(r)
		}
		if t.failed == "" && sub.failed != "" {
			t.failed = name + ": " + sub.failed
		}
	}()
	f(sub)
}

// Run runs one script.
func (t *plainT) Run(name string, f func(testscript.T)) {
	t.run(name, func(sub *plainT) { f(sub) })
}

// Log keeps what a script printed.
func (t *plainT) Log(args ...any) { t.log += fmt.Sprintln(args...) }

// Fatal logs, and ends the script as failed.
func (t *plainT) Fatal(args ...any) { t.Log(args...); t.FailNow() }

// FailNow ends the script as failed.
func (t *plainT) FailNow() { t.failed = "failed\n" + t.log; panic(stopped{}) }

// Skip ends the script. A script that is skipped measures nothing.
func (t *plainT) Skip(args ...any) { t.Fatal(args...) }

// Parallel leaves scripts one after the other, as fifo's checks are.
func (t *plainT) Parallel() {}

// Verbose keeps the log short.
func (t *plainT) Verbose() bool { return false }
