package cli

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/drawing/drawingtest"
	"ipclab/internal/ownipc"
	"ipclab/internal/scriptjobs"
)

// TestMain runs the tests in an IPC namespace of their own, so that what gc
// lists and removes is theirs. Where that cannot be had, scripts that need it are
// skipped. Under the name ipclab, the test is the program.
func TestMain(m *testing.M) {
	run := func() int {
		testscript.Main(m, map[string]func(){"ipclab": func() { os.Exit(Main(os.Args[1:])) }})
		return 0 // it does not return
	}
	if filepath.Base(os.Args[0]) == "ipclab" {
		run()
	}
	os.Exit(ownipc.Main(run))
}

// TestScripts runs the scripts in testdata/script, which need no machine. They are
// testscript files: a line is a command, "!" before it says that it must fail,
// `stdout` and `stderr` look at what the last command printed, with a regular
// expression. Package scriptjobs has commands for programs in the background and
// in terminals. Those of our own are:
//
//	descriptor NAME           remember, in $NAME, the descriptor that was printed last
//	blocked NAME msgsnd       wait until this program stands in this system call
//	finished NAME             wait until it ends, by whatever exit code
//	kill9 NAME REGEXP         kill -9 the process whose number it has printed: the group
//	kill-keeper NAME          kill -9 the process that is to remove the channel of this demonstration
//	no-channels               wait until there is no System V object left
//	draw-program              put the program that lays pictures out into the PATH
//
// Each script runs alone, since all see the same objects.
func TestScripts(t *testing.T) {
	if !ownipc.Inside() {
		t.Skip("an IPC namespace of our own cannot be had here: the scripts would see other people's channels")
	}
	cmds := map[string]scriptjobs.Command{
		"descriptor": scriptjobs.Need(1, descriptor), "blocked": scriptjobs.Need(2, blocked),
		"finished":    scriptjobs.Need(1, finished),
		"kill-keeper": scriptjobs.Need(1, killKeeper),
		"kill9":       scriptjobs.Need(2, kill9), "no-channels": scriptjobs.Need(0, noChannels),
		"draw-program": scriptjobs.Need(0, drawProgram),
	}
	maps.Copy(cmds, scriptjobs.Commands())
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files: []string{file}, Cmds: cmds, Condition: condition, RequireExplicitExec: true, RequireUniqueNames: true,
				Deadline: time.Now().Add(2 * scriptjobs.Patience), // for what would hang
				Setup: func(env *testscript.Env) error {
					env.Setenv("TERM", "xterm")
					if err := exec.Command("ipcrm", "--all").Run(); err != nil { // what a script that failed has left
						return err
					}
					scriptjobs.Setup(env, "NO_COLOR", "D")
					return nil
				},
			})
		})
	}
}

// condition is what [root] means in scripts.
func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("there is no condition %q", name)
}

func descriptor(ts *testscript.TestScript, args []string) {
	found := regexp.MustCompile(`sipc:1:\d+:(\d+|-)`).FindString(ts.ReadFile("stdout"))
	if found == "" {
		ts.Fatalf("no descriptor was printed")
	}
	ts.Setenv(args[0], found)
}

func drawProgram(ts *testscript.TestScript, _ []string) {
	dir := ts.MkAbs("drawing")
	if err := os.Mkdir(dir, 0o700); err != nil {
		ts.Fatalf("%v", err)
	}
	if _, err := drawingtest.Build(dir); err != nil {
		ts.Fatalf("%v", err)
	}
	ts.Setenv("PATH", dir+string(filepath.ListSeparator)+ts.Getenv("PATH"))
}

// blocked looks at the system calls in which the program's threads are.
func blocked(ts *testscript.TestScript, args []string) {
	number, ok := map[string]string{"msgsnd": "69 ", "msgrcv": "70 "}[args[1]]
	if !ok {
		ts.Fatalf("blocked: %s is neither msgsnd nor msgrcv", args[1])
	}
	pattern := fmt.Sprintf("/proc/%d/task/*/syscall", scriptjobs.Pid(ts, args[0]))
	scriptjobs.Wait(ts, args[0]+" is not in "+args[1], func() bool {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && strings.HasPrefix(string(text), number) {
				return true
			}
		}
		return false
	})
}

func finished(ts *testscript.TestScript, args []string) {
	scriptjobs.Wait(ts, args[0]+" does not end", func() bool { return scriptjobs.Over(ts, args[0]) })
	fmt.Fprint(ts.Stdout(), scriptjobs.Output(ts, args[0]))
}

func kill9(ts *testscript.TestScript, args []string) {
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(scriptjobs.Output(ts, args[0]))
	if len(found) != 2 {
		ts.Fatalf("%s has not printed %s", args[0], args[1])
	}
	pid, err := strconv.Atoi(found[1])
	ts.Check(err)
	ts.Check(syscall.Kill(pid, syscall.SIGKILL))
}

func killKeeper(ts *testscript.TestScript, args []string) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", scriptjobs.Pid(ts, args[0])))
	ts.Check(err)
	var children string
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		children += string(text)
	}
	killed := 0
	for _, pid := range strings.Fields(children) {
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		if !strings.Contains(string(line), keeperName) {
			continue
		}
		number, err := strconv.Atoi(pid)
		ts.Check(err)
		ts.Check(syscall.Kill(number, syscall.SIGKILL))
		killed++
	}
	if killed != 1 {
		ts.Fatalf("%d keepers among the children %s", killed, children)
	}
}

func noChannels(ts *testscript.TestScript, _ []string) {
	var left string
	defer func() { ts.Logf("%s", left) }()
	scriptjobs.Wait(ts, "System V objects are left", func() bool {
		left = ""
		for _, kind := range []string{"msg", "shm"} {
			list, err := os.ReadFile("/proc/sysvipc/" + kind)
			ts.Check(err)
			if _, rows, _ := strings.Cut(string(list), "\n"); rows != "" {
				left += string(list)
			}
		}
		return left == ""
	})
}
