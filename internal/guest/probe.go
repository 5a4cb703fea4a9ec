package guest

import (
	"bufio"
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

// moreWait is how long the runs stand still for a probe that was announced and
// does not come.
const moreWait = 5 * time.Second

// probe attempts one operation as a subject and collects what the kernel
// recorded about it. Meanwhile the programs of the runs stand still, and if more
// probes follow, until the last has ended: one that runs as the same subject
// could kill the probe, and any could behave as long as it is looked at.
func (a *Agent) probe(spec api.ProbeSpec) (api.ProbeResult, error) {
	a.runs.groups.freeze()
	if spec.More {
		defer a.runs.groups.thawIn(moreWait)
	} else {
		defer a.runs.groups.thaw()
	}
	object, err := statObject(spec.Path)
	if err != nil {
		return api.ProbeResult{}, err
	}
	p, err := startProbe(spec)
	if err != nil {
		return api.ProbeResult{}, err
	}
	defer p.end()
	before, err := a.audit.Query(api.RecordsQuery{Since: a.audit.last()})
	if err != nil {
		return api.ProbeResult{}, err
	}
	result, err := p.attempt()
	if err != nil {
		return result, err
	}
	result.Object = object
	after, err := a.audit.Query(api.RecordsQuery{Since: before.Next, PID: result.PID})
	result.Records, result.Lost = after.Records, after.Lost-before.Lost
	return result, err
}

// prober is the probe's process. It waits, when it is set up, for the word to
// go: what its own start was denied is not evidence of anything.
type prober struct {
	spec  api.ProbeSpec
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	diag  *strings.Builder
	timer *time.Timer
}

// Words between the agent and the probe.
const (
	probeReady = "ready\n"
	probeGo    = "go\n"
)

func startProbe(spec api.ProbeSpec) (*prober, error) {
	cmd, err := subjectCommand(api.RunSpec{Subject: spec.Subject, Argv: []string{ProbePath}})
	if err != nil {
		return nil, err
	}
	cmd.Args = []string{"probe", "try", string(spec.Op), spec.Path}
	p := &prober{spec: spec, cmd: cmd, diag: &strings.Builder{}}
	cmd.Stderr = p.diag
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := startLabelled(cmd, contextOf(spec.Subject), (*exec.Cmd).Start); err != nil {
		return nil, err
	}
	p.timer = time.AfterFunc(probeWait, func() { cmd.Process.Kill() })
	if line, err := p.out.ReadString('\n'); err != nil || line != probeReady {
		p.end()
		return nil, p.mute(err)
	}
	return p, nil
}

// attempt lets the probe go and reads its answer.
func (p *prober) attempt() (api.ProbeResult, error) {
	var result api.ProbeResult
	if _, err := io.WriteString(p.in, probeGo); err != nil {
		return result, p.mute(err)
	}
	if err := json.NewDecoder(p.out).Decode(&result); err != nil {
		return result, p.mute(err)
	}
	result.PID = p.cmd.Process.Pid
	return result, nil
}

// end reaps the probe.
func (p *prober) end() {
	p.in.Close()
	p.cmd.Wait()
	p.timer.Stop()
}

// mute is the error of a probe that gave no answer.
func (p *prober) mute(err error) error {
	return fmt.Errorf("probe as %s in %s gave no answer (%v): %s",
		p.spec.Subject.User, contextOf(p.spec.Subject), err, strings.TrimSpace(p.diag.String()))
}

// Try is the probe's main: it waits for the word, attempts op on path and
// prints what came of it.
func Try(in io.Reader, out io.Writer, op api.Op, path string) error {
	label, err := selinux.CurrentLabel()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, probeReady); err != nil {
		return err
	}
	if word, err := bufio.NewReader(in).ReadString('\n'); err != nil || word != probeGo {
		return fmt.Errorf("told %q instead of to go: %w", word, err)
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
