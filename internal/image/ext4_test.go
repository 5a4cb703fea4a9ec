package image

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRelabelLine(t *testing.T) {
	const root = "/var/tmp/x/plain"
	for name, tt := range map[string]struct {
		line, path, context string
		ok                  bool
	}{
		"file":  {"Would relabel " + root + "/etc/shadow from <no context> to system_u:object_r:shadow_t:s0", "/etc/shadow", "system_u:object_r:shadow_t:s0", true},
		"root":  {"Would relabel " + root + " from <no context> to system_u:object_r:root_t:s0", "/", "system_u:object_r:root_t:s0", true},
		"words": {"Would relabel " + root + "/a from b to c from u:r:a:s0 to u:r:b:s0", "/a from b to c", "u:r:b:s0", true},
		"else":  {"setfiles: something else", "", "", false},
		"other": {"Would relabel /etc/shadow from a to b", "", "", false},
		"half":  {"Would relabel " + root + "/etc/shadow from <no con", "", "", false},
		"no to": {"Would relabel " + root + "/x to y", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			path, context, ok := relabelLine(tt.line, root)
			if path != tt.path || context != tt.context || ok != tt.ok {
				t.Errorf("got %q, %q, %v", path, context, ok)
			}
		})
	}
}

func TestLabelRefusesAThinListing(t *testing.T) {
	err := label(context.Background(), "/nonexistent", "/r", strings.NewReader("Would relabel /r/a from b to c\n"))
	if err == nil || !strings.Contains(err.Error(), "only 1 files") {
		t.Errorf("label: %v", err)
	}
	err = label(context.Background(), "/nonexistent", "/r", strings.NewReader("Would relabel /r/a\" from b to c\n"))
	if err == nil || !strings.Contains(err.Error(), "debugfs cannot take") {
		t.Errorf("label: %v", err)
	}
}

// tools finds the programs, or skips the test.
func tools(t *testing.T, all ...string) []string {
	t.Helper()
	var paths []string
	for _, name := range all {
		path, err := FindTool(name)
		if err != nil {
			t.Skipf("%s is not installed", name)
		}
		paths = append(paths, path)
	}
	return paths
}

// realDisk makes a small ext4 file system with the agent's folder in it.
func realDisk(t *testing.T, path string) {
	t.Helper()
	mke2fs := tools(t, "mke2fs", "debugfs")[0]
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, filepath.Dir(agentPath)), 0o755))
	out, err := exec.Command(mke2fs, "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", root, path, "4M").CombinedOutput()
	if err != nil {
		t.Fatalf("mke2fs: %v: %s", err, out)
	}
}

// ask runs one debugfs request.
func ask(t *testing.T, disk, request string) string {
	t.Helper()
	out, err := exec.Command(tools(t, "debugfs")[0], "-R", request, disk).Output()
	must(t, err)
	return string(out)
}

func TestInjectAgent(t *testing.T) {
	disk := filepath.Join(t.TempDir(), diskName)
	realDisk(t, disk)
	agent := filepath.Join(t.TempDir(), "agent")
	for _, version := range []string{"first", "second, which is longer"} {
		write(t, agent, version)
		must(t, injectAgent(context.Background(), disk, agent))
		for path, label := range map[string]string{agentPath: agentLabel, sftpPath: sftpLabel, sipcPath: sipcLabel} {
			if got := ask(t, disk, "cat "+path); got != version {
				t.Errorf("%s holds %q, want %q", path, got, version)
			}
			if got := ask(t, disk, "ea_get "+path+" security.selinux"); !strings.Contains(got, label) {
				t.Errorf("%s is labelled %q, want %s", path, got, label)
			}
			if got := ask(t, disk, "stat "+path); !strings.Contains(got, "Mode:  0711") {
				t.Errorf("stat %s: %s", path, got)
			}
		}
	}
}

func TestDebugfsTellsFailures(t *testing.T) {
	disk := filepath.Join(t.TempDir(), diskName)
	realDisk(t, disk)
	if err := debugfs(context.Background(), disk, strings.NewReader("ea_set /nowhere security.selinux x\n")); err == nil {
		t.Error("debugfs failed and nothing was said")
	}
	if err := debugfs(context.Background(), disk+"-none", strings.NewReader("")); err == nil {
		t.Error("there is no such disk and nothing was said")
	}
}

// A new agent needs no new packages.
func TestEnsureDerivesForANewAgent(t *testing.T) {
	c := fakeCache(t)
	old := fakeImage(t, c)
	must(t, os.Remove(old.Disk()))
	realDisk(t, old.Disk())
	must(t, old.describe())
	must(t, old.write())
	write(t, c.Agent, "agent 2")
	i, err := c.Ensure(context.Background(), false, Silent{})
	must(t, err)
	if i.Recipe != old.Recipe || i.Key == old.Key || i.Kernel != old.Kernel {
		t.Errorf("derived %+v from %+v", i, old)
	}
	if got := ask(t, i.Disk(), "cat "+agentPath); got != "agent 2" {
		t.Errorf("the agent is %q", got)
	}
	must(t, i.Verify())
}
