package report

import (
	"regexp"
	"strconv"
	"strings"

	"ipclab/grader/gradebook"
	"ipclab/internal/draft"
)

// pointsPossible begins the row in which Canvas keeps what columns are worth.
const pointsPossible = "Points Possible"

// canvasCSV is canvas.csv, for the import of Canvas's gradebook.
type canvasCSV struct {
	standings
	job   *job
	draft *draft.Draft
}

func (j *job) newCanvas() (sink, error) {
	d, err := draft.New(j.path("canvas.csv"), 0o644)
	return &canvasCSV{job: j, draft: d}, err
}

func (c *canvasCSV) add(e entry) error { c.standings.add(e); return nil }

func (c *canvasCSV) finish() error {
	if r := c.job.roster; r != nil && r.Platform == "canvas" {
		rows, filling := r.fill(c.all)
		var columns []int
		for i := range r.identityColumns() {
			columns = append(columns, i)
		}
		r.write(c.draft.Writer, rows, append(columns, r.score))
		c.job.filled(filling)
	} else {
		c.write()
	}
	return c.draft.Put(draft.Derived)
}

func (c *canvasCSV) drop() {
	if c.draft != nil {
		c.draft.Drop()
	}
}

// write writes the list without knowing Canvas's own. Canvas makes a new
// assignment of a column without an id, after asking.
func (c *canvasCSV) write() {
	writeRow(c.draft.Writer, ',', []string{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", canvasTitle(c.job.lab)})
	writeRow(c.draft.Writer, ',', []string{"    " + pointsPossible, "", "", "", "", strconv.Itoa(c.job.lab.Points)})
	for _, s := range c.all {
		id, sis, login := canvasIDs(s)
		writeRow(c.draft.Writer, ',', []string{canvasName(s.name()), id, sis, login, "", s.points("")})
	}
}

// canvasIDs puts the id where Canvas looks for its kind. A number is Canvas's
// own only if it stood in the name of a file that Canvas handed out: in the
// column ID any other number would be somebody else.
func canvasIDs(s standing) (id, sis, login string) {
	switch {
	case numberedBy(s) == canvasColumn:
		return s.shown.ID, "", ""
	case number.MatchString(s.shown.ID):
		return "", s.shown.ID, ""
	}
	return "", "", s.shown.ID
}

// name is what to call a student; there is always something.
func (s standing) name() string {
	if s.shown.Name != "" {
		return s.shown.Name
	}
	return s.shown.ID
}

// canvasName keeps a student from being named like the row that sets the
// points of the assignment.
func canvasName(name string) string {
	return strings.ReplaceAll(name, pointsPossible, "Points-Possible")
}

// Canvas takes no column whose header has one of these in it.
var reserved = regexp.MustCompile(`(Current|Final|Override) (Score|Points|Grade|Status)`)

func canvasTitle(lab gradebook.Lab) string {
	if title := line(lab.Title, mostTest); title != "" && !reserved.MatchString(title) {
		return title
	}
	return lab.Name
}
