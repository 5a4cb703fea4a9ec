package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// piece is how much of a large message the ways in pieces carry at a time: a
// packet of this size fits a socket's buffer, and stays in a processor's cache.
const piece = 64 << 10

func layPipe(trial) (*cable, error) {
	r, w, err := os.Pipe()
	return &cable{sender: w, receiver: r}, err
}

func layStream(trial) (*cable, error)    { return laySocket(unix.SOCK_STREAM) }
func laySeqpacket(trial) (*cable, error) { return laySocket(unix.SOCK_SEQPACKET) }

func laySocket(kind int) (*cable, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	return &cable{sender: os.NewFile(uintptr(fds[0]), "sender"), receiver: os.NewFile(uintptr(fds[1]), "receiver")}, nil
}

// stream sends and receives messages of one size over a byte stream.
type stream struct {
	end  io.ReadWriteCloser
	work *work
	buf  []byte
}

// newFile is a stream over an os.File whose calls block in the kernel, as
// those of a process's standard input and output do. For a pipe that is the
// fastest that Go has.
func newFile(p plug) *stream { return &stream{p.file, p.work, private(p.Size)} }

// newConn is a stream over what Go has for sockets, which wait in its poller.
func newConn(p plug) (*stream, error) {
	defer p.file.Close() // the connection has a descriptor of its own
	c, err := net.FileConn(p.file)
	if err != nil {
		return nil, err
	}
	return &stream{c, p.work, private(p.Size)}, nil
}

func fileSender(_ context.Context, p plug) (sender, error)     { return newFile(p), nil }
func fileReceiver(_ context.Context, p plug) (receiver, error) { return newFile(p), nil }
func connSender(_ context.Context, p plug) (sender, error)     { return newConn(p) }
func connReceiver(_ context.Context, p plug) (receiver, error) { return newConn(p) }

func (s *stream) Close() error { return s.end.Close() }

func (s *stream) send(messages int) error {
	for range messages {
		s.work.make(s.buf)
		if _, err := s.end.Write(s.buf); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) receive(messages int) error {
	for range messages {
		if _, err := io.ReadFull(s.end, s.buf); err != nil {
			return err
		}
		s.work.take(s.buf)
	}
	return nil
}

// pieces cuts messages into pieces, and works on one piece at a time.
type pieces struct{ *stream }

func pieceSender(_ context.Context, p plug) (sender, error) {
	s, err := newConn(p)
	return pieces{s}, err
}

func pieceReceiver(_ context.Context, p plug) (receiver, error) {
	s, err := newConn(p)
	return pieces{s}, err
}

func (s pieces) send(messages int) error {
	for range messages {
		for at := 0; at < len(s.buf); at += piece {
			part := s.buf[at:min(at+piece, len(s.buf))]
			s.work.make(part)
			if _, err := s.end.Write(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s pieces) receive(messages int) error {
	for range messages {
		for at := 0; at < len(s.buf); at += piece {
			part := s.buf[at:min(at+piece, len(s.buf))]
			if _, err := io.ReadFull(s.end, part); err != nil {
				return err
			}
			s.work.take(part)
		}
	}
	return nil
}

// buffered is a stream with a buffer of a pipe's size at each end.
type buffered struct {
	*stream
	w *bufio.Writer
	r *bufio.Reader
}

func bufferedSender(_ context.Context, p plug) (sender, error) {
	return &buffered{stream: newFile(p), w: bufio.NewWriterSize(p.file, piece)}, nil
}

func bufferedReceiver(_ context.Context, p plug) (receiver, error) {
	return &buffered{stream: newFile(p), r: bufio.NewReaderSize(p.file, piece)}, nil
}

func (b *buffered) send(messages int) error {
	for range messages {
		b.work.make(b.buf)
		if _, err := b.w.Write(b.buf); err != nil {
			return err
		}
	}
	return b.w.Flush()
}

func (b *buffered) receive(messages int) error {
	for range messages {
		if _, err := io.ReadFull(b.r, b.buf); err != nil {
			return err
		}
		b.work.take(b.buf)
	}
	return nil
}
