package redteam

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestMain builds what the tests drive, as the Makefile does, and puts it first
// in PATH. With -short only what needs no machine is tested.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if testing.Short() {
		return m.Run()
	}
	flag.Set("test.parallel", strconv.Itoa(machines()))
	dir, err := os.MkdirTemp("", "rtbin")
	if err == nil {
		defer os.RemoveAll(dir)
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "redteam:", err)
		return 1
	}
	return m.Run()
}

func prepare(dir string) error {
	if cache := os.Getenv("IPCLAB_TEST_CACHE"); cache != "" {
		os.Setenv("XDG_CACHE_HOME", cache)
	} else if os.Getenv("XDG_CACHE_HOME") == "" {
		os.Setenv("XDG_CACHE_HOME", filepath.Join(os.Getenv("HOME"), ".cache"))
	}
	for _, name := range []string{"IPCLAB_LABS", "IPCLAB_ACCEL", "NO_COLOR"} {
		os.Unsetenv(name)
	}
	if out, err := exec.Command("../../tools/build-guest", filepath.Join(dir, "ipclab-guest")).CombinedOutput(); err != nil {
		return fmt.Errorf("build the guest's program: %w\n%s", err, out)
	}
	for _, args := range [][]string{
		{"-ldflags=-s -w", "-o", filepath.Join(dir, "naive"), "ipclab/grader/redteam/naive"},
		{"-o", filepath.Join(dir, "ipclab"), "ipclab/cmd/ipclab"},
	} {
		cmd := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return os.Setenv("PATH", dir+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
}

// needsMachines leaves a test out where no machine may be started.
func needsMachines(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts machines")
	}
}
