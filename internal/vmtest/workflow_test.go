package vmtest

import (
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
)

// workflow is a CI workflow with one job, as far as it can run here.
type workflow struct {
	Jobs map[string]struct {
		Env   map[string]string `yaml:"env"`
		Steps []workflowStep    `yaml:"steps"`
	} `yaml:"jobs"`
}

// workflowStep runs a script, or uses somebody else's action, which is passed
// over: the script has done what `checkout` would do.
type workflowStep struct {
	Name string            `yaml:"name"`
	If   string            `yaml:"if"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
}

// runWorkflow runs the steps as a runner does: each by `bash -e`, in the
// checkout; after one that failed only those that run always.
func runWorkflow(ts *testscript.TestScript, args []string) {
	var w workflow
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[1])), &w))
	if len(w.Jobs) != 1 {
		ts.Fatalf("workflow: %d jobs", len(w.Jobs))
	}
	dir := ts.MkAbs(args[2])
	head, err := exec.Command("git", "-C", dir, "rev-parse", "HEAD").Output()
	ts.Check(err)
	ts.Setenv("GITHUB_SHA", strings.TrimSpace(string(head)))
	code := 0
	for _, job := range w.Jobs {
		for _, s := range job.Steps {
			if s.Run == "" || code != 0 && s.If != "always()" {
				continue
			}
			if c := s.do(ts, dir, job.Env); c != 0 && code == 0 {
				code = c
			}
		}
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("the job ended with %d, and not with %s", code, args[0])
	}
}

// do runs one step and gives its exit code.
func (s workflowStep) do(ts *testscript.TestScript, dir string, jobEnv map[string]string) int {
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
	cmd.Dir = dir
	for _, name := range []string{"HOME", "PATH", "TERM", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "IPCLAB_HOME", "RUNNER_TEMP",
		"GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_SERVER_URL", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "GITHUB_ACTIONS"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	for _, env := range []map[string]string{jobEnv, s.Env} {
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+os.Expand(value, ts.Getenv))
		}
	}
	out, err := cmd.CombinedOutput()
	ts.Logf("step %s: %v\n%s", s.Name, err, out)
	if cmd.ProcessState == nil {
		ts.Check(err)
	}
	return cmd.ProcessState.ExitCode()
}
