package grader

import (
	"errors"
	"testing"
	"testing/fstest"

	"ipclab/labs"
)

// hiddenLab is a lab with the visible check a and the hidden check b.
func hiddenLab(t *testing.T, whole bool) *labs.Lab {
	t.Helper()
	plain := testLab(t, "10s", [2]string{"a", "build\n"}, [2]string{"b a", "build\nrun writer\n"})
	tree := plain.FS().(fstest.MapFS)
	tree["lab.yaml"].Data = append(tree["lab.yaml"].Data, "        hidden: true\n"...)
	if whole {
		tree["hidden/b.txtar"] = tree["checks/b.txtar"]
	}
	delete(tree, "checks/b.txtar")
	lab, err := labs.Load(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

func TestHiddenChecksAreLeftOut(t *testing.T) {
	for _, whole := range []bool{true, false} {
		lab, g := hiddenLab(t, whole), newFake()
		report, err := (&Engine{Guest: g, Policy: fakeBuilder{}}).Run(t.Context(), RunRequest{Lab: lab, Workspace: workspace()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := verdicts(report); got != "a:pass" || !report.Complete || report.MaxPoints != 90 {
			t.Errorf("report: %s, %+v", got, report)
		}
		if report.Left != (Left{Checks: 1, Points: 10}) {
			t.Errorf("left: %+v", report.Left)
		}
		if lint := Lint(lab); len(lint) != 0 {
			t.Errorf("lint: %v", lint)
		}
	}
}

func TestHiddenChecksAreGraded(t *testing.T) {
	g := newFake()
	g.programs["writer"] = exits(1)
	report, err := (&Engine{Guest: g, Policy: fakeBuilder{}}).Run(t.Context(), RunRequest{Lab: hiddenLab(t, true), Workspace: workspace(), Hidden: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(report); got != "a:pass b:fail" || !report.Complete || report.Left != (Left{}) {
		t.Errorf("report: %s, %+v", got, report)
	}
	if at := report.Results[1].Script; at == nil || at.File != "hidden/b.txtar" {
		t.Errorf("failed at %v", at)
	}
}

func TestHiddenChecksCannotBeAskedFor(t *testing.T) {
	_, err := (&Engine{Guest: newFake()}).Run(t.Context(), RunRequest{Lab: hiddenLab(t, true), Only: []string{"b"}}, nil)
	var hidden *HiddenCheckError
	if !errors.As(err, &hidden) || hidden.Check != "b" || hidden.Hint() == "" {
		t.Errorf("error is %v", err)
	}
}

func TestStudentEditionCannotBeGraded(t *testing.T) {
	g := newFake()
	_, err := (&Engine{Guest: g, Policy: fakeBuilder{}}).Run(t.Context(), RunRequest{Lab: hiddenLab(t, false), Workspace: workspace(), Hidden: true}, nil)
	var edition *labs.EditionError
	if !errors.As(err, &edition) {
		t.Errorf("error is %v", err)
	}
	if n := g.count("Start build"); n != 0 {
		t.Error("it was built")
	}
}
