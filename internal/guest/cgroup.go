package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupMount is where systemd mounts the unified hierarchy (cgroup v2).
const cgroupMount = "/sys/fs/cgroup"

// Groups makes control groups below the agent's own, one for each run.
type Groups struct{ base string }

// NewGroups prepares the agent's delegated control group: processes may live in
// leaves only, so the agent moves itself to a leaf "agent" first (see
// cgroups(7), "no internal processes").
func NewGroups() (*Groups, error) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	_, path, _ := strings.Cut(strings.TrimSpace(string(own)), "::")
	path = strings.TrimSuffix(path, "/agent")
	g := &Groups{base: filepath.Join(cgroupMount, path)}
	leaf := filepath.Join(g.base, "agent")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	if err := writeFile(filepath.Join(leaf, "cgroup.procs"), "0"); err != nil {
		return nil, err
	}
	return g, writeFile(filepath.Join(g.base, "cgroup.subtree_control"), "+memory +pids +cpu")
}

// group is the control group of one run.
type group struct{ dir string }

// make makes an empty group with its limits set.
func (g *Groups) make(name string, memory int64, pids int) (*group, error) {
	c := &group{dir: filepath.Join(g.base, "run-"+name)}
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	limits := map[string]string{
		"memory.max":       strconv.FormatInt(memory, 10),
		"memory.oom.group": "1",
		"pids.max":         strconv.Itoa(pids),
	}
	for file, value := range limits {
		if err := writeFile(filepath.Join(c.dir, file), value); err != nil {
			c.remove()
			return nil, err
		}
	}
	return c, nil
}

// open gives a descriptor for clone3's CLONE_INTO_CGROUP.
func (c *group) open() (int, error) {
	return unix.Open(c.dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// alive counts the processes that are still in the group.
func (c *group) alive() int {
	procs, err := os.ReadFile(filepath.Join(c.dir, "cgroup.procs"))
	if err != nil {
		return 0
	}
	return bytes.Count(procs, []byte("\n"))
}

// kill ends every process of the group at once (cgroup.kill), so that a fork
// bomb cannot outrun it.
func (c *group) kill() { _ = writeFile(filepath.Join(c.dir, "cgroup.kill"), "1") }

// event reads one counter of memory.events or pids.events.
func (c *group) event(file, key string) int {
	data, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			n, _ := strconv.Atoi(v)
			return n
		}
	}
	return 0
}

// remove kills what is left and removes the group. A killed process leaves the
// group only when the kernel has torn it down, hence the retries.
func (c *group) remove() {
	for range 500 {
		c.kill()
		if err := os.Remove(c.dir); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// writeFile writes a kernel interface file, which must not be created.
func writeFile(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}
