package gradebook_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// lab has the checks a to d; c and d are hidden, and b needs c.
func lab() gradebook.Lab {
	return gradebook.Lab{Name: "lab", Digest: "SECRET-digest", Points: 40, Checks: []gradebook.Check{
		{ID: "a", Points: 10}, {ID: "b", Points: 10, Needs: []string{"a", "c"}},
		{ID: "c", Title: "SECRET", Expect: "SECRET", Points: 10, Hidden: true},
		{ID: "d", Title: "SECRET", Points: 10, Hidden: true, Hint: "SECRET"}}}
}

func student(verdicts ...grader.Verdict) gradebook.Grade {
	g := grade("s1", "s", verdicts...)
	for i := range g.Report.Results {
		if r := &g.Report.Results[i]; r.Check == "c" || r.Check == "d" {
			r.Title, r.Message, r.Expected = "SECRET", "SECRET", "SECRET"
			r.Evidence = []grader.Evidence{{Text: "SECRET"}}
			r.Script = &grader.Position{File: "hidden/SECRET.txtar"}
		}
	}
	return g
}

func TestForStudentFoldsHiddenChecks(t *testing.T) {
	for _, test := range []struct {
		c, d    grader.Verdict
		verdict grader.Verdict
		points  int
	}{
		{grader.Pass, grader.Pass, grader.Pass, 20},
		{grader.Pass, grader.Fail, grader.Fail, 10},
		{grader.Fail, grader.Skipped, grader.Fail, 0},
		{grader.Pass, grader.Skipped, grader.Fail, 10},
		{grader.Pass, grader.Broken, grader.Fail, 10},
	} {
		whole := student(grader.Pass, grader.Fail, test.c, test.d)
		before, _ := json.Marshal(whole)
		g := whole.ForStudent(lab())
		r := g.Report
		last := r.Results[len(r.Results)-1]
		if len(r.Results) != 3 || last.Check != gradebook.HiddenID || last.Verdict != test.verdict || last.Points != test.points || last.MaxPoints != 20 {
			t.Errorf("%s and %s are %+v", test.c, test.d, last)
		}
		if r.Points != whole.Report.Points || r.MaxPoints != 40 || r.Passed+r.Failed+r.Skipped+r.Errors != 3 {
			t.Errorf("%s and %s add up to %+v", test.c, test.d, r)
		}
		if r.Done() && test.verdict != grader.Pass {
			t.Errorf("%s and %s are all done", test.c, test.d)
		}
		text, err := json.Marshal(g)
		must(t, err)
		if strings.Contains(string(text), "SECRET") {
			t.Errorf("a student sees %s", text)
		}
		if after, _ := json.Marshal(whole); string(after) != string(before) {
			t.Error("the grade itself was changed")
		}
	}
}

func TestForStudentLeavesOutWhatIsNotTheirs(t *testing.T) {
	g := student(grader.Broken, grader.Skipped, grader.Pass, grader.Pass)
	g.Report.Results[1].Unmet = []string{"a", "c", "d"}
	g.Variant = &gradebook.Variant{Expected: "e", Found: "f", Of: "another", Foreign: true, Note: "note"}
	g.Source = "/home/instructor/course/ann.zip"
	s := g.ForStudent(lab())
	if want := (&gradebook.Variant{Expected: "e", Foreign: true}); !reflect.DeepEqual(s.Variant, want) || s.Key != "" || s.Source != "ann.zip" {
		t.Errorf("variant %+v, key %q, source %q", s.Variant, s.Key, s.Source)
	}
	if r := s.Report.Results[0]; strings.Contains(r.Message, "connection") || r.Evidence != nil {
		t.Errorf("trouble of the machine is told as %+v", r)
	}
	if got := s.Report.Results[1].Unmet; !reflect.DeepEqual(got, []string{"a", gradebook.HiddenID}) {
		t.Errorf("unmet are %v", got)
	}
	g = student()
	g.Status, g.Fault, g.Problem, g.Report, g.Score = gradebook.Ungraded, grader.Lab, "hidden/SECRET.txtar:3: no such command", nil, nil
	if s := g.ForStudent(lab()); strings.Contains(s.Problem+s.Hint, "SECRET") || !strings.Contains(s.Problem, "not a zero") {
		t.Errorf("a fault of the lab is told as %q", s.Problem)
	}
	g.Status, g.Problem = gradebook.Refused, "the archive is empty"
	if s := g.ForStudent(lab()); s.Problem != "the archive is empty" {
		t.Errorf("a refusal is told as %q", s.Problem)
	}
}

// A result of which the lab knows nothing may be a hidden check of another
// version of the lab.
func TestForStudentHidesWhatTheLabDoesNotKnow(t *testing.T) {
	g := student(grader.Pass, grader.Pass)
	g.Report.Results[1].Check = "gone"
	if got := g.ForStudent(lab()).Report.Results[1].Check; got != gradebook.HiddenID {
		t.Errorf("it is shown as %q", got)
	}
}

func TestLabForStudents(t *testing.T) {
	l := lab()
	s := l.ForStudent()
	text, err := json.Marshal(s)
	must(t, err)
	if strings.Contains(string(text), "SECRET") || len(s.Checks) != 3 || s.Checks[2].Points != 20 || s.Checks[2].Title != "2 hidden checks" {
		t.Errorf("students know %s", text)
	}
	if !reflect.DeepEqual(s.Checks[1].Needs, []string{"a", gradebook.HiddenID}) || !reflect.DeepEqual(l, lab()) {
		t.Errorf("needs %v", s.Checks[1].Needs)
	}
	if open := (gradebook.Lab{Checks: l.Checks[:1]}).ForStudent(); len(open.Checks) != 1 {
		t.Errorf("a lab that hides nothing has %v", open.Checks)
	}
}
