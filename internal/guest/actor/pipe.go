package actor

import (
	"errors"

	"golang.org/x/sys/unix"
)

// pipe is an end of a pipe without a name. Its maker keeps what it needs itself,
// and hands the rest over.
type pipe struct {
	bare
	role        Role
	read, write int // what this end has; -1: not
}

func newPipe(r Role) End { return &pipe{role: r, read: -1, write: -1} }

func (p *pipe) Make(t *Trace) error {
	if p.role.Object.Maker == "" {
		return errors.New("a pipe has its maker's type: the scenario must name its maker")
	}
	var both [2]int
	err := unix.Pipe2(both[:], unix.O_NONBLOCK|unix.O_CLOEXEC)
	if err := t.Did("pipe", err, "pipe2(O_NONBLOCK)"); err != nil {
		return err
	}
	p.read, p.write = both[0], both[1]
	if p.role.Side != FromSide {
		if err := p.hand(t, &p.write, FromSide); err != nil {
			return err
		}
	}
	if p.role.Side != ToSide {
		return p.hand(t, &p.read, ToSide)
	}
	return nil
}

// hand hands a descriptor over and keeps none: nobody reads where only the
// maker still could.
func (p *pipe) hand(t *Trace, fd *int, to Side) error {
	defer closeAll(fd)
	return t.PassDescriptor(*fd, to)
}

// Open takes what the maker has handed over.
func (p *pipe) Open(t *Trace) (err error) {
	switch {
	case p.role.Makes:
	case p.role.Side == FromSide:
		p.write, err = t.TakeDescriptor()
	default:
		p.read, err = t.TakeDescriptor()
	}
	return err
}

func (p *pipe) Send(t *Trace, secret []byte) ([]byte, error) { return write(t, p.write, secret) }

func (p *pipe) Receive(t *Trace) ([]byte, error) { return read(t, p.read) }

func (p *pipe) Close() { closeAll(&p.read, &p.write) }
