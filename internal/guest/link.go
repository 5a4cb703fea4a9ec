package guest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/yamux"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// PortPath is the virtio-serial port that leads to the host.
const PortPath = "/dev/virtio-ports/ipclab.0"

// idle is how long the agent waits between looks at a port nobody is
// connected to. It bounds what the look adds to the start of a clone.
const idle = 4 * time.Millisecond

// ServePort serves every connection that the host makes over the port at path,
// one after the other, until ctx ends. Each carries many streams, and handle is
// called for each stream in a goroutine of its own.
func ServePort(ctx context.Context, path string, handle func(net.Conn)) error {
	for ctx.Err() == nil {
		port, err := openPort(path)
		if err != nil {
			return err
		}
		err = serveOnce(ctx, port, handle)
		port.Close()
		if err != nil && !errors.Is(err, io.EOF) {
			fmt.Fprintf(os.Stderr, "ipclab agent: link: %v\n", err)
		}
	}
	return ctx.Err()
}

// openPort opens the port, waiting for udev and the driver at boot.
func openPort(path string) (*os.File, error) {
	for range 5000 {
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENXIO) {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, fmt.Errorf("%s did not appear: is the machine started with a virtio-serial port?", path)
}

func serveOnce(ctx context.Context, port *os.File, handle func(net.Conn)) error {
	in := bufio.NewReader(&patientReader{ctx: ctx, file: port})
	line, err := awaitGreeting(in)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(port, line); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	session, err := yamux.Server(&duplex{Reader: &pastGreetings{in: in}, file: port}, api.MuxConfig())
	if err != nil {
		return err
	}
	defer session.Close()
	for {
		stream, err := session.Accept()
		if err != nil {
			return err
		}
		go handle(stream)
	}
}

// awaitGreeting reads lines until one is a greeting.
func awaitGreeting(in *bufio.Reader) (string, error) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if at := strings.LastIndex(line, api.Greeting); at >= 0 {
			return line[at:], nil
		}
	}
}

// patientReader reads a port that says "end of file" for as long as nobody is
// connected at the host's side. Before the first byte of a connection that
// means "wait"; after it, that the connection is over.
type patientReader struct {
	ctx   context.Context
	file  *os.File
	begun bool
}

func (r *patientReader) Read(p []byte) (int, error) {
	for {
		n, err := r.file.Read(p)
		if n > 0 {
			r.begun = true
			return n, nil
		}
		if r.begun || (err != nil && !errors.Is(err, io.EOF)) {
			return 0, err
		}
		select {
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		case <-time.After(idle):
		}
	}
}

// duplex is the port as the multiplexer wants it: reads go through the buffer
// that the greeting was read from.
type duplex struct {
	io.Reader
	file *os.File
}

func (d *duplex) Write(p []byte) (int, error) { return d.file.Write(p) }
func (d *duplex) Close() error                { return d.file.Close() }

// pastGreetings reads away greetings that the host repeated before it saw the
// answer. The multiplexer's first byte is its version, which is 0: the two
// cannot be taken for each other.
type pastGreetings struct {
	in   *bufio.Reader
	past bool
}

func (r *pastGreetings) Read(p []byte) (int, error) {
	for !r.past {
		next, err := r.in.Peek(1)
		if err != nil {
			return 0, err
		}
		if r.past = next[0] != api.Greeting[0]; r.past {
			break
		}
		if _, err := r.in.ReadString('\n'); err != nil {
			return 0, err
		}
	}
	return r.in.Read(p)
}
