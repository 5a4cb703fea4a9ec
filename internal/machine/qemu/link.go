package qemu

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/yamux"

	"ipclab/internal/guest/api"
)

// greetEvery is how often the host greets until the agent answers: at a cold
// boot nobody listens for a while, and a restored agent may yet have to notice
// that the connection of its snapshot is over.
const greetEvery = 10 * time.Millisecond

// link is the multiplexed connection to the agent.
type link struct {
	session *yamux.Session
	port    net.Conn
}

// connect connects to the agent through the port's socket and waits until it
// answers.
func connect(ctx context.Context, run string) (*link, error) {
	port, err := dialSocket(ctx, filepath.Join(run, portSocket))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { port.SetDeadline(time.Now()) })
	in := bufio.NewReader(port)
	err = greet(port, in)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		port.Close()
		return nil, err
	}
	session, err := yamux.Client(&buffered{Reader: in, Conn: port}, api.MuxConfig())
	if err != nil {
		port.Close()
		return nil, err
	}
	return &link{session: session, port: port}, nil
}

// greet sends greetings with one nonce until it comes back, and reads away
// everything before it. No greeting is sent after it has returned: what follows
// on the wire is the multiplexer's.
func greet(port net.Conn, in *bufio.Reader) error {
	line, err := newGreeting()
	if err != nil {
		return err
	}
	answered, silent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(silent)
		for {
			if _, err := io.WriteString(port, line); err != nil {
				return
			}
			select {
			case <-answered:
				return
			case <-time.After(greetEvery):
			}
		}
	}()
	err = await(in, line)
	close(answered)
	<-silent
	return err
}

func newGreeting() (string, error) {
	nonce := make([]byte, 12)
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return api.Greeting + hex.EncodeToString(nonce) + "\n", nil
}

func await(in *bufio.Reader, line string) error {
	for {
		got, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("waiting for the agent: %w", err)
		}
		if strings.HasSuffix(got, line) {
			return nil
		}
	}
}

func (l *link) open() (net.Conn, error) { return l.session.Open() }

func (l *link) close() {
	l.session.Close()
	l.port.Close()
}

// buffered is a connection whose reads go through a buffer.
type buffered struct {
	*bufio.Reader
	net.Conn
}

func (b *buffered) Read(p []byte) (int, error) { return b.Reader.Read(p) }
