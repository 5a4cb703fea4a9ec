package vmtest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are the scripts' own commands; the package's documentation lists them.
func commands() map[string]command {
	all := map[string]func(*testscript.TestScript, []string){
		"exits": exits, "until": until, "kill9": kill9, "kill-grading": killGrading, "hand-in": handOver,
		"begin": begin, "terminal": terminal, "await": await, "type": typeIn, "resize": resize,
		"hangup": hangup, "send": send, "ended": ended,
		"no-processes": noProcesses, "nothing-left": nothingLeft,
		"streams": streams, "peak": peak,
		"private-cache": privateCache, "small-disk": smallDisk, "mutant": mutant, "workflow": runWorkflow,
	}
	least := map[string]int{
		"exits": 2, "until": 1, "kill9": 2, "kill-grading": 1, "hand-in": 3, "begin": 2, "terminal": 3, "await": 2, "type": 2, "resize": 2,
		"hangup": 1, "send": 2, "ended": 2, "streams": 3, "peak": 2, "private-cache": 1,
		"small-disk": 2, "mutant": 1, "workflow": 3,
	}
	cmds := map[string]command{}
	for name, do := range all {
		cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < least[name] {
				ts.Fatalf("%s: not understood; see internal/vmtest/doc.go", name)
			}
			do(ts, args)
		}
	}
	return cmds
}

// patience is how long is waited for what must happen. It is no measure of
// speed: it only ends a test that would wait for ever.
const patience = 2 * time.Minute

// wait polls until done, or fails the script.
func wait(ts *testscript.TestScript, what string, done func() bool) {
	for begun := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			ts.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

func exits(ts *testscript.TestScript, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	if got := endOf(err); got != args[0] {
		ts.Fatalf("it ended with %s, and not with %s", got, args[0])
	}
}

// endOf is an exit code, or the name of the signal that ended a program.
func endOf(err error) string {
	var x *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case !errors.As(err, &x):
		return err.Error()
	}
	if status := x.Sys().(syscall.WaitStatus); status.Signaled() {
		return signalName(status.Signal())
	}
	return strconv.Itoa(x.ExitCode())
}

func until(ts *testscript.TestScript, args []string) {
	wait(ts, "no file "+args[0], func() bool {
		found, _ := filepath.Glob(ts.MkAbs(args[0]))
		return len(found) > 0
	})
}

// machine is what a clone's folder says of its processes.
type machine struct {
	QEMU       int `json:"qemu"`
	Supervisor int `json:"supervisor"`
}

func readMachine(ts *testscript.TestScript, lab string) machine {
	var m machine
	data, err := os.ReadFile(filepath.Join(ts.Getenv("STATE"), "machines", lab, "clone.json"))
	ts.Check(err)
	ts.Check(json.Unmarshal(data, &m))
	if m.QEMU == 0 || m.Supervisor == 0 {
		ts.Fatalf("clone.json of %s names no processes: %s", lab, data)
	}
	return m
}

func kill9(ts *testscript.TestScript, args []string) {
	m := readMachine(ts, args[1])
	pid := map[string]int{"qemu": m.QEMU, "supervisor": m.Supervisor}[args[0]]
	if pid == 0 {
		ts.Fatalf("kill9: there is no %s", args[0])
	}
	ts.Check(syscall.Kill(pid, syscall.SIGKILL))
	wait(ts, "process "+strconv.Itoa(pid)+" does not end", func() bool { return !alive(pid) })
}

// mutant copies the lab's solution to the workspace and replaces files in it.
func mutant(ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.CopyFS(filepath.Join(dir, "new"), os.DirFS(ts.Getenv("SOLUTION"))))
	for _, change := range args[1:] {
		name, file, _ := strings.Cut(change, "=")
		ts.Check(os.WriteFile(filepath.Join(dir, "new", name), []byte(ts.ReadFile(file)), 0o644))
	}
	ts.Check(putInPlace(filepath.Join(dir, "new"), dir))
}

// putInPlace renames the files of from into to, over what is there.
func putInPlace(from, to string) error {
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		return os.Rename(path, target)
	})
	return errors.Join(err, os.RemoveAll(from))
}
