package actor

import (
	"errors"
	"fmt"
	"hash/crc32"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketKind says how the sockets of a mechanism are made.
type socketKind struct {
	family, kind, protocol int
	words                  string // the same for people
	listens                bool   // one listens and one connects; otherwise each message goes to a name
}

func socketKinds() map[string]socketKind {
	return map[string]socketKind{
		"unix-stream":    {unix.AF_UNIX, unix.SOCK_STREAM, 0, "AF_UNIX, SOCK_STREAM, 0", true},
		"unix-dgram":     {unix.AF_UNIX, unix.SOCK_DGRAM, 0, "AF_UNIX, SOCK_DGRAM, 0", false},
		"unix-seqpacket": {unix.AF_UNIX, unix.SOCK_SEQPACKET, 0, "AF_UNIX, SOCK_SEQPACKET, 0", true},
		"netlink":        {unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_USERSOCK, "AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK", false},
		"tcp":            {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP, "AF_INET, SOCK_STREAM, IPPROTO_TCP", true},
		"udp":            {unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDP, "AF_INET, SOCK_DGRAM, IPPROTO_UDP", false},
		"sctp":           {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP, "AF_INET, SOCK_STREAM, IPPROTO_SCTP", true},
	}
}

// socket is an end of any kind of socket. The object's maker is who listens, or
// is bound to the name; the other end is a socket that has none.
type socket struct {
	role     Role
	kind     socketKind
	fd       int // the maker's listening or bound socket, or the other end's
	accepted int // what the maker talks by, where one listens; -1: nobody has come yet
}

func newSocket(r Role) End {
	return &socket{role: r, kind: socketKinds()[r.Object.Kind], fd: -1, accepted: -1}
}

// address is where the maker is found, and the same for people.
func (s *socket) address() (unix.Sockaddr, string) {
	o := s.role.Object
	switch s.kind.family {
	case unix.AF_UNIX:
		return &unix.SockaddrUnix{Name: o.Path}, fmt.Sprintf("%q", o.Path)
	case unix.AF_NETLINK:
		number := crc32.ChecksumIEEE([]byte(o.Name))>>2 | 1<<30 // such as no process's number is
		return &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: number}, fmt.Sprintf("netlink number %d", number)
	}
	return &unix.SockaddrInet4{Port: o.Port, Addr: [4]byte{127, 0, 0, 1}}, fmt.Sprintf("127.0.0.1 port %d", o.Port)
}

// Make makes the socket that others find.
func (s *socket) Make(t *Trace) error {
	if err := s.create(t); err != nil {
		return err
	}
	at, words := s.address()
	if err := t.Did("bind", unix.Bind(s.fd, at), "bind(%d, %s)", s.fd, words); err != nil {
		return err
	}
	if s.kind.family == unix.AF_UNIX {
		if err := s.role.dress(t, s.role.Object.Path); err != nil {
			return err
		}
	}
	if !s.kind.listens {
		return nil
	}
	return t.Did("listen", unix.Listen(s.fd, backlog), "listen(%d, %d)", s.fd, backlog)
}

// backlog is how many may wait to be accepted.
const backlog = 4

func (s *socket) create(t *Trace) (err error) {
	s.fd, err = unix.Socket(s.kind.family, s.kind.kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, s.kind.protocol)
	return t.Did("socket", err, "socket(%s)", s.kind.words)
}

// Open connects the end that is not the maker. The maker accepts when it sends or
// receives first: that is after the other end was opened.
func (s *socket) Open(t *Trace) error {
	switch {
	case s.role.Makes:
		return nil
	case !s.kind.listens && s.role.Side == ToSide:
		return errors.New("only who is bound to the socket's name receives what is sent there")
	}
	if err := s.create(t); err != nil || !s.kind.listens {
		return err
	}
	at, words := s.address()
	return t.Did("connect", connect(s.fd, at), "connect(%d, %s)", s.fd, words)
}

// connectTries bounds how often it is looked whether a connection stands, which
// within one computer it does at once.
const connectTries = 50

// connect connects a socket that does not block: as long as the connection is being
// made, the same call tells how it is getting on.
func connect(fd int, at unix.Sockaddr) error {
	err := unix.Connect(fd, at)
	for range connectTries {
		if err != unix.EINPROGRESS && err != unix.EALREADY && err != unix.EINTR {
			break
		}
		time.Sleep(time.Millisecond)
		err = unix.Connect(fd, at)
	}
	if err == unix.EISCONN {
		return nil
	}
	return err
}

// talk gives the descriptor that data goes through. Where one listens, the maker
// talks to the first who came.
func (s *socket) talk(t *Trace) (int, error) {
	if s.accepted >= 0 {
		return s.accepted, nil
	}
	if !s.role.Makes || !s.kind.listens {
		return s.fd, nil
	}
	fd, _, err := unix.Accept4(s.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err := t.Did("accept", err, "accept4(%d)", s.fd); err != nil {
		return -1, err
	}
	s.accepted = fd
	return fd, nil
}

func (s *socket) Send(t *Trace, secret []byte) ([]byte, error) {
	fd, err := s.talk(t)
	if err != nil {
		return nil, err
	}
	if s.kind.listens {
		return write(t, fd, secret)
	}
	at, words := s.address()
	return secret, t.Did("sendto", unix.Sendto(fd, secret, 0, at), "sendto(%d, %d bytes, %s)", fd, len(secret), words)
}

func (s *socket) Receive(t *Trace) ([]byte, error) {
	fd, err := s.talk(t)
	if err != nil {
		return nil, err
	}
	if s.kind.listens {
		return read(t, fd)
	}
	data := make([]byte, maxRead)
	n, _, err := unix.Recvfrom(fd, data, 0)
	if err := t.Did("recvfrom", err, "recvfrom(%d)", fd); err != nil {
		return nil, err
	}
	return data[:n], nil
}

// Close closes the sockets. A connection of TCP is broken off by who made it, so
// that its port is free again at once.
func (s *socket) Close() {
	if s.kind.protocol == unix.IPPROTO_TCP && !s.role.Makes && s.fd >= 0 {
		disconnect(s.fd)
	}
	closeAll(&s.accepted, &s.fd)
}

// disconnect is connect(2) to no address (AF_UNSPEC, which is 0).
func disconnect(fd int) {
	var nowhere [unix.SizeofSockaddrInet4]byte
	unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&nowhere)), uintptr(len(nowhere)))
}

func (s *socket) Remove() error {
	if s.kind.family == unix.AF_UNIX {
		return unlink(s.role.Object.Path)
	}
	return nil
}
