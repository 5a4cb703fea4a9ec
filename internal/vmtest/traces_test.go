package vmtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/scriptjobs"
)

// process is a process of a script: one whose environment has the script's HOME.
type process struct {
	pid  int
	line string // its command line
}

// processes finds the processes that belong to a script, wherever they went.
func processes(home string) []process {
	var found []process
	seen := map[int]bool{}
	threads, _ := filepath.Glob("/proc/[0-9]*/task/*/environ")
	for _, path := range threads {
		env, err := os.ReadFile(path)
		if err != nil || !hasLine(env, "HOME="+home) {
			continue // a zombie has no environment
		}
		dir := strings.Split(path, "/task/")[0]
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if !seen[pid] {
			found = append(found, process{pid, strings.ReplaceAll(string(line), "\x00", " ")})
		}
		seen[pid] = true
	}
	return found
}

// hasLine looks for one whole entry of a list whose entries end with NUL.
func hasLine(list []byte, entry string) bool {
	return bytes.Contains(append([]byte{0}, list...), []byte("\x00"+entry+"\x00"))
}

// alive tells whether any thread of a process runs. The first one may be a
// zombie while others still hold the process's files.
func alive(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		after := bytes.LastIndexByte(stat, ')')
		if err == nil && after > 0 && !bytes.HasPrefix(stat[after:], []byte(") Z")) {
			return true
		}
	}
	return false
}

// killAll ends what a script left running. A supervisor is asked nothing: its
// QEMU dies with it.
func killAll(home string) {
	for _, p := range processes(home) {
		syscall.Kill(p.pid, syscall.SIGKILL)
	}
}

func noProcesses(ts *testscript.TestScript, _ []string) {
	var left []process
	defer func() {
		for _, p := range left {
			ts.Logf("still running: %d %s", p.pid, p.line)
		}
	}()
	scriptjobs.Wait(ts, "processes are left", func() bool {
		left = processes(ts.Getenv("HOME"))
		return len(left) == 0
	})
}

func nothingLeft(ts *testscript.TestScript, args []string) {
	noProcesses(ts, args)
	var left []string
	for _, dir := range []string{filepath.Join(ts.Getenv("STATE"), "machines"), ts.Getenv("XDG_RUNTIME_DIR"), ts.Getenv("TMPDIR")} {
		left = append(left, filesIn(dir)...)
	}
	if cache := ts.Getenv("XDG_CACHE_HOME"); strings.HasPrefix(cache, ts.Getenv("WORK")) {
		half, _ := filepath.Glob(filepath.Join(cache, "ipclab/*/.making-*"))
		left = append(left, half...)
	}
	if len(left) > 0 {
		ts.Fatalf("left behind: %s", strings.Join(left, ", "))
	}
}

// filesIn lists everything in a folder but empty folders, locks (they are empty
// and make the next start safe), and a dead machine's last words.
func filesIn(dir string) []string {
	var found []string
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (path == dir || strings.HasPrefix(d.Name(), "ipclab-")) {
			return nil
		}
		if ext := filepath.Ext(path); !strings.HasPrefix(d.Name(), ".") || ext != ".lock" && ext != ".died" {
			found = append(found, path)
		}
		return nil
	})
	return found
}
