package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupMount is where systemd mounts the unified hierarchy (cgroup v2).
const cgroupMount = "/sys/fs/cgroup"

// Groups makes control groups, one for each run, below one that holds them all.
type Groups struct {
	base   string // of all runs
	actors string // of those of plays, which go on while runs stand still

	mu    sync.Mutex
	still bool        // the runs are frozen
	later *time.Timer // thaws them; nil when nothing will
}

// NewGroups prepares the agent's delegated control group: processes may live in
// leaves only, so the agent moves itself to a leaf "agent" first (see
// cgroups(7), "no internal processes"). The leaf stands beside the group of all
// runs, and has so large a share of the processors that no run can keep the
// agent from answering.
func NewGroups() (*Groups, error) {
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	_, path, _ := strings.Cut(strings.TrimSpace(string(self)), "::")
	path = strings.TrimSuffix(path, "/agent")
	own := filepath.Join(cgroupMount, path)
	leaf, g := filepath.Join(own, "agent"), &Groups{base: filepath.Join(own, "runs"), actors: filepath.Join(own, "actors")}
	if err := errors.Join(os.MkdirAll(leaf, 0o755), os.MkdirAll(g.base, 0o755), os.MkdirAll(g.actors, 0o755)); err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	return g, writeFiles([][2]string{
		{filepath.Join(leaf, "cgroup.procs"), "0"},
		{filepath.Join(own, "cgroup.subtree_control"), control},
		{filepath.Join(g.base, "cgroup.subtree_control"), control},
		{filepath.Join(g.actors, "cgroup.subtree_control"), control},
		{filepath.Join(leaf, "cpu.weight"), "1000"},
		{filepath.Join(g.base, "memory.max"), strconv.FormatInt(memoryOfAll(), 10)},
	})
}

// control are the controllers that limit runs.
const control = "+memory +pids +cpu"

// reserve is the memory that all runs together leave to the system. What they
// leave behind in file systems of memory is counted as theirs as well.
const reserve = 160 << 20

// memoryOfAll is what all runs together may use.
func memoryOfAll() int64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 2 * defaultMemory
	}
	return max(int64(info.Totalram)*int64(info.Unit)-reserve, defaultMemory)
}

// freezeWait bounds how long freeze waits for programs to stand still.
const freezeWait = 500 * time.Millisecond

// freeze makes every program of every run stand still until thaw, so that none
// of them sees, hinders or answers what is done meanwhile. A program that cannot
// stop within freezeWait is not waited for.
func (g *Groups) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgetLater()
	if g.still || writeFile(filepath.Join(g.base, "cgroup.freeze"), "1") != nil {
		return
	}
	g.still = true
	state := &group{dir: g.base}
	for end := time.Now().Add(freezeWait); state.event("cgroup.events", "frozen") == 0 && time.Now().Before(end); {
		time.Sleep(300 * time.Microsecond)
	}
}

// thaw lets the runs go on.
func (g *Groups) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgetLater()
	if g.still {
		_ = writeFile(filepath.Join(g.base, "cgroup.freeze"), "0")
		g.still = false
	}
}

// thawIn lets the runs go on after a time, unless something freezes them anew
// or thaws them before.
func (g *Groups) thawIn(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgetLater()
	g.later = time.AfterFunc(d, g.thaw)
}

// forgetLater is called with the lock held.
func (g *Groups) forgetLater() {
	if g.later != nil {
		g.later.Stop()
		g.later = nil
	}
}

// group is the control group of one run.
type group struct{ dir string }

// make makes an empty group with its limits set.
func (g *Groups) make(name string, memory int64, pids int) (*group, error) {
	return makeGroup(filepath.Join(g.base, "run-"+name), memory, pids)
}

// makeActor makes an empty group for the actors of one subject.
func (g *Groups) makeActor(name string, memory int64, pids int) (*group, error) {
	return makeGroup(filepath.Join(g.actors, "actor-"+name), memory, pids)
}

func makeGroup(dir string, memory int64, pids int) (*group, error) {
	c := &group{dir: dir}
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

// event reads one value of memory.events, pids.events or cgroup.events.
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

// writeFiles writes pairs of file and value, until one fails.
func writeFiles(pairs [][2]string) error {
	for _, p := range pairs {
		if err := writeFile(p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
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
