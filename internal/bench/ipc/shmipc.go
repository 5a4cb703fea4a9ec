package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/cloudwego/shmipc-go"
)

const (
	// shmipcPart is how much shmipc carries in one buffer: larger messages are
	// sent in parts, so that its shared memory stays in the processors' caches.
	shmipcPart = 128 << 10
	// shmipcWindow is how many buffers are under way. shmipc does not wait when
	// its memory is full, but goes over to the socket. So the receiver has to say
	// now and then that it has read.
	shmipcWindow = 8
)

// shmipcConfig gives shmipc memory for twice the window, in buffers of the right size.
func shmipcConfig(size int) *shmipc.Config {
	part := uint32(min(size, shmipcPart))
	c := shmipc.DefaultConfig()
	c.MemMapType = shmipc.MemMapTypeMemFd
	c.LogOutput = io.Discard
	c.ShareMemoryPathPrefix += rand.Text()
	c.ShareMemoryBufferCap = max(1<<20, (part+4096)*2*shmipcWindow)
	c.BufferSliceSizes = []*shmipc.SizePercentPair{{Size: part, Percent: 100}}
	if part > 4096 { // a small one for what the receiver says
		c.BufferSliceSizes = []*shmipc.SizePercentPair{{Size: 256, Percent: 1}, {Size: part, Percent: 99}}
	}
	return c
}

// layShmipc makes a listening socket; shmipc sends its memory's descriptors over it.
func layShmipc(trial) (*cable, error) {
	name := "@ipclab-bench-" + rand.Text()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	file, err := l.File()
	return &cable{receiver: file, word: name}, err
}

// shmipcEnd is an end of a stream of shmipc.
type shmipcEnd struct {
	listener net.Listener // until the sender has come
	stream   *shmipc.Stream
	work     *work
	buf      []byte
	part     int
	parts    int // under way, or read since the receiver last said so
	inPlace  bool
	close    func() error
}

func newShmipcEnd(p plug, inPlace bool) *shmipcEnd {
	return &shmipcEnd{work: p.work, buf: private(p.Size), part: min(p.Size, shmipcPart), inPlace: inPlace}
}

func shmipcSender(_ context.Context, p plug) (sender, error) {
	return newShmipcEnd(p, false).dial(p.word)
}

func shmipcPlaceSender(_ context.Context, p plug) (sender, error) {
	return newShmipcEnd(p, true).dial(p.word)
}

func shmipcReceiver(_ context.Context, p plug) (receiver, error) {
	return newShmipcEnd(p, false).listen(p.file)
}

func shmipcPlaceReceiver(_ context.Context, p plug) (receiver, error) {
	return newShmipcEnd(p, true).listen(p.file)
}

func (e *shmipcEnd) dial(name string) (*shmipcEnd, error) {
	c := shmipc.DefaultSessionManagerConfig()
	c.Config, c.Network, c.Address = shmipcConfig(len(e.buf)), "unix", name
	m, err := shmipc.NewSessionManager(c)
	if err != nil {
		return nil, err
	}
	e.close = m.Close
	e.stream, err = m.GetStream()
	return e, err
}

func (e *shmipcEnd) listen(f *os.File) (_ *shmipcEnd, err error) {
	e.listener, err = net.FileListener(f)
	return e, err
}

// accept waits for the sender.
func (e *shmipcEnd) accept() error {
	defer e.listener.Close()
	c, err := e.listener.Accept()
	if err != nil {
		return err
	}
	session, err := shmipc.Server(c, shmipcConfig(len(e.buf)))
	if err != nil {
		return err
	}
	e.close = session.Close
	e.stream, err = session.AcceptStream()
	return err
}

func (e *shmipcEnd) Close() error {
	if e.close == nil {
		return nil
	}
	return e.close()
}

func (e *shmipcEnd) send(messages int) error {
	for range messages {
		if !e.inPlace {
			e.work.make(e.buf)
		}
		for at := 0; at < len(e.buf); at += e.part {
			if err := e.sendPart(e.buf[at:min(at+e.part, len(e.buf))]); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendPart sends one buffer. When the window is full it waits until the
// receiver has said that it read half of it.
func (e *shmipcEnd) sendPart(p []byte) error {
	if e.parts == shmipcWindow {
		if _, err := e.stream.BufferReader().Discard(1); err != nil {
			return err
		}
		e.stream.BufferReader().ReleasePreviousRead()
		e.parts -= shmipcWindow / 2
	}
	e.parts++
	if err := e.writePart(p); err != nil {
		return err
	}
	return e.stream.Flush(false)
}

func (e *shmipcEnd) writePart(p []byte) error {
	if !e.inPlace {
		_, err := e.stream.BufferWriter().WriteBytes(p)
		return err
	}
	memory, err := e.stream.BufferWriter().Reserve(len(p))
	if err == nil {
		e.work.make(memory)
	}
	return err
}

func (e *shmipcEnd) receive(messages int) error {
	if e.stream == nil {
		if err := e.accept(); err != nil {
			return fmt.Errorf("shmipc: %w", err)
		}
	}
	for range messages {
		for at := 0; at < len(e.buf); at += e.part {
			if err := e.receivePart(e.buf[at:min(at+e.part, len(e.buf))]); err != nil {
				return err
			}
		}
		if !e.inPlace {
			e.work.take(e.buf)
		}
	}
	return nil
}

// receivePart takes one buffer, and says so after half a window.
func (e *shmipcEnd) receivePart(p []byte) error {
	if err := e.readPart(p); err != nil {
		return err
	}
	if e.parts++; e.parts < shmipcWindow/2 {
		return nil
	}
	e.parts = 0
	if _, err := e.stream.BufferWriter().WriteBytes([]byte{1}); err != nil {
		return err
	}
	return e.stream.Flush(false)
}

func (e *shmipcEnd) readPart(p []byte) error {
	if !e.inPlace {
		_, err := io.ReadFull(e.stream, p)
		return err
	}
	memory, err := e.stream.BufferReader().ReadBytes(len(p))
	if err != nil {
		return err
	}
	if len(memory) != len(p) {
		return errors.New("shmipc gave less than was asked for")
	}
	e.work.take(memory)
	e.stream.BufferReader().ReleasePreviousRead()
	return nil
}
