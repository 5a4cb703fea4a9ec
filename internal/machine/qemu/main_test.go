package qemu

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/yamux"

	"ipclab/internal/guest/api"
)

// The test program plays other programs' parts: a supervisor, and a QEMU with
// an agent in it that answers at once.
func TestMain(m *testing.M) {
	args := os.Args[1:]
	switch {
	case len(args) > 0 && args[0] == "-nodefaults":
		playQEMU(args)
	case len(args) == 3 && args[0] == "supervisor":
		playSupervisor(args[1], args[2])
	default:
		os.Exit(m.Run())
	}
}

// playSupervisor is one of several supervisors of the clone in dir.
func playSupervisor(kind, dir string) {
	report := os.NewFile(3, "report")
	switch kind {
	case "mute":
		os.Exit(1)
	case "garbage":
		fmt.Fprintln(report, "}{")
		os.Exit(1)
	case "sorry":
		tell(report, &MissingError{Program: "qemu-system-x86_64"})
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := Supervise(ctx, dir, report); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// playQEMU is a QEMU whose behaviour the name of its kernel chooses: "dies" ends
// with words on stderr and console, "deaf" never answers on the port, anything
// else works.
func playQEMU(args []string) {
	console := option(args, "path=", "id=console")
	kind := args[slices.Index(args, "-kernel")+1]
	os.WriteFile(console, []byte("Booting\nKernel panic - not syncing\n"), 0o600)
	if kind == "dies" {
		fmt.Fprintln(os.Stderr, "qemu: cannot do it")
		os.Exit(1)
	}
	port, err := net.Listen("unix", option(args, "path=", "id=port"))
	check(err)
	control, err := net.Listen("unix", option(args, "path=", "id=qmp"))
	check(err)
	if kind != "deaf" {
		go servePort(port)
	}
	for {
		conn, err := control.Accept()
		check(err)
		go serveQMP(conn, map[string][]string{"query-status": {`{"return":{"status":"paused"}}`}}, nil)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(3)
	}
}

// option finds a field of the option that has a certain other field.
func option(args []string, field, other string) string {
	for _, arg := range args {
		if parts := strings.Split(arg, ","); slices.Contains(parts, other) {
			for _, p := range parts {
				if v, ok := strings.CutPrefix(p, field); ok {
					return v
				}
			}
		}
	}
	return ""
}

// servePort greets and multiplexes as the guest's agent does.
func servePort(l net.Listener) {
	for {
		conn, err := l.Accept()
		check(err)
		go func() {
			defer conn.Close()
			in := bufio.NewReader(conn)
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(conn, "rest of an old stream\x00"+line)
			for next, _ := in.Peek(1); len(next) == 1 && next[0] == api.Greeting[0]; next, _ = in.Peek(1) {
				in.ReadString('\n')
			}
			session, err := yamux.Server(&buffered{Reader: in, Conn: conn}, api.MuxConfig())
			if err != nil {
				return
			}
			for {
				stream, err := session.Accept()
				if err != nil {
					return
				}
				server := rpc.NewServer()
				check(server.RegisterName("Agent", fakeAgent{}))
				go server.ServeCodec(jsonrpc.NewServerCodec(stream))
			}
		}()
	}
}

type fakeAgent struct{}

// Identify answers with a key that names the host.
func (fakeAgent) Identify(id api.Identity, w *api.Welcome) error {
	if len(id.Entropy) < 32 || id.Time.IsZero() {
		return fmt.Errorf("a poor identity: %+v", id)
	}
	w.HostKey = []byte("key of " + id.Hostname + "\n")
	return nil
}

// serveQMP answers commands as replies says, one after the other, the last one
// for ever; other commands succeed. Each command is given to heard.
func serveQMP(conn net.Conn, replies map[string][]string, heard func(command string, arguments json.RawMessage)) {
	defer conn.Close()
	io.WriteString(conn, `{"QMP":{"version":{}}}`+"\n")
	in := json.NewDecoder(conn)
	for {
		var request struct {
			Execute   string
			Arguments json.RawMessage
		}
		if in.Decode(&request) != nil {
			return
		}
		if heard != nil {
			heard(request.Execute, request.Arguments)
		}
		answer := `{"return":{}}`
		if left := replies[request.Execute]; len(left) > 0 {
			answer = left[0]
			if len(left) > 1 {
				replies[request.Execute] = left[1:]
			}
		}
		if answer == "hang up" {
			return
		}
		io.WriteString(conn, `{"event":"SOMETHING","timestamp":{}}`+"\n"+answer+"\n")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shortDir is a directory whose path is short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "q")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
