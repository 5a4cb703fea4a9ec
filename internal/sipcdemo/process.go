package sipcdemo

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"ipclab/sipc"
)

// ProcessError is a process of the demonstration that did not end well.
type ProcessError struct {
	What string // "sender"
	Said string // on stderr
	Err  error
}

func (e *ProcessError) Error() string {
	said, _, _ := strings.Cut(strings.TrimPrefix(e.Said, "error: "), "\n")
	if said == "" {
		return fmt.Sprintf("the %s ended early: %v", e.What, e.Err)
	}
	return fmt.Sprintf("the %s ended early: %s", e.What, said)
}

func (e *ProcessError) Unwrap() error { return e.Err }

// Hint says what is left of it.
func (e *ProcessError) Hint() string {
	return "nothing of the demonstration is left: both ends were ended and the channel removed"
}

// keeper is the process that has the channel made and removes it.
type keeper struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer
}

// startKeeper starts it and waits until there is a channel.
func startKeeper(cmd *exec.Cmd) (k *keeper, helper int, d sipc.Descriptor, err error) {
	k = &keeper{cmd: cmd}
	cmd.Stderr = &k.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends us must not end it first
	if k.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, 0, d, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, 0, d, err
	}
	if err := cmd.Start(); err != nil {
		return nil, 0, d, err
	}
	var text string
	if _, err := fmt.Fscan(out, &helper, &text); err != nil {
		if failed := k.release(); failed != nil {
			err = failed // it says why
		}
		return nil, 0, d, err
	}
	d, err = sipc.ParseDescriptor(text)
	return k, helper, d, err
}

// release has the channel removed, and waits until it is.
func (k *keeper) release() error {
	k.stdin.Close()
	if err := k.cmd.Wait(); err != nil {
		return &ProcessError{What: "helper", Said: strings.TrimSpace(k.stderr.String()), Err: err}
	}
	return nil
}

// process is an end.
type process struct {
	role   Role
	cmd    *exec.Cmd
	steps  *os.File
	leave  *os.File
	stderr bytes.Buffer
}

// startEnd starts an end, with its pipes as descriptors 3 and 4.
func startEnd(role Role, cmd *exec.Cmd) (*process, error) {
	stepsR, stepsW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stepsW.Close()
	leaveR, leaveW, err := os.Pipe()
	if err != nil {
		stepsR.Close()
		return nil, err
	}
	defer leaveR.Close()
	p := &process{role: role, cmd: cmd, steps: stepsR, leave: leaveW}
	cmd.ExtraFiles = []*os.File{stepsW, leaveR}
	cmd.Stderr = &p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is ours, and we end them
	if err := cmd.Start(); err != nil {
		stepsR.Close()
		leaveW.Close()
		return nil, err
	}
	return p, nil
}

// letGo allows one more step.
func (p *process) letGo() { _, _ = p.leave.Write([]byte{1}) } // one that has died is noticed elsewhere

// end ends the process at once.
func (p *process) end() {
	p.leave.Close()
	_ = p.cmd.Process.Kill() // it may have ended
}

// wait waits until it has ended, and says how.
func (p *process) wait() error {
	defer p.leave.Close()
	defer p.steps.Close()
	if err := p.cmd.Wait(); err != nil {
		return &ProcessError{What: string(p.role), Said: strings.TrimSpace(p.stderr.String()), Err: err}
	}
	return nil
}
