package report

import (
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// seen makes evidence of a probe, and of what SELinux recorded meanwhile.
func seen(subject, op, errno string, avcs ...grader.AVC) []grader.Evidence {
	out := []grader.Evidence{{Kind: grader.KindProbe, Text: "a probe", Probe: &grader.Probe{Subject: subject, User: "u-" + subject,
		Context: "user_u:user_r:" + subject + "_t:s0", Op: op, Path: "/run/x", Errno: errno}}}
	for _, a := range avcs {
		out = append(out, grader.Evidence{Kind: grader.KindAVC, AVC: &a})
	}
	return out
}

func matrixOf(results ...grader.Result) *flowMatrix {
	return newFlowMatrix(gradebook.Grade{Report: &grader.Report{Results: results}})
}

func (m *flowMatrix) cell(subject, op string) string {
	for _, s := range m.Subjects {
		for i, c := range m.Columns {
			if s.Name == subject && c.Op == op {
				var texts []string
				for _, o := range s.Cells[i].Outcomes {
					texts = append(texts, strings.TrimSpace(o.Text+" "+o.Wanted))
				}
				return strings.Join(texts, "; ")
			}
		}
	}
	return "no such cell"
}

func TestFlowMatrixReadsTheKernelsAnswers(t *testing.T) {
	denied := grader.AVC{Denied: true, Class: "fifo_file", Perms: []string{"write"}}
	logged := grader.AVC{Denied: true, Permissive: true, Class: "fifo_file", Perms: []string{"write"}}
	override := grader.AVC{Denied: true, Class: "capability", Perms: []string{"dac_override"}}
	for _, test := range []struct {
		op, errno string
		avc       []grader.AVC
		want      string
	}{
		{"read", "", nil, "allowed"},
		{"write", "ENXIO", nil, "allowed"}, // nobody reads it, but it was opened
		{"append", "ENXIO", nil, "allowed"},
		{"read", "ENXIO", nil, "ENXIO"},
		{"write", "EACCES", []grader.AVC{denied}, "SELinux"},
		{"write", "EPERM", []grader.AVC{denied}, "SELinux"},
		{"write", "EACCES", nil, "mode"},
		{"write", "EACCES", []grader.AVC{override}, "mode"},
		{"write", "EACCES", []grader.AVC{override, denied}, "SELinux"},
		{"write", "", []grader.AVC{logged}, "only logged"},
		{"write", "EACCES", []grader.AVC{logged}, "mode"},
		{"read", "ENOENT", nil, "ENOENT"},
	} {
		m := matrixOf(grader.Result{Check: "c", Verdict: grader.Pass, Evidence: seen("a", test.op, test.errno, test.avc...)})
		if got := m.cell("a", test.op); got != test.want {
			t.Errorf("%s with %q and %d records is %q, not %q", test.op, test.errno, len(test.avc), got, test.want)
		}
	}
}

func TestFlowMatrixMarksOnlyWhatDecided(t *testing.T) {
	evidence := append(seen("a", "read", ""), append(seen("b", "read", "EACCES"), seen("b", "write", "")...)...)
	failed := func(script string) *flowMatrix {
		return matrixOf(grader.Result{Check: "c", Verdict: grader.Fail, Script: &grader.Position{Text: script}, Evidence: evidence})
	}
	m := failed("\tdenied b : write $X by selinux fifo_file write")
	if m.cell("b", "write") != "allowed denied by SELinux" || m.cell("a", "read") != "allowed" || m.cell("b", "read") != "mode" || m.Contrary != 1 {
		t.Errorf("%q %q %q, %d", m.cell("b", "write"), m.cell("a", "read"), m.cell("b", "read"), m.Contrary)
	}
	if m.cell("a", "write") != "" {
		t.Errorf("what nobody tried is %q", m.cell("a", "write"))
	}
	if m := failed("stdout '^hello$'"); m.Contrary != 0 {
		t.Error("a check that failed at something else blames an attempt")
	}
	if m := failed("allowed b : write $X"); m.cell("b", "write") != "allowed allowed" {
		t.Errorf("a denial that must not be is %q", m.cell("b", "write"))
	}
}

func TestFlowMatrixKeepsBothAnswersApart(t *testing.T) {
	m := matrixOf(
		grader.Result{Check: "one", Verdict: grader.Pass, Evidence: seen("a", "write", "EACCES")},
		grader.Result{Check: "two", Verdict: grader.Pass, Evidence: append(seen("a", "write", ""), seen("a", "getattr", "")...)},
		grader.Result{Check: "three", Verdict: grader.Pass, Evidence: seen("a", "write", "")})
	if got := m.cell("a", "write"); got != "mode; allowed" {
		t.Errorf("two answers are %q", got)
	}
	if m.Columns[0].Op != "getattr" || m.Paths[0].Width != 2 || len(m.Subjects) != 1 {
		t.Errorf("columns %v, paths %v, subjects %v", m.Columns, m.Paths, m.Subjects)
	}
	if newFlowMatrix(gradebook.Grade{}) != nil || matrixOf(grader.Result{Verdict: grader.Pass}) != nil {
		t.Error("there is a matrix of nothing")
	}
}

func TestAdvice(t *testing.T) {
	lab := gradebook.Lab{Name: "fifo", Checks: []gradebook.Check{{ID: "a", Title: "A", Hint: "look"}, {ID: "b", Needs: []string{"a"}}, {ID: "c", Needs: []string{"b"}}, {ID: "d", Title: "D"}}}
	grade := func(results ...grader.Result) gradebook.Grade {
		r := &grader.Report{}
		for _, res := range results {
			r.Add(res)
		}
		return gradebook.Grade{Status: gradebook.Graded, Report: r}
	}
	res := func(id string, v grader.Verdict) grader.Result {
		return grader.Result{Check: id, Title: strings.ToUpper(id), Verdict: v, MaxPoints: 5}
	}
	a := nextFor(grade(res("a", grader.Fail), res("b", grader.Skipped), res("c", grader.Skipped), res("d", grader.Fail)), lab)
	if a.Check.ID != "a" || a.Check.Hint != "look" || a.Waiting != "2 more checks, worth 10 points, wait for it." || len(a.Others) != 1 {
		t.Errorf("%+v", a)
	}
	for want, g := range map[string]gradebook.Grade{
		"Everything that was checked passed.":                                grade(res("a", grader.Pass), res(gradebook.HiddenID, grader.Pass)),
		"Some of it could not be checked":                                    grade(res("a", grader.Pass), res("b", grader.Broken)),
		"The checks that you can see pass, but not all that count are shown": grade(res("a", grader.Pass), res(gradebook.HiddenID, grader.Fail)),
	} {
		if a := nextFor(g, lab); !strings.Contains(a.Text, want) {
			t.Errorf("%q is said where %q should be", a.Text, want)
		}
	}
	if nextFor(gradebook.Grade{Status: gradebook.Refused}, lab) != nil {
		t.Error("there is advice for what was not judged")
	}
}
