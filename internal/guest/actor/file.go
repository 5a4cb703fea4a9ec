package actor

import "golang.org/x/sys/unix"

// file is an end of a regular file. What one end has written, the other one reads
// on from where it was.
type file struct {
	role Role
	fd   int
}

func newFile(r Role) End { return &file{role: r, fd: -1} }

func (f *file) Make(t *Trace) error {
	path, mode := f.role.Object.Path, f.role.mode(0o600)
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, mode)
	if err := t.Did("open", err, "open(%q, O_WRONLY|O_CREAT|O_EXCL, %#o)", path, mode); err != nil {
		return err
	}
	closeAll(&fd)
	return f.role.dress(t, path)
}

func (f *file) Open(t *Trace) (err error) {
	f.fd, err = openPath(t, f.role)
	return err
}

func (f *file) Send(t *Trace, secret []byte) ([]byte, error) { return write(t, f.fd, secret) }

func (f *file) Receive(t *Trace) ([]byte, error) { return read(t, f.fd) }

func (f *file) Close() { closeAll(&f.fd) }

func (f *file) Remove() error { return unlink(f.role.Object.Path) }
