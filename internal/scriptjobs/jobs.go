// Package scriptjobs gives testscript files commands that run programs in the
// background and in terminals, and wait for what they print. It is for tests;
// nothing in a program imports it.
//
//	exits CODE PROGRAM ARGS…      run it; it must end with this exit code
//	begin NAME PROGRAM ARGS…      start it in the background
//	terminal NAME 24x80 PROGRAM…  start it in a terminal of that many rows and columns
//	await NAME REGEXP             wait until it has printed this
//	type NAME TEXT                type at its terminal; \r is Enter, \x03 Ctrl-C, \x1a Ctrl-Z
//	resize NAME 33x111            change its terminal's size
//	hangup NAME                   take its terminal away
//	send NAME SIGNAL              send it a signal: INT, TERM, KILL
//	ended NAME CODE               wait until it ends; it must be with this exit code,
//	                              or "SIGKILL" and the like; then `stdout` looks at
//	                              everything that it printed
//	until PATTERN                 wait until such a file is there
//
// A script's environment is the programs' as well, as far as [Setup] was told.
package scriptjobs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// Command is a command of a script.
type Command = func(ts *testscript.TestScript, neg bool, args []string)

// Commands are the commands that the package's documentation lists.
func Commands() map[string]Command {
	return map[string]Command{
		"exits": Need(2, exits), "until": Need(1, until), "begin": Need(2, begin), "terminal": Need(3, terminal),
		"await": Need(2, await), "type": Need(2, typeIn), "resize": Need(2, resize), "hangup": Need(1, hangup),
		"send": Need(2, send), "ended": Need(2, ended),
	}
}

// Need makes a command of a function that needs at least so many arguments and
// knows no "!".
func Need(least int, do func(*testscript.TestScript, []string)) Command {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < least {
			ts.Fatalf("not understood: this command takes no !, and %d arguments or more", least)
		}
		do(ts, args)
	}
}

// Setup prepares a script for jobs, which get these variables of its
// environment besides PATH, HOME, WORK, TMPDIR and TERM. What is left of them when
// the script ends is killed.
func Setup(env *testscript.Env, variables ...string) {
	all := &jobs{named: map[string]*job{}, variables: append([]string{"PATH", "HOME", "WORK", "TMPDIR", "TERM"}, variables...)}
	env.Values[jobsKey{}] = all
	env.Defer(all.kill)
}

// Pid is the process ID of a job.
func Pid(ts *testscript.TestScript, name string) int { return find(ts, name).cmd.Process.Pid }

// Output is what a job has printed so far.
func Output(ts *testscript.TestScript, name string) string { return find(ts, name).out.String() }

// Over says whether a job has ended.
func Over(ts *testscript.TestScript, name string) bool { return find(ts, name).over() }

// Patience is how long is waited for what must happen. It is no measure of
// speed: it only ends a test that would wait for ever.
const Patience = 2 * time.Minute

// Wait polls until done, or fails the script.
func Wait(ts *testscript.TestScript, what string, done func() bool) {
	for begun := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > Patience {
			ts.Fatalf("waited %v in vain: %s", Patience, what)
		}
	}
}

func exits(ts *testscript.TestScript, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	if got := EndOf(err); got != args[0] {
		ts.Fatalf("it ended with %s, and not with %s", got, args[0])
	}
}

// EndOf is an exit code, or the name of the signal that ended a program.
func EndOf(err error) string {
	var x *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case !errors.As(err, &x):
		return err.Error()
	}
	if status := x.Sys().(syscall.WaitStatus); status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return strconv.Itoa(x.ExitCode())
}

func until(ts *testscript.TestScript, args []string) {
	Wait(ts, "no file "+args[0], func() bool {
		found, _ := filepath.Glob(ts.MkAbs(args[0]))
		return len(found) > 0
	})
}

// job is a program that a script runs in the background.
type job struct {
	cmd  *exec.Cmd
	out  output
	tty  *os.File      // our side of its terminal; nil when it has none
	read chan struct{} // closed when nothing more can come from its terminal
	done chan struct{}
	err  error // how it ended; read after done
}

// jobs are a script's background programs.
type jobs struct {
	named     map[string]*job
	variables []string
}

type jobsKey struct{}

// kill ends what still runs, with all that it started in its terminal.
func (j *jobs) kill() {
	for _, one := range j.named {
		if !one.over() {
			_ = one.cmd.Process.Kill() // it may have ended just now
			<-one.done
		}
	}
}

func find(ts *testscript.TestScript, name string) *job {
	j := ts.Value(jobsKey{}).(*jobs).named[name]
	if j == nil {
		ts.Fatalf("nothing was begun as %q", name)
	}
	return j
}

