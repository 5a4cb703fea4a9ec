package report

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"ipclab/grader/gradebook"
)

// Roster is the list of a course as its platform exported it: a gradebook of
// Canvas or Moodle, or the grading worksheet of an assignment in Moodle. Its
// rows and ids are the platform's own, so what is filled in can be imported.
type Roster struct {
	Platform string // canvas or moodle
	Column   string // the column that takes the score

	comma  rune
	header []string
	rows   [][]string
	score  int // index of Column
}

// Filling is what came of filling in a roster.
type Filling struct {
	Filled   int                 // students that were found in it
	Missed   []gradebook.Student // students that were not, or not for certain
	Possible string              // the points that the platform's column is worth; empty if it doesn't say so
}

// RosterError is a list that cannot be filled in.
type RosterError struct{ Why, Help string }

func (e *RosterError) Error() string { return "the roster: " + e.Why }

// Hint says what would do.
func (e *RosterError) Hint() string { return e.Help }

// ReadRoster reads a list and finds the column for the lab. The column may be
// named, in whole or in part; otherwise it is the one with the lab's title or name.
func ReadRoster(r io.Reader, lab gradebook.Lab, column string) (*Roster, error) {
	data, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	out := &Roster{comma: separator(data)}
	c := csv.NewReader(bytes.NewReader(data))
	c.Comma, c.FieldsPerRecord = out.comma, -1
	rows, err := c.ReadAll()
	if err != nil {
		return nil, &RosterError{Why: "it is no CSV: " + err.Error(), Help: "export it again as comma separated values"}
	}
	if len(rows) < 2 {
		return nil, &RosterError{Why: "it has no students", Help: "export the whole gradebook, with its header"}
	}
	out.header, out.rows = rows[0], rows[1:]
	if err := out.identify(); err != nil {
		return nil, err
	}
	return out, out.choose(lab, column)
}

// separator is what stands between the cells of the first line most often.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",;\t" {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// identify tells platforms apart by their headers.
func (r *Roster) identify() error {
	has := func(name string) bool { return r.find(name) >= 0 }
	switch {
	case has("ID") && has("Section") && (has("Student") || has("LastName")):
		r.Platform = "canvas"
	case has("Identifier") && has("Grade"), has("Email address"), has("ID number"), has("Username"):
		r.Platform = "moodle"
	default:
		return &RosterError{Why: fmt.Sprintf("its first line is neither Canvas's nor Moodle's: %s", line(strings.Join(r.header, ", "), mostTest)),
			Help: "export the gradebook (Canvas: Export; Moodle: Export, Plain text file, or the assignment's grading worksheet) in English"}
	}
	return nil
}

func (r *Roster) find(name string) int {
	return slices.IndexFunc(r.header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
}

// choose finds the column that takes the score.
func (r *Roster) choose(lab gradebook.Lab, column string) error {
	wanted := []string{lab.Title, lab.Name}
	if column != "" {
		wanted = []string{column}
	} else if r.find("Identifier") >= 0 && r.find("Grade") >= 0 {
		wanted = []string{"Grade"}
	}
	for _, match := range []func(header, want string) bool{sameTitle, strings.Contains} {
		for _, want := range wanted {
			if found := r.matching(want, match); len(found) == 1 {
				r.score, r.Column = found[0], strings.TrimSpace(r.header[found[0]])
				return nil
			}
		}
	}
	return &RosterError{Why: fmt.Sprintf("it is not clear which column is %s's: there are %s", lab.Name, r.candidates()),
		Help: "name it with --column"}
}

// sameTitle compares a header without the id that Canvas puts behind a title.
func sameTitle(header, want string) bool {
	if at := strings.LastIndex(header, " ("); at > 0 && strings.HasSuffix(header, ")") && header[:at] == want {
		return true
	}
	return header == want
}

func (r *Roster) matching(want string, match func(header, want string) bool) []int {
	var found []int
	for i, h := range r.header {
		if i >= r.identityColumns() && match(strings.ToLower(strings.TrimSpace(h)), strings.ToLower(want)) {
			found = append(found, i)
		}
	}
	return found
}

// identityColumns are those before the first that can take a score.
func (r *Roster) identityColumns() int {
	if r.Platform == "canvas" {
		return r.find("Section") + 1
	}
	return 1
}

func (r *Roster) candidates() string {
	var names []string
	for _, h := range r.header[min(r.identityColumns(), len(r.header)):] {
		names = append(names, strconv.Quote(line(h, mostName)))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// fill puts scores into the rows of those who have one. Rows of students who
// handed in nothing, or have no score, stay as they were.
func (r *Roster) fill(all []standing) ([][]string, Filling) {
	rows := make([][]string, len(r.rows))
	for i, row := range r.rows {
		rows[i] = append(slices.Clone(row), make([]string, max(0, len(r.header)-len(row)))...)
	}
	filling := Filling{Possible: r.possible()}
	index := newRosterIndex(r)
	for _, s := range all {
		at, ok := index.take(s)
		if !ok {
			filling.Missed = append(filling.Missed, s.student)
			continue
		}
		filling.Filled++
		if s.score != nil {
			rows[at][r.score] = s.points("")
		}
	}
	return rows, filling
}

// possible is what the platform says that the column is worth.
func (r *Roster) possible() string {
	for i, row := range r.rows {
		if r.pointsRow(row) && r.score < len(row) {
			return strings.TrimSpace(r.rows[i][r.score])
		}
	}
	if at := r.find("Maximum Grade"); at >= 0 && at < len(r.rows[0]) {
		return strings.TrimSpace(r.rows[0][at])
	}
	return ""
}

// pointsRow tells Canvas's second row. A student can be named like it, but not
// without an id.
func (r *Roster) pointsRow(row []string) bool {
	id := r.find("ID")
	return r.Platform == "canvas" && strings.Contains(row[0], pointsPossible) && (id >= len(row) || strings.TrimSpace(row[id]) == "")
}

// write writes the chosen columns of the filled rows.
func (r *Roster) write(w *bufio.Writer, rows [][]string, columns []int) {
	pick := func(row []string) []string {
		var cells []string
		for _, c := range columns {
			cells = append(cells, row[c])
		}
		return cells
	}
	writeRow(w, r.comma, pick(r.header))
	for _, row := range rows {
		cells := pick(row)
		if r.Platform == "canvas" && !r.pointsRow(row) {
			cells[0] = canvasName(cells[0])
		}
		writeRow(w, r.comma, cells)
	}
}
