package guest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// session is one SSH session channel (RFC 4254, section 6).
type session struct {
	user    string
	channel ssh.Channel
	env     []string
	term    *ptyRequest

	mu  sync.Mutex
	tty *os.File
	cmd *exec.Cmd
}

type ptyRequest struct {
	Term                     string
	Cols, Rows, Width, Hight uint32
	Modes                    string
}

func (a *Agent) serveSession(user string, ch ssh.NewChannel) {
	channel, requests, err := ch.Accept()
	if err != nil {
		return
	}
	s := &session{user: user, channel: channel}
	for r := range requests {
		ok := s.request(r)
		if r.WantReply {
			r.Reply(ok, nil)
		}
	}
	s.hangUp()
}

// request handles one request of the session; the started program runs beside it.
func (s *session) request(r *ssh.Request) bool {
	switch r.Type {
	case "env":
		var v struct{ Name, Value string }
		if ssh.Unmarshal(r.Payload, &v) != nil {
			return false
		}
		s.env = append(s.env, v.Name+"="+v.Value)
		return true
	case "pty-req":
		s.term = &ptyRequest{}
		return ssh.Unmarshal(r.Payload, s.term) == nil
	case "window-change":
		return s.resize(r.Payload)
	case "shell":
		return s.begin(shell, "-bash")
	case "exec":
		var v struct{ Command string }
		return ssh.Unmarshal(r.Payload, &v) == nil && s.begin(shell, "bash", "-c", v.Command)
	case "signal":
		return s.signal(r.Payload)
	case "subsystem":
		var v struct{ Name string }
		return ssh.Unmarshal(r.Payload, &v) == nil && v.Name == "sftp" && s.beginSFTP()
	}
	return false
}

// beginSFTP runs ServeSFTP in a process of its own, so that files are handled
// with the rights of the login, not with the agent's. A student may not run the
// agent's file, and gets the same program under another name.
func (s *session) beginSFTP() bool {
	if s.user == LoginAdmin {
		return s.begin(shell, "bash", "-c", "exec /usr/lib/ipclab/agent sftp")
	}
	return s.begin(sftpPath, "ipclab-sftp", "sftp")
}

// sftpPath is this program under a type that a student may run.
const sftpPath = "/usr/lib/ipclab/sftp"

// ServeSFTP speaks SFTP on stdin and stdout.
func ServeSFTP() error {
	server, err := sftp.NewServer(struct {
		io.Reader
		io.WriteCloser
	}{os.Stdin, os.Stdout})
	if err != nil {
		return err
	}
	if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (s *session) begin(path string, argv ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return false
	}
	cmd, err := loginCommand(s.user, path, argv, s.env)
	if err != nil {
		fmt.Fprintf(s.channel.Stderr(), "ipclab agent: %v\r\n", err)
		return false
	}
	s.cmd = cmd
	if s.term != nil {
		err = s.startTerminal()
	} else {
		err = s.startPipes()
	}
	if err != nil {
		s.cmd = nil
		fmt.Fprintf(s.channel.Stderr(), "ipclab agent: %v\r\n", err)
	}
	return err == nil
}

func (s *session) startTerminal() error {
	s.cmd.Env = append(s.cmd.Env, "TERM="+s.term.Term)
	size := &pty.Winsize{Cols: uint16(s.term.Cols), Rows: uint16(s.term.Rows)}
	master, slave, err := pty.Open()
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	defer slave.Close()
	if err := pty.Setsize(master, size); err != nil {
		master.Close()
		return fmt.Errorf("terminal: %w", err)
	}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr.Setsid, s.cmd.SysProcAttr.Setctty = true, true
	if err := giveTerminal(slave, s.cmd.SysProcAttr.Credential); err != nil {
		master.Close()
		return err
	}
	if err := startLabelled(s.cmd, loginContext(s.user), (*exec.Cmd).Start); err != nil {
		master.Close()
		return err
	}
	s.tty = master
	go io.Copy(master, s.channel)
	go func() {
		io.Copy(s.channel, master) // ends with EIO when the last process closes the terminal
		s.finish(s.cmd.Wait())
		master.Close()
	}()
	return nil
}

// giveTerminal hands the terminal to the user, as login(1) does.
func giveTerminal(slave *os.File, c *syscall.Credential) error {
	if c == nil {
		return nil
	}
	if err := slave.Chown(int(c.Uid), int(c.Gid)); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	return nil
}

func (s *session) startPipes() error {
	s.cmd.SysProcAttr.Setsid = true
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.cmd.Stdout, s.cmd.Stderr = s.channel, s.channel.Stderr()
	if err := startLabelled(s.cmd, loginContext(s.user), (*exec.Cmd).Start); err != nil {
		return err
	}
	go func() {
		io.Copy(stdin, s.channel)
		stdin.Close()
	}()
	go func() { s.finish(s.cmd.Wait()) }()
	return nil
}

// finish tells the client how the program ended and closes the channel.
func (s *session) finish(err error) {
	code, signal := exitOf(s.cmd, err)
	if signal != "" {
		s.channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal     string
			CoreDumped bool
			Message    string
			Language   string
		}{Signal: signal}))
	} else {
		s.channel.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, uint32(code)))
	}
	s.channel.Close()
}

func (s *session) resize(payload []byte) bool {
	var v struct{ Cols, Rows, Width, Height uint32 }
	if ssh.Unmarshal(payload, &v) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tty == nil {
		return false
	}
	return pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(v.Cols), Rows: uint16(v.Rows)}) == nil
}

func (s *session) signal(payload []byte) bool {
	var v struct{ Name string }
	if ssh.Unmarshal(payload, &v) != nil {
		return false
	}
	number := signalNumber("SIG" + v.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if number == 0 || s.cmd == nil || s.cmd.Process == nil {
		return false
	}
	return syscall.Kill(-s.cmd.Process.Pid, number) == nil
}

// hangUp ends what the session started, as a lost terminal does.
func (s *session) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.cmd.Process == nil || s.cmd.ProcessState != nil {
		return
	}
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGHUP)
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGCONT)
	if s.tty == nil {
		syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	}
}
