package labs

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/scenarios"
)

// good is a manifest that uses every key. The tests spoil it in one place.
const good = `name: pipe
title: A pipe
order: 5
minutes: 30
summary: one line
objectives:
  - know pipes
subjects:
  alice: {user: alice}
  reader: {user: bob, domain: ipclab_pipe_reader_t}
objects:
  old-channel: {kind: fifo, path: /run/ipclab/pipe/c, type: ipclab_pipe_t}
directories:
  - {path: /run/ipclab/pipe, owner: alice, group: channel, mode: "2750", type: ipclab_pipe_dir_t}
build: {command: [make, -s], outputs: [writer], timeout: 90s}
policy:
  given: [policy/pipe.cil]
  student: [policy/own.cil]
  review:
    subjects: [ipclab_pipe_reader_t]
    objects: [ipclab_pipe_t, ipclab_pipe_dir_t]
steps:
  - title: First
    about: It builds.
    checks:
      - id: builds
        title: it builds
        expect: The program compiles.
        points: 40
        hints: [look, read, type]
  - title: Second
    about: It ends.
    checks:
      - id: eof
        title: it ends
        expect: The reader ends.
        points: 60
        by: selinux
        needs: [builds]
        inputs: ["*.c", own.cil]
        timeout: 5s
        hints:
          - |
            close the
            write end
`

