package qemu

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"ipclab/internal/draft"
)

// Store is where clones live.
type Store struct {
	// Dir holds a folder for each clone: its disk, log and description.
	Dir string
	// Run holds their sockets. It must be short: a Unix socket's path has at
	// most 107 bytes (unix(7)).
	Run string
	// Leash ties the clones that are started to others' lives: it is the read
	// end of a pipe, and when nobody has its write end any more, they end. Nil
	// leaves them to themselves.
	Leash *os.File
}

// Files of a clone's folder.
const (
	cloneFile   = "clone.json"
	lockFile    = "lock"
	logFile     = "supervisor.log"
	consoleFile = "console"
	diskFile    = "disk.qcow2"
)

// Clone describes a machine that was made from a snapshot. It is written by
// whoever makes the clone and completed by its supervisor.
type Clone struct {
	Name     string    `json:"name"`
	Dir      string    `json:"-"`
	Run      string    `json:"run"`
	Snapshot string    `json:"snapshot"` // directory; empty is a cold boot of Base
	Base     Base      `json:"base"`
	Hardware Hardware  `json:"hardware"`
	Binary   string    `json:"binary"`
	Hostname string    `json:"hostname"`
	Begun    time.Time `json:"begun"`
	HostKey  string    `json:"host_key,omitempty"`
	QEMU     int       `json:"qemu,omitempty"`       // process id, to look at
	Keeper   int       `json:"supervisor,omitempty"` // likewise
}

// NotRunningError says that a clone does not run.
type NotRunningError struct {
	Name string
	Last string // how it ended, when it ended by itself
}

func (e *NotRunningError) Error() string {
	if e.Last != "" {
		return "the machine for " + e.Name + " ended by itself: " + e.Last
	}
	return "no machine is running for " + e.Name
}

// Hint says how to start it.
func (e *NotRunningError) Hint() string { return "start it with `ipclab start " + e.Name + "`" }

func (st Store) dir(name string) string { return filepath.Join(st.Dir, name) }

// Running lists the clones whose supervisors live, and removes what is left of
// those whose do not.
func (st Store) Running() ([]*Clone, error) {
	entries, err := os.ReadDir(st.Dir)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var running []*Clone
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		c, err := st.Find(e.Name())
		var not *NotRunningError
		if errors.As(err, &not) {
			continue
		}
		if err != nil {
			return nil, err
		}
		running = append(running, c)
	}
	return running, nil
}

// Find gives a running clone, or NotRunningError. A clone whose supervisor was
// killed is swept away, unless somebody is just starting it.
func (st Store) Find(name string) (*Clone, error) {
	c, state, err := st.look(name)
	for begun := time.Now(); state == ending && time.Since(begun) < lockWait; c, state, err = st.look(name) {
		time.Sleep(lookAgain) // it takes milliseconds
	}
	if err != nil {
		return nil, err
	}
	if state == running {
		return c, nil
	}
	not := &NotRunningError{Name: name, Last: st.lastWords(name)}
	if state == dead {
		if unlock, ok := st.tryStartLock(name); ok {
			st.sweepDead(name)
			unlock()
		}
	}
	return nil, not
}

// state is how far a clone is in its life.
type state int

const (
	dead     state = iota // no supervisor holds its lock
	starting              // its agent has not answered yet
	running
	ending // its folder is being removed
)

// look tells a clone's state. There is no description while it ends.
func (st Store) look(name string) (*Clone, state, error) {
	lock := flock.New(filepath.Join(st.dir(name), lockFile), flock.SetFlag(os.O_RDWR))
	free, err := lock.TryLock()
	if missing(err) {
		return nil, dead, nil
	}
	if err != nil {
		return nil, dead, fmt.Errorf("machine %s: %w", name, err)
	}
	if free {
		lock.Unlock()
		return nil, dead, nil
	}
	c, err := readClone(st.dir(name))
	switch {
	case missing(err):
		return nil, ending, nil
	case err != nil:
		return nil, dead, err
	case c.HostKey == "":
		return c, starting, nil
	}
	return c, running, nil
}

// sweepDead sweeps unless a supervisor has come to life meanwhile: that of a
// start that was killed. The caller holds the start lock.
func (st Store) sweepDead(name string) {
	if _, state, err := st.look(name); err == nil && state == dead {
		st.sweep(name)
	}
}

// sweep removes a dead clone's folder and sockets. QEMU itself died with its
// supervisor, by the kernel's hand. The caller holds the start lock.
func (st Store) sweep(name string) {
	if c, err := readClone(st.dir(name)); err == nil && strings.HasPrefix(c.Run, st.Run+string(filepath.Separator)) {
		c.removeRun()
	}
	os.Remove(filepath.Join(st.dir(name), cloneFile)) // from now on it is ending
	entries, _ := os.ReadDir(st.dir(name))
	for _, e := range entries {
		if e.Name() != lockFile {
			os.RemoveAll(filepath.Join(st.dir(name), e.Name()))
		}
	}
	os.RemoveAll(st.dir(name))
}

