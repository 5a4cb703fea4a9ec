package class

import (
	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/labs"
)

// Summary is what a class came to, in a few numbers.
type Summary struct {
	Total      int     `json:"total"`
	Done       int     `json:"done"`
	Judged     int     `json:"judged"` // in a machine, in this run
	Kept       int     `json:"kept"`   // from an earlier run
	Graded     int     `json:"graded"`
	Refused    int     `json:"refused"`
	Ungraded   int     `json:"ungraded"`
	LabFault   int     `json:"lab_fault"` // of the ungraded
	Superseded int     `json:"superseded"`
	Foreign    int     `json:"foreign"` // made from another student's variant
	Whole      int     `json:"full_score"`
	Mean       float64 `json:"mean"` // of the graded
	MaxScore   int     `json:"max_score"`

	Stops map[string]int `json:"stops"` // how many fail this check before any other

	checks []*labs.Check
	sum    int
}

// NewSummary begins a summary of so many submissions.
func NewSummary(lab *labs.Lab, total int) Summary {
	return Summary{Total: total, MaxScore: lab.Points(), Stops: map[string]int{}, checks: lab.Checks()}
}

// Add adds a submission.
func (s *Summary) Add(f Finished) {
	s.Done++
	switch {
	case f.Kept:
		s.Kept++
	case f.Grade.Tries > 0:
		s.Judged++
	}
	if id := StoppedBy(f.Grade); id != "" {
		s.Stops[id]++
	}
	if v := f.Grade.Variant; v != nil && v.Foreign {
		s.Foreign++
	}
	switch g := f.Grade; g.Status {
	case gradebook.Graded:
		s.score(*g.Score)
	case gradebook.Refused:
		s.Refused++
	case gradebook.Superseded:
		s.Superseded++
	default:
		s.Ungraded++
		if g.Fault == grader.Lab {
			s.LabFault++
		}
	}
}

func (s *Summary) score(points int) {
	s.Graded++
	s.sum += points
	s.Mean = float64(s.sum) / float64(s.Graded)
	if points == s.MaxScore {
		s.Whole++
	}
}

// Hardest is the check that stops most, and how many. Of two it is the first in
// the lab's order.
func (s *Summary) Hardest() (id string, n int) {
	for _, c := range s.checks {
		if s.Stops[c.ID] > n {
			id, n = c.ID, s.Stops[c.ID]
		}
	}
	return id, n
}

// StoppedBy names the first check that a graded submission fails; empty if there
// is none.
func StoppedBy(g gradebook.Grade) string {
	if g.Status != gradebook.Graded || g.Report == nil {
		return ""
	}
	for _, r := range g.Report.Results {
		if r.Verdict != grader.Pass && r.Verdict != grader.Skipped {
			return r.Check
		}
	}
	return ""
}
