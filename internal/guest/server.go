package guest

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"

	"ipclab/internal/guest/api"
)

// Logins of the agent's SSH server. The byte stream reaches it from the host
// only, through a socket that only its owner may open, so no further proof is
// asked for.
const (
	LoginAdmin   = "root"    // the unconfined administrator, runs and calls
	LoginStudent = "student" // the confined student
)

// Agent answers the host.
type Agent struct {
	audit    *Trail
	runs     *runs
	policies policies
	tracing  tracing
	looking  sync.Mutex // held while the agent looks at a System V object
	playing  sync.Mutex // held during a play: the policy's booleans are everybody's

	mu  sync.Mutex
	key ssh.Signer
}

// NewAgent makes an agent that reads the audit trail from trail.
func NewAgent(trail *Trail, groups *Groups) (*Agent, error) {
	a := &Agent{audit: trail, runs: newRuns(groups)}
	return a, a.newKey()
}

// newKey makes a fresh host key: every clone has its own.
func (a *Agent) newKey() error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.key = signer
	return nil
}

func (a *Agent) hostKey() ssh.Signer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.key
}

// ServeConn serves one stream until it ends. A stream that begins with a brace
// is JSON-RPC, with a P an upload, anything else SSH, whose first byte is an S
// (RFC 4253, section 4.2).
func (a *Agent) ServeConn(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	first, err := in.Peek(1)
	if err != nil {
		return
	}
	peeked := &bufferedConn{Conn: c, in: in}
	switch first[0] {
	case '{':
		a.serveCalls(peeked)
	case api.UploadMark:
		a.serveUpload(peeked)
	default:
		a.serveSSH(peeked)
	}
}

func (a *Agent) serveUpload(c *bufferedConn) {
	if err := a.policies.receive(c.in); err != nil {
		fmt.Fprintf(os.Stderr, "ipclab agent: upload: %v\n", err)
		return
	}
	io.WriteString(c, api.UploadKept)
}

// bufferedConn is a connection of which some bytes were looked at already.
type bufferedConn struct {
	net.Conn
	in *bufio.Reader
}

func (b *bufferedConn) Read(p []byte) (int, error) { return b.in.Read(p) }

func (a *Agent) serveCalls(c net.Conn) {
	ctx, hungUp := context.WithCancelCause(context.Background())
	defer hungUp(nil)
	server := rpc.NewServer()
	if err := server.RegisterName("Agent", &calls{agent: a, ctx: ctx}); err != nil {
		return
	}
	server.ServeCodec(jsonrpc.NewServerCodec(&watchedConn{c, hungUp}))
}

// watchedConn tells when the other end has hung up: net/rpc itself waits for the
// calls that are under way.
type watchedConn struct {
	net.Conn
	hungUp context.CancelCauseFunc
}

func (w *watchedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.hungUp(errors.New("the host hung up"))
	}
	return n, err
}

func (a *Agent) serveSSH(c net.Conn) {
	config := &ssh.ServerConfig{NoClientAuth: true, NoClientAuthCallback: checkLogin}
	config.AddHostKey(a.hostKey())
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for ch := range channels {
		go a.serveChannel(conn.User(), ch)
	}
}

func checkLogin(c ssh.ConnMetadata) (*ssh.Permissions, error) {
	switch c.User() {
	case LoginAdmin, LoginStudent:
		return nil, nil
	}
	return nil, fmt.Errorf("no login %q: use %s or %s", c.User(), LoginStudent, LoginAdmin)
}

func (a *Agent) serveChannel(user string, ch ssh.NewChannel) {
	kind := ch.ChannelType()
	if kind != "session" && user != LoginAdmin {
		ch.Reject(ssh.Prohibited, "only "+LoginAdmin+" may open "+kind)
		return
	}
	switch kind {
	case "session":
		a.serveSession(user, ch)
	case api.RunChannel:
		a.serveRun(ch)
	default:
		ch.Reject(ssh.UnknownChannelType, kind)
	}
}

func (a *Agent) serveRun(ch ssh.NewChannel) {
	var spec api.RunSpec
	if err := json.Unmarshal(ch.ExtraData(), &spec); err != nil {
		ch.Reject(ssh.ConnectionFailed, "run: "+err.Error())
		return
	}
	channel, requests, err := ch.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	exit := a.runs.do(spec, listen(requests), stdio{in: channel, out: channel, err: channel.Stderr()})
	payload, _ := json.Marshal(exit)
	channel.CloseWrite()
	channel.SendRequest(api.ExitRequest, false, payload)
}

// listen turns a run's requests into wishes. The end of the requests, which is
// the end of the channel, is the wish to end the run.
func listen(requests <-chan *ssh.Request) <-chan wish {
	wishes := make(chan wish, 16)
	go func() {
		defer close(wishes)
		for r := range requests {
			switch r.Type {
			case api.StopRequest:
				return
			case api.SignalRequest:
				wishes <- wish{signal: signalNumber("SIG" + string(r.Payload))}
			}
		}
	}()
	return wishes
}

// wish is what the host wants of a run: a signal to its program. When there are
// no more wishes the run is to end.
type wish struct{ signal syscall.Signal }

// stdio is where a run's standard streams go.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}
