package vmtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/scriptjobs"
	"ipclab/labs"
)

// rolesOfGrading tell the processes of `ipclab grade` by their command lines.
func rolesOfGrading() map[string]string {
	return map[string]string{"grader": " grade ", "worker": " grade-worker ", "supervisor": " supervise-machine ", "qemu": "qemu-system-"}
}

// killRole kills -9 one process of a role; false when there is none.
func killRole(home, role string) bool {
	for _, p := range processes(home) {
		if strings.Contains(p.line, rolesOfGrading()[role]) {
			return syscall.Kill(p.pid, syscall.SIGKILL) == nil
		}
	}
	return false
}

func killGrading(ts *testscript.TestScript, args []string) {
	scriptjobs.Wait(ts, "there is no "+args[0], func() bool { return killRole(ts.Getenv("HOME"), args[0]) })
}

// handOver writes a lab's solution or starter into a folder, by its default variant.
func handOver(ts *testscript.TestScript, args []string) {
	work, err := workOf(args[0], args[1])
	ts.Check(err)
	for _, dir := range args[2:] {
		ts.Check(os.CopyFS(ts.MkAbs(dir), work))
	}
}

// workOf is the solution or the starter of a lab for the tests.
func workOf(lab, what string) (fs.FS, error) {
	source, err := labs.Dir("testdata/labs")
	if err != nil {
		return nil, err
	}
	catalog, err := labs.NewCatalog(source)
	if err != nil {
		return nil, err
	}
	l, err := catalog.Find(lab)
	if err != nil {
		return nil, err
	}
	return map[string]fs.FS{"solution": l.Solution(), "starter": l.Starter()}[what], nil
}

// rounds is how often something is killed.
const rounds = 50

// TestKilledGraders kills the grader, a worker, a supervisor or QEMU at a random
// moment, and after a while the grader too, and lets another one go on, again
// and again. In the end the class must have come to what it comes to undisturbed.
func TestKilledGraders(t *testing.T) {
	t.Parallel() // most of the time it waits for the moment to kill
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := newKiller(t, rand.New(rand.NewPCG(seed, 0)))
	want := k.undisturbed()
	killed := map[string]int{}
	for round := range rounds {
		role := []string{"grader", "worker", "supervisor", "qemu"}[round%4]
		if k.round(role) {
			killed[role]++
		}
		if got := k.finishedBook(); got != nil {
			k.compare(want, got)
			k.next()
		}
	}
	t.Logf("killed in %d rounds: %v; %d classes came to their end meanwhile", rounds, killed, k.classes)
	k.grade("--resume").Wait()
	k.compare(want, k.finishedBook())
	k.nothingLeft()
	for role := range rolesOfGrading() {
		if killed[role] < rounds/4/2 {
			t.Errorf("only %d times was a %s there to be killed", killed[role], role)
		}
	}
}

// killer kills graders of one class.
type killer struct {
	t       *testing.T
	random  *rand.Rand
	dir     string
	run     string
	out     string
	classes int
}

func newKiller(t *testing.T, random *rand.Rand) *killer {
	run, err := os.MkdirTemp("", "iv")
	if err != nil {
		t.Fatal(err)
	}
	k := &killer{t: t, random: random, dir: t.TempDir(), run: run}
	t.Cleanup(func() {
		killAll(k.home())
		os.RemoveAll(run)
	})
	if err := os.MkdirAll(k.in("tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.handIn()
	k.next()
	return k
}

func (k *killer) in(name string) string { return filepath.Join(k.dir, name) }
func (k *killer) home() string          { return k.in("home") }

// handIn makes a class: the solution, the starter and something broken.
func (k *killer) handIn() {
	for _, name := range []string{"ada", "bob", "carol"} {
		from := "solution"
		if name == "bob" {
			from = "starter"
		}
		work, err := workOf("stamp", from)
		if err == nil {
			err = os.CopyFS(k.in("class/"+name), work)
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
	if err := os.WriteFile(k.in("class/eve.zip"), []byte("no zip"), 0o644); err != nil {
		k.t.Fatal(err)
	}
}

// next begins a new folder for grades.
func (k *killer) next() {
	k.classes++
	k.out = k.in(fmt.Sprintf("out%d", k.classes))
}

// grade starts a grader.
func (k *killer) grade(more ...string) *exec.Cmd {
	labs, err := filepath.Abs("testdata/labs")
	if err != nil {
		k.t.Fatal(err)
	}
	args := append([]string{"--labs", labs, "grade", "stamp", "--default-variant", k.in("class"), "--out", k.out, "--jobs", "2", "--format", "canvas"}, more...)
	cmd := exec.Command("ipclab", args...)
	cmd.Env = append(os.Environ(), "HOME="+k.home(), "XDG_STATE_HOME="+k.in("state"), "XDG_RUNTIME_DIR="+k.run, "TMPDIR="+k.in("tmp"))
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	return cmd
}

// undisturbed is what the class comes to.
func (k *killer) undisturbed() []byte {
	if err := k.grade().Wait(); err != nil {
		k.t.Fatal(err)
	}
	defer k.next()
	return k.finishedBook()
}

// round starts a grader, kills something, and in the end the grader, and waits
// until everything has gone. It says whether there was what was to be killed.
func (k *killer) round(role string) bool {
	cmd := k.grade("--resume")
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	hit := false
	for begun := time.Now(); !hit && time.Since(begun) < time.Minute && !closed(done); {
		k.sleep(3 * time.Second)
		hit = killRole(k.home(), role)
	}
	k.sleep(2 * time.Second)
	cmd.Process.Kill()
	<-done
	k.nobodyLeft()
	return hit
}

func (k *killer) sleep(most time.Duration) { time.Sleep(time.Duration(k.random.Int64N(int64(most)))) }

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// nobodyLeft waits until all processes have gone by themselves.
func (k *killer) nobodyLeft() {
	k.t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		left := processes(k.home())
		if len(left) == 0 {
			return
		}
		if time.Since(begun) > scriptjobs.Patience {
			k.t.Fatalf("still running: %v", left)
		}
	}
}

// nothingLeft is for the time after a grader that nobody killed.
func (k *killer) nothingLeft() {
	k.nobodyLeft()
	for _, dir := range []string{k.in("state/ipclab/machines"), k.run, k.in("tmp")} {
		if left := filesIn(dir); len(left) > 0 {
			k.t.Errorf("left behind: %v", left)
		}
	}
}

// finishedBook is the book, without times, if the class has come to its end.
func (k *killer) finishedBook() []byte {
	data, err := os.ReadFile(filepath.Join(k.out, "results.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		k.t.Fatal(err)
	}
	var book map[string]any
	if err := json.Unmarshal(data, &book); err != nil {
		k.t.Fatalf("results.json after a kill: %v", err)
	}
	if book["partial"] != nil {
		return nil
	}
	whole, err := json.MarshalIndent(timeless(book), "", " ")
	if err != nil {
		k.t.Fatal(err)
	}
	return whole
}

// timeless takes times and durations out of a JSON value.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"begun", "ended", "duration_ns"} {
			delete(v, key)
		}
		for key := range v {
			v[key] = timeless(v[key])
		}
	case []any:
		for i := range v {
			v[i] = timeless(v[i])
		}
	}
	return v
}

func (k *killer) compare(want, got []byte) {
	k.t.Helper()
	if got == nil || !bytes.Equal(want, got) {
		k.t.Fatalf("the class comes to something else:\n%s\ninstead of\n%s", got, want)
	}
}
