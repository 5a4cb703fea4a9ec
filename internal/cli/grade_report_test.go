package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/grader/report"
)

// graded writes a folder with a grade for each student: points of ten.
func graded(t *testing.T, points map[string]int) string {
	t.Helper()
	dir := t.TempDir()
	book := &gradebook.Book{Schema: gradebook.Schema, Image: "i", Grader: "g",
		Lab: gradebook.Lab{Name: "lab", Title: "A lab", Digest: "l", Points: 10, Checks: []gradebook.Check{{ID: "only", Title: "The only check", Points: 10}}}}
	var ids []string
	for _, id := range []string{"ann", "bob", "eve"} {
		score, ok := points[id]
		if !ok {
			continue
		}
		g := gradebook.Grade{ID: id, Student: gradebook.Student{ID: id, Name: strings.ToUpper(id) + "\x1b[31m\u202e"}, Status: gradebook.Graded,
			Score: &score, MaxScore: 10, Report: &grader.Report{}}
		verdict, message := grader.Pass, ""
		if score < 10 {
			verdict, message = grader.Fail, "it is\nwrong \x1b[2J"
		}
		g.Report.Add(grader.Result{Check: "only", Verdict: verdict, Points: score, MaxPoints: 10, Message: message})
		if err := gradebook.WriteGrade(dir, g); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := report.Write(dir, book, gradebook.ReadGrades(dir, ids), nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runGrade runs a command below grade.
func runGrade(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{in: os.Stdin, out: &o, err: &e}
	root := newRoot(a)
	root.SetArgs(append([]string{"grade"}, args...))
	code = a.conclude(t.Context(), root.ExecuteContext(t.Context()))
	for _, r := range o.String() + e.String() {
		if !a.json && (unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%U is printed", r)
		}
	}
	return o.String(), e.String(), code
}

func TestGradeDiff(t *testing.T) {
	old, now := graded(t, map[string]int{"ann": 10, "bob": 4}), graded(t, map[string]int{"ann": 10, "bob": 10, "eve": 0})
	out, _, code := runGrade(t, "diff", old, now)
	want := `bob BOB\x1b[31m\u202e  4 → 10
    only                 fail → pass, 4 → 10 points
        before: it is wrong \x1b[2J
eve EVE\x1b[31m\u202e  only in the second: 0/10

1 changed, 1 the same, 1 in one of them only
`
	if out != want || code != 1 {
		t.Errorf("it ends with %d and says\n%s", code, out)
	}
	if out, _, code := runGrade(t, "diff", old, old); out != "0 changed, 2 the same\n" || code != 0 {
		t.Errorf("a folder and itself: %d, %q", code, out)
	}
	if out, _, code := runGrade(t, "diff", old, now, "--json"); !strings.Contains(out, `"old_score": 4`) || code != 1 {
		t.Errorf("as JSON: %d, %q", code, out)
	}
	if _, errs, code := runGrade(t, "diff", old, t.TempDir()); code != codeUsage || !strings.Contains(errs, "no folder with grades") || !strings.Contains(errs, "hint:") {
		t.Errorf("no grades: %d, %q", code, errs)
	}
}

func TestGradeReport(t *testing.T) {
	dir := graded(t, map[string]int{"ann": 10, "bob": 4, "eve": 0})
	out, errs, code := runGrade(t, "report", dir)
	if code != 0 || errs != "" || !strings.HasPrefix(out, "wrote html, junit, canvas, moodle, gradescope, classroom50 into ") {
		t.Errorf("it ends with %d and says %q, %q", code, out, errs)
	}
	for _, name := range []string{"index.html", "junit.xml", "canvas.csv", "moodle.csv", "submissions/ann/report.html", "student/eve/report.html"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, errs, code := runGrade(t, "report", dir, "--format", "pdf"); code != codeUsage || !strings.Contains(errs, "there are html, junit") {
		t.Errorf("an unknown format: %d, %q", code, errs)
	}
	if _, errs, code := runGrade(t, "report", dir, "--for", "parents"); code != codeUsage || !strings.Contains(errs, "use student") {
		t.Errorf("for nobody: %d, %q", code, errs)
	}
}

func TestGradeReportFillsARoster(t *testing.T) {
	dir := graded(t, map[string]int{"ann": 10, "bob": 4})
	roster := filepath.Join(t.TempDir(), "export.csv")
	text := "Student,ID,SIS Login ID,Section,A lab (7),Other\n    Points Possible,,,,100,5\nAnn,1,ann,s,,\nZed,2,zed,s,3,\n"
	if err := os.WriteFile(roster, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, errs, code := runGrade(t, "report", dir, "--roster", roster, "--format", "junit")
	if code != 0 || !strings.Contains(out, `canvas.csv: 1 student in the column "A lab (7)"`) || !strings.Contains(out, "wrote junit, canvas") {
		t.Errorf("it ends with %d and says %q", code, out)
	}
	for _, want := range []string{"warning: that column is worth 100 points and the lab 10", "warning: 1 student not on the list", "  bob BOB"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q lacks %q", errs, want)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "canvas.csv"))
	if err != nil || !strings.Contains(string(got), "Ann,1,ann,s,10\r\nZed,2,zed,s,3\r\n") {
		t.Errorf("%q, %v", got, err)
	}
	if _, errs, code := runGrade(t, "report", dir, "--roster", roster, "--column", "nothing"); code != codeUsage || !strings.Contains(errs, "name it with --column") {
		t.Errorf("no such column: %d, %q", code, errs)
	}
}
