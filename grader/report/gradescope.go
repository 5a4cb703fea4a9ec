package report

import (
	"fmt"
	"strings"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// Gradescope takes one results.json a submission. Without any score it shows
// an error to the instructor in place of a grade, which is what trouble of the
// machine has to be; the sum of max_score must be the assignment's points, or
// the file is not accepted.
type gradescopeResult struct {
	Score            *int             `json:"score,omitempty"`
	ExecutionTime    float64          `json:"execution_time"` // seconds
	Output           string           `json:"output"`
	OutputFormat     string           `json:"output_format"`
	TestOutputFormat string           `json:"test_output_format"`
	TestNameFormat   string           `json:"test_name_format"`
	Visibility       string           `json:"visibility"`
	StdoutVisibility string           `json:"stdout_visibility"`
	ExtraData        map[string]any   `json:"extra_data"`
	Tests            []gradescopeTest `json:"tests,omitempty"`
}

type gradescopeTest struct {
	Score        int            `json:"score"`
	MaxScore     int            `json:"max_score"`
	Status       string         `json:"status"`
	Name         string         `json:"name"`
	NameFormat   string         `json:"name_format"`
	Number       string         `json:"number"`
	Output       string         `json:"output"`
	OutputFormat string         `json:"output_format"`
	Visibility   string         `json:"visibility"`
	Tags         []string       `json:"tags,omitempty"`
	ExtraData    map[string]any `json:"extra_data,omitempty"`
}

func (j *job) newGradescope() (sink, error) {
	return each(func(e entry) error {
		return putJSON(j.path("gradescope", e.ID+".json"), gradescopeOf(e.clean, j.lab))
	}), nil
}

func gradescopeOf(g gradebook.Grade, lab gradebook.Lab) gradescopeResult {
	r := gradescopeResult{
		Score: g.Score, ExecutionTime: g.Duration.Seconds(), Output: gradescopeOutput(g, lab),
		OutputFormat: "text", TestOutputFormat: "text", TestNameFormat: "text",
		Visibility: "visible", StdoutVisibility: "hidden",
		ExtraData: map[string]any{"ipclab": gradebook.GradeSchema, "id": g.ID, "status": g.Status},
	}
	switch {
	case g.Status == gradebook.Refused:
		r.Tests = []gradescopeTest{refusedTest(g)}
	case g.Score != nil && g.Report != nil:
		for i, res := range g.Report.Results {
			r.Tests = append(r.Tests, gradescopeTestOf(i, res, lab))
		}
	}
	return r
}

// gradescopeOutput is what students read above the tests. It never says that
// all is well: hidden tests are not among those they see.
func gradescopeOutput(g gradebook.Grade, lab gradebook.Lab) string {
	switch g.Status {
	case gradebook.Refused, gradebook.Superseded:
		return strings.TrimSpace(sentence(g.Problem) + " " + g.Hint)
	case gradebook.Ungraded:
		student := g.ForStudent(lab)
		return student.Problem + " " + student.Hint
	}
	text := fmt.Sprintf("%s: %d of %d points.", line(lab.Title, mostTest), *g.Score, g.MaxScore)
	if _, n := hiddenOf(lab); n > 0 {
		text += " " + sentence(count(n, "hidden check counts, which is", "hidden checks count, which are")+" not shown here")
	}
	return text
}

func refusedTest(g gradebook.Grade) gradescopeTest {
	return gradescopeTest{MaxScore: g.MaxScore, Status: "failed", Name: "The submission can be taken", NameFormat: "text",
		Number: "1", Output: strings.TrimSpace(sentence(g.Problem) + " " + g.Hint), OutputFormat: "text", Visibility: "visible"}
}

func gradescopeTestOf(i int, r grader.Result, lab gradebook.Lab) gradescopeTest {
	t := gradescopeTest{Score: r.Points, MaxScore: r.MaxPoints, Status: "failed", Name: line(r.Title, mostTest), NameFormat: "text",
		Number: fmt.Sprint(i + 1), Output: plainResult(r), OutputFormat: "text", Visibility: "visible",
		ExtraData: map[string]any{"check": r.Check, "verdict": r.Verdict}}
	if r.Verdict == grader.Pass {
		t.Status = "passed"
	}
	if r.By != "" {
		t.Tags = []string{r.By}
	}
	if c, ok := lab.Check(r.Check); !ok || c.Hidden {
		t.Visibility = "hidden"
	} else if r.Verdict == grader.Broken && r.Fault != grader.Student {
		t.Output = "This could not be checked. That is not your fault."
	}
	return t
}

// plainResult tells what came of a check in plain text.
func plainResult(r grader.Result) string {
	var b strings.Builder
	say := func(what, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s: %s\n", what, strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  "))
		}
	}
	switch r.Verdict {
	case grader.Pass:
		return "Passed."
	case grader.Skipped:
		return "Not tried, because it needs " + strings.Join(r.Unmet, ", ") + ", which did not pass."
	}
	say("Expected", r.Expected)
	say("Happened", r.Message)
	if r.Script != nil {
		say("Where", fmt.Sprintf("%s: %s", r.Script, r.Script.Said()))
	}
	for _, e := range r.Evidence {
		say("Evidence", evidenceText(e))
	}
	return strings.TrimSpace(b.String())
}

// evidenceText is a piece of evidence in plain text.
func evidenceText(e grader.Evidence) string {
	switch {
	case e.Kind == grader.KindCompiler && e.Output != nil:
		return e.Output.Text
	case e.Finding != nil && e.Finding.Hint != "":
		return e.Text + "\n" + e.Finding.Hint
	}
	return e.Text
}

// hiddenOf tells the points and the number of a lab's hidden checks.
func hiddenOf(lab gradebook.Lab) (points, n int) {
	for _, c := range lab.Checks {
		if c.Hidden {
			points += c.Points
			n++
		}
	}
	return points, n
}
