package vmtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs every script of testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               setup,
		Cmds:                commands(),
		Condition:           condition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// TestLabFifo proves the whole lab: starter, solution, permissive, and every
// mutant. It takes minutes and comes last.
func TestLabFifo(t *testing.T) {
	home := t.TempDir()
	cmd := exec.Command("ipclab", "lab", "check", "fifo")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "XDG_RUNTIME_DIR=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("ipclab lab check fifo: %v", err)
	}
	t.Logf("%s", out)
	if left := filesIn(filepath.Join(home, "state/ipclab/machines")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// setup gives a script folders of its own, and takes everything away that it
// left running.
func setup(env *testscript.Env) error {
	run, err := os.MkdirTemp("", "iv") // short, because sockets are in it
	if err != nil {
		return err
	}
	solution, err := filepath.Abs("../../labs/fifo/solution")
	if err != nil {
		return err
	}
	labs, err := filepath.Abs("testdata/labs")
	if err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(env.WorkDir, name) }
	env.Setenv("HOME", in("home"))
	env.Setenv("XDG_STATE_HOME", in("state"))
	env.Setenv("XDG_CACHE_HOME", os.Getenv("XDG_CACHE_HOME"))
	env.Setenv("XDG_RUNTIME_DIR", run)
	env.Setenv("IPCLAB_WORK", in("labs"))
	env.Setenv("LABS", in("labs"))
	env.Setenv("STATE", in("state/ipclab"))
	env.Setenv("TERM", "dumb")
	env.Setenv("SOLUTION", solution)
	env.Setenv("REPO", filepath.Join(solution, "../../.."))
	env.Setenv("TESTLABS", labs)
	env.Values[jobsKey{}] = jobs{}
	home := in("home")
	env.Defer(func() {
		killAll(home)
		os.RemoveAll(run)
	})
	return os.MkdirAll(home, 0o700)
}

// condition is what [kvm] and [root] mean in scripts.
func condition(name string) (bool, error) {
	switch name {
	case "kvm":
		f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
		if err == nil {
			f.Close()
		}
		return err == nil, nil
	case "root":
		return os.Getuid() == 0, nil
	}
	return false, fmt.Errorf("there is no condition %q", name)
}
