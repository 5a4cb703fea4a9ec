package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// ProbePath is where the guest binary is installed as the probe.
const ProbePath = "/usr/lib/ipclab/probe"

// probeWait bounds one probe. Every operation of it is non-blocking.
const probeWait = 20 * time.Second

// probe attempts one operation as a subject and collects what the kernel
// recorded about it.
func (a *Agent) probe(spec api.ProbeSpec) (api.ProbeResult, error) {
	before, err := a.audit.Query(api.RecordsQuery{Since: a.audit.last()})
	if err != nil {
		return api.ProbeResult{}, err
	}
	object, err := statObject(spec.Path)
	if err != nil {
		return api.ProbeResult{}, err
	}
	result, err := a.runProbe(spec)
	if err != nil {
		return result, err
	}
	result.Object = object
	after, err := a.audit.Query(api.RecordsQuery{Since: before.Next, PID: result.PID})
	result.Records, result.Lost = after.Records, after.Lost-before.Lost
	return result, err
}

func (a *Agent) runProbe(spec api.ProbeSpec) (api.ProbeResult, error) {
	var result api.ProbeResult
	cmd, err := subjectCommand(api.RunSpec{Subject: spec.Subject, Argv: []string{ProbePath}})
	if err != nil {
		return result, err
	}
	var out, diag strings.Builder
	cmd.Args = []string{"probe", "try", string(spec.Op), spec.Path}
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := startLabelled(cmd, contextOf(spec.Subject), (*exec.Cmd).Start); err != nil {
		return result, err
	}
	timer := time.AfterFunc(probeWait, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err = cmd.Wait()
	if jsonErr := json.Unmarshal([]byte(out.String()), &result); jsonErr != nil {
		return result, fmt.Errorf("probe as %s in %s gave no answer (%v): %s",
			spec.Subject.User, contextOf(spec.Subject), err, strings.TrimSpace(diag.String()))
	}
	result.PID = cmd.Process.Pid
	return result, nil
}

// Try is the probe's main: it attempts op on path and prints what came of it.
func Try(out io.Writer, op api.Op, path string) error {
	label, err := selinux.CurrentLabel()
	if err != nil {
		return err
	}
	result := api.ProbeResult{Context: label, Errno: errnoName(attempt(op, path))}
	return json.NewEncoder(out).Encode(result)
}

// attempt does the operation and undoes what it changed.
func attempt(op api.Op, path string) error {
	switch op {
	case api.OpRead:
		return tryOpen(path, unix.O_RDONLY)
	case api.OpWrite:
		return tryOpen(path, unix.O_WRONLY)
	case api.OpAppend:
		return tryOpen(path, unix.O_WRONLY|unix.O_APPEND)
	case api.OpRdwr:
		return tryOpen(path, unix.O_RDWR)
	case api.OpStat:
		return unix.Lstat(path, &unix.Stat_t{})
	case api.OpChmod:
		return tryChmod(path)
	case api.OpUnlink:
		return tryRename(path)
	case api.OpCreate:
		return tryCreate(path)
	}
	return fmt.Errorf("probe: no operation %q", op)
}

// tryOpen opens without waiting. ENXIO is what a FIFO without a reader answers
// to O_WRONLY after every permission check has passed (fifo(7)).
func tryOpen(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if errors.Is(err, unix.ENXIO) {
		return nil
	}
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// tryChmod sets the mode that the object already has.
func tryChmod(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err
	}
	return unix.Chmod(path, st.Mode&0o7777)
}

// tryRename takes the name away and gives it back.
func tryRename(path string) error {
	hidden := hiddenName(path)
	if err := unix.Rename(path, hidden); err != nil {
		return err
	}
	return unix.Rename(hidden, path)
}

func tryCreate(path string) error {
	hidden := hiddenName(path)
	if err := unix.Mkfifo(hidden, 0o600); err != nil {
		return err
	}
	return unix.Unlink(hidden)
}

func hiddenName(path string) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".probe-%d", os.Getpid()))
}

// errnoName is "EACCES" and the like; other errors keep their text.
func errnoName(err error) string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}
