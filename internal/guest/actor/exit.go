package actor

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exit is an end of an exit status: who tells ends, and who learns is its parent.
// Play sees to it that it is (play.Stage's Family).
type exit struct {
	bare
	role Role
}

func newExit(r Role) End { return &exit{role: r} }

// Send ends this process. Nobody can report that it did.
func (e *exit) Send(_ *Trace, secret []byte) ([]byte, error) {
	if len(secret) != 1 {
		return nil, errors.New("an exit status is one byte")
	}
	unix.Exit(int(secret[0]))
	return nil, errors.New("exit did not end the process")
}

// Receive takes the status of a child that has ended.
func (e *exit) Receive(t *Trace) ([]byte, error) {
	var status unix.WaitStatus
	pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
	if err == nil && pid == 0 {
		err = unix.EAGAIN
	}
	if err := t.Did("wait4", err, "wait4(-1, WNOHANG)"); err != nil {
		return nil, err
	}
	return []byte{byte(status.ExitStatus())}, nil
}
