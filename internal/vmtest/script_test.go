package vmtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/scriptjobs"
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

// TestLabFifo and TestLabSipc prove whole labs: starter, solution, permissive,
// and every mutant. They take minutes and come last.

func TestLabFifo(t *testing.T) { proveLab(t, "fifo") }

func TestLabSipc(t *testing.T) { proveLab(t, "sipc") }

func proveLab(t *testing.T, lab string) {
	home := t.TempDir()
	cmd := exec.Command("ipclab", "lab", "check", lab, "--jobs", strconv.Itoa(machines()))
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "XDG_RUNTIME_DIR=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("ipclab lab check %s: %v", lab, err)
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
	scriptjobs.Setup(env, "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "IPCLAB_WORK", "IPCLAB_LABS", "LABS", "STATE")
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
