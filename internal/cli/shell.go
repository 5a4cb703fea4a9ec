package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/session"
	"ipclab/internal/workspace"
)

func newShell(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "shell [LAB] [-- COMMAND…]", Short: "Open a shell in the lab's machine, or run a command there",
		Long: "shell opens a shell as the user student. While it is open, every file that you save in your\n" +
			"workspace appears in /lab/src of the machine.",
		ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			names, command := splitDash(c, args)
			s, err := a.session(names, "")
			if err != nil {
				return err
			}
			clone, err := s.Host.Machines().Find(s.Machine)
			if err != nil {
				return err
			}
			if err := s.Push(c.Context(), clone); err != nil {
				return err
			}
			return a.shell(c.Context(), s, command)
		},
	}
	return c
}

// splitDash parts the arguments at "--".
func splitDash(c *cobra.Command, args []string) (before, after []string) {
	at := c.ArgsLenAtDash()
	if at < 0 {
		return args, nil
	}
	return args[:at], args[at:]
}

// shell runs a shell, or a command, as the student.
func (a *app) shell(ctx context.Context, s *session.Session, command []string) error {
	clone, err := s.Host.Machines().Find(s.Machine)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go a.sync(ctx, s, clone)
	return a.remote(ctx, clone, machine.Student, shellLine(command))
}

// shellLine joins a command for the machine's shell. One word is a command line
// already, as with ssh.
func shellLine(command []string) string {
	if len(command) == 1 {
		return command[0]
	}
	words := make([]string, len(command))
	for i, w := range command {
		words[i] = machine.Quote(w)
	}
	return strings.Join(words, " ")
}

// sync copies the workspace into the machine whenever it changes.
func (a *app) sync(ctx context.Context, s *session.Session, clone *qemu.Clone) {
	changes, err := workspace.Watch(ctx, s.Dir)
	if err != nil {
		return // the shell works without it; the next check copies all the same
	}
	for range changes {
		_ = s.Push(ctx, clone)
	}
}

// remote runs a command line in the machine, or a login shell when it is empty,
// with this terminal, and ends as it ended.
func (a *app) remote(ctx context.Context, clone *qemu.Clone, user, line string) error {
	conn, err := machine.Login(ctx, clone.Dial, user)
	if err != nil {
		return err
	}
	defer conn.Close()
	sess, err := conn.NewSession()
	if err != nil {
		return &machine.LostError{Err: err}
	}
	defer sess.Close()
	restore, err := a.attach(sess, line == "")
	if err != nil {
		return err
	}
	defer restore()
	go a.passSignals(ctx, sess)
	return ended(sess, line)
}

// attach joins the session with this terminal. A terminal is asked for in the
// machine when there is one here and a shell is wanted.
func (a *app) attach(sess *ssh.Session, shell bool) (restore func(), err error) {
	sess.Stdout, sess.Stderr = a.out, a.err
	in, err := sess.StdinPipe()
	if err != nil {
		return nil, err
	}
	go func() {
		io.Copy(in, a.in)
		in.Close()
	}()
	if !shell || !a.terminal() {
		return func() {}, nil
	}
	fd := int(a.in.Fd())
	cols, rows, err := term.GetSize(fd)
	if err != nil {
		cols, rows = 80, 24
	}
	kind := os.Getenv("TERM")
	if kind == "" {
		kind = "dumb"
	}
	if err := sess.RequestPty(kind, rows, cols, ssh.TerminalModes{}); err != nil {
		return nil, err
	}
	state, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	stop := followSize(sess, fd)
	return func() { stop(); term.Restore(fd, state) }, nil
}

// followSize tells the machine whenever the window changes.
func followSize(sess *ssh.Session, fd int) (stop func()) {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		for range changes {
			if cols, rows, err := term.GetSize(fd); err == nil {
				sess.WindowChange(rows, cols)
			}
		}
	}()
	return func() { signal.Stop(changes); close(changes) }
}

// passSignals hands Ctrl-C on to the program in the machine, and ends the
// session when it does not heed it.
func (a *app) passSignals(ctx context.Context, sess *ssh.Session) {
	<-ctx.Done()
	sess.Signal(ssh.SIGINT)
	time.Sleep(2 * time.Second)
	sess.Close()
}

// ended runs the line and turns its end into ours.
func ended(sess *ssh.Session, line string) error {
	var err error
	if line == "" {
		if err = sess.Shell(); err == nil {
			err = sess.Wait()
		}
	} else {
		err = sess.Run(line)
	}
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return &exitError{exitCode(exit)}
	case errors.As(err, &missing):
		return &machine.LostError{Err: errors.New("it ended without an exit code: was the machine stopped?")}
	}
	return fmt.Errorf("run in the machine: %w", err)
}

// exitCode is 128 + n for a program that signal n ended, as shells have it.
func exitCode(e *ssh.ExitError) int {
	if e.Signal() != "" {
		return 128 + signalNumber(e.Signal())
	}
	return e.ExitStatus()
}
