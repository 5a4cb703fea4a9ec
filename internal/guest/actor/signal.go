package actor

import (
	"errors"
	"os"
	ossignal "os/signal"

	"golang.org/x/sys/unix"
)

// signal is an end of a signal as a message. What it carries is that it came.
// SIGKILL and SIGSTOP are noticed by the agent: nobody can report them of itself.
type signal struct {
	bare
	role Role
	came chan os.Signal // at the end that receives
}

func newSignal(r Role) End { return &signal{role: r} }

func (s *signal) number() unix.Signal { return unix.SignalNum("SIG" + s.role.Object.Signal) }

func (s *signal) Open(*Trace) error {
	if s.number() == 0 {
		return errors.New("there is no signal " + s.role.Object.Signal)
	}
	if s.role.Side == ToSide && s.number() != unix.SIGKILL && s.number() != unix.SIGSTOP {
		s.came = make(chan os.Signal, 8)
		ossignal.Notify(s.came, s.number())
	}
	return nil
}

func (s *signal) Send(t *Trace, _ []byte) ([]byte, error) {
	err := unix.Kill(s.role.Peer, s.number())
	if err := t.Did("kill", err, "kill(%d, SIG%s)", s.role.Peer, s.role.Object.Signal); err != nil {
		return nil, err
	}
	return []byte(s.role.Object.Signal), nil
}

func (s *signal) Receive(t *Trace) ([]byte, error) {
	select {
	case <-s.came:
		return []byte(s.role.Object.Signal), t.Did("signal", nil, "SIG%s came", s.role.Object.Signal)
	default:
		return nil, t.Did("signal", unix.EAGAIN, "SIG%s", s.role.Object.Signal)
	}
}

func (s *signal) Close() {
	if s.came != nil {
		ossignal.Stop(s.came)
	}
}
