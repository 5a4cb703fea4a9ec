package redteam

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/labs"
)

// neighbours is how many attacks there are for each innocent submission among
// them. With three machines at a time, every innocent one is judged while about
// four attacks are.
const neighbours = 8

// machines is how many run at a time: one more than there are processors, because
// a check waits a third of its time. More than a few do not fit into memory.
func machines() int { return min(runtime.NumCPU()+1, 6) }

// graded is what a class came to.
type graded struct {
	out     string
	book    *gradebook.Book
	grades  map[string]gradebook.Grade // by student
	honests []string                   // the innocent students
	copies  map[string]string          // who handed in whose variant; empty for a lab without any
}

// gradeClass hands attacks on one lab in as a class, with innocent submissions
// between them, and has ipclab grade it.
func gradeClass(t *testing.T, p *place, lab *labs.Lab, attacks []*Attack) *graded {
	t.Helper()
	g := &graded{out: p.in("out-" + lab.Name), grades: map[string]gradebook.Grade{}}
	class := p.in("class-" + lab.Name)
	check(t, os.Mkdir(class, 0o755))
	course := newCourse(t, p, lab)
	for i, a := range attacks {
		check(t, a.Write(filepath.Join(class, a.handedIn()), course.labOf(t, a.student())))
		if i%neighbours == 0 {
			name := a.Name + "-and-an-honest-one"
			g.honests = append(g.honests, name)
			check(t, honest(t, Folder).Write(filepath.Join(class, name), course.labOf(t, name)))
		}
	}
	g.copies = course.copyOne(t, class, g.honests[0])
	before := tree(t, class)
	out, err := p.ipclab(nil, append([]string{"grade", lab.Name, class, "--out", g.out, "--jobs", strconv.Itoa(machines()),
		"--format", "html,junit,canvas,moodle,gradescope,classroom50"}, course.flags()...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ipclab grade: %v\n%s", err, out)
	}
	printable(t, "what ipclab grade printed", out)
	if after := tree(t, class); !slices.Equal(before, after) {
		t.Errorf("what was handed in is not what it was:\nbefore %v\nafter  %v", before, after)
	}
	g.book, err = gradebook.Read(g.out)
	check(t, err)
	for _, id := range ids(t, g.out) {
		grade, err := gradebook.ReadGrade(g.out, id)
		check(t, err)
		g.grades[grade.Student.ID] = grade
	}
	return g
}

func ids(t *testing.T, out string) []string {
	t.Helper()
	all, err := gradebook.IDs(out)
	check(t, err)
	return all
}

// student is who hands the attack in.
func (a *Attack) student() string { return orElse(a.Student, a.Name) }

// handedIn is the file name that it is handed in under.
func (a *Attack) handedIn() string {
	if a.Form.folder() {
		return a.student()
	}
	return a.student() + "." + string(a.Form)
}

// outcome is what the grader made of an attack, in the words of an expectation.
func (a *Attack) outcome(g *graded) string {
	grade, ok := g.grades[a.student()]
	if !ok {
		return "no grade"
	}
	return describe(grade.Status, grade.Score, fails(grade))
}

// expectation is what it has to make of it.
func (a *Attack) expectation() string {
	return describe(a.Expect.Status, &a.Expect.Score, a.Expect.Fails)
}

func describe(status gradebook.Status, score *int, fails []string) string {
	if status != gradebook.Graded || score == nil {
		return string(status)
	}
	return strings.TrimSpace(fmt.Sprintf("%3d %s", *score, strings.Join(slices.Sorted(slices.Values(fails)), ", ")))
}

// fails are the checks that failed. One that could not be judged is told as
// what it is, and so is never what was expected.
func fails(g gradebook.Grade) []string {
	var all []string
	if g.Report == nil {
		return nil
	}
	for _, r := range g.Report.Results {
		switch r.Verdict {
		case grader.Fail:
			all = append(all, r.Check)
		case grader.Broken:
			all = append(all, fmt.Sprintf("%s (fault of the %s: %s)", r.Check, r.Fault, r.Message))
		}
	}
	return all
}

// judgeInnocent says which innocent submissions did not get all points.
func judgeInnocent(t *testing.T, g *graded) {
	t.Helper()
	for _, name := range g.honests {
		grade := g.grades[name]
		if grade.Score == nil || *grade.Score != labs.FullPoints {
			t.Errorf("%s: %s %s, in place of all points", name, describe(grade.Status, grade.Score, fails(grade)), grade.Problem)
		}
	}
}

// TestRedTeam grades all attacks, proves that they are real, and prints the
// table of what came of them.
func TestRedTeam(t *testing.T) {
	needsMachines(t)
	attacks := corpus(t)
	rows := make(map[string]*row, len(attacks))
	for _, a := range attacks {
		rows[a.Name] = &row{attack: a, outcome: "not graded", real: "not tried"}
	}
	byLab := labsOf(t, attacks)
	for _, name := range sortedKeys(byLab) {
		t.Run("grade "+name, func(t *testing.T) { gradeAll(t, byLab[name], of(attacks, name), rows) })
	}
	t.Run("prove", func(t *testing.T) { proveAll(t, byLab, attacks, rows) })
	printTable(t, attacks, rows)
}

func of(attacks []*Attack, lab string) []*Attack {
	return slices.DeleteFunc(slices.Clone(attacks), func(a *Attack) bool { return a.Lab != lab })
}

// gradeAll grades the attacks on one lab, and looks at all that came of it.
func gradeAll(t *testing.T, lab *labs.Lab, attacks []*Attack, rows map[string]*row) {
	p := newPlace(t)
	p.must(t, nil, "start", lab.Name, "--no-shell") // the snapshot is made once, and not in question
	p.must(t, nil, "stop", lab.Name)
	w := watch(t, p)
	g := gradeClass(t, p, lab, attacks)
	for _, a := range attacks {
		rows[a.Name].outcome = a.outcome(g)
		if got, want := a.outcome(g), a.expectation(); got != want {
			t.Errorf("%s: expected %s; got %s; %s", a.Name, want, got, g.grades[a.student()].Problem)
		}
	}
	judgeInnocent(t, g)
	judgeCopies(t, g)
	judgeReports(t, g)
	judgeSecrets(t, g, attacks)
	w.judge(t)
}