// folder is a complete lab with the given manifest.
func folder(manifest string) fstest.MapFS {
	files := map[string]string{
		"lab.yaml":                 manifest,
		"README.md":                "# A pipe\n\n## First\n\n## Second\n",
		"policy/pipe.cil":          "(type ipclab_pipe_t)\n",
		"starter/writer.c":         "int main(void) { return 1; }\n",
		"starter/policy/own.cil":   "; rules\n",
		"solution/writer.c":        "int main(void) { return 0; }\n",
		"solution/policy/own.cil":  "(allow a b (file (read)))\n",
		"mutants/late/mutant.yaml": "fails: eof\nwhy: it never ends\n",
		"mutants/late/writer.c":    "int main(void) { for (;;); }\n",
		"checks/builds.txtar":      "build\n",
		"checks/eof.txtar":         "run -as reader writer\nallowed alice : read $OLD_CHANNEL\n",
	}
	tree := fstest.MapFS{}
	for name, text := range files {
		tree["pipe/"+name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return tree
}

func TestLoad(t *testing.T) {
	lab, err := Load(folder(good), "pipe")
	if err != nil {
		t.Fatal(err)
	}
	if lab.Time != 30*time.Minute || lab.Order != 5 || lab.Points() != 100 {
		t.Errorf("time %v, order %d, points %d", lab.Time, lab.Order, lab.Points())
	}
	want := Subject{"reader", api.Subject{User: "bob", Domain: "ipclab_pipe_reader_t"}}
	if s, ok := lab.Subject("reader"); !ok || s != want {
		t.Errorf("reader is %+v", s)
	}
	if s, _ := lab.Subject("alice"); s.Domain != DefaultDomain {
		t.Errorf("alice runs in %q", s.Domain)
	}
	if o, ok := lab.Object("old-channel"); !ok || o.Variable() != "OLD_CHANNEL" || o.Kind != "fifo" {
		t.Errorf("old-channel is %+v, %s", o, o.Variable())
	}
	if d := lab.Stage().Directories; len(d) != 1 || d[0].Mode != "2750" {
		t.Errorf("directories are %+v", d)
	}
	if lab.Build.Timeout != 90*time.Second {
		t.Errorf("build may take %v", lab.Build.Timeout)
	}
}

func TestLoadChecks(t *testing.T) {
	lab, err := Load(folder(good), "pipe")
	if err != nil {
		t.Fatal(err)
	}
	if c := lab.Check("builds"); c.Timeout != DefaultCheckTimeout || len(c.Hints) != 3 || c.By != "" {
		t.Errorf("builds is %+v", c)
	}
	eof := lab.Check("eof")
	if eof.By != scenarios.BySELinux || eof.Timeout != 5*time.Second || eof.Hints[0] != "close the\nwrite end" {
		t.Errorf("eof is %+v", eof)
	}
	if script, err := lab.Script(eof); err != nil || !strings.HasPrefix(string(script), "run ") {
		t.Errorf("script %q, %v", script, err)
	}
	if lab.Check("none") != nil {
		t.Error("found a check that does not exist")
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown key", "        hints:\n", "        hint:\n", `pipe/lab.yaml:42:9: unknown key "hint" in check "eof" (did you mean "hints"?)`},
		{"missing key", "        expect: The reader ends.\n", "", `pipe/lab.yaml:34:9: check "eof" has no "expect"`},
		{"unknown key far off", "order: 5", "zzzzzzzz: 5", `lab.yaml:3:1: unknown key "zzzzzzzz" in the lab`},
		{"key twice", "order: 5", "order: 5\norder: 6", `lab.yaml:4:1: key "order" in the lab stands twice, first in line 3`},
		{"text is number", "title: A pipe", "title: 7", `lab.yaml:2:8: title must be a text, not a number: write "7", in quotes`},
		{"text is empty", "title: A pipe", "title:", `lab.yaml:2:7: title must be a text, not nothing`},
		{"text is blank", "title: A pipe", `title: " "`, `title must not be empty`},
		{"number is text", "points: 60", "points: many", `points of check "eof" must be a whole number, not a text`},
		{"points zero", "points: 60", "points: 0", `lab.yaml:37:17: points of check "eof" must be a number from 1, not 0`},
		{"points negative", "points: 60", "points: -3", `must be a number from 1, not -3`},
		{"minutes huge", "minutes: 30", "minutes: 99999999999999999999", `minutes must be a`},
		{"list is text", "  given: [policy/pipe.cil]", "  given: policy/pipe.cil", `lab.yaml:17:10: given must be a list, not a text`},
		{"mapping is list", "build: {command: [make, -s], outputs: [writer], timeout: 90s}", "build: [make]", `lab.yaml:15:8: build must be a mapping`},
		{"mode without quotes", `mode: "2750"`, `mode: 2750`, `must be a text, not a number: write "2750", in quotes`},
		{"mode not octal", `mode: "2750"`, `mode: "0790"`, `is not an octal mode`},
		{"id twice", "id: eof", "id: builds", `lab.yaml:34:13: id "builds" stands twice, first in line 26`},
		{"bad id", "id: eof", "id: End_Of", `"End_Of" must be small letters`},
		{"unknown need", "needs: [builds]", "needs: [build]", `lab.yaml:39:17: check "eof" needs "build", which does not exist (did you mean "builds"?)`},
		{"needs itself", "needs: [builds]", "needs: [eof]", `check "eof" needs "eof", which is a cycle: eof → eof`},
		{"needs cycle", "points: 40", "points: 40\n        needs: [eof]", `check "builds" needs "eof", which is a cycle: builds → eof → builds`},
		{"bad glob", `"*.c"`, `"[a.c"`, `lab.yaml:40:18: an element of inputs of check "eof": "[a.c" is not a pattern`},
		{"double star", `"*.c"`, `"**/*.c"`, `without **`},
		{"bad timeout", "timeout: 5s", "timeout: 5", `must be a time above zero`},
		{"bad layer", "by: selinux", "by: selinx", `"selinx" is not one of dac, selinux, seccomp, namespace, cgroup (did you mean "selinux"?)`},
		{"unknown user", "user: bob", "user: bib", `(did you mean "bob"?)`},
		{"unknown domain", "    subjects: [ipclab_pipe_reader_t]", "    subjects: [ipclab_pipe_raeder_t]", `lab.yaml:20:16: no subject of the lab has the domain "ipclab_pipe_raeder_t" (did you mean "ipclab_pipe_reader_t"?)`},
		{"unknown type", "objects: [ipclab_pipe_t,", "objects: [ipclab_pip_t,", `no object or directory of the lab has the type "ipclab_pip_t"`},
		{"given missing", "policy/pipe.cil", "policy/pip.cil", `lab.yaml:17:11: policy/pip.cil is not a file of the lab (did you mean "policy/pipe.cil"?)`},
		{"path goes up", "policy/own.cil", "../own.cil", `is not a plain path inside the folder`},
		{"script missing", "id: eof", "id: eol", `lab.yaml:34:13: check "eol" has no script: checks/eol.txtar is missing (did you mean "checks/eof.txtar"?)`},
		{"wrong name", "name: pipe", "name: pope", `lab.yaml:1:7: name is "pope", but the folder is "pipe": they must be the same`},
		{"reserved name", "name: pipe", "name: template", `serves another purpose`},
		{"no hints", "hints: [look, read, type]", "hints: []", `hints of check "builds" must not be empty`},
		{"relative object", "path: /run/ipclab/pipe/c", "path: run/c", `is not a plain absolute path`},
		{"alias", "title: A pipe", "title: &x A pipe", `anchor, alias or tag`},
		{"syntax", "order: 5", "order: [5", `not YAML`},
		{"two documents", "name: pipe", "---\na: 1\n---\nname: pipe", `holds 2 YAML documents`},
		{"mutant's check", "id: eof", "id: eog", `pipe/mutants/late/mutant.yaml:1:8: the lab has no check "eof" (did you mean "eog"?)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(good, test.old) {
				t.Fatalf("the test spoils %q, which is not there", test.old)
			}
			_, err := Load(folder(strings.Replace(good, test.old, test.new, 1)), "pipe")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			var m *ManifestError
			if !errors.As(err, &m) || m.Line < 1 || m.Col < 1 {
				t.Errorf("no place in %v", err)
			}
		})
	}
}

func TestNeedBelow(t *testing.T) {
	text := strings.Replace(good, "        needs: [builds]\n", "", 1)
	text = strings.Replace(text, "points: 40", "points: 40\n        needs: [eof]", 1)
	_, err := Load(folder(text), "pipe")
	if err == nil || !strings.Contains(err.Error(), `check "builds" needs "eof", which stands below it`) {
		t.Error(err)
	}
}

// A misspelt key is one mistake, not a wrong key and a missing one.
func TestMisspeltKeyIsReportedOnce(t *testing.T) {
	_, err := Load(folder(strings.Replace(good, "points: 60", "pionts: 60", 1)), "pipe")
	want := `pipe/lab.yaml:37:9: unknown key "pionts" in check "eof" (did you mean "points"?)`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAllMistakesInOrder(t *testing.T) {
	text := strings.NewReplacer("order: 5", "ordre: 5", "by: selinux", "by: magic", "user: bob", "user: eve").Replace(good)
	_, err := Load(folder(text), "pipe")
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d mistakes:\n%v", len(lines), err)
	}
	for i, prefix := range []string{"pipe/lab.yaml:3:1:", "pipe/lab.yaml:10:18:", "pipe/lab.yaml:38:13:"} {
		if !strings.HasPrefix(lines[i], prefix) {
			t.Errorf("mistake %d is %s, want it at %s", i, lines[i], prefix)
		}
	}
}

func TestDigest(t *testing.T) {
	one, two, three := folder(good), folder(good), folder(good)
	two["pipe/README.md"].Data = []byte("# Another\n")
	delete(three, "pipe/starter/writer.c")
	digests := map[string]bool{}
	for _, f := range []fstest.MapFS{one, two, three, folder(good)} {
		lab, err := Load(f, "pipe")
		if err != nil {
			t.Fatal(err)
		}
		digests[lab.Digest()] = true
	}
	if len(digests) != 3 {
		t.Errorf("%d digests of 3 contents", len(digests))
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(good)
	f.Add(string(varied()["pipe/lab.yaml"].Data))
	f.Add(string(withHidden()["pipe/lab.yaml"].Data))
	f.Add("a: &x [*x]\n<<: *x")
	f.Add("? [a]\n: !!binary x\n---\n")
	f.Add("steps: [{checks: [{id: a, needs: [a]}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		l := &Lab{dir: folder(text), raw: folder(text), file: "lab.yaml"}
		err := readManifest(l, []byte(text), "pipe")
		if err == nil && (l.Name != "pipe" || len(l.Checks()) == 0) {
			t.Errorf("accepted %+v", l)
		}
	})
}

func TestMissingManifests(t *testing.T) {
	f := folder(good)
	delete(f, "pipe/mutants/late/mutant.yaml")
	_, err := Load(f, "pipe")
	var m *ManifestError
	if !errors.As(err, &m) || m.File != "pipe/mutants/late/mutant.yaml" {
		t.Errorf("error is %v", err)
	}
	if _, err := Load(f, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
