package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// DiedError says that QEMU ended when it should not have.
type DiedError struct {
	Status  string // how the process ended
	Stderr  string // what QEMU said, its last lines
	Console string // the last lines of the guest's console
}

func (e *DiedError) Error() string {
	msg := "QEMU ended: " + e.Status
	if e.Stderr != "" {
		msg += "; it said: " + e.Stderr
	}
	if e.Console != "" {
		msg += "\nthe end of the machine's console:\n" + e.Console
	}
	return msg
}

// Hint says what to do about it.
func (e *DiedError) Hint() string {
	return "try again; if it happens twice, `ipclab doctor` looks for the cause, and --accel tcg runs without KVM"
}

// process is a running QEMU.
type process struct {
	cmd     *exec.Cmd
	stderr  *tail
	console string
	done    chan struct{} // closed when it has been reaped
	err     error         // how it ended; read after done
}

// launch starts QEMU. It dies with the thread that launched it
// (PR_SET_PDEATHSIG), so whoever calls this must keep its thread: see Supervise.
func launch(binary string, s start, state *os.File) (*process, error) {
	p := &process{stderr: &tail{max: 2000}, console: s.Console, done: make(chan struct{})}
	p.cmd = exec.Command(binary, s.arguments()...)
	p.cmd.Dir = "/"
	p.cmd.Stderr, p.cmd.Stdout = p.stderr, p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = time.Second
	if state != nil {
		p.cmd.ExtraFiles = []*os.File{state}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// kill ends the process and reaps it.
func (p *process) kill() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// blame finds the reason for a failure in talking to QEMU: that it ended, as it
// will show within a moment; that ctx was cancelled; or the failure itself.
func (p *process) blame(cause, err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-p.done:
		return p.died()
	case <-time.After(deathNotice):
		return cmpErr(cause, err)
	}
}

// deathNotice is how long after a broken connection QEMU's end is waited for.
const deathNotice = 300 * time.Millisecond

// died describes an unexpected end. Call it after done is closed.
func (p *process) died() error {
	status := "exit status 0"
	if p.err != nil {
		status = p.err.Error()
	}
	return &DiedError{Status: status, Stderr: p.stderr.String(), Console: consoleTail(p.console, 12)}
}

// watch gives a context that ends when the process does, with DiedError as its
// cause.
func (p *process) watch(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		select {
		case <-p.done:
			cancel(p.died())
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// consoleTail gives the last lines of a console file, printable only.
func consoleTail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if len(data) > 64<<10 {
		data = data[len(data)-64<<10:]
	}
	all := strings.Split(strings.TrimSpace(string(bytes.Map(printable, data))), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

func printable(r rune) rune {
	if r == '\n' || (r >= ' ' && r < 0x7f) {
		return r
	}
	return -1
}

// tail keeps the last bytes written to it.
type tail struct {
	max  int
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if len(t.data) > t.max {
		t.data = t.data[len(t.data)-t.max:]
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.data)) }

// MissingError says that QEMU, or a part of it, is not installed.
type MissingError struct{ Program string }

func (e *MissingError) Error() string { return e.Program + " was not found in PATH" }

// Hint names the packages.
func (e *MissingError) Hint() string {
	return "on Debian or Ubuntu: sudo apt-get install qemu-system-x86 qemu-utils; on Fedora: sudo dnf install qemu-system-x86 qemu-img"
}

// TooOldError says that QEMU cannot do what is asked of it.
type TooOldError struct{ Have, Need string }

func (e *TooOldError) Error() string {
	return fmt.Sprintf("QEMU %s is too old: %s or newer is needed", e.Have, e.Need)
}

// Hint says how to get a newer one.
func (e *TooOldError) Hint() string { return "install the QEMU of Debian 12 or newer" }

// minVersion has the memory backend and migration property that clones need.
const minVersion = "5.2"

// Binary finds QEMU.
func Binary() (string, error) { return find("qemu-system-x86_64") }

func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", &MissingError{Program: program}
	}
	return path, nil
}

// Version asks QEMU for its version, such as "7.2.22".
func Version(ctx context.Context, binary string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, errors.New("QEMU did not tell its version within 20 s"))
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", filepath.Base(binary), err)
	}
	fields := strings.Fields(string(out))
	if len(fields) < 4 || fields[0] != "QEMU" {
		return "", fmt.Errorf("%s --version: not understood: %.80q", filepath.Base(binary), out)
	}
	version := fields[3]
	if older(version, minVersion) {
		return "", &TooOldError{Have: version, Need: minVersion}
	}
	return version, nil
}

// older compares dotted versions by their first two numbers.
func older(have, need string) bool {
	var a, b [2]int
	fmt.Sscanf(have, "%d.%d", &a[0], &a[1])
	fmt.Sscanf(need, "%d.%d", &b[0], &b[1])
	return a[0] < b[0] || (a[0] == b[0] && a[1] < b[1])
}
