package qemu

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"ipclab/internal/guest"
)

// agentPort is the host's socket of a port whose other end, a terminal in raw
// mode, the guest's own code serves. It echoes each stream in capitals. The
// guest does not see the host's connections come and go, as it does not after
// a restore: only the greeting tells it.
func agentPort(t *testing.T, before string) (run string) {
	t.Helper()
	master, slave := rawTerminal(t)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		guest.ServePort(ctx, slave, shout)
	}()
	run = shortDir(t)
	l, err := net.Listen("unix", filepath.Join(run, portSocket))
	must(t, err)
	go bridge(l, master, before)
	t.Cleanup(func() { cancel(); l.Close(); master.Close(); <-served })
	return run
}

// rawTerminal gives a terminal's master, whose reads end when it is closed, and
// the name of its slave.
func rawTerminal(t *testing.T) (master *os.File, slave string) {
	t.Helper()
	m, s, err := pty.Open()
	must(t, err)
	defer m.Close()
	t.Cleanup(func() { s.Close() }) // a terminal whose slave nobody has open cannot be read
	_, err = term.MakeRaw(int(s.Fd()))
	must(t, err)
	fd, err := unix.Dup(int(m.Fd()))
	must(t, err)
	must(t, unix.SetNonblock(fd, true))
	return os.NewFile(uintptr(fd), m.Name()), s.Name()
}

func shout(c net.Conn) {
	defer c.Close()
	data, _ := io.ReadAll(io.LimitReader(c, 5))
	io.WriteString(c, strings.ToUpper(string(data)))
}

// bridge joins one connection after the other with the terminal; the host
// first gets what an older connection left in between.
func bridge(l net.Listener, master *os.File, before string) {
	out := make(chan []byte)
	go func() {
		defer close(out)
		for {
			buf := make([]byte, 4096)
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			out <- buf[:n]
		}
	}()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(conn, before)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			io.Copy(master, conn)
		}()
		for open := true; open; {
			select {
			case data, more := <-out:
				if !more {
					return
				}
				conn.Write(data)
			case <-ended:
				open = false
			}
		}
	}
}

func exchange(t *testing.T, l *link) {
	t.Helper()
	stream, err := l.open()
	must(t, err)
	defer stream.Close()
	_, err = io.WriteString(stream, "hello")
	must(t, err)
	if got, err := io.ReadAll(stream); err != nil || string(got) != "HELLO" {
		t.Errorf("the agent said %q, %v", got, err)
	}
}

func TestLinkWithTheGuestsOwnCode(t *testing.T) {
	run := agentPort(t, "")
	l, err := connect(context.Background(), run)
	must(t, err)
	defer l.close()
	exchange(t, l)
	exchange(t, l)
}

// What the snapshot's connection left on the wire is thrown away at both ends.
func TestLinkAfterAnOlderConnection(t *testing.T) {
	run := agentPort(t, "\x00\x01half a frame\nIPCLAB1 0123456789abcdef\nmore\x00")
	for range 3 {
		l, err := connect(context.Background(), run)
		must(t, err)
		exchange(t, l)
		l.port.Close() // as a killed host does: without a word
		l.close()
	}
}

func TestConnectGivesTheReason(t *testing.T) {
	run := shortDir(t)
	l, err := net.Listen("unix", filepath.Join(run, portSocket))
	must(t, err)
	defer l.Close()
	reason := errors.New("QEMU died")
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		conn, err := l.Accept()
		if err == nil {
			io.ReadFull(conn, make([]byte, 10)) // it greets
			cancel(reason)
			io.Copy(io.Discard, conn)
		}
	}()
	if _, err := connect(ctx, run); !errors.Is(err, reason) {
		t.Errorf("connect: %v", err)
	}
}

func TestConnectToAnAgentThatHangsUp(t *testing.T) {
	run := shortDir(t)
	l, err := net.Listen("unix", filepath.Join(run, portSocket))
	must(t, err)
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Close()
		}
	}()
	if _, err := connect(context.Background(), run); err == nil {
		t.Error("connected to nobody")
	}
}
