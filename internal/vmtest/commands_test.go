package vmtest

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/scriptjobs"
)

// commands are the scripts' commands; the documentation of this package and of
// scriptjobs lists them.
func commands() map[string]scriptjobs.Command {
	need := scriptjobs.Need
	cmds := map[string]scriptjobs.Command{
		"kill9": need(2, kill9), "kill-grading": need(1, killGrading), "hand-in": need(3, handOver),
		"no-processes": need(0, noProcesses), "nothing-left": need(0, nothingLeft),
		"streams": need(3, streams), "peak": need(2, peak),
		"private-cache": need(1, privateCache), "small-disk": need(2, smallDisk), "mutant": need(1, mutant), "workflow": need(3, runWorkflow),
	}
	maps.Copy(cmds, scriptjobs.Commands())
	return cmds
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
	scriptjobs.Wait(ts, "process "+strconv.Itoa(pid)+" does not end", func() bool { return !alive(pid) })
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
