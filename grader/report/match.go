package report

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// rosterIndex finds a student's row. Numbers are dangerous: one and the same
// may be one student's number at the university and another's at the platform.
// So an id is only compared with the column that it can come from.
type rosterIndex struct {
	byID    map[string][]int // by column and value
	byName  map[string][]int
	columns []string
	taken   []int
}

// The columns that tell who somebody is, beside those that a platform numbers
// by itself.
func ownColumns() []string {
	return []string{"SIS User ID", "SIS Login ID", "Integration ID", "ID number", "Username", "Email address"}
}

// The columns that a platform puts into the names of the files it hands out.
const (
	canvasColumn = "ID"
	moodleColumn = "Identifier"
)

func newRosterIndex(r *Roster) *rosterIndex {
	x := &rosterIndex{byID: map[string][]int{}, byName: map[string][]int{}, columns: ownColumns()}
	for i, row := range r.rows {
		for _, column := range append(ownColumns(), canvasColumn, moodleColumn) {
			if at := r.find(column); at >= 0 && at < len(row) {
				x.enter(i, column, row[at])
			}
		}
		for _, name := range r.names(row) {
			if !slices.Contains(x.byName[name], i) {
				x.byName[name] = append(x.byName[name], i)
			}
		}
	}
	return x
}

func (x *rosterIndex) enter(row int, column, value string) {
	value = strings.ToLower(strings.TrimSpace(value))
	if column == moodleColumn {
		value = strings.TrimPrefix(value, "participant ")
	}
	if key := column + "=" + value; value != "" {
		x.byID[key] = append(x.byID[key], row)
	}
}

// take finds the row of a student that nobody took before. A row that is not
// certain is none.
func (x *rosterIndex) take(s standing) (int, bool) {
	for _, rows := range x.guesses(s) {
		rows = slices.Compact(slices.Sorted(slices.Values(rows)))
		if len(rows) == 0 {
			continue
		}
		if len(rows) > 1 || slices.Contains(x.taken, rows[0]) {
			return 0, false
		}
		x.taken = append(x.taken, rows[0])
		return rows[0], true
	}
	return 0, false
}

// guesses are the rows that fit, by the surest sign first.
func (x *rosterIndex) guesses(s standing) [][]int {
	id, email := strings.ToLower(s.student.ID), strings.ToLower(s.student.Email)
	columns := x.columns
	if column := numberedBy(s); column != "" {
		columns = []string{column}
	}
	var byID, byEmail []int
	for _, c := range columns {
		byID = append(byID, x.byID[c+"="+id]...)
	}
	if email != "" {
		for _, c := range ownColumns() {
			byEmail = append(byEmail, x.byID[c+"="+email]...)
		}
	}
	return [][]int{byID, byEmail, x.byName[squash(s.student.Name)]}
}

var (
	canvasFile = regexp.MustCompile(`(?i)(?:^|_)(?:late_)?([0-9]+)_[0-9]+_`)
	moodleFile = regexp.MustCompile(`(?i)_([0-9]+)_assignsubmission_`)
)

// numberedBy names the column that the student's id comes from, if a platform
// put it into the name of the file.
func numberedBy(s standing) string {
	if m := moodleFile.FindStringSubmatch(s.source); m != nil && m[1] == s.student.ID {
		return moodleColumn
	}
	if m := canvasFile.FindStringSubmatch(s.source); m != nil && m[1] == s.student.ID {
		return canvasColumn
	}
	return ""
}

// names are the ways in which a row's name may be written, squashed.
func (r *Roster) names(row []string) []string {
	get := func(column string) string {
		if at := r.find(column); at >= 0 && at < len(row) {
			return row[at]
		}
		return ""
	}
	first, last := get("First name")+get("FirstName"), get("Last name")+get("Surname")+get("LastName")
	full := get("Student") + get("Full name")
	if l, f, ok := strings.Cut(full, ","); ok {
		first, last = f, l
	} else if words := strings.Fields(full); len(words) > 1 {
		first, last = strings.Join(words[:len(words)-1], ""), words[len(words)-1]
	}
	var out []string
	for _, name := range []string{full, first + last, last + first} {
		if s := squash(name); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// squash leaves the letters and digits of a name, as platforms do in file names.
func squash(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
