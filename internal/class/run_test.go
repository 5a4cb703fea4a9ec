package class

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/intake"
)

func sortByID(all []intake.Submission) {
	slices.SortFunc(all, func(a, b intake.Submission) int { return strings.Compare(a.ID, b.ID) })
}

func TestWhatAnswersAreWorth(t *testing.T) {
	tests := map[string]struct {
		says   string
		status gradebook.Status
		fault  grader.Fault
		score  int // -1 is none
		tries  int
		about  string // in Problem
	}{
		"passes":              {"pass", gradebook.Graded, "", 100, 1, ""},
		"fails":               {"fail builds", gradebook.Graded, "", 100 - builds(t), 1, ""},
		"refused":             {"refused", gradebook.Refused, grader.Student, 0, 1, "it is empty"},
		"lab-fault":           {"broken builds lab", gradebook.Ungraded, grader.Lab, -1, 1, "builds could not be judged"},
		"trouble":             {"broken builds machine", gradebook.Ungraded, grader.Machine, -1, 3, "None of 3 machines"},
		"trouble-once":        {"broken builds machine once", gradebook.Graded, "", 100, 1, ""},
		"crashes":             {"crash", gradebook.Ungraded, grader.Machine, -1, 3, "signal: killed"},
		"crashes-once":        {"crash once", gradebook.Graded, "", 100, 1, ""},
		"garbage":             {"garbage", gradebook.Ungraded, grader.Machine, -1, 3, "not understood"},
		"floods":              {"flood", gradebook.Ungraded, grader.Machine, -1, 3, "more than 64 MB"},
		"chatters":            {"chatter", gradebook.Ungraded, grader.Machine, -1, 3, "more than 10000 things"},
		"lies":                {"liar", gradebook.Ungraded, grader.Machine, -1, 3, "1000 of"},
		"brags":               {"braggart", gradebook.Graded, "", 100, 1, ""},
		"slow":                {"slow builds", gradebook.Graded, "", 100 - builds(t), 1, ""},
		"slow-for-want-of-it": {"slow builds passes", gradebook.Graded, "", 100, 1, ""},
	}
	class := map[string]string{}
	for id, test := range tests {
		class[id] = test.says
	}
	r := newRoom(t, class).grade()
	for id, test := range tests {
		g, score := r.got(id), -1
		if g.Score != nil {
			score = *g.Score
		}
		if g.Status != test.status || g.Fault != test.fault || score != test.score || g.Tries != test.tries || !strings.Contains(g.Problem, test.about) {
			t.Errorf("%s: %s by %q, score %d, %d tries, %q; want %+v", id, g.Status, g.Fault, score, g.Tries, g.Problem, test)
		}
	}
	if r.book.Partial || r.book.Image != "machine" {
		t.Errorf("book: %+v", r.book)
	}
}

// builds is what the first check is worth.
func builds(t *testing.T) int {
	lab, err := fifo()
	if err != nil {
		t.Fatal(err)
	}
	return lab.Check("builds").Points
}

func TestEveryMachineIsStopped(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass", "b": "crash once", "c": "broken builds machine"}).grade()
	stopped := r.run.Computer.(*fakeComputer).stopped
	if len(stopped) != 1+2+3 {
		t.Errorf("%d machines were stopped: %v", len(stopped), stopped)
	}
}

func TestASilentWorkerIsKilledWithAllItStarted(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "silent"})
	s := newStarter()
	defer s.end()
	w := worker{argv: r.run.Worker, start: s.do, patience: 1}
	_, err := w.ask(t.Context(), Job{Submission: r.run.Submissions[0]}, func(message) {})
	if err == nil || !errors.Is(err, errSilent) {
		t.Errorf("got %v", err)
	}
}

func TestWorkersGetNoSecretsOfTheEnvironment(t *testing.T) {
	t.Setenv("COURSE_TOKEN", "canary-of-the-environment")
	r := newRoom(t, map[string]string{"a": "environment"}).grade()
	g := r.got("a")
	message := g.Report.Results[0].Message
	if !strings.Contains(message, "PATH=") || strings.Contains(message, "canary") {
		t.Errorf("a worker's environment: %s", message)
	}
}

