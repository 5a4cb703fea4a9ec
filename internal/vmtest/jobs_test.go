package vmtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// job is a program that a script runs in the background.
type job struct {
	cmd  *exec.Cmd
	out  output
	tty  *os.File // our side of its terminal; nil when it has none
	done chan struct{}
	err  error // how it ended; read after done
}

// jobs are a script's background programs, by name.
type jobs map[string]*job

type jobsKey struct{}

func find(ts *testscript.TestScript, name string) *job {
	j := ts.Value(jobsKey{}).(jobs)[name]
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

// newJob prepares a program with the script's environment.
func newJob(ts *testscript.TestScript, argv []string) *job {
	path := argv[0]
	for _, dir := range append([]string{""}, splitPath(ts.Getenv("PATH"))...) {
		if found, err := exec.LookPath(dir + "/" + argv[0]); err == nil {
			path = found
			break
		}
	}
	j := &job{cmd: exec.Command(path, argv[1:]...), done: make(chan struct{})}
	j.cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "WORK", "TMPDIR", "TERM", "XDG_STATE_HOME", "XDG_CACHE_HOME",
		"XDG_RUNTIME_DIR", "IPCLAB_WORK", "IPCLAB_LABS", "LABS", "STATE"} {
		j.cmd.Env = append(j.cmd.Env, name+"="+ts.Getenv(name))
	}
	return j
}

func splitPath(path string) []string { return regexp.MustCompile(":").Split(path, -1) }

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
	go func() {
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
	all := ts.Value(jobsKey{}).(jobs)
	if old := all[name]; old != nil && !old.over() {
		ts.Fatalf("%q still runs", name)
	}
	all[name] = j
	go func() {
		j.err = j.cmd.Wait()
		close(j.done)
	}()
}

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
	wait(ts, args[0]+" does not print "+args[1], func() bool {
		over := j.over()
		if want.MatchString(j.out.String()) {
			return true
		}
		if over {
			ts.Fatalf("%s ended (%s) and has not printed %s", args[0], endOf(j.err), args[1])
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

func signalName(s syscall.Signal) string { return unix.SignalName(s) }

func ended(ts *testscript.TestScript, args []string) {
	j := find(ts, args[0])
	defer func() { fmt.Fprint(ts.Stdout(), j.out.String()) }()
	wait(ts, args[0]+" does not end", j.over)
	if got := endOf(j.err); got != args[1] {
		ts.Fatalf("%s ended with %s, and not with %s", args[0], got, args[1])
	}
}
