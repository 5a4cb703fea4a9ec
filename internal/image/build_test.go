package image

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

func TestReadPackages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "packages.txt")
	write(t, path, "# all\n\nbash\n  gcc   # the compiler\n#make\nlibc6-dev")
	got, err := readPackages(path)
	must(t, err)
	if !slices.Equal(got, []string{"bash", "gcc", "libc6-dev"}) {
		t.Errorf("packages: %q", got)
	}
}

type parts struct {
	Silent
	seen []float64
}

func (p *parts) Done(part float64) { p.seen = append(p.seen, part) }

func TestFollowReadsToTheEnd(t *testing.T) {
	all := milestones()
	first, last := all[0], all[len(all)-1]
	long := strings.Repeat("x", 2<<20)
	in := strings.NewReader("I: " + first.text + "...\nblah\n" + last.text + "\n" + long + "\nrest\n")
	var p parts
	follow(in, &p)
	if !slices.Equal(p.seen, []float64{first.part, last.part}) || in.Len() != 0 {
		t.Errorf("progress %v, %d bytes not read", p.seen, in.Len())
	}
	for i, m := range milestones()[1:] {
		if m.part <= milestones()[i].part {
			t.Errorf("milestone %q goes backwards", m.text)
		}
	}
}

func TestBuildErrorTellsTheCause(t *testing.T) {
	for name, tt := range map[string]struct{ line, hint string }{
		"disk":      {"dpkg: cannot copy: No space left on device", "make room"},
		"apt":       {"E: You don't have enough free space in /x/.", "make room"},
		"network":   {"E: Failed to fetch http://mirror.example", "network"},
		"subuid":    {"newuidmap: uid range [0-1) not allowed", "/etc/subuid"},
		"namespace": {"E: unshare() failed: Operation not permitted", "/etc/subuid"},
		"else":      {"", "ipclab doctor"},
	} {
		t.Run(name, func(t *testing.T) {
			said := follow(strings.NewReader("I: one\n "+tt.line+" \nE: two\n"), Silent{})
			err := &BuildError{Err: errors.New("exit status 1"), Cause: said, Output: "E: two"}
			if said != tt.line || !strings.Contains(err.Error(), tt.line) || !strings.Contains(err.Hint(), tt.hint) {
				t.Errorf("cause %q, error %q, hint %q", said, err, err.Hint())
			}
		})
	}
}

func TestMissingToolIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := FindTool("mmdebstrap")
	if err == nil {
		t.Error("mmdebstrap was found in an empty PATH")
	}
	var missing *MissingToolError
	if err := needTools(); !errors.As(err, &missing) || !strings.Contains(missing.Hint(), Tools()[missing.Tool]) {
		t.Errorf("needTools: %v", err)
	}
}

func TestStageIsReachableByOthers(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	s, err := newStage(t.TempDir(), fstest.MapFS{"guest/x": {Data: []byte("x")}})
	must(t, err)
	defer s.remove()
	for name, mode := range map[string]os.FileMode{
		"": os.ModeDir | 0o755, "recipe": os.ModeDir | 0o755, "recipe/guest": os.ModeDir | 0o755,
		"recipe/guest/x": 0o755, "hook": 0o755, "tmp": os.ModeDir | os.ModeSticky | 0o777,
	} {
		info, err := os.Stat(s.path(name))
		must(t, err)
		if info.Mode() != mode {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), mode)
		}
	}
}

func TestSweepTakesTheDeadOnly(t *testing.T) {
	scratch := t.TempDir()
	alive, err := newStage(scratch, fstest.MapFS{})
	must(t, err)
	dead, err := newStage(scratch, fstest.MapFS{})
	must(t, err)
	dead.lock.Close()
	file := filepath.Join(scratch, stagePrefix+"file")
	write(t, file, "")
	must(t, os.Symlink(alive.dir, filepath.Join(scratch, stagePrefix+"link")))
	if left := leftovers(scratch); !slices.Equal(left, []string{dead.dir}) {
		t.Errorf("leftovers: %v, want %s", left, dead.dir)
	}
	sweepStages(scratch)
	if _, err := os.Stat(dead.dir); !absent(err) {
		t.Errorf("%s is still there: %v", dead.dir, err)
	}
	for _, path := range []string{alive.path("hook"), file} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("swept away: %v", err)
		}
	}
	alive.remove()
	if _, err := os.Stat(alive.dir); !absent(err) {
		t.Errorf("%s is still there: %v", alive.dir, err)
	}
}

// A stage is in use for as long as a process of its build lives.
func TestStageIsHeldByItsProcesses(t *testing.T) {
	s, err := newStage(t.TempDir(), fstest.MapFS{})
	must(t, err)
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	must(t, err)
	child.ExtraFiles = []*os.File{s.lock}
	must(t, child.Start())
	s.lock.Close()
	if left := leftovers(filepath.Dir(s.dir)); left != nil {
		t.Errorf("a build at work is taken for a leftover: %v", left)
	}
	in.Close()
	must(t, child.Wait())
	if left := leftovers(filepath.Dir(s.dir)); len(left) != 1 {
		t.Errorf("leftovers: %v", left)
	}
}

// The processes of a build end when the pipe to ipclab does, whatever they do.
func TestLifeline(t *testing.T) {
	alive, ours, err := os.Pipe()
	must(t, err)
	cmd := exec.Command("/bin/sh", "-c", lifeline, "sh", "sh", "-c", `trap "" TERM INT HUP; sleep 1000 & echo up; wait; wait`)
	cmd.ExtraFiles = []*os.File{alive, alive}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	alive.Close()
	read := bufio.NewReader(out)
	if line, err := read.ReadString('\n'); err != nil || line != "up\n" {
		t.Fatalf("the command said %q, %v", line, err)
	}
	ours.Close()
	if _, err := io.ReadAll(read); err != nil { // the end of all who hold the output
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the command ended as %v", err)
	}
}

// What is not killed ends in its own way, and the watcher goes with it.
func TestLifelineOfAFinishedCommand(t *testing.T) {
	alive, ours, err := os.Pipe()
	must(t, err)
	cmd := exec.Command("/bin/sh", "-c", lifeline, "sh", "sh", "-c", "exit 7")
	cmd.ExtraFiles = []*os.File{alive, alive}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("the command ended as %v", err)
	}
	alive.Close()
	ours.Close()
}
