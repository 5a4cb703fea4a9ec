package labs

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ipclab/scenarios"
)

// withHidden is the good lab with a third, hidden check.
func withHidden() fstest.MapFS {
	manifest := strings.Replace(good, "points: 60", "points: 50", 1) + `      - id: swap
        hidden: true
        title: it is not swapped
        expect: Nobody swaps it.
        points: 10
        needs: [eof]
`
	f := folder(manifest)
	f["pipe/hidden/swap.txtar"] = text("build\nrun -as reader writer\n")
	return f
}

func load1(t *testing.T, f fstest.MapFS) *Lab {
	t.Helper()
	lab, err := Load(f, "pipe")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

func TestHiddenCheck(t *testing.T) {
	lab := load1(t, withHidden())
	for _, p := range Lint(lab) {
		t.Error(p)
	}
	c := lab.Check("swap")
	if script, err := lab.Script(c); err != nil || !c.Hidden || !strings.Contains(string(script), "run") {
		t.Errorf("%+v: %q, %v", c, script, err)
	}
	if len(lab.Visible()) != 2 || len(lab.Hidden()) != 1 || len(lab.Checks()) != 3 {
		t.Errorf("visible %d, hidden %d", len(lab.Visible()), len(lab.Hidden()))
	}
	if err := lab.Whole(); err != nil {
		t.Error(err)
	}
}

func TestHiddenMistakes(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(f fstest.MapFS)
		want  string
	}{
		{"no script", func(f fstest.MapFS) { delete(f, "pipe/hidden/swap.txtar") },
			`pipe/lab.yaml:46:13: check "swap" has no script: hidden/swap.txtar is missing`},
		{"script among the visible", func(f fstest.MapFS) {
			f["pipe/checks/swap.txtar"] = f["pipe/hidden/swap.txtar"]
			delete(f, "pipe/hidden/swap.txtar")
		}, `hidden/swap.txtar is missing`},
		{"no title", replaced("        title: it is not swapped\n", ""),
			`pipe/lab.yaml:46:13: check "swap" has no "title", neither here nor in hidden/swap.yaml`},
		{"misspelt in the instructor's file", func(f fstest.MapFS) { f["pipe/hidden/swap.yaml"] = text("titel: x\n") },
			`pipe/hidden/swap.yaml:1:1: unknown key "titel" in the hidden check (did you mean "title"?)`},
		{"no truth value", replaced("hidden: true", "hidden: yes"), `pipe/lab.yaml:47:17: hidden of check "swap" must be true or false, not a text`},
		{"visible needs hidden", func(f fstest.MapFS) {
			replaced("hidden: true", "hidden: false\n        hints: [look]")(f)
			replaced("by: selinux", "hidden: true")(f)
			f["pipe/hidden/eof.txtar"], f["pipe/checks/swap.txtar"] = text("build\n"), text("build\n")
		}, `check "swap" needs "eof", which is hidden: students could never run it`},
		{"nothing to be seen", func(f fstest.MapFS) {
			replaced("points: 40", "points: 40\n        hidden: true")(f)
			replaced("by: selinux", "hidden: true")(f)
		}, `pipe/lab.yaml:26:13: every check is hidden: students would have nothing to check`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := withHidden()
			test.spoil(f)
			if _, err := Load(f, "pipe"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// replaced changes the manifest of a lab.
func replaced(from, to string) func(fstest.MapFS) {
	return func(f fstest.MapFS) {
		f["pipe/lab.yaml"] = text(strings.Replace(string(f["pipe/lab.yaml"].Data), from, to, 1))
	}
}

// What stands in hidden/ID.yaml is for the instructor alone.
func TestHiddenDescription(t *testing.T) {
	f := withHidden()
	replaced("        title: it is not swapped\n        expect: Nobody swaps it.\n", "")(f)
	f["pipe/hidden/swap.yaml"] = text("title: it is not swapped\nexpect: Nobody swaps it.\nby: dac\n")
	lab := load1(t, f)
	for _, p := range Lint(lab) {
		t.Error(p)
	}
	if c := lab.Check("swap"); c.Title != "it is not swapped" || c.Expect != "Nobody swaps it." || c.By != scenarios.ByDAC {
		t.Errorf("%+v", c)
	}
	if c := load1(t, studentsPart(f)).Check("swap"); c.Title != "a hidden check" || c.Expect != "" || c.By != "" {
		t.Errorf("students see %+v", c)
	}
}

// studentsPart takes everything away that students do not get.
func studentsPart(f fstest.MapFS) fstest.MapFS {
	for name := range f {
		if top := strings.Split(name, "/")[1]; slices.Contains(instructorDirs(), top) {
			delete(f, name)
		}
	}
	return f
}

func TestStrayHiddenScript(t *testing.T) {
	f := withHidden()
	f["pipe/hidden/eof.txtar"] = text("build\n")
	problems := Lint(load1(t, f))
	if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "pipe/hidden/eof.txtar: stray file") {
		t.Errorf("problems: %v", problems)
	}
}

func TestStudentEdition(t *testing.T) {
	lab := load1(t, studentsPart(withHidden()))
	var edition *EditionError
	if err := lab.Whole(); !errors.As(err, &edition) || edition.Lab != "pipe" || edition.Hint() == "" {
		t.Errorf("error is %v", err)
	}
	if len(lab.Hidden()) != 1 {
		t.Error("the student's edition does not tell of the hidden check")
	}
}
