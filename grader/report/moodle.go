package report

import (
	"slices"

	"ipclab/internal/draft"
)

// moodleCSV is moodle.csv, for the import of Moodle's gradebook, or the
// grading worksheet of an assignment filled in.
type moodleCSV struct {
	standings
	job   *job
	draft *draft.Draft
}

func (j *job) newMoodle() (sink, error) {
	d, err := draft.New(j.path("moodle.csv"), 0o644)
	return &moodleCSV{job: j, draft: d}, err
}

func (m *moodleCSV) add(e entry) error { m.standings.add(e); return nil }

func (m *moodleCSV) finish() error {
	if r := m.job.roster; r != nil && r.Platform == "moodle" {
		rows, filling := r.fill(m.all)
		var columns []int // all of them: Moodle refuses what it didn't export
		for i := range r.header {
			columns = append(columns, i)
		}
		r.write(m.draft.Writer, rows, columns)
		m.job.filled(filling)
	} else {
		m.write()
	}
	return m.draft.Put(draft.Derived)
}

func (m *moodleCSV) drop() {
	if m.draft != nil {
		m.draft.Drop()
	}
}

func (m *moodleCSV) write() {
	key, value := moodleKey(m.all)
	writeRow(m.draft.Writer, ',', []string{key, line(m.job.lab.Title, mostTest)})
	for _, s := range m.all {
		writeRow(m.draft.Writer, ',', []string{value(s), s.points("-")})
	}
}

// moodleKey chooses the one column by which Moodle finds users: e-mail
// addresses if they are all known, else the ids as they are.
func moodleKey(all []standing) (string, func(standing) string) {
	lacks := func(has func(standing) bool) bool {
		return slices.ContainsFunc(all, func(s standing) bool { return !has(s) })
	}
	id := func(s standing) string { return s.shown.ID }
	switch {
	case !lacks(func(s standing) bool { return s.shown.Email != "" }):
		return "useremail", func(s standing) string { return s.shown.Email }
	case !lacks(func(s standing) bool { return number.MatchString(s.shown.ID) }):
		return "useridnumber", id
	}
	return "username", id
}
