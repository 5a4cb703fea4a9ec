package cli

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/internal/intake"
	"ipclab/labs"
)

// ipclab runs one command line in a home of its own.
func ipclab(t *testing.T, args ...string) (code int, out, diag string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{in: os.Stdin, out: &o, err: &e}
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return a.conclude(t.Context(), err), o.String(), e.String()
}

// atHome makes a home with a solved workspace, and goes to an empty folder in
// it.
func atHome(t *testing.T) (workspace string) {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{"HOME": home, "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "", "XDG_RUNTIME_DIR": "", "IPCLAB_WORK": "", "IPCLAB_LABS": ""} {
		t.Setenv(name, value)
	}
	workspace = filepath.Join(home, "ipclab", "fifo")
	copyOf(t, (*labs.Lab).Solution, workspace)
	work := filepath.Join(home, "elsewhere")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	return workspace
}

// copyOf writes a part of the lab fifo.
func copyOf(t *testing.T, part func(*labs.Lab) fs.FS, dir string) {
	t.Helper()
	c, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	lab, err := c.Find("fifo")
	if err == nil {
		err = os.CopyFS(dir, part(lab))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSubmitPacksWhatCanBeGraded(t *testing.T) {
	atHome(t)
	code, out, diag := ipclab(t, "submit", "fifo", "--student", "ann")
	if code != codeDone || !strings.Contains(out, "fifo-ann.tar.gz is ready: 4 files of the lab fifo, by ann") || !strings.Contains(out, "Hand this file in") {
		t.Errorf("code %d\n%s%s", code, out, diag)
	}
	m, err := intake.ReadManifest(t.Context(), "fifo-ann.tar.gz")
	if err != nil || m.Lab != "fifo" || m.Student != "ann" || len(m.Files) != 4 {
		t.Errorf("manifest %+v, error %v", m, err)
	}
	code, out, _ = ipclab(t, "submit", "fifo", "--student", "ann", "--json") // replaces the first
	var d submitted
	if err := json.Unmarshal([]byte(out), &d); code != codeDone || err != nil || d.Files != 4 || d.Starter || len(d.SHA256) != 64 {
		t.Errorf("code %d, %v\n%s", code, err, out)
	}
	if left, _ := filepath.Glob(".ipclab-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSubmitTellsWhatMayBeForgotten(t *testing.T) {
	workspace := atHome(t)
	if err := os.Remove(filepath.Join(workspace, "Makefile")); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := ipclab(t, "submit", "fifo"); !strings.Contains(out, "3 files") || !strings.Contains(out, "not in it: Makefile") {
		t.Error(out)
	}
	copyOf(t, (*labs.Lab).Starter, "starter")
	if _, out, _ := ipclab(t, "submit", "fifo", "--dir", "starter"); !strings.Contains(out, "nothing is changed yet") {
		t.Error(out)
	}
}

// From inside of the workspace the file goes beside it.
func TestSubmitStaysOutOfTheWorkspace(t *testing.T) {
	workspace := atHome(t)
	t.Chdir(workspace)
	if code, out, diag := ipclab(t, "submit", "fifo"); code != codeDone {
		t.Errorf("code %d\n%s%s", code, out, diag)
	}
	if _, err := os.Stat(filepath.Join(workspace, "../fifo.tar.gz")); err != nil {
		t.Error(err)
	}
	for _, out := range []string{"x.tar.gz", "policy", "policy/x.tar.gz"} {
		if code, _, diag := ipclab(t, "submit", "fifo", "-o", out); code != codeUsage || !strings.Contains(diag, "in the workspace") {
			t.Errorf("-o %s: code %d, %s", out, code, diag)
		}
	}
}

func TestSubmitOverwritesNothingElse(t *testing.T) {
	atHome(t)
	ipclab(t, "submit", "fifo", "--student", "ann", "-o", "a.tar.gz")
	before, _ := os.ReadFile("a.tar.gz")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.txt", "thesis")
	if err := os.Symlink("a.tar.gz", "link.tar.gz"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-o", "a.tar.gz"}, {"-o", "a.tar.gz", "--student", "bob"}, {"-o", "mine.txt"}, {"-o", "link.tar.gz", "--student", "ann"}} {
		code, _, diag := ipclab(t, append([]string{"submit", "fifo"}, args...)...)
		if code != codeUsage || !strings.Contains(diag, "is there already") || !strings.Contains(diag, "hint: name another file") {
			t.Errorf("%v: code %d, %s", args, code, diag)
		}
	}
	if after, _ := os.ReadFile("a.tar.gz"); !bytes.Equal(before, after) {
		t.Error("the submission was overwritten")
	}
	if code, _, diag := ipclab(t, "submit", "fifo", "-o", "gone/a.tar.gz"); code != codeUsage || !strings.Contains(diag, "there is no folder gone") {
		t.Errorf("code %d, %s", code, diag)
	}
	for _, id := range []string{"../x", "a b", strings.Repeat("x", 100), "é"} {
		if code, _, _ := ipclab(t, "submit", "fifo", "--student", id); code != codeUsage {
			t.Errorf("--student %q: code %d", id, code)
		}
	}
}

func TestSubmitRefusesWhatCannotBeGraded(t *testing.T) {
	workspace := atHome(t)
	if err := os.Symlink("/etc/passwd", filepath.Join(workspace, "x.c")); err != nil {
		t.Fatal(err)
	}
	if code, _, diag := ipclab(t, "submit", "fifo"); code != codeStudent || !strings.Contains(diag, "symbolic link") {
		t.Errorf("code %d, %s", code, diag)
	}
	if err := os.Mkdir("empty", 0o755); err != nil {
		t.Fatal(err)
	}
	if code, _, diag := ipclab(t, "submit", "fifo", "--dir", "empty"); code != codeStudent || !strings.Contains(diag, "none of the lab's files") {
		t.Errorf("code %d, %s", code, diag)
	}
	if left, _ := filepath.Glob("*.tar.gz"); len(left) > 0 {
		t.Errorf("written all the same: %v", left)
	}
}

func TestExportSources(t *testing.T) {
	atHome(t)
	copyOf(t, (*labs.Lab).Solution, "class/ann")
	copyOf(t, (*labs.Lab).Solution, "class/bob/fifo-main")
	if err := os.WriteFile("class/eve.rar", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, diag := ipclab(t, "grade", "export-sources", "fifo", "class", "--out", "copies")
	if code != codeDone || !strings.Contains(out, "2 submissions are written; 1 cannot be taken") || !strings.Contains(diag, "class/eve.rar") {
		t.Errorf("code %d\n%s%s", code, out, diag)
	}
	for _, file := range []string{"jplag/ann/writer.c", "jplag/bob/policy/one-way.cil", "jplag/_base/Makefile", "dolos/info.csv", "dolos/bob.c", "dolos/_base.c"} {
		if _, err := os.Stat(filepath.Join("copies", file)); err != nil {
			t.Error(err)
		}
	}
	if code, _, _ := ipclab(t, "grade", "export-sources", "fifo", "class", "--out", "copies"); code != codeUsage {
		t.Errorf("again into the same folder: code %d", code)
	}
	if code, _, _ := ipclab(t, "grade", "export-sources", "fifo", "class"); code != codeUsage {
		t.Errorf("without --out: code %d", code)
	}
}