// output gathers what a program prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Prepare makes a command with the script's environment, to run in its folder.
func Prepare(ts *testscript.TestScript, argv []string) *exec.Cmd {
	path := argv[0]
	for _, dir := range append([]string{""}, filepath.SplitList(ts.Getenv("PATH"))...) {
		if found, err := exec.LookPath(dir + "/" + argv[0]); err == nil {
			path = found
			break
		}
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range ts.Value(jobsKey{}).(*jobs).variables {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

func newJob(ts *testscript.TestScript, argv []string) *job {
	return &job{cmd: Prepare(ts, argv), done: make(chan struct{})}
}

func begin(ts *testscript.TestScript, args []string) {
	j := newJob(ts, args[1:])
	j.cmd.Stdout, j.cmd.Stderr = &j.out, &j.out
	j.launch(ts, args[0])
}

func terminal(ts *testscript.TestScript, args []string) {
	j := newJob(ts, args[2:])
	master, slave, err := pty.Open()
	ts.Check(err)
	defer slave.Close()
	j.tty = pollable(ts, master)
	setSize(ts, j.tty, args[1])
	j.cmd.Stdin, j.cmd.Stdout, j.cmd.Stderr = slave, slave, slave
	j.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	j.read = make(chan struct{})
	go func() {
		defer close(j.read)
		buf := make([]byte, 4096)
		for {
			n, err := j.tty.Read(buf)
			j.out.Write(buf[:n])
			if err != nil {
				return // EIO: nobody has the other side open any more
			}
		}
	}()
	j.launch(ts, args[0])
}

// launch starts the job and watches for its end.
func (j *job) launch(ts *testscript.TestScript, name string) {
	ts.Check(j.cmd.Start())
	all := ts.Value(jobsKey{}).(*jobs).named
	if old := all[name]; old != nil && !old.over() {
		ts.Fatalf("%q still runs", name)
	}
	all[name] = j
	go func() {
		j.err = j.cmd.Wait()
		j.drain()
		close(j.done)
	}()
}

// drain waits for the last words from a terminal, unless something else that
// the job has started holds it open.
func (j *job) drain() {
	if j.read == nil {
		return
	}
	select {
	case <-j.read:
	case <-time.After(lastWords):
	}
}

// lastWords is how long a terminal may stay open after its job.
const lastWords = 5 * time.Second

func (j *job) over() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// pollable makes a file of which a Close ends a Read that waits: only then is
// the terminal really taken away.
func pollable(ts *testscript.TestScript, f *os.File) *os.File {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	ts.Check(err)
	ts.Check(unix.SetNonblock(fd, true))
	return os.NewFile(uintptr(fd), f.Name())
}

// setSize sets a terminal's size, such as "33x111": rows and columns.
func setSize(ts *testscript.TestScript, tty *os.File, text string) {
	size := &unix.Winsize{}
	if _, err := fmt.Sscanf(text, "%dx%d", &size.Row, &size.Col); err != nil {
		ts.Fatalf("%q is no size such as 24x80", text)
	}
	raw, err := tty.SyscallConn()
	ts.Check(err)
	ts.Check(raw.Control(func(fd uintptr) { err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size) }))
	ts.Check(err)
}

func await(ts *testscript.TestScript, args []string) {
	j := find(ts, args[0])
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	defer func() { fmt.Fprint(ts.Stdout(), j.out.String()) }()
	Wait(ts, args[0]+" does not print "+args[1], func() bool {
		over := j.over()
		if want.MatchString(j.out.String()) {
			return true
		}
		if over {
			ts.Fatalf("%s ended (%s) and has not printed %s", args[0], EndOf(j.err), args[1])
		}
		return false
	})
}

func typeIn(ts *testscript.TestScript, args []string) {
	keys := strings.NewReplacer(`\r`, "\r", `\x03`, "\x03", `\x1a`, "\x1a")
	text := keys.Replace(args[1])
	_, err := find(ts, args[0]).tty.WriteString(text)
	ts.Check(err)
}

func resize(ts *testscript.TestScript, args []string) {
	setSize(ts, find(ts, args[0]).tty, args[1])
}

func hangup(ts *testscript.TestScript, args []string) {
	ts.Check(find(ts, args[0]).tty.Close())
}

func send(ts *testscript.TestScript, args []string) {
	number := unix.SignalNum("SIG" + args[1])
	if number == 0 {
		ts.Fatalf("there is no signal %s", args[1])
	}
	ts.Check(find(ts, args[0]).cmd.Process.Signal(number))
}

func ended(ts *testscript.TestScript, args []string) {
	j := find(ts, args[0])
	defer func() { fmt.Fprint(ts.Stdout(), j.out.String()) }()
	Wait(ts, args[0]+" does not end", j.over)
	if got := EndOf(j.err); got != args[1] {
		ts.Fatalf("%s ended with %s, and not with %s", args[0], got, args[1])
	}
}
