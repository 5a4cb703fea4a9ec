package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"ipclab/internal/guest/api"
)

// Logins of a machine.
const (
	Admin   = "root"
	Student = "student"
)

// Client is the administrator's connection to a machine's agent. Its streams are
// opened when they are first needed. Its methods may be called at the same time.
type Client struct {
	dial Dialer

	mu    sync.Mutex
	conn  *ssh.Client
	calls *rpc.Client
}

// LostError says that the connection to the machine broke: the machine's
// fault, or that of whoever ended it.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "the connection to the machine broke: " + e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *LostError) Hint() string {
	return "`ipclab status` says whether it still runs; `ipclab start` brings it back"
}

// Dialer opens one byte stream to a machine's agent.
type Dialer func(ctx context.Context) (io.ReadWriteCloser, error)

// NewClient makes a client; nothing is opened yet.
func NewClient(dial Dialer) *Client { return &Client{dial: dial} }

// Login makes an SSH connection over one stream. The stream itself is the proof
// of identity in both directions: it comes from a socket in a private directory.
func Login(ctx context.Context, dial Dialer, user string) (*ssh.Client, error) {
	stream, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()
	config := &ssh.ClientConfig{User: user, HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	config.KeyExchanges = []string{ssh.KeyExchangeCurve25519} // the cheapest under emulation
	c, channels, requests, err := ssh.NewClientConn(asConn(stream), "ipclab", config)
	if err != nil {
		stream.Close()
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, &LostError{err}
	}
	return ssh.NewClient(c, channels, requests), nil
}

// Close ends the connection.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first, second error
	if c.calls != nil {
		first = c.calls.Close()
	}
	if c.conn != nil {
		second = c.conn.Close()
	}
	return errors.Join(first, second)
}

// SSH gives the administrator's SSH connection, for sessions.
func (c *Client) SSH(ctx context.Context) (*ssh.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.conn == nil {
		c.conn, err = Login(ctx, c.dial, Admin)
	}
	return c.conn, err
}

// SFTP opens the machine's files, as the administrator.
func (c *Client) SFTP(ctx context.Context) (*sftp.Client, error) {
	conn, err := c.SSH(ctx)
	if err != nil {
		return nil, err
	}
	return sftp.NewClient(conn)
}

// session opens a session, which ends when ctx does.
func (c *Client) session(ctx context.Context) (*ssh.Session, func(), error) {
	conn, err := c.SSH(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := conn.NewSession()
	if err != nil {
		return nil, nil, &LostError{err}
	}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	return s, func() { stop(); s.Close() }, nil
}

// call makes one call of the agent's service.
func (c *Client) call(ctx context.Context, method string, args, reply any) error {
	client, err := c.caller(ctx)
	if err != nil {
		return err
	}
	done := client.Go(method, args, reply, make(chan *rpc.Call, 1)).Done
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case call := <-done:
		return callError(call.Error)
	}
}

// callError tells an answer of the agent that says no from a broken connection.
func callError(err error) error {
	var answer rpc.ServerError
	if err == nil || errors.As(err, &answer) {
		return err
	}
	return &LostError{err}
}

func (c *Client) caller(ctx context.Context) (*rpc.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		stream, err := c.dial(ctx)
		if err != nil {
			return nil, err
		}
		c.calls = jsonrpc.NewClient(stream)
	}
	return c.calls, nil
}

// Identify gives a restored clone its own clock, randomness, names and keys.
func (c *Client) Identify(ctx context.Context, id api.Identity) (w api.Welcome, err error) {
	err = c.call(ctx, api.CallIdentify, id, &w)
	return w, err
}

// Reset ends every run and empties the stage's directories.
func (c *Client) Reset(ctx context.Context, s api.Stage) error {
	return c.call(ctx, api.CallReset, s, &api.Empty{})
}

// Install replaces a directory's content.
func (c *Client) Install(ctx context.Context, t api.Tree) error {
	return c.call(ctx, api.CallInstall, t, &api.Empty{})
}

// Publish moves a build's outputs to where programs are run from. The answer
// names an output that cannot be used, if there is one.
func (c *Client) Publish(ctx context.Context, names []string) (r api.Published, err error) {
	err = c.call(ctx, api.CallPublish, api.Outputs{Names: names}, &r)
	return r, err
}

// Stat looks at an object.
func (c *Client) Stat(ctx context.Context, path string) (o api.Object, err error) {
	err = c.call(ctx, api.CallStat, api.Object{Path: path}, &o)
	return o, err
}

// Probe attempts one operation as a subject.
func (c *Client) Probe(ctx context.Context, s api.ProbeSpec) (r api.ProbeResult, err error) {
	err = c.call(ctx, api.CallProbe, s, &r)
	return r, err
}

// Records reads the audit trail.
func (c *Client) Records(ctx context.Context, q api.RecordsQuery) (r api.RecordsReply, err error) {
	err = c.call(ctx, api.CallRecords, q, &r)
	return r, err
}