func TestResultsDependNeitherOnOrderNorOnJobs(t *testing.T) {
	class := map[string]string{"a": "pass", "b": "fail builds", "c": "crash once", "d": "slow builds passes", "e": "refused", "f": "broken builds lab"}
	one := newRoom(t, class)
	one.run.Jobs = 1
	one.grade()
	many := newRoom(t, class)
	many.run.Jobs = 5
	slices.Reverse(many.run.Submissions)
	many.grade()
	for id := range class {
		a, b := timeless(one.got(id)), timeless(many.got(id))
		if a != b {
			t.Errorf("%s: %s\nand with more jobs: %s", id, a, b)
		}
	}
}

func TestAFullDiskEndsTheRun(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "full"})
	_, err := r.run.Grade(t.Context())
	var noRoom *FullError
	if !errors.As(err, &noRoom) || noRoom.Dir != "/somewhere" || !strings.Contains(noRoom.Hint(), "--resume") {
		t.Errorf("got %v", err)
	}
}

func TestStoppingKeepsWhatIsKnown(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass", "b": "silent", "c": "silent"})
	ctx, stop := context.WithCancel(t.Context())
	begun := map[string]bool{}
	r.run.Observe = func(e Event) {
		switch e := e.(type) {
		case Finished:
			begun[e.Grade.ID] = true
		case Checking:
			begun[e.ID] = true
		}
		if len(begun) == 3 {
			stop()
		}
	}
	book, err := r.run.Grade(ctx)
	if !errors.Is(err, context.Canceled) || !book.Partial {
		t.Fatalf("err %v, book %+v", err, book)
	}
	if r.got("a").Status != gradebook.Graded {
		t.Error("the grade that was known is lost")
	}
	if kept, err := gradebook.Read(r.run.Out); err != nil || !kept.Partial || len(kept.Grades) != 1 {
		t.Errorf("the book that was written: %+v, %v", kept, err)
	}
}

func TestWhatNeedsNoMachine(t *testing.T) {
	r := newRoom(t, map[string]string{"new": "pass", "old": "pass", "bad": "pass"})
	for i, s := range r.run.Submissions {
		switch s.ID {
		case "old":
			r.run.Submissions[i].Superseded = "new"
		case "bad":
			r.run.Submissions[i].Problem = &intake.Error{Source: "bad.rar", Err: errors.New("nobody can read it"), Fault: grader.Student}
		}
	}
	r.grade()
	if g := r.got("old"); g.Status != gradebook.Superseded || g.Score != nil || !strings.Contains(g.Problem, "new") {
		t.Errorf("superseded: %+v", g)
	}
	if g := r.got("bad"); g.Status != gradebook.Refused || g.Score == nil || *g.Score != 0 {
		t.Errorf("refused: %+v", g)
	}
	if n := len(r.run.Computer.(*fakeComputer).stopped); n != 1 {
		t.Errorf("%d machines", n)
	}
}

func TestSubmissionsAndFoldersMayBeNamedFromHere(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass"})
	t.Chdir(filepath.Dir(r.run.Submissions[0].Path))
	r.run.Submissions[0].Path, r.run.Out = "a.tar", "out"
	r.grade()
	if g := r.got("a"); g.Status != gradebook.Graded {
		t.Errorf("got %+v", g)
	}
}

func TestAVanishedSubmissionIsNobodysZero(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass"})
	os.Remove(r.run.Submissions[0].Path)
	r.grade()
	if g := r.got("a"); g.Status != gradebook.Ungraded || g.Fault != grader.Machine || g.Score != nil {
		t.Errorf("got %+v", g)
	}
}

func TestTheWorkersFolderOfAKilledGraderIsSwept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	out := filepath.Join(t.TempDir(), "out")
	killed, err := openFolder(out, AgainNone)
	if err != nil {
		t.Fatal(err)
	}
	killed.lock.Unlock()
	next, err := openFolder(out, AgainNone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed.temp); err == nil {
		t.Error("it is still there")
	}
	next.close()
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestDraftsOfKilledGradersAreSwept(t *testing.T) {
	r := newRoom(t, map[string]string{"a": "pass"}).grade()
	draft := filepath.Join(r.run.Out, "submissions", "a", ".result.json-123")
	if err := os.WriteFile(draft, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.run.Again = AgainChanged
	r.grade()
	if _, err := os.Stat(draft); err == nil {
		t.Error("it is still there")
	}
}
