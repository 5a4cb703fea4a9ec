package actor

import "golang.org/x/sys/unix"

// fifo is an end of a FIFO. Nobody waits at its opening: the reader comes first,
// and a writer without a reader gets ENXIO, which the kernel says only after it
// was allowed to write.
type fifo struct {
	role Role
	fd   int
}

func newFIFO(r Role) End { return &fifo{role: r, fd: -1} }

func (f *fifo) Make(t *Trace) error {
	path, mode := f.role.Object.Path, f.role.mode(0o600)
	if err := t.Did("mknod", unix.Mkfifo(path, mode), "mkfifo(%q, %#o)", path, mode); err != nil {
		return err
	}
	return f.role.dress(t, path)
}

func (f *fifo) Open(t *Trace) (err error) {
	f.fd, err = openPath(t, f.role)
	return err
}

func (f *fifo) Send(t *Trace, secret []byte) ([]byte, error) { return write(t, f.fd, secret) }

func (f *fifo) Receive(t *Trace) ([]byte, error) { return read(t, f.fd) }

func (f *fifo) Close() { closeAll(&f.fd) }

func (f *fifo) Remove() error { return unlink(f.role.Object.Path) }
