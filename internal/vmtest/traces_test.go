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
)

// process is a process of a script: one whose environment has the script's HOME.
type process struct {
	pid  int
	line string // its command line
}

// processes finds the processes that belong to a script, wherever they went.
func processes(home string) []process {
	var found []process
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || !hasLine(env, "HOME="+home) {
			continue // a zombie has no environment
		}
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		found = append(found, process{pid, strings.ReplaceAll(string(line), "\x00", " ")})
	}
	return found
}

// hasLine looks for one whole entry of a list whose entries end with NUL.
func hasLine(list []byte, entry string) bool {
	return bytes.Contains(append([]byte{0}, list...), []byte("\x00"+entry+"\x00"))
}

// alive tells whether a process runs: a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	after := bytes.LastIndexByte(stat, ')')
	return err == nil && after > 0 && !bytes.HasPrefix(stat[after:], []byte(") Z"))
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
	wait(ts, "processes are left", func() bool {
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
