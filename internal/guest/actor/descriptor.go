package actor

import (
	"errors"

	"golang.org/x/sys/unix"
)

// descriptor is an end of what one opens, writes to and passes on, and the other
// one reads by. The object that it is open on is made as that of its own kind.
type descriptor struct {
	role Role
	of   End // makes and removes
	fd   int
}

func newDescriptor(r Role) End {
	d := &descriptor{role: r, of: nothing{}, fd: -1}
	if r.Of != nil && r.Of.Kind != r.Object.Kind {
		of := r
		of.Object, of.Of = *r.Of, nil
		if end, err := New(of); err == nil {
			d.of = end
		}
	}
	return d
}

// nothing is in the place of an object that is none.
type nothing struct{ bare }

var errNothing = errors.New("a descriptor is passed of a file or a FIFO")

func (nothing) Make(*Trace) error                   { return errNothing }
func (nothing) Send(*Trace, []byte) ([]byte, error) { return nil, errNothing }
func (nothing) Receive(*Trace) ([]byte, error)      { return nil, errNothing }

func (d *descriptor) Make(t *Trace) error {
	if d.role.Of == nil || d.role.Of.Kind != "file" && d.role.Of.Kind != "fifo" {
		return errNothing
	}
	return d.of.Make(t)
}

// Open opens the object, at the end that has the right to. The other one is given
// the descriptor after the first message.
func (d *descriptor) Open(t *Trace) (err error) {
	if d.role.Side != FromSide {
		return nil
	}
	path := d.role.Of.Path
	d.fd, err = unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err := t.Did("open", err, "open(%q, O_RDWR)", path); err != nil {
		return err
	}
	return t.PassDescriptor(d.fd, ToSide)
}

// Send writes where the other end reads: at the beginning of a file.
func (d *descriptor) Send(t *Trace, secret []byte) ([]byte, error) {
	if d.role.Of.Kind == "fifo" {
		return write(t, d.fd, secret)
	}
	n, err := unix.Pwrite(d.fd, secret, 0)
	if err := t.Did("pwrite", err, "pwrite(%d, %d bytes, 0)", d.fd, len(secret)); err != nil {
		return nil, err
	}
	return secret[:n], nil
}

// Receive takes the descriptor, unless it has it, and reads by it.
func (d *descriptor) Receive(t *Trace) (_ []byte, err error) {
	if d.fd < 0 {
		if d.fd, err = t.TakeDescriptor(); err != nil {
			return nil, err
		}
	}
	if d.role.Of.Kind == "fifo" {
		return read(t, d.fd)
	}
	data := make([]byte, maxRead)
	n, err := unix.Pread(d.fd, data, 0)
	if err := t.Did("pread", err, "pread(%d, 0)", d.fd); err != nil {
		return nil, err
	}
	return data[:n], nil
}

func (d *descriptor) Close() { closeAll(&d.fd) }

func (d *descriptor) Remove() error { return d.of.Remove() }