// LoadPolicy puts a binary policy into the kernel. A policy that the machine has
// had before is not carried over again, and one that is loaded is left alone.
func (c *Client) LoadPolicy(ctx context.Context, binary []byte) error {
	sum := sha256.Sum256(binary)
	p := api.Policy{SHA256: hex.EncodeToString(sum[:])}
	var answer api.PolicyLoaded
	if err := c.call(ctx, api.CallLoadPolicy, p, &answer); err != nil || !answer.Missing {
		return err
	}
	if err := c.upload(ctx, p.SHA256, binary); err != nil {
		return err
	}
	if err := c.call(ctx, api.CallLoadPolicy, p, &answer); err != nil || !answer.Missing {
		return err
	}
	return errors.New("the machine does not keep the policy that it was given")
}

// upload hands a policy over, on a stream of its own.
func (c *Client) upload(ctx context.Context, name string, binary []byte) error {
	stream, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()
	_, err = fmt.Fprintf(stream, "%c%s %d\n", api.UploadMark, name, len(binary))
	if err == nil {
		_, err = stream.Write(binary)
	}
	answer := make([]byte, len(api.UploadKept))
	if err == nil {
		_, err = io.ReadFull(stream, answer)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &LostError{err}
	case string(answer) != api.UploadKept:
		return fmt.Errorf("the machine answered an upload with %q", answer)
	}
	return nil
}

// Play plays a scenario. When ctx ends, so does the play.
func (c *Client) Play(ctx context.Context, s api.PlaySpec) (r api.PlayResult, err error) {
	client := NewClient(c.dial) // of its own: to hang up is what ends a play
	defer client.Close()
	err = client.call(ctx, api.CallPlay, s, &r)
	return r, err
}

// SetEnforce switches enforcing on or off.
func (c *Client) SetEnforce(ctx context.Context, on bool) error {
	return c.call(ctx, api.CallSetEnforce, on, &api.Empty{})
}

// Output runs a shell command as the administrator and gives its output.
func (c *Client) Output(ctx context.Context, command string) (string, error) {
	session, end, err := c.session(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	var diag strings.Builder
	session.Stderr = &diag
	out, err := session.Output(command)
	if err != nil {
		return string(out), fmt.Errorf("%s: %w: %s", command, err, strings.TrimSpace(diag.String()))
	}
	return string(out), nil
}

// Quote quotes a word for the machine's shell.
func Quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// Process is a program that runs as a subject.
type Process struct {
	channel ssh.Channel
	done    chan struct{}
	exit    api.Exit
	err     error
}

// Start runs a program as a subject. ctx bounds the start only. The output is
// written to stdout and stderr until Wait returns.
func (c *Client) Start(ctx context.Context, spec api.RunSpec, stdin io.Reader, stdout, stderr io.Writer) (*Process, error) {
	payload, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	conn, err := c.SSH(ctx)
	if err != nil {
		return nil, err
	}
	channel, requests, err := conn.OpenChannel(api.RunChannel, payload)
	if err != nil {
		return nil, &LostError{err}
	}
	p := &Process{channel: channel, done: make(chan struct{})}
	go p.feed(stdin)
	go p.follow(requests, stdout, stderr)
	return p, nil
}

func (p *Process) feed(stdin io.Reader) {
	if stdin != nil {
		io.Copy(p.channel, stdin)
	}
	p.channel.CloseWrite()
}

func (p *Process) follow(requests <-chan *ssh.Request, stdout, stderr io.Writer) {
	defer close(p.done)
	var copying sync.WaitGroup
	copying.Go(func() { io.Copy(stdout, p.channel) })
	copying.Go(func() { io.Copy(stderr, p.channel.Stderr()) })
	p.err = &LostError{io.ErrUnexpectedEOF}
	for r := range requests {
		if r.Type == api.ExitRequest {
			p.err = json.Unmarshal(r.Payload, &p.exit)
		}
	}
	copying.Wait()
}

// Wait waits for the program's end. An error is the machine's, never the
// program's.
func (p *Process) Wait() (api.Exit, error) {
	<-p.done
	return p.exit, p.err
}

// Stop asks for the end of the program and all its children; Wait still tells
// how it ended.
func (p *Process) Stop(context.Context) error { return p.ask(api.StopRequest, nil) }

// Signal sends the program a signal, named like "TERM".
func (p *Process) Signal(_ context.Context, name string) error {
	return p.ask(api.SignalRequest, []byte(name))
}

// ask sends a request that needs no answer. A program that has ended already
// is past caring.
func (p *Process) ask(request string, payload []byte) error {
	_, err := p.channel.SendRequest(request, false, payload)
	if err != nil && !errors.Is(err, io.EOF) {
		return &LostError{err}
	}
	return nil
}

// asConn makes a stream into what x/crypto/ssh wants.
func asConn(s io.ReadWriteCloser) net.Conn {
	if c, ok := s.(net.Conn); ok {
		return c
	}
	return stream{s}
}

type stream struct{ io.ReadWriteCloser }

type place struct{}

func (place) Network() string { return "ipclab" }
func (place) String() string  { return "machine" }

func (stream) LocalAddr() net.Addr              { return place{} }
func (stream) RemoteAddr() net.Addr             { return place{} }
func (stream) SetDeadline(time.Time) error      { return nil }
func (stream) SetReadDeadline(time.Time) error  { return nil }
func (stream) SetWriteDeadline(time.Time) error { return nil }
