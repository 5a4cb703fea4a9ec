package labs

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
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

func TestStrayHiddenScript(t *testing.T) {
	f := withHidden()
	f["pipe/hidden/eof.txtar"] = text("build\n")
	problems := Lint(load1(t, f))
	if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "pipe/hidden/eof.txtar: stray file") {
		t.Errorf("problems: %v", problems)
	}
}

func TestStudentEdition(t *testing.T) {
	f := withHidden()
	for name := range f {
		top := strings.Split(name, "/")[1]
		if top == "solution" || top == "mutants" || top == "hidden" {
			delete(f, name)
		}
	}
	lab := load1(t, f)
	var edition *EditionError
	if err := lab.Whole(); !errors.As(err, &edition) || edition.Lab != "pipe" || edition.Hint() == "" {
		t.Errorf("error is %v", err)
	}
	if len(lab.Hidden()) != 1 {
		t.Error("the student's edition does not tell of the hidden check")
	}
}
