package gradebook_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

func book(grades ...gradebook.Grade) *gradebook.Book {
	return &gradebook.Book{Lab: gradebook.Lab{Digest: "l"}, Image: "i", Grader: "g", Grades: grades}
}

func TestDiff(t *testing.T) {
	slower := grade("s1", "S1", grader.Pass, grader.Fail)
	slower.Duration, slower.Begun, slower.Tries = time.Hour, time.Now(), 3
	better := grade("s2", "S2", grader.Pass, grader.Pass)
	trouble := grade("s3", "S3")
	trouble.Status, trouble.Score, trouble.Report, trouble.Problem = gradebook.Ungraded, nil, nil, "no"
	again := grade("s4-late", "S4", grader.Pass, grader.Fail)
	before := grade("s4", "S4", grader.Pass, grader.Pass)
	old := before
	old.Status, old.Score = gradebook.Superseded, nil
	d := gradebook.Diff(
		book(grade("s1", "S1", grader.Pass, grader.Fail), grade("s2", "S2", grader.Fail, grader.Skipped), grade("s3", "S3", grader.Pass), before, grade("s5", "S5")),
		&gradebook.Book{Lab: gradebook.Lab{Digest: "other"}, Image: "i", Grader: "g2", Grades: []gradebook.Grade{slower, better, trouble, old, again, grade("s6", "S6")}})
	if !slices.Equal(d.Causes, []string{"lab", "grader"}) || d.Unchanged != 1 || d.Same() {
		t.Errorf("%+v", d)
	}
	if len(d.Added) != 1 || d.Added[0].ID != "s6" || len(d.Removed) != 1 || d.Removed[0].ID != "s5" {
		t.Errorf("added %v, removed %v", d.Added, d.Removed)
	}
	if len(d.Changes) != 3 {
		t.Fatalf("%d changes: %+v", len(d.Changes), d.Changes)
	}
	two, three, four := d.Changes[0], d.Changes[1], d.Changes[2]
	if *two.OldScore != 0 || *two.NewScore != 20 || two.Work || len(two.Checks) != 2 || two.Checks[0].OldMessage != "it is wrong" || two.Checks[1].Old != grader.Skipped {
		t.Errorf("S2: %+v", two)
	}
	if three.NewStatus != gradebook.Ungraded || three.NewScore != nil || len(three.Checks) != 1 || three.Checks[0].New != "" {
		t.Errorf("S3: %+v", three)
	}
	if four.OldID != "s4" || four.NewID != "s4-late" || !four.Work || len(four.Checks) != 1 || four.Checks[0].Check != "b" {
		t.Errorf("S4: %+v", four)
	}
	if same := gradebook.Diff(book(slower, better), book(slower, better)); !same.Same() || same.Unchanged != 2 || len(same.Causes) > 0 {
		t.Errorf("a book and itself: %+v", same)
	}
}

// Submissions that could not be told apart by their student.
func TestDiffOfSeveralByOneStudent(t *testing.T) {
	old := book(grade("a", "unknown", grader.Pass), grade("b", "unknown", grader.Fail))
	now := book(grade("a", "unknown", grader.Pass), grade("b", "unknown", grader.Pass))
	d := gradebook.Diff(old, now)
	if len(d.Changes) != 1 || d.Changes[0].NewID != "b" || d.Unchanged != 1 {
		t.Errorf("%+v", d)
	}
}

// Programs that read a difference find lists in it also where there is nothing.
func TestDiffOfEmptyBooks(t *testing.T) {
	d := gradebook.Diff(book(), book())
	text, err := json.Marshal(d)
	must(t, err)
	if want := `{"causes":[],"added":[],"removed":[],"changes":[],"unchanged":0}`; string(text) != want || !d.Same() {
		t.Errorf("it is %s", text)
	}
}