// removeRun removes the clone's sockets, and their parent when no other clone
// has any.
func (c *Clone) removeRun() {
	if c.Run == "" {
		return
	}
	os.RemoveAll(c.Run)
	os.Remove(filepath.Dir(c.Run))
}

// startLock is held by whoever makes or removes the clone's folder: who starts
// it, who sweeps it, and its supervisor at the end.
func (st Store) startLock(name string) string { return filepath.Join(st.Dir, "."+name+".lock") }

func (st Store) tryStartLock(name string) (unlock func(), ok bool) {
	l := flock.New(st.startLock(name))
	mine, err := l.TryLock()
	return func() { l.Unlock() }, err == nil && mine
}

func (st Store) takeStartLock(ctx context.Context, name string) (unlock func(), err error) {
	l := flock.New(st.startLock(name))
	if _, err := l.TryLockContext(ctx, lookAgain); err != nil {
		return nil, fmt.Errorf("wait for another start of %s: %w", name, err)
	}
	return func() { l.Unlock() }, nil
}

// lookAgain is the time between two looks at what another process does.
const lookAgain = 5 * time.Millisecond

// lastWords is where a supervisor leaves word of its machine's sudden end.
func (st Store) lastWords(name string) string {
	data, _ := os.ReadFile(lastWordsFile(st.dir(name)))
	return strings.TrimSpace(string(data))
}

// Died names the clones that ended by themselves and were not started since.
func (st Store) Died() []string {
	var names []string
	left, _ := filepath.Glob(lastWordsFile(st.dir("*")))
	for _, path := range left {
		names = append(names, strings.TrimSuffix(filepath.Base(path)[1:], lastWordsSuffix))
	}
	return names
}

const lastWordsSuffix = ".died"

func lastWordsFile(dir string) string {
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+lastWordsSuffix)
}

func readClone(dir string) (*Clone, error) {
	data, err := os.ReadFile(filepath.Join(dir, cloneFile))
	if err != nil {
		return nil, fmt.Errorf("machine in %s: %w", dir, err)
	}
	c := &Clone{Dir: dir}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("machine in %s: %w", dir, err)
	}
	return c, nil
}

// write replaces the description atomically.
func (c *Clone) write() error {
	if err := draft.WriteJSON(filepath.Join(c.Dir, cloneFile), c, 0o600, draft.Derived); err != nil {
		return fmt.Errorf("describe the machine: %w", err)
	}
	return nil
}

// AlreadyError says that the clone runs already, or is being started.
type AlreadyError struct{ Name string }

func (e *AlreadyError) Error() string { return "a machine for " + e.Name + " is running already" }

// Hint says how to get into it.
func (e *AlreadyError) Hint() string { return "`ipclab shell " + e.Name + "` opens a shell in it" }

