package actor

import "golang.org/x/sys/unix"

// openPath opens what has a path as the role's side and way want it.
func openPath(t *Trace, r Role) (int, error) {
	flags, name := unix.O_RDONLY, "O_RDONLY"
	if r.Side == FromSide {
		switch r.How {
		case "append":
			flags, name = unix.O_WRONLY|unix.O_APPEND, "O_WRONLY|O_APPEND"
		case "rdwr":
			flags, name = unix.O_RDWR, "O_RDWR"
		default:
			flags, name = unix.O_WRONLY, "O_WRONLY"
		}
	}
	path := r.Object.Path
	fd, err := unix.Open(path, flags|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	return fd, t.Did("open", err, "open(%q, %s)", path, name)
}

// write writes all of the secret at once.
func write(t *Trace, fd int, secret []byte) ([]byte, error) {
	n, err := unix.Write(fd, secret)
	if err := t.Did("write", err, "write(%d, %d bytes)", fd, len(secret)); err != nil {
		return nil, err
	}
	return secret[:n], nil
}

// read reads what is there. The end of a file is nothing.
func read(t *Trace, fd int) ([]byte, error) {
	data := make([]byte, maxRead)
	n, err := unix.Read(fd, data)
	if err == nil && n == 0 {
		err = unix.EAGAIN // nobody writes any more, or nothing was written yet
	}
	if err := t.Did("read", err, "read(%d)", fd); err != nil {
		return nil, err
	}
	return data[:n], nil
}
