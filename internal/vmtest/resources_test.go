package vmtest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"ipclab/internal/scriptjobs"
)

// peakMemory is the most memory that a process has had, in megabytes: VmHWM of
// proc(5). It is 0 for a process that has ended.
func peakMemory(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kB int
	fmt.Sscan(after, &kB)
	return kB >> 10
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func streams(ts *testscript.TestScript, args []string) {
	want, limit := number(ts, args[0]), number(ts, args[1])
	cmd := scriptjobs.Prepare(ts, args[2:])
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	total, most := 0, 0
	for err == nil {
		var n int64
		n, err = io.CopyN(io.Discard, out, 1<<20)
		total += int(n)
		most = max(most, peakMemory(cmd.Process.Pid))
	}
	if err := cmd.Wait(); err != nil {
		ts.Fatalf("it ended with %s after %d bytes: %s", scriptjobs.EndOf(err), total, said.String())
	}
	ts.Logf("%d bytes, at most %d MB of memory", total, most)
	if total != want || most == 0 || most >= limit {
		ts.Fatalf("want %d bytes, got %d; want less than %d MB of memory, needed %d", want, total, limit, most)
	}
}

func peak(ts *testscript.TestScript, args []string) {
	most := peakMemory(readMachine(ts, args[1]).Supervisor)
	ts.Logf("the supervisor needed at most %d MB", most)
	if limit := number(ts, args[0]); most == 0 || most >= limit {
		ts.Fatalf("the supervisor needed %d MB", most)
	}
}

// privateCache makes a cache of the script's own from the shared one: the image
// alone, or also the snapshots and what is known of KVM. Nothing changes a
// finished image or snapshot, so that hard links do.
func privateCache(ts *testscript.TestScript, args []string) {
	shared := filepath.Join(ts.Getenv("XDG_CACHE_HOME"), "ipclab")
	own := filepath.Join(ts.Getenv("WORK"), "cache")
	parts := []string{"images"}
	if args[0] == "all" {
		parts = append(parts, "snapshots", "policies", "kvm-useless.json", "qemu-version")
	}
	for _, part := range parts {
		if _, err := os.Stat(filepath.Join(shared, part)); err != nil {
			continue
		}
		ts.Check(link(filepath.Join(shared, part), filepath.Join(own, "ipclab", part)))
	}
	ts.Setenv("XDG_CACHE_HOME", own)
}

// link copies a tree by hard links, or, to another file system, file by file.
func link(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if exec.Command("cp", "-al", from, to).Run() == nil {
		return nil
	}
	os.RemoveAll(to)
	out, err := exec.Command("cp", "-a", "--sparse=always", from, to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cp %s: %w: %s", from, err, out)
	}
	return nil
}

// smallDisk mounts a file system in memory. Only root can.
func smallDisk(ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(unix.Mount("vmtest", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}
