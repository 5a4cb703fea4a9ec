package vmtest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// TestMain builds ipclab as the Makefile does, puts it first in PATH, and makes
// the image and the lab's snapshot unless they are there.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "vmtest: starts machines; there is no short version")
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "vmtest-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vmtest:", err)
		return 1
	}
	return m.Run()
}

// machines is how many machines run at a time: one more than there are processors,
// because a check waits a third of its time. More than a few do not fit into memory.
func machines() int { return min(runtime.NumCPU()+1, 6) }

func prepare(dir string) error {
	flag.Set("test.parallel", strconv.Itoa(machines()))
	if cache := os.Getenv("IPCLAB_TEST_CACHE"); cache != "" {
		os.Setenv("XDG_CACHE_HOME", cache)
	} else if os.Getenv("XDG_CACHE_HOME") == "" {
		os.Setenv("XDG_CACHE_HOME", filepath.Join(os.Getenv("HOME"), ".cache"))
	}
	for _, name := range []string{"IPCLAB_LABS", "IPCLAB_ACCEL", "NO_COLOR"} {
		os.Unsetenv(name)
	}
	if err := build(dir); err != nil {
		return err
	}
	os.Setenv("PATH", dir+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
	return warm(dir)
}

// build builds both programs, with the Makefile's flags: the guest's bytes are
// part of the image's key.
func build(dir string) error {
	if out, err := exec.Command("../../tools/build-guest", filepath.Join(dir, "ipclab-guest")).CombinedOutput(); err != nil {
		return fmt.Errorf("build the guest's program: %w\n%s", err, out)
	}
	for _, args := range [][]string{
		{"-o", filepath.Join(dir, "ipclab"), "ipclab/cmd/ipclab"},
	} {
		cmd := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return nil
}

// warm starts the lab once, which makes whatever the cache lacks. The progress
// goes to our own stderr.
func warm(dir string) error {
	home := filepath.Join(dir, "home")
	env := append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home, "XDG_RUNTIME_DIR=", "IPCLAB_WORK="+home)
	for _, args := range [][]string{{"start", "fifo", "--no-shell"}, {"stop", "fifo"}} {
		cmd := exec.Command("ipclab", args...)
		cmd.Env, cmd.Stderr = env, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%v: %w", cmd.Args, err)
		}
	}
	return nil
}
