package actor

import (
	"errors"

	"golang.org/x/sys/unix"
)

// back is one side of a back channel, made of what that side does.
type back struct {
	signal func(t *Trace, bit bool) error
	look   func(t *Trace) (bool, error)
	close  func()
}

// errNoPart is a step that is the other side's.
var errNoPart = errors.New("this side of the back channel has no such step")

func (b back) Signal(t *Trace, bit bool) error {
	if b.signal == nil {
		return errNoPart
	}
	return b.signal(t, bit)
}

func (b back) Look(t *Trace) (bool, error) {
	if b.look == nil {
		return false, errNoPart
	}
	return b.look(t)
}

func (b back) Close() {
	if b.close != nil {
		b.close()
	}
}

// full is the back channel of what fills up: who takes makes room, and who puts
// notices it.
func full(r Role, end End) Channel {
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			if !bit {
				return nil
			}
			return end.(stuffed).take(t)
		}}
	}
	return back{look: func(t *Trace) (bool, error) { return fill(t, end.(stuffed)) }}
}

// filled is the back channel of two who both put, while somebody else takes: what
// one has filled has no room for the other one.
func filled(r Role, end End) Channel {
	if r.Side == FromSide {
		return back{signal: func(t *Trace, bit bool) error {
			if !bit {
				return nil
			}
			_, err := fill(t, end.(stuffed))
			return err
		}}
	}
	return back{look: func(t *Trace) (bool, error) {
		call, err := end.(stuffed).put(t)
		if err == unix.EAGAIN {
			return true, t.Did(call, nil, "%s = EAGAIN", call)
		}
		return false, t.Did(call, err, "%s", call)
	}}
}

// crowd is how many sockets it takes to fill a queue of datagrams: each one may
// have only so much under way.
const crowd = 8

// filledSocket is filled for datagrams.
func filledSocket(r Role, end End) Channel {
	if r.Side == ToSide {
		return filled(r, end)
	}
	others := make([]*socket, crowd)
	for i := range others {
		others[i] = newSocket(end.(*socket).role).(*socket)
	}
	leave := func() {
		for _, s := range others {
			s.Close()
		}
	}
	return back{close: leave, signal: func(t *Trace, bit bool) error {
		for _, s := range others {
			if !bit {
				return nil
			}
			if s.fd < 0 {
				if err := s.create(t); err != nil {
					return err
				}
			}
			if _, err := fill(t, s); err != nil {
				return err
			}
		}
		return nil
	}}
}

// drain takes out all that is there, for filled: nobody else takes.
func drain(end End, _ bool) error {
	for {
		_, err := end.Receive(NewTrace())
		switch {
		case err == nil:
		case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMSG):
			return nil
		default:
			return err
		}
	}
}

// stuffed is an End of something that fills up.
type stuffed interface {
	// put puts a piece in, of the same size each time. The call is its name.
	put(t *Trace) (call string, err error)
	// take takes at least one piece out, if there is one.
	take(t *Trace) error
}

// mostPieces bounds how much is put in until it should be full.
const mostPieces = 1 << 14

// fill puts pieces in until there is no room. It tells whether there was any.
func fill(t *Trace, s stuffed) (room bool, err error) {
	for n := 0; ; n++ {
		call, err := s.put(t)
		switch {
		case err == nil && n < mostPieces:
		case err == unix.EAGAIN || err == nil:
			return n > 0, t.Did(call, nil, "%s until it is full: %s", call, map[bool]string{true: "there was room", false: "there was none"}[n > 0])
		default:
			return n > 0, t.Did(call, err, "%s", call)
		}
	}
}

// took notes that something was taken. That there was nothing ends nothing, but is
// noted: the kernel says so as well where it withholds a message.
func took(t *Trace, call string, err error) error {
	noted := t.Did(call, err, "%s", call)
	if err == unix.EAGAIN || err == unix.ENOMSG {
		return nil
	}
	return noted
}

// pieceSize is the size of a piece in bytes, that of a page: a pipe counts pages.
const pieceSize = 4096

// putBytes writes a piece to a descriptor.
func putBytes(fd, size int) (call string, err error) {
	_, err = unix.Write(fd, make([]byte, size))
	return "write", err
}

// takeBytes reads a piece from a descriptor.
func takeBytes(t *Trace, fd int) error {
	_, err := unix.Read(fd, make([]byte, pieceSize))
	return took(t, "read", err)
}

func (f *fifo) put(*Trace) (string, error) { return putBytes(f.fd, pieceSize) }
func (f *fifo) take(t *Trace) error        { return takeBytes(t, f.fd) }

func (p *pipe) put(*Trace) (string, error) { return putBytes(p.write, pieceSize) }
func (p *pipe) take(t *Trace) error        { return takeBytes(t, p.read) }

func (q *msgq) put(*Trace) (string, error) {
	return "msgsnd", msgsnd(q.id, &message{kind: 1}, messageSize)
}

func (q *msgq) take(t *Trace) error {
	var m message
	_, err := msgrcv(q.id, &m)
	return took(t, "msgrcv", err)
}

func (q *posixMq) put(*Trace) (string, error) {
	return "mq_send", mqSend(q.fd, make([]byte, mqSize))
}

func (q *posixMq) take(t *Trace) error {
	_, err := mqReceive(q.fd, make([]byte, mqSize))
	return took(t, "mq_receive", err)
}

// socketPiece is the size of what is put into sockets, in bytes.
const socketPiece = 1024

func (s *socket) put(t *Trace) (string, error) {
	fd, err := s.talk(t)
	if err != nil {
		return "accept", errors.Unwrap(err)
	}
	if s.kind.listens {
		return putBytes(fd, socketPiece)
	}
	at, _ := s.address()
	return "sendto", unix.Sendto(fd, make([]byte, socketPiece), 0, at)
}

func (s *socket) take(t *Trace) error {
	fd, err := s.talk(t)
	if err != nil {
		return err
	}
	return takeBytes(t, fd)
}
