package labs

import (
	"strings"
	"testing"
	"testing/fstest"
)

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s), Mode: 0o644} }

func TestLintSoundLab(t *testing.T) {
	lab, err := Load(folder(good), "pipe")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Lint(lab) {
		t.Error(p)
	}
}

func TestLintProblems(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(f fstest.MapFS)
		want  string
	}{
		{"points", func(f fstest.MapFS) { f["pipe/lab.yaml"] = text(strings.Replace(good, "points: 60", "points: 50", 1)) },
			"pipe/lab.yaml: the points add up to 90; they must add up to 100"},
		{"input means nothing", func(f fstest.MapFS) { f["pipe/lab.yaml"] = text(strings.Replace(good, `"*.c"`, `"*.cc"`, 1)) },
			`pipe/lab.yaml:34: check "eof": no file of the solution matches "*.cc" of inputs`},
		{"dot file", func(f fstest.MapFS) { f["pipe/starter/.swp"] = text("") }, "pipe/starter/.swp: stray file: names that begin with . or _"},
		{"underscore", func(f fstest.MapFS) { f["pipe/_notes/x"] = text("") }, "pipe/_notes/x: stray file"},
		{"backup", func(f fstest.MapFS) { f["pipe/lab.yaml~"] = text("") }, "pipe/lab.yaml~: stray file: it looks like an editor's backup"},
		{"outside the layout", func(f fstest.MapFS) { f["pipe/notes/x"] = text("") }, "pipe/notes/x: stray file: no part of a lab's layout"},
		{"module not given", func(f fstest.MapFS) { f["pipe/policy/more.cil"] = text("") }, "pipe/policy/more.cil: stray file"},
		{"script without check", func(f fstest.MapFS) { f["pipe/checks/old.txtar"] = text("build") }, "pipe/checks/old.txtar: stray file"},
		{"file among mutants", func(f fstest.MapFS) { f["pipe/mutants/x.c"] = text("") }, "pipe/mutants/x.c: stray file"},
		{"binary", func(f fstest.MapFS) { f["pipe/starter/writer.c"] = text("\x7fELF\x00") }, "pipe/starter/writer.c: stray file: it is not text"},
		{"executable", func(f fstest.MapFS) { f["pipe/starter/writer.c"].Mode = 0o755 }, "it is executable"},
		{"go file", func(f fstest.MapFS) { f["pipe/starter/x.go"] = text("package x") }, "pipe/starter/x.go: stray file: Go would compile it"},
		{"go.mod", func(f fstest.MapFS) { f["pipe/starter/go.mod"] = text("module x") }, "Go would leave the whole folder out"},
		{"build output", func(f fstest.MapFS) { f["pipe/solution/writer"] = text("x") }, "pipe/solution/writer: stray file: it is an output of build"},
		{"no task", func(f fstest.MapFS) { delete(f, "pipe/README.md") }, "pipe/README.md: the task is missing"},
		{"task without heading", func(f fstest.MapFS) { f["pipe/README.md"] = text("First Second") }, "pipe/README.md:1: the first line must be a heading"},
		{"step not in task", func(f fstest.MapFS) { f["pipe/README.md"] = text("# Pipe\nfirst") }, `pipe/README.md: the step "Second" is not mentioned`},
		{"empty script", func(f fstest.MapFS) { f["pipe/checks/eof.txtar"] = text("# nothing\n\n-- a --\nbuild\n") }, "pipe/checks/eof.txtar: the script has no commands"},
		{"unknown subject runs", func(f fstest.MapFS) { f["pipe/checks/eof.txtar"] = text("build\n! run -umask 077 -as readr x\n") },
			`pipe/checks/eof.txtar:2: the lab has no subject "readr" (did you mean "reader"?)`},
		{"unknown subject probes", func(f fstest.MapFS) { f["pipe/checks/eof.txtar"] = text("denied bob : read $OLD_CHANNEL by dac\n") },
			`pipe/checks/eof.txtar:1: the lab has no subject "bob"`},
		{"starter lacks a file", func(f fstest.MapFS) { delete(f, "pipe/starter/writer.c") }, "pipe/starter/writer.c: it is missing here"},
		{"solution lacks a file", func(f fstest.MapFS) { f["pipe/starter/extra.c"] = text("") }, "pipe/solution/extra.c: it is missing here"},
		{"starter solves", func(f fstest.MapFS) {
			f["pipe/starter/writer.c"], f["pipe/starter/policy/own.cil"] = f["pipe/solution/writer.c"], f["pipe/solution/policy/own.cil"]
		}, "pipe/starter: it is the same as the solution"},
		{"student's module missing", func(f fstest.MapFS) {
			delete(f, "pipe/starter/policy/own.cil")
			delete(f, "pipe/solution/policy/own.cil")
		}, "pipe/solution/policy/own.cil: policy.student of lab.yaml names it"},
		{"mutant adds silently", func(f fstest.MapFS) { f["pipe/mutants/late/writer.cc"] = text("x") },
			`pipe/mutants/late/writer.cc: the solution has no such file (did you mean "writer.c"?)`},
		{"mutant is the solution", func(f fstest.MapFS) { f["pipe/mutants/late/writer.c"] = f["pipe/solution/writer.c"] },
			"pipe/mutants/late/writer.c: it is the same as in the solution"},
		{"mutant changes nothing", func(f fstest.MapFS) { delete(f, "pipe/mutants/late/writer.c") },
			"pipe/mutants/late/mutant.yaml:1: the mutant changes nothing"},
		{"mutant deletes nothing", func(f fstest.MapFS) {
			f["pipe/mutants/late/mutant.yaml"] = text("fails: eof\nwhy: x\ndelete: [x.c]\nadd: [y.c]\n")
		},
			"pipe/mutants/late/mutant.yaml: delete names x.c, which the solution does not have"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := folder(good)
			test.spoil(f)
			lab, err := Load(f, "pipe")
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, p := range Lint(lab) {
				all.WriteString(p.String() + "\n")
			}
			if !strings.Contains(all.String(), test.want) {
				t.Errorf("problems:\n%swant %s", all.String(), test.want)
			}
		})
	}
}

func TestMutantFS(t *testing.T) {
	f := folder(good)
	f["pipe/mutants/late/mutant.yaml"] = text("fails: eof\nwhy: x\ndelete: [policy/own.cil]\nadd: [more.c]\n")
	f["pipe/mutants/late/more.c"] = text("more")
	lab, err := Load(f, "pipe")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Lint(lab) {
		t.Error(p)
	}
	tree, err := lab.Mutants()[0].FS()
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "writer.c", "more.c"); err != nil {
		t.Error(err)
	}
	got := tree.(fstest.MapFS)
	if len(got) != 2 || !strings.Contains(string(got["writer.c"].Data), "for (;;)") {
		t.Errorf("the mutant's files are %v", got)
	}
}
