package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/creack/pty"

	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/policy"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// lab is what everything is measured with.
const lab = "fifo"

// bench is a private state directory and the programs under measure.
type bench struct {
	ctx    context.Context
	ipclab string
	home   string
	cache  string // the user's own, so that image and snapshot are ready
	lab    *labs.Lab
}

// row is one line of the table.
type row struct {
	what, atMost string
	unit         string // "s", "ms", "MB", "%" or "a minute"
	values       []float64
}

func newBench(ctx context.Context, bin string) (*bench, error) {
	program, err := filepath.Abs(filepath.Join(bin, "ipclab"))
	if err != nil {
		return nil, err
	}
	dirs, err := host.FindDirs(os.Getenv)
	if err != nil {
		return nil, err
	}
	catalog, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		return nil, err
	}
	l, err := catalog.Find(lab)
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "ipclab-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, ipclab: program, home: home, cache: filepath.Dir(dirs.Cache), lab: l}
	_, err = workspace.Create(b.workspace(), l.Solution())
	return b, err
}

func (b *bench) workspace() string { return filepath.Join(b.home, "ipclab", lab) }

func (b *bench) close() {
	b.command(b.cache, "stop", "--all").Run()
	os.RemoveAll(b.home)
}

// command is ipclab with a private state and the given cache.
func (b *bench) command(cache string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(b.ctx, b.ipclab, args...)
	cmd.Env = append(os.Environ(), "HOME="+b.home, "XDG_CACHE_HOME="+cache, "XDG_STATE_HOME="+b.home+"/state",
		"IPCLAB_WORK="+b.home+"/ipclab", "TERM=xterm", "NO_COLOR=1")
	return cmd
}

// do runs ipclab and says how long it took, in seconds.
func (b *bench) do(cache string, args ...string) (float64, error) {
	begun := time.Now()
	out, err := b.command(cache, args...).CombinedOutput()
	took := time.Since(begun).Seconds()
	if err != nil {
		return took, fmt.Errorf("ipclab %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return took, nil
}

// times measures f so many times.
func times(n int, f func() (float64, error)) ([]float64, error) {
	var values []float64
	for range n {
		v, err := f()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// toPrompt starts the lab on a terminal and waits for the shell's prompt, as a
// student does.
func (b *bench) toPrompt() (float64, error) {
	cmd := b.command(b.cache, "start", lab)
	begun := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return 0, err
	}
	defer terminal.Close()
	seen, err := readUntil(terminal, []byte(":~$ "))
	took := time.Since(begun).Seconds()
	if err != nil {
		return 0, fmt.Errorf("no prompt: %w\n%s", err, seen)
	}
	io.WriteString(terminal, "exit\r")
	io.Copy(io.Discard, terminal)
	if err := cmd.Wait(); err != nil {
		return 0, err
	}
	_, err = b.do(b.cache, "stop", lab)
	return took, err
}

func readUntil(r io.Reader, want []byte) ([]byte, error) {
	var seen []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(seen, want) {
		n, err := r.Read(buf)
		if err != nil {
			return seen, err
		}
		seen = append(seen, buf[:n]...)
	}
	return seen, nil
}

// host is this computer as ipclab uses it, with the bench's state.
func (b *bench) host() *host.Host {
	return &host.Host{
		Dirs: host.Dirs{
			Cache: filepath.Join(b.cache, "ipclab"), State: filepath.Join(b.home, "state", "ipclab"),
			Run: filepath.Join(b.home, "run"), Work: filepath.Join(b.home, "ipclab"),
		},
		Agent:      filepath.Join(filepath.Dir(b.ipclab), "ipclab-guest"),
		Supervisor: []string{b.ipclab, "supervise-machine"}, Progress: image.Silent{},
	}
}

// cold boots the image, as every start would have to without clones.
func (b *bench) cold() (float64, error) {
	h := b.host()
	begun := time.Now()
	if _, err := h.StartCold(b.ctx, "cold"); err != nil {
		return 0, err
	}
	took := time.Since(begun).Seconds()
	return took, h.Machines().Stop(b.ctx, "cold")
}

// enforced compiles an edited module and loads it into a running machine.
func (b *bench) enforced(clone *qemu.Clone, n int) (float64, error) {
	h := b.host()
	i, err := h.Image(b.ctx)
	if err != nil {
		return 0, err
	}
	modules, err := host.Modules(b.lab.FS(), b.lab.Policy.Given)
	if err != nil {
		return 0, err
	}
	edited := fmt.Sprintf("(allow ipclab_fifo_reader_t ipclab_fifo_t (fifo_file (read)))\n(type ipclab_bench_%d_%d_t)\n", os.Getpid(), n)
	modules = append(modules, policy.Module{File: "policy/edited.cil", Source: []byte(edited)})
	m := machine.NewClient(clone.Dial)
	defer m.Close()
	begun := time.Now()
	binary, err := h.CompilePolicy(b.ctx, i, modules)
	if err != nil {
		return 0, err
	}
	err = m.LoadPolicy(b.ctx, binary)
	return time.Since(begun).Seconds(), err
}

// memory is a process's resident set and its proportional share of it, in MB.
func memory(pid int) (rss, pss float64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "Rss:":
			rss = kb / 1024
		case "Pss:":
			pss = kb / 1024
		}
	}
	return rss, pss, nil
}
