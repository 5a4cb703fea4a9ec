package redteam

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ipclab/grader"
	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/session"
	"ipclab/internal/workspace"
)

// TestJudge judges attacks one by one, while there is no `ipclab grade`.
func TestJudge(t *testing.T) {
	needsMachines(t)
	p := newPlace(t)
	bin, _ := exec.LookPath("ipclab")
	h := &host.Host{
		Dirs:       host.Dirs{Cache: filepath.Join(os.Getenv("XDG_CACHE_HOME"), "ipclab"), State: p.in("state/ipclab"), Run: p.in("run"), Work: p.in("work")},
		Agent:      filepath.Join(filepath.Dir(bin), "ipclab-guest"),
		Supervisor: []string{bin, "supervise-machine"}, Progress: image.Silent{},
	}
	ctx := context.Background()
	attacks := corpus(t)
	for name, lab := range labsOf(t, attacks) {
		for _, a := range attacks {
			if a.Lab != name {
				continue
			}
			at := filepath.Join(t.TempDir(), a.submissionName())
			check(t, a.Write(at, lab))
			if !a.Form.folder() {
				t.Logf("%s: an archive: not judged here", a.Name)
				continue
			}
			tree, err := workspace.Snapshot(at, workspace.Limits{}, lab.Build.Outputs...)
			if err != nil {
				t.Logf("%s: refused: %v (expected %v)", a.Name, err, a.Expect)
				continue
			}
			c, err := h.Start(ctx, lab, "judge")
			check(t, err)
			r, err := session.Judge(ctx, h, lab, c, grader.RunRequest{Lab: lab, Workspace: tree.API("").Files}, nil)
			check(t, err)
			check(t, h.Machines().Stop(ctx, "judge"))
			text := ""
			var fails []string
			for _, x := range r.Results {
				if x.Verdict == grader.Fail || x.Verdict == grader.Broken {
					fails = append(fails, x.Check)
					text += fmt.Sprintf("\n    %s %s %s: %s", x.Verdict, x.Fault, x.Check, x.Message)
				}
			}
			verdict := "HELD"
			if r.Points != a.Expect.Score || fmt.Sprint(fails) != fmt.Sprint(a.Expect.Fails) {
				verdict = "DIFFERS"
			}
			t.Logf("%s: %s: %d (want %d), fails %v (want %v), %.1fs%s", a.Name, verdict, r.Points, a.Expect.Score, fails, a.Expect.Fails, r.Duration.Seconds(), text)
		}
	}
}
