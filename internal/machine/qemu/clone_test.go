package qemu

import (
	"context"
	"errors"
	"io"
	"net/rpc/jsonrpc"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"ipclab/internal/guest/api"
)

// fakeStore is an empty store whose clones run a fake QEMU. Nothing of a clone
// may be left when the test ends.
func fakeStore(t *testing.T) Store {
	t.Helper()
	bin := t.TempDir()
	must(t, os.WriteFile(filepath.Join(bin, "qemu-img"), []byte("#!/bin/sh\nfor path; do :; done\necho disk >\"$path\"\n"), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	dir := shortDir(t)
	must(t, os.Mkdir(filepath.Join(dir, "run"), 0o700))
	st := Store{Dir: filepath.Join(dir, "machines"), Run: filepath.Join(dir, "run")}
	t.Cleanup(func() {
		running, err := st.Running()
		if err != nil {
			t.Error(err)
		}
		for _, c := range running {
			if err := st.Stop(context.Background(), c.Name); err != nil {
				t.Error(err)
			}
		}
		nothingLeft(t, st)
	})
	return st
}

func nothingLeft(t *testing.T, st Store) {
	t.Helper()
	for _, pattern := range []string{filepath.Join(st.Dir, "[^.]*"), filepath.Join(st.Run, "*")} {
		if left, _ := filepath.Glob(pattern); left != nil {
			t.Errorf("left: %v", left)
		}
	}
}

// order asks for a cold boot of a fake machine.
func order(name string) Clone {
	return Clone{Name: name, Base: Base{Kernel: "/k", Initrd: "/i", Disk: "/d"}, Hardware: DefaultHardware(TCG, "7.2"), Binary: os.Args[0]}
}

// playing asks for a fake QEMU that behaves in a certain way.
func playing(kind string) Clone {
	c := order("fifo")
	c.Base.Kernel = kind
	return c
}

func supervisor(kind string) []string { return []string{os.Args[0], "supervisor", kind} }

func TestLifeOfAClone(t *testing.T) {
	st := fakeStore(t)
	ctx := context.Background()
	c, err := st.Start(ctx, order("fifo"), supervisor("good"))
	must(t, err)
	if c.HostKey != "key of "+c.Hostname || !strings.HasPrefix(c.Hostname, "fifo-") {
		t.Errorf("the guest does not know who it is: %q, %q", c.HostKey, c.Hostname)
	}
	for name, pid := range map[string]int{"QEMU": c.QEMU, "supervisor": c.Keeper} {
		if err := syscall.Kill(pid, 0); err != nil {
			t.Errorf("%s %d: %v", name, pid, err)
		}
	}
	stream, err := c.Dial(ctx)
	must(t, err)
	var w api.Welcome
	must(t, jsonrpc.NewClient(stream).Call(api.CallIdentify, api.Identity{Hostname: "x", Time: time.Now(), Entropy: make([]byte, 64)}, &w))
	var already *AlreadyError
	if _, err := st.Start(ctx, order("fifo"), supervisor("good")); !errors.As(err, &already) {
		t.Errorf("a second start: %v", err)
	}
	must(t, st.Stop(ctx, "fifo"))
	nothingLeft(t, st)
	if err := syscall.Kill(c.QEMU, 0); !gone(c.QEMU) {
		t.Errorf("QEMU lives on: %v", err)
	}
	var not *NotRunningError
	if _, err := st.Find("fifo"); !errors.As(err, &not) || not.Last != "" {
		t.Errorf("Find after Stop: %v", err)
	}
	if err := st.Stop(ctx, "fifo"); !errors.As(err, &not) {
		t.Errorf("a second Stop: %v", err)
	}
	if _, err := c.Dial(ctx); !errors.As(err, &not) {
		t.Errorf("Dial after Stop: %v", err)
	}
}

// gone tells whether a process has ended; nobody may have reaped it.
func gone(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

func TestTwoStartsAtOnce(t *testing.T) {
	st := fakeStore(t)
	var starts sync.WaitGroup
	errs := make([]error, 4)
	for n := range errs {
		starts.Go(func() { _, errs[n] = st.Start(context.Background(), order("fifo"), supervisor("good")) })
	}
	starts.Wait()
	won := 0
	for _, err := range errs {
		var already *AlreadyError
		if err == nil {
			won++
		} else if !errors.As(err, &already) {
			t.Errorf("a start that lost: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d starts won, want 1", won)
	}
}

func TestClonesOfSeveralNames(t *testing.T) {
	st := fakeStore(t)
	for _, name := range []string{"one", "two"} {
		_, err := st.Start(context.Background(), order(name), supervisor("good"))
		must(t, err)
	}
	running, err := st.Running()
	must(t, err)
	if len(running) != 2 || running[0].Name != "one" || running[1].Name != "two" {
		t.Errorf("running: %v", running)
	}
}

// A start that was interrupted leaves nothing, and says what interrupted it.
func TestStartInterrupted(t *testing.T) {
	st := fakeStore(t)
	reason := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		for !exists(filepath.Join(st.dir("fifo"), consoleFile)) {
			time.Sleep(time.Millisecond)
		}
		cancel(reason)
	}()
	if _, err := st.Start(ctx, playing("deaf"), supervisor("good")); !errors.Is(err, reason) {
		t.Errorf("Start: %v", err)
	}
	nothingLeft(t, st)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestStartThatFails(t *testing.T) {
	for name, tt := range map[string]struct{ kind, message, hint string }{
		"without a word": {"mute", "ended without a word", "doctor"},
		"garbage":        {"garbage", "ended without a word", "doctor"},
		"in its words":   {"sorry", "qemu-system-x86_64 was not found", "apt-get install"},
	} {
		t.Run(name, func(t *testing.T) {
			st := fakeStore(t)
			_, err := st.Start(context.Background(), order("fifo"), supervisor(tt.kind))
			var start *StartError
			if !errors.As(err, &start) || !strings.Contains(start.Error(), tt.message) || !strings.Contains(start.Hint(), tt.hint) {
				t.Errorf("Start: %v", err)
			}
			nothingLeft(t, st)
		})
	}
	st := fakeStore(t)
	if _, err := st.Start(context.Background(), order("fifo"), []string{"/nonexistent"}); err == nil {
		t.Error("started by a supervisor that is not there")
	}
	_, err := st.Find("fifo") // sweeps
	var not *NotRunningError
	if !errors.As(err, &not) {
		t.Errorf("Find: %v", err)
	}
}

func TestQEMUThatDiesAtStartIsHeard(t *testing.T) {
	st := fakeStore(t)
	_, err := st.Start(context.Background(), playing("dies"), supervisor("good"))
	var start *StartError
	if !errors.As(err, &start) {
		t.Fatalf("Start: %v", err)
	}
	for _, want := range []string{"exit status 1", "qemu: cannot do it", "Kernel panic"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

// A QEMU that is killed takes its clone with it; the next Find tells how.
func TestKilledQEMU(t *testing.T) {
	st := fakeStore(t)
	c, err := st.Start(context.Background(), order("fifo"), supervisor("good"))
	must(t, err)
	must(t, syscall.Kill(c.QEMU, syscall.SIGKILL))
	waitGone(t, st)
	var not *NotRunningError
	if _, err := st.Find("fifo"); !errors.As(err, &not) || !strings.Contains(not.Last, "signal: killed") {
		t.Errorf("Find: %v", err)
	}
	nothingLeft(t, st)
	_, err = st.Start(context.Background(), order("fifo"), supervisor("good"))
	must(t, err)
	must(t, st.Stop(context.Background(), "fifo"))
	if _, err := st.Find("fifo"); !errors.As(err, &not) || not.Last != "" {
		t.Errorf("an old end is told again: %v", err)
	}
}

// waitGone waits until no clone runs.
func waitGone(t *testing.T, st Store) {
	t.Helper()
	for {
		running, err := st.Running()
		must(t, err)
		if len(running) == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// A supervisor that is killed takes QEMU with it, and what it leaves is swept.
func TestKilledSupervisor(t *testing.T) {
	st := fakeStore(t)
	c, err := st.Start(context.Background(), order("fifo"), supervisor("good"))
	must(t, err)
	must(t, syscall.Kill(c.Keeper, syscall.SIGKILL))
	waitGone(t, st)
	nothingLeft(t, st)
	for !gone(c.QEMU) { // by the kernel's hand
		time.Sleep(time.Millisecond)
	}
}

// What a dead clone left is swept, but not while somebody starts it anew.
func TestFindSweepsTheDead(t *testing.T) {
	st := fakeStore(t)
	run := filepath.Join(st.Run, "123")
	foreign := filepath.Join(filepath.Dir(st.Run), "foreign")
	for _, dir := range []string{st.dir("dead"), st.dir("liar"), run, foreign} {
		must(t, os.MkdirAll(dir, 0o700))
	}
	must(t, (&Clone{Name: "dead", Dir: st.dir("dead"), Run: run}).write())
	must(t, (&Clone{Name: "liar", Dir: st.dir("liar"), Run: foreign}).write())

	starting := flock.New(st.startLock("dead"))
	must(t, starting.Lock())
	var not *NotRunningError
	if _, err := st.Find("dead"); !errors.As(err, &not) || !exists(run) || !exists(st.dir("dead")) {
		t.Errorf("swept although it is being started: %v", err)
	}
	must(t, starting.Unlock())
	running, err := st.Running()
	must(t, err)
	if len(running) != 0 || exists(run) || exists(st.dir("dead")) {
		t.Errorf("running: %v; what the dead left is still there", running)
	}
	if !exists(foreign) {
		t.Error("a folder was removed that is none of ours")
	}
}

func TestRunningOfNothing(t *testing.T) {
	if running, err := fakeStore(t).Running(); err != nil || running != nil {
		t.Errorf("%v, %v", running, err)
	}
}

func TestReadReport(t *testing.T) {
	for name, tt := range map[string]struct {
		said, want string
	}{
		"well":       {"{}\n", ""},
		"nothing":    {"", "without a word"},
		"cut":        {`{"error":"x`, "without a word"},
		"an error":   {`{"error":"no room","hint":"make some"}`, "no room"},
		"and more":   {"{}\n{\"error\":\"later\"}", ""},
		"wrong type": {"[]", "without a word"},
	} {
		t.Run(name, func(t *testing.T) {
			err := readReport(strings.NewReader(tt.said))
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTell(t *testing.T) {
	r, w := io.Pipe()
	go tell(w, &MissingError{Program: "qemu-img"})
	var start *StartError
	if err := readReport(r); !errors.As(err, &start) || start.Hint() == "" || !strings.Contains(start.Error(), "qemu-img") {
		t.Errorf("heard %v", err)
	}
}

func TestRunPathsThatAreTooLong(t *testing.T) {
	st := fakeStore(t)
	st.Run = filepath.Join(filepath.Dir(st.Run), strings.Repeat("x", 100))
	must(t, os.Mkdir(st.Run, 0o700))
	_, err := st.Start(context.Background(), order("fifo"), supervisor("good"))
	if err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Errorf("Start: %v", err)
	}
}

func TestHostnamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		seen[hostnameFor("fifo")] = true
	}
	if len(seen) < 15 {
		t.Errorf("only %d different names in 20", len(seen))
	}
}

// In /tmp anybody may have made the folder before us.
func TestPrivateTrustsNobody(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"a link":      func(path string) error { return os.Symlink(t.TempDir(), path) },
		"open to all": func(path string) error { return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o777)) },
		"a file":      func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			must(t, plant(path))
			if err := private(path); err == nil || !strings.Contains(err.Error(), "not a private directory") {
				t.Errorf("private: %v", err)
			}
		})
	}
	if os.Getuid() == 0 {
		path := filepath.Join(t.TempDir(), "x")
		must(t, errors.Join(os.Mkdir(path, 0o700), os.Chown(path, 12345, 12345)))
		if err := private(path); err == nil {
			t.Error("took a folder of somebody else's")
		}
	}
}
