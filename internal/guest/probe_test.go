package guest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// builtProbe compiles the probe as the machine's recipe does, but for -static:
// not every computer that tests run on has the library for it.
func builtProbe(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler here")
	}
	path := filepath.Join(t.TempDir(), "probe")
	out, err := exec.Command(cc, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", path, "../../vagrant/guest/probe.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// try lets the probe attempt an operation, and gives the errno's name.
func try(t *testing.T, probe string, op api.Op, path string) string {
	t.Helper()
	cmd := exec.Command(probe, "try", string(op), path)
	cmd.Stdin = strings.NewReader(probeGo)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", op, path, err)
	}
	answer, ok := strings.CutPrefix(string(out), probeReady)
	errno, context, both := strings.Cut(answer, " ")
	if !ok || !both || !strings.HasSuffix(context, "\n") {
		t.Fatalf("%s %s: the probe said %q", op, path, out)
	}
	return errno
}

func allOps() []api.Op {
	return []api.Op{api.OpRead, api.OpWrite, api.OpAppend, api.OpRdwr, api.OpStat, api.OpChmod, api.OpUnlink, api.OpCreate}
}

// Without a reader, a FIFO answers ENXIO to a non-blocking O_WRONLY after all
// permissions were granted: that is not a refusal.
func TestProbeOnAFIFO(t *testing.T) {
	probe, path := builtProbe(t), filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, op := range allOps() {
		if errno := try(t, probe, op, path); errno != probeDone {
			t.Errorf("%s: %s", op, errno)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != "fifo" {
		t.Errorf("the attempts left %v behind (%v)", entries, err)
	}
}

func TestProbeDoesNotFollowLinks(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	if errno := try(t, builtProbe(t), api.OpRead, link); errno != "ELOOP" {
		t.Errorf("reading through a link: %s, want ELOOP", errno)
	}
}

func TestProbeOnNothing(t *testing.T) {
	probe, path := builtProbe(t), filepath.Join(t.TempDir(), "none")
	for _, op := range allOps() {
		want := "ENOENT"
		if op == api.OpCreate {
			want = probeDone
		}
		if errno := try(t, probe, op, path); errno != want {
			t.Errorf("%s: %s, want %s", op, errno, want)
		}
	}
}

// An attempt before the word would be evidence of nothing.
func TestProbeWaitsForTheWord(t *testing.T) {
	probe, path := builtProbe(t), filepath.Join(t.TempDir(), "none")
	for word, args := range map[string][]string{
		"":        {"try", "create", path},
		"no\n":    {"try", "create", path},
		probeGo:   {"try", "dance", path},
		"gone\n":  {"try", "create", path},
		"go \n\n": {"try", "create", path},
	} {
		cmd := exec.Command(probe, args...)
		cmd.Stdin = strings.NewReader(word)
		if out, err := cmd.Output(); err == nil || string(out) != probeReady {
			t.Errorf("told %q, the probe said %q and ended with %v", word, out, err)
		}
	}
}

// played is an actor at work.
type played struct {
	cmd       *exec.Cmd
	out, diag strings.Builder
}

func play(t *testing.T, probe string, args ...string) *played {
	t.Helper()
	p := &played{cmd: exec.Command(probe, append([]string{"act"}, args...)...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.diag
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// ends waits for the actor and compares what it printed.
func (p *played) ends(t *testing.T, out, diag string) {
	t.Helper()
	late := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	err := p.cmd.Wait()
	if p.out.String() != out || p.diag.String() != diag || (err != nil) != strings.Contains(diag, "probe: ") {
		t.Errorf("%v printed %q and %q and ended with %v, want %q and %q", p.cmd.Args[1:], p.out.String(), p.diag.String(), err, out, diag)
	}
}

func TestActorsMakeObjects(t *testing.T) {
	probe, dir := builtProbe(t), t.TempDir()
	for name, args := range map[string][]string{
		"prw-rw-rw-": {"mkfifo", "0666", dir + "/fifo"},
		"-rw-------": {"mkfile", "0600", dir + "/file", "text"},
		"Lrwxrwxrwx": {"symlink", "nowhere", dir + "/link"},
		"Srwxr-xr-x": {"socket", dir + "/socket"},
	} {
		play(t, probe, args...).ends(t, "", "")
		path := args[len(args)-1]
		if args[0] == "mkfile" {
			path = args[2]
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode().String() != name {
			t.Errorf("%v made %v (%v), want %s", args, info.Mode(), err, name)
		}
	}
	if data, err := os.ReadFile(dir + "/file"); err != nil || string(data) != "text\n" {
		t.Errorf("the file holds %q (%v)", data, err)
	}
	play(t, probe, "mkfifo", "0666", dir+"/fifo").ends(t, "", "probe: mkfifo "+dir+"/fifo: File exists\n")
	play(t, probe, "mkfifo", "9", dir+"/other").ends(t, "", "probe: wrong use of a mode: it must be octal\n")
	play(t, probe, "dance").ends(t, "", "probe: wrong use of act: no such actor\n")
}

func TestActorsPassRecordsOn(t *testing.T) {
	probe, path := builtProbe(t), filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader := play(t, probe, "read", "-delay", "20ms", path)
	play(t, probe, "write", path, "one", "two").ends(t, "", "ready\n")
	reader.ends(t, "one\ntwo\n", "ready\n")

	reader = play(t, probe, "read", "-n", "6", path)
	writer := play(t, probe, "write", path, strings.Repeat("a record that nobody will read ", 4000))
	reader.ends(t, "a reco", "ready\n")
	writer.ends(t, "", "ready\nprobe: write: Broken pipe\n")

	play(t, probe, "read", "-delay", "soon", path).ends(t, "", "probe: wrong use of -delay: want a duration such as 300ms\n")
}

func TestHoldPrintsUntilItIsToldToEnd(t *testing.T) {
	probe, path := builtProbe(t), filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(probe, "act", "hold", "r", path)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { holder.Process.Kill() })
	got := make([]byte, 6)
	for _, text := range []string{"first", "again"} { // a writer that leaves does not end it
		play(t, probe, "write", path, text).ends(t, "", "ready\n")
		if n, err := out.Read(got); err != nil || string(got[:n]) != text+"\n" {
			t.Fatalf("read %q (%v)", got[:n], err)
		}
	}
	if err := holder.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err != nil {
		t.Errorf("told to end, it ended with %v", err)
	}
}

func TestWatchTellsWhatComesAndGoes(t *testing.T) {
	probe, dir := builtProbe(t), t.TempDir()
	watcher := exec.Command(probe, "act", "watch", dir)
	out, err := watcher.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	diag, err := watcher.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watcher.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { watcher.Process.Kill(); watcher.Wait() })
	if n, err := diag.Read(make([]byte, 16)); err != nil || n != len("ready\n") {
		t.Fatalf("it is not ready: %v", err)
	}
	play(t, probe, "mkfifo", "0600", dir+"/a").ends(t, "", "")
	for _, do := range []func() error{
		func() error { return os.Rename(dir+"/a", dir+"/b") },
		func() error { return os.Chmod(dir+"/b", 0o644) },
		func() error { return os.Remove(dir + "/b") },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	want := "create a\nmoved_from a\nmoved_to b\nattrib b\ndelete b\n"
	var got strings.Builder
	for buf := make([]byte, 256); !strings.HasSuffix(got.String(), "delete b\n"); {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", got.String(), err)
		}
		got.Write(buf[:n])
	}
	if got.String() != want {
		t.Errorf("it told %q, want %q", got.String(), want)
	}
}
