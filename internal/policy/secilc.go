package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Flags of secilc. MLS, because Debian's policy is MCS; version 33, the
// highest of Linux 6.1; -D leaves dontaudit rules out, so that every denial
// leaves a record; -U allow as in Debian's own build: permissions that the
// policy does not know are not refused. -O is left out: it doubles the time.
const secilcFlags = "-M true -c 33 -D -U allow"

// Bounds of one run of secilc: modules are untrusted, and a few nested macros
// can ask for any amount of work. Debian's whole policy takes 125 MB and 1 s.
const (
	secilcMemory  = 512 << 20 // bytes of address space
	secilcSeconds = 20        // of CPU time
	secilcOutput  = 1 << 20   // bytes of messages that are read
)

// limited runs a command under ulimit(1). The shell replaces itself by the
// command, so that a kill reaches it. The limit of time is a soft one, so that
// it ends the command with a signal of its own.
const limited = `ulimit -v "$1" && ulimit -S -t "$2" && shift 2 && exec "$@"`

const flatName = "flat.cil" // the flattened policy in secilc's directory

// ToolError says that secilc could not do its work on this machine: no fault
// of the policy. errors.Is(err, exec.ErrNotFound) holds when it is missing.
type ToolError struct {
	Tool string // as it was named
	Msg  string
	Hint string // what to do; may be empty
	Err  error  // the cause; may be nil
}

// Error says what happened to which tool.
func (e *ToolError) Error() string { return e.Tool + ": " + e.Msg }

// Unwrap gives the cause.
func (e *ToolError) Unwrap() error { return e.Err }

// errTooMuch says that secilc used up its time.
var errTooMuch = errors.New("the policy asks for more work of the compiler than it may")

// run is one run of secilc in a private directory. All names in there are our
// own, so that no message can hold a path of this machine.
type run struct {
	dir     string
	tool    string
	modules []parsed
}

// newRun makes the directory with everything in it. The caller removes run.dir.
func newRun(tool, flat string, modules []parsed) (*run, error) {
	path, err := findTool(tool)
	if err != nil {
		return nil, err
	}
	flat, err = filepath.Abs(flat)
	if err != nil {
		return nil, fmt.Errorf("flattened policy: %w", err)
	}
	if _, err := os.Stat(flat); err != nil {
		return nil, &ToolError{Tool: "flattened policy", Msg: err.Error(), Err: err}
	}
	dir, err := os.MkdirTemp("", "ipclab-policy-")
	if err != nil {
		return nil, fmt.Errorf("room to compile a policy: %w", err)
	}
	r := &run{dir: dir, tool: path, modules: modules}
	if err := r.fill(flat); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("room to compile a policy: %w", err)
	}
	return r, nil
}

func findTool(tool string) (string, error) {
	path, err := exec.LookPath(tool)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err == nil {
		return path, nil
	}
	if errors.Is(err, os.ErrNotExist) && !errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%w: %w", exec.ErrNotFound, err)
	}
	return "", &ToolError{Tool: tool, Msg: "the SELinux policy compiler is not there", Hint: "apt-get install secilc", Err: err}
}

func (r *run) fill(flat string) error {
	if err := os.Symlink(flat, filepath.Join(r.dir, flatName)); err != nil {
		return err
	}
	for i, m := range r.modules {
		if err := os.WriteFile(filepath.Join(r.dir, moduleName(i)), m.text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func moduleName(i int) string { return "m" + strconv.Itoa(i) + ".cil" }

// compile gives the binary policy, or what secilc said against it.
func (r *run) compile(ctx context.Context) (policy []byte, complaint string, err error) {
	messages := &head{most: secilcOutput}
	cmd := r.command(ctx)
	cmd.Stdout, cmd.Stderr = messages, messages
	err = cmd.Run()
	switch exit := (*exec.ExitError)(nil); {
	case ctx.Err() != nil:
		return nil, "", fmt.Errorf("compiling the policy: %w", context.Cause(ctx))
	case errors.As(err, &exit) && exit.Exited():
		return nil, messages.String(), nil
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGXCPU:
		return nil, "", errTooMuch
	case err != nil:
		return nil, "", &ToolError{Tool: "secilc", Msg: err.Error(), Err: err}
	}
	policy, err = os.ReadFile(filepath.Join(r.dir, "out"))
	if err != nil || !isPolicy(policy) {
		return nil, "", &ToolError{Tool: "secilc", Msg: "it wrote no policy", Err: err}
	}
	return policy, "", nil
}

func (r *run) command(ctx context.Context) *exec.Cmd {
	args := []string{"-c", limited, "sh", strconv.Itoa(secilcMemory >> 10), strconv.Itoa(secilcSeconds), r.tool}
	args = append(args, flags()...)
	args = append(args, "-o", "out", "-f", os.DevNull, flatName)
	for i := range r.modules {
		args = append(args, moduleName(i))
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", args...)
	cmd.Dir = r.dir
	// In the C locale and nothing else of ours. The two sizes make glibc ask
	// the kernel for memory in large pieces: a tenth of the time.
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin", "MALLOC_TOP_PAD_=67108864", "MALLOC_TRIM_THRESHOLD_=1000000000"}
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nobody reads what an orphan compiles
	return cmd
}

// isPolicy looks for the magic number of a binary policy, POLICYDB_MAGIC.
func isPolicy(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0x8c, 0xff, 0x7c, 0xf9})
}

// head is a writer that keeps the beginning and drops the rest.
type head struct {
	bytes.Buffer
	most int
}

// Write never fails and never keeps more than most bytes.
func (h *head) Write(p []byte) (int, error) {
	if room := h.most - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
