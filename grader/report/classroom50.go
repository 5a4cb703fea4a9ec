package report

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// Classroom50 is where in a Classroom 50 the work was handed in, as its runner
// tells in the environment. Whatever is empty is filled with what is known
// here: the runner wants to find something in each of them.
type Classroom50 struct {
	Classroom, Assignment, Submission string
	Commit, Release, Review           string // URLs
}

// ClassroomFrom reads it from the environment of Classroom 50's runner.
func ClassroomFrom(getenv func(string) string) Classroom50 {
	return Classroom50{Classroom: getenv("CLASSROOM"), Assignment: getenv("ASSIGNMENT"), Submission: getenv("SUBMISSION_TAG"),
		Commit: getenv("COMMIT_URL"), Release: getenv("RELEASE_URL"), Review: getenv("REVIEW_URL")}
}

// classroom50Result is its result.json. It is published with the student's
// own repository, so it says no more than students may see. There is no way
// to say "no score" in it: then there is no file, which the runner reports
// as trouble of its own.
type classroom50Result struct {
	Schema     string            `json:"schema"`
	Classroom  string            `json:"classroom"`
	Assignment string            `json:"assignment"`
	Submission string            `json:"submission"`
	Commit     string            `json:"commit"`
	Release    string            `json:"release"`
	Review     string            `json:"review"`
	Datetime   string            `json:"datetime"`
	Score      int               `json:"score"`
	MaxScore   int               `json:"max-score"`
	Tests      []classroom50Test `json:"tests"`
}

type classroom50Test struct {
	Name     string `json:"test-name"`
	Passed   bool   `json:"passed"`
	Score    int    `json:"score"`
	MaxScore int    `json:"max-score"`
}

func (j *job) newClassroom50() (sink, error) {
	return each(func(e entry) error {
		path := j.path("classroom50", e.ID+".json")
		if e.Score == nil {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		}
		return putJSON(path, classroom50Of(e.student, j.lab, j.classroom))
	}), nil
}

func classroom50Of(g gradebook.Grade, lab gradebook.Lab, c Classroom50) classroom50Result {
	commit := cmp.Or(c.Commit, g.ID)
	r := classroom50Result{
		Schema: "classroom50/result/v1", Classroom: cmp.Or(c.Classroom, "ipclab"), Assignment: cmp.Or(c.Assignment, lab.Name),
		Submission: cmp.Or(c.Submission, g.ID), Commit: commit, Release: cmp.Or(c.Release, commit), Review: cmp.Or(c.Review, commit),
		Datetime: g.Begun.UTC().Format(time.RFC3339), Score: *g.Score, MaxScore: g.MaxScore,
	}
	if g.Report == nil {
		r.Tests = []classroom50Test{{Name: "The submission can be taken", MaxScore: g.MaxScore}}
		return r
	}
	r.Tests = []classroom50Test{}
	for _, res := range g.Report.Results {
		r.Tests = append(r.Tests, classroom50Test{Name: line(res.Title, mostTest), Passed: res.Verdict == grader.Pass,
			Score: res.Points, MaxScore: res.MaxPoints})
	}
	return r
}
