package gradebook_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/draft"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grade is one with these verdicts, of checks a, b, c and so on.
func grade(id, student string, verdicts ...grader.Verdict) gradebook.Grade {
	r := &grader.Report{Lab: "lab", Complete: true}
	for i, v := range verdicts {
		res := grader.Result{Check: string(rune('a' + i)), Title: "the check", Verdict: v, MaxPoints: 10,
			Evidence: []grader.Evidence{{Kind: grader.KindExit, Text: "seen", Exit: &grader.Exit{Program: "p"}}}}
		switch v {
		case grader.Pass:
			res.Points = 10
		case grader.Fail:
			res.Fault, res.Message = grader.Student, "it is wrong"
		case grader.Broken:
			res.Fault, res.Message = grader.Machine, "the connection was lost"
		}
		r.Add(res)
	}
	return gradebook.Grade{ID: id, Student: gradebook.Student{ID: student}, Digest: "d-" + id, Key: "k", Status: gradebook.Graded,
		Score: &r.Points, MaxScore: r.MaxPoints, Report: r, Tries: 1, Begun: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Duration: time.Second}
}

func TestAGradeIsKept(t *testing.T) {
	dir := t.TempDir()
	for _, id := range []string{"s2", "s1", "s10"} {
		must(t, gradebook.WriteGrade(dir, grade(id, id, grader.Pass, grader.Fail)))
	}
	must(t, os.MkdirAll(filepath.Join(dir, "submissions", "empty"), 0o755))
	ids, err := gradebook.IDs(dir)
	must(t, err)
	if !slices.Equal(ids, []string{"s1", "s10", "s2"}) {
		t.Errorf("the ids are %v", ids)
	}
	var read []string
	for g, err := range gradebook.ReadGrades(dir, ids) {
		must(t, err)
		if want := grade(g.ID, g.ID, grader.Pass, grader.Fail); !reflect.DeepEqual(g, want) {
			t.Errorf("%s came back as %+v", g.ID, g)
		}
		if read = append(read, g.ID); len(read) == 2 {
			break
		}
	}
	if len(read) != 2 {
		t.Errorf("%d were read after a break at 2", len(read))
	}
	if ids, err := gradebook.IDs(t.TempDir()); err != nil || ids != nil {
		t.Errorf("a folder without grades: %v, %v", ids, err)
	}
}

func TestIDsThatAreNoFileNames(t *testing.T) {
	for _, id := range []string{"", ".", "..", "../x", "a/b", ".hidden", "A", "a b", "a\x00", strings.Repeat("a", 201), "ä"} {
		var wrong *gradebook.IDError
		if err := gradebook.WriteGrade(t.TempDir(), grade(id, "s")); !errors.As(err, &wrong) {
			t.Errorf("writing %q: %v", id, err)
		}
		if _, err := gradebook.ReadGrade(t.TempDir(), id); !errors.As(err, &wrong) {
			t.Errorf("reading %q: %v", id, err)
		}
		if err := gradebook.WriteForStudent(t.TempDir(), grade(id, "s"), gradebook.Lab{}); !errors.As(err, &wrong) {
			t.Errorf("writing %q for students: %v", id, err)
		}
	}
	must(t, gradebook.CheckID("doe-jane_12.34"))
}

func TestFilesThatAreNoGrades(t *testing.T) {
	dir := t.TempDir()
	path := gradebook.GradePath(dir, "s1")
	if _, err := gradebook.ReadGrade(dir, "s1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	must(t, gradebook.WriteGrade(dir, grade("s1", "s", grader.Pass)))
	whole, err := os.ReadFile(path)
	must(t, err)
	for name, text := range map[string]string{
		"empty": "", "cut off": string(whole[:len(whole)/2]), "something else": "[1,2]",
		"another version": strings.Replace(string(whole), "grade/v1", "grade/v9", 1),
		"another's":       strings.Replace(string(whole), `"id": "s1"`, `"id": "s2"`, 1),
	} {
		must(t, os.WriteFile(path, []byte(text), 0o644))
		var wrong *gradebook.FormError
		if _, err := gradebook.ReadGrade(dir, "s1"); !errors.As(err, &wrong) || wrong.Hint() == "" || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFoldersThatAreNoBooks(t *testing.T) {
	dir := t.TempDir()
	var wrong *gradebook.FormError
	if _, err := gradebook.Read(dir); !errors.As(err, &wrong) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	must(t, os.WriteFile(gradebook.BookPath(dir), []byte(`{"schema":"ipclab/gradebook/v7"}`), 0o644))
	if _, err := gradebook.Read(dir); !errors.As(err, &wrong) || !strings.Contains(wrong.Hint(), "another version") {
		t.Errorf("another version: %v", err)
	}
}

func TestSweepDrafts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b*")
	keep := []string{"results.json", ".ipclab/lock", ".hidden-1", "notes-2", "submissions/s1/result.json", "submissions/s1/.swp-file", "other/.result.json-1"}
	drop := []string{".results.json-12", ".index.html-3", "submissions/s1/.result.json-456", "student/s1/.report.html-7", "gradescope/.s1.json-8", "classroom50/.a-b.json-9"}
	for _, name := range append(slices.Clone(keep), drop...) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, nil, 0o644))
	}
	d, err := draft.New(gradebook.GradePath(dir, "s1"), 0o644)
	must(t, err)
	defer d.Drop()
	gradebook.SweepDrafts(dir)
	for _, name := range keep {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s is gone", name)
		}
	}
	for _, name := range drop {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	if drafts, _ := filepath.Glob(filepath.Join(dir, "submissions", "s1", ".result.json-*")); len(drafts) != 0 {
		t.Errorf("a draft as they are really named is still there: %v", drafts)
	}
}

func FuzzReadGrade(f *testing.F) {
	f.Add(`{"schema":"ipclab/grade/v1","id":"s1","score":null}`)
	f.Add(`{"schema":"ipclab/grade/v1","id":"s1","report":{"results":[{"evidence":[{"avc":null}]}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		must(t, draft.Write(gradebook.GradePath(dir, "s1"), []byte(text), 0o644, draft.Derived))
		if g, err := gradebook.ReadGrade(dir, "s1"); err == nil && g.ID != "s1" {
			t.Errorf("it is the grade of %q", g.ID)
		}
	})
}
