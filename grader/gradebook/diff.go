package gradebook

import (
	"cmp"
	"slices"

	"ipclab/grader"
)

// Difference is what changed between two books.
type Difference struct {
	Causes    []string `json:"causes"`    // what differs beside the submissions: lab, image, grader
	Added     []Grade  `json:"added"`     // students that only the new book has
	Removed   []Grade  `json:"removed"`   // students that only the old book has
	Changes   []Change `json:"changes"`   // ordered by student
	Unchanged int      `json:"unchanged"` // students with the same grade in both
}

// Change is what changed for one student.
type Change struct {
	Student   Student       `json:"student"`
	OldID     string        `json:"old_id"`
	NewID     string        `json:"new_id"`
	Work      bool          `json:"work"` // something else was handed in
	OldStatus Status        `json:"old_status"`
	NewStatus Status        `json:"new_status"`
	OldScore  *int          `json:"old_score"`
	NewScore  *int          `json:"new_score"`
	Checks    []CheckChange `json:"checks"` // in the new lab's order, then those that are gone
}

// CheckChange is what changed in one check. A verdict is empty where there was
// none.
type CheckChange struct {
	Check      string         `json:"check"`
	Title      string         `json:"title"`
	Old        grader.Verdict `json:"old,omitempty"`
	New        grader.Verdict `json:"new,omitempty"`
	OldPoints  int            `json:"old_points"`
	NewPoints  int            `json:"new_points"`
	OldMessage string         `json:"old_message,omitempty"`
	NewMessage string         `json:"new_message,omitempty"`
}

// Diff compares two books, student by student and check by check. What took
// how long is no difference.
func Diff(old, new *Book) Difference {
	d := Difference{Causes: causes(old, new), Added: []Grade{}, Removed: []Grade{}, Changes: []Change{}}
	before := counting(old)
	for key, g := range counting(new) {
		was, ok := before[key]
		delete(before, key)
		switch change := changeOf(was, g); {
		case !ok:
			d.Added = append(d.Added, g)
		case change.nothing():
			d.Unchanged++
		default:
			d.Changes = append(d.Changes, change)
		}
	}
	for _, g := range before {
		d.Removed = append(d.Removed, g)
	}
	slices.SortFunc(d.Added, byStudent)
	slices.SortFunc(d.Removed, byStudent)
	slices.SortFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Student.ID, b.Student.ID), cmp.Compare(a.NewID, b.NewID))
	})
	return d
}

// Same says that nothing changed.
func (d Difference) Same() bool { return len(d.Added)+len(d.Removed)+len(d.Changes) == 0 }

func byStudent(a, b Grade) int {
	return cmp.Or(cmp.Compare(a.Student.ID, b.Student.ID), cmp.Compare(a.ID, b.ID))
}

func causes(old, new *Book) []string {
	out := []string{}
	for _, c := range []struct {
		what     string
		old, new string
	}{
		{"lab", old.Lab.Digest, new.Lab.Digest},
		{"image", old.Image, new.Image},
		{"grader", old.Grader, new.Grader},
	} {
		if c.old != c.new {
			out = append(out, c.what)
		}
	}
	return out
}

// counting finds the grade that counts for each student. A student who has
// several, which only happens when submissions could not be told apart, is
// compared submission by submission.
func counting(b *Book) map[[2]string]Grade {
	count := map[string]int{}
	for _, g := range b.Grades {
		if g.Status != Superseded {
			count[g.Student.ID]++
		}
	}
	out := map[[2]string]Grade{}
	for _, g := range b.Grades {
		key := [2]string{g.Student.ID}
		if count[g.Student.ID] > 1 {
			key[1] = g.ID
		}
		if g.Status != Superseded {
			out[key] = g
		}
	}
	return out
}

func changeOf(old, new Grade) Change {
	return Change{
		Student: new.Student, OldID: old.ID, NewID: new.ID, Work: old.Digest != new.Digest,
		OldStatus: old.Status, NewStatus: new.Status, OldScore: old.Score, NewScore: new.Score,
		Checks: checkChanges(old, new),
	}
}

// nothing says that the grade is the same. The same grade for other work is
// the same grade.
func (c Change) nothing() bool {
	return c.OldStatus == c.NewStatus && sameScore(c.OldScore, c.NewScore) && len(c.Checks) == 0
}

func sameScore(a, b *int) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func checkChanges(old, new Grade) []CheckChange {
	out := []CheckChange{}
	for _, r := range results(new) {
		was, _ := resultOf(old, r.Check)
		if was.Verdict != r.Verdict || was.Points != r.Points {
			out = append(out, CheckChange{Check: r.Check, Title: r.Title, Old: was.Verdict, New: r.Verdict,
				OldPoints: was.Points, NewPoints: r.Points, OldMessage: was.Message, NewMessage: r.Message})
		}
	}
	for _, r := range results(old) {
		if _, ok := resultOf(new, r.Check); !ok {
			out = append(out, CheckChange{Check: r.Check, Title: r.Title, Old: r.Verdict,
				OldPoints: r.Points, OldMessage: r.Message})
		}
	}
	return out
}

func results(g Grade) []grader.Result {
	if g.Report == nil {
		return nil
	}
	return g.Report.Results
}

func resultOf(g Grade, check string) (grader.Result, bool) {
	if g.Report == nil {
		return grader.Result{}, false
	}
	return g.Report.Result(check)
}