// Start starts a clone under a supervisor of its own, which goes on when this
// process ends, and returns when the agent answers. supervisor is the command
// that runs Supervise on the folder it is given as its last argument.
func (st Store) Start(ctx context.Context, c Clone, supervisor []string) (*Clone, error) {
	if err := os.MkdirAll(st.Dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := st.turn(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	st.sweep(c.Name)
	os.Remove(lastWordsFile(st.dir(c.Name)))
	if err := st.layOut(&c); err != nil {
		c.removeRun()
		st.sweep(c.Name)
		return nil, full(st.Dir, err)
	}
	return st.launch(ctx, &c, supervisor)
}

// turn takes the start lock of a clone that is dead. It waits for the end of
// one that is ending, and until one that another start has left starting runs.
func (st Store) turn(ctx context.Context, name string) (unlock func(), err error) {
	for {
		unlock, err := st.takeStartLock(ctx, name)
		if err != nil {
			return nil, err
		}
		_, state, err := st.look(name)
		if err == nil && state == dead {
			return unlock, nil
		}
		unlock()
		if err == nil && state == running {
			err = &AlreadyError{name}
		}
		if err == nil {
			err = pause(ctx, lookAgain)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (st Store) launch(ctx context.Context, c *Clone, supervisor []string) (*Clone, error) {
	said, child, err := st.spawn(append(supervisor, c.Dir), c)
	if err != nil {
		st.sweep(c.Name)
		return nil, full(st.Dir, err)
	}
	defer said.Close()
	stop := context.AfterFunc(ctx, func() { child.Signal(syscall.SIGTERM) })
	defer stop()
	if err := readReport(said); err != nil {
		child.Wait()
		st.sweep(c.Name)
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	child.Release()
	return readClone(c.Dir)
}

// layOut makes the clone's folder and run directory.
func (st Store) layOut(c *Clone) error {
	c.Dir = st.dir(c.Name)
	c.Begun = time.Now()
	c.Hostname = hostnameFor(c.Name)
	// Written down before it is made: whoever is killed in between leaves nothing
	// that the next one does not know of.
	c.Run = filepath.Join(st.Run, strings.ToLower(rand.Text()[:runLength]))
	if len(filepath.Join(c.Run, portSocket)) > 104 {
		return fmt.Errorf("%s is too long a path for a socket: set XDG_RUNTIME_DIR to a shorter one", c.Run)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	if err := c.write(); err != nil {
		return err
	}
	return c.makeRun()
}

// runLength is how many random letters name a directory for sockets: 50 bits.
const runLength = 10

// makeRun makes the directory for the clone's sockets. A clone that ends just now
// may take the parent away in between.
func (c *Clone) makeRun() (err error) {
	for range 3 {
		if err = private(filepath.Dir(c.Run)); err != nil {
			return err
		}
		if err = private(c.Run); !missing(err) {
			break
		}
	}
	return err
}

// private makes a directory that only we can enter, in one that anybody may be
// able to write to: what is there already must be ours.
func private(dir string) error {
	err := unix.Mkdir(dir, 0o700)
	if err == nil {
		return nil
	}
	var st unix.Stat_t
	if unix.Lstat(dir, &st) != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Getuid() || st.Mode&0o077 != 0 {
		return fmt.Errorf("%s is not a private directory of yours: somebody else made it", dir)
	}
	return nil
}

// spawn starts the supervisor in a session of its own, with its output in a log,
// a pipe on descriptor 3 for its report, and the leash on the next.
func (st Store) spawn(argv []string, c *Clone) (io.ReadCloser, *os.Process, error) {
	out, err := os.OpenFile(filepath.Join(c.Dir, logFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer out.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer w.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, "/"
	cmd.Env = append(os.Environ(), runVariable+"="+c.Run)
	cmd.ExtraFiles = []*os.File{w}
	if st.Leash != nil {
		cmd.Env = append(cmd.Env, leashVariable+"="+leashHeld)
		cmd.ExtraFiles = append(cmd.ExtraFiles, st.Leash)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		r.Close()
		return nil, nil, fmt.Errorf("start the supervisor: %w", err)
	}
	return r, cmd.Process, nil
}

// report is what a supervisor says on descriptor 3: once, when the agent has
// answered or when it gives up.
type report struct {
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`

	Restore bool `json:"restore,omitempty"` // QEMU was started, but the machine did not come up
}

// StartError is a supervisor's failure, in its own words.
type StartError struct{ report }

func (e *StartError) Error() string { return e.report.Error }

// Hint says what to do about it.
func (e *StartError) Hint() string { return e.report.Hint }

// Restoring says that QEMU was started, but the machine did not come up: its
// snapshot may be no good.
func (e *StartError) Restoring() bool { return e.report.Restore }

func readReport(said io.Reader) error {
	var r report
	if err := json.NewDecoder(said).Decode(&r); err != nil {
		return &StartError{report{Error: "the machine's supervisor ended without a word", Hint: "try again; `ipclab doctor` looks for the cause"}}
	}
	if r.Error != "" {
		return &StartError{r}
	}
	return nil
}

// Dial opens one byte stream to the clone's agent.
func (c *Clone) Dial(ctx context.Context) (io.ReadWriteCloser, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", filepath.Join(c.Run, muxSocket))
	if err != nil {
		return nil, &NotRunningError{Name: c.Name}
	}
	return conn, nil
}

// Stop ends the clone, also one that is still starting, and waits until nothing
// of it is left.
func (st Store) Stop(ctx context.Context, name string) error {
	if _, state, err := st.look(name); err != nil || state == dead {
		_, err := st.Find(name) // sweeps
		os.Remove(lastWordsFile(st.dir(name)))
		return err
	}
	for begun := time.Now(); ; {
		c, state, err := st.look(name)
		if err != nil {
			return err
		}
		if state == dead {
			break
		}
		c.end(time.Since(begun) > stopPatience)
		if err := pause(ctx, lookAgain); err != nil {
			return err
		}
	}
	unlock, err := st.takeStartLock(ctx, name) // the supervisor removes its folder under it
	if err == nil {
		st.sweepDead(name)
		unlock()
	}
	return err
}

// stopPatience is how long a supervisor may take to end before it is killed.
const stopPatience = 5 * time.Second

// end asks a clone's supervisor to end, or kills it. A supervisor that is ending
// already does not mind.
func (c *Clone) end(now bool) {
	if c == nil || c.Keeper <= 0 {
		return
	}
	signal := syscall.SIGTERM
	if now {
		signal = syscall.SIGKILL
	}
	syscall.Kill(c.Keeper, signal)
}

// hostnameFor makes a clone's own host name from its name.
func hostnameFor(name string) string {
	tag := make([]byte, 2)
	_, _ = rand.Read(tag) // never fails (crypto/rand)
	return fmt.Sprintf("%s-%x", name, tag)
}
