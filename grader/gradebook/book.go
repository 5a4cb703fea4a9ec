// Package gradebook is what grading a class comes to: a Book with one Grade for
// each submission, the folder that it is kept in, and what changed between two
// of them. The forms in which people and platforms want to read it are in
// package report; how submissions are judged is no business of this package.
package gradebook

import (
	"time"

	"ipclab/grader"
	"ipclab/labs"
)

// Schema names the form of results.json. It changes when a reader of the old
// form would misread the new one; schema.json describes it.
const Schema = "ipclab/gradebook/v1"

// Book is a class's grades for one lab.
type Book struct {
	Schema  string    `json:"schema"`
	Lab     Lab       `json:"lab"`
	Image   string    `json:"image"`  // digest of the machine that judged
	Grader  string    `json:"grader"` // digest of the program that judged
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended"`
	Partial bool      `json:"partial,omitempty"` // the run was broken off: grades are missing
	Grades  []Grade   `json:"grades"`            // ordered by ID
}

// Lab is what a reader of grades must know of the lab.
type Lab struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Digest string  `json:"digest"`
	Points int     `json:"points"`
	Checks []Check `json:"checks"` // in the lab's order
}

// Check is one thing that the lab demands.
type Check struct {
	ID     string   `json:"id"`
	Step   string   `json:"step"` // the title of its step
	Title  string   `json:"title"`
	Expect string   `json:"expect"`
	Points int      `json:"points"`
	By     string   `json:"by,omitempty"`
	Needs  []string `json:"needs,omitempty"`
	Hidden bool     `json:"hidden,omitempty"` // students do not see it
	Hint   string   `json:"hint,omitempty"`   // the lab's first nudge
}

// LabOf describes a lab.
func LabOf(l *labs.Lab) Lab {
	d := Lab{Name: l.Name, Title: l.Title, Digest: l.Digest(), Points: l.Points()}
	for _, s := range l.Steps {
		for _, c := range s.Checks {
			check := Check{ID: c.ID, Step: s.Title, Title: c.Title, Expect: c.Expect,
				Points: c.Points, By: string(c.By), Needs: c.Needs, Hidden: c.Hidden}
			if len(c.Hints) > 0 {
				check.Hint = c.Hints[0]
			}
			d.Checks = append(d.Checks, check)
		}
	}
	return d
}

// Check finds a check by its id.
func (l *Lab) Check(id string) (Check, bool) {
	for _, c := range l.Checks {
		if c.ID == id {
			return c, true
		}
	}
	return Check{}, false
}

// Status is how far a submission got.
type Status string

// The states of a submission.
const (
	Graded     Status = "graded"     // the score is what the work is worth
	Refused    Status = "refused"    // it could not be taken for a submission, by the student's fault: zero, Problem says why
	Ungraded   Status = "ungraded"   // trouble of the machine or a mistake in the lab: there is no score
	Superseded Status = "superseded" // the same student handed in again: not judged, there is no score
)

// Student is who handed in, as far as the submission's name tells.
type Student struct {
	ID    string `json:"id"` // as the platform knows it; never empty
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Grade is what one submission came to.
type Grade struct {
	ID      string       `json:"id"` // unique in the book, and safe as a file name
	Student Student      `json:"student"`
	Source  string       `json:"source"`         // the file or folder that was handed in, as it was named
	Digest  string       `json:"digest"`         // of what was handed in
	Late    bool         `json:"late,omitempty"` // the platform said so
	Key     string       `json:"key"`            // digest of submission, lab, image and grader: while it stays the same, so does the grade
	Status  Status       `json:"status"`
	Fault   grader.Fault `json:"fault,omitempty"`   // for Refused and Ungraded
	Problem string       `json:"problem,omitempty"` // for Refused, Ungraded, Superseded: one sentence
	Hint    string       `json:"hint,omitempty"`    // what to do about it

	Score    *int `json:"score"` // nil when there is none
	MaxScore int  `json:"max_score"`

	Variant *Variant       `json:"variant,omitempty"` // nil for a lab without variants
	Notes   []string       `json:"notes,omitempty"`   // what else the instructor should know of it; students never see it
	Report  *grader.Report `json:"report,omitempty"`  // nil when nothing was judged

	Tries    int           `json:"tries"` // machines that it took
	Begun    time.Time     `json:"begun"`
	Duration time.Duration `json:"duration_ns"`
}

// Variant says whose variant of the lab a submission was made from.
type Variant struct {
	Expected string `json:"expected"`        // fingerprint of the student's own
	Found    string `json:"found,omitempty"` // fingerprint that the submission shows; empty when it shows none
	Of       string `json:"of,omitempty"`    // id of the student whose variant Found is, when known
	Foreign  bool   `json:"foreign"`         // it was made from somebody else's
	Note     string `json:"note,omitempty"`  // what shows it
}
