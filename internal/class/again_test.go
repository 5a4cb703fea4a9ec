package class

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ipclab/grader/gradebook"
)

// timeless is a grade without the times in it.
func timeless(g gradebook.Grade) string {
	g.Begun, g.Duration = time.Time{}, 0
	if g.Report != nil {
		g.Report.Duration = 0
		for i := range g.Report.Results {
			g.Report.Results[i].Duration = 0
		}
	}
	data, _ := json.Marshal(g)
	return string(data)
}

func TestWhatIsJudgedAgain(t *testing.T) {
	class := map[string]string{"full": "pass", "less": "fail builds", "trouble": "broken builds machine", "refused": "refused"}
	tests := map[string]struct {
		again  Again
		change func(*room)
		want   []string
	}{
		"resume":               {AgainChanged, func(*room) {}, []string{"trouble"}},
		"failed":               {AgainFailed, func(*room) {}, []string{"less", "refused", "trouble"}},
		"all":                  {AgainAll, func(*room) {}, []string{"full", "less", "refused", "trouble"}},
		"another grader":       {AgainChanged, func(r *room) { r.run.Grader = "other" }, []string{"full", "less", "refused", "trouble"}},
		"another machine":      {AgainChanged, func(r *room) { r.run.Computer.(*fakeComputer).digest = "other" }, []string{"full", "less", "refused", "trouble"}},
		"another submission":   {AgainChanged, func(r *room) { overwrite(r, "full", "fail builds") }, []string{"full", "trouble"}},
		"a damaged grade":      {AgainChanged, func(r *room) { damage(r, "less") }, []string{"less", "trouble"}},
		"a grade that is gone": {AgainChanged, func(r *room) { os.Remove(gradebook.GradePath(r.run.Out, "full")) }, []string{"full", "trouble"}},
		"another counts":       {AgainChanged, func(r *room) { r.run.Submissions[0].Superseded = "less" }, []string{"full", "trouble"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, class).grade()
			r.judged()
			r.run.Again = test.again
			test.change(r)
			r.grade()
			if got := r.judged(); !slices.Equal(slices.Sorted(slices.Values(got)), test.want) {
				t.Errorf("judged again: %v, want %v", got, test.want)
			}
			if book, err := gradebook.Read(r.run.Out); err != nil || len(book.Grades) != len(class) {
				t.Errorf("the book: %+v, %v", book, err)
			}
		})
	}
}

func overwrite(r *room, id, says string) {
	for _, s := range r.run.Submissions {
		if s.ID == id {
			os.WriteFile(s.Path, []byte(says), 0o644)
		}
	}
}

func damage(r *room, id string) {
	os.WriteFile(gradebook.GradePath(r.run.Out, id), []byte(`{"schema":`), 0o644)
}

func TestWhatIsKnownOfAStudentIsBroughtUpToDate(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass"}).grade()
	r.run.Again, r.run.Submissions[0].Late, r.run.Submissions[0].Student.Name = AgainChanged, true, "Ada"
	r.judged()
	r.grade()
	if g := r.got("a"); len(r.judged()) != 0 || !g.Late || g.Student.Name != "Ada" {
		t.Errorf("got %+v", g)
	}
}

func TestFoldersThatMustNotBeGradedInto(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass"}).grade()
	var taken *NotEmptyError
	if _, err := r.run.Grade(t.Context()); !errors.As(err, &taken) {
		t.Errorf("a folder with grades: %v", err)
	}
	foreign := newRoom(t, map[string]string{"a": "pass"})
	foreign.run.Again = AgainAll
	os.MkdirAll(filepath.Join(foreign.run.Out, "photos"), 0o755)
	var other *ForeignError
	if _, err := foreign.run.Grade(t.Context()); !errors.As(err, &other) {
		t.Errorf("a folder with something else: %v", err)
	}
}

func TestTwoGradersDoNotMeet(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass"})
	f, err := openFolder(r.run.Out, AgainNone)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := r.run.Grade(t.Context()); !errors.As(err, &locked) {
		t.Errorf("got %v", err)
	}
	f.close()
	r.grade() // what the other has begun and left empty is no obstacle
}
