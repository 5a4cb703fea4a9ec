package report

import (
	"strconv"

	"ipclab/grader/gradebook"
)

// standing is what a list of the class has to say of one submission.
type standing struct {
	student gradebook.Student // as it was given, for comparing
	shown   gradebook.Student // cleaned, for showing
	source  string
	score   *int
}

// standings collects one standing a student: superseded submissions have none.
type standings struct{ all []standing }

func (s *standings) add(e entry) {
	if e.Status != gradebook.Superseded {
		s.all = append(s.all, standing{student: e.Grade.Student, shown: e.clean.Student, source: e.Source, score: e.Score})
	}
}

// points is the score as a cell; none is for where there is no score.
func (s standing) points(none string) string {
	if s.score == nil {
		return none
	}
	return strconv.Itoa(*s.score)
}
