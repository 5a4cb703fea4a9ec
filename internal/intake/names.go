package intake

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ipclab/grader/gradebook"
)

// reading is what a name tells.
type reading struct {
	fits    bool // the name is of the form that was asked for, or has a platform's marks
	student gradebook.Student
	person  string // what the name has of the student, and no more than that; longer where student.ID may be ambiguous
	attempt string
	date    string
	late    bool
	typed   bool // the platform made it from a text that was typed in: no work
}

// form is one way in which names are made.
type form struct {
	pattern *regexp.Regexp
	sure    bool // nothing else looks so: it is tried unasked
}

// platforms are the names that course platforms make. Canvas gives every
// uploaded file a number that grows, which is as good as a count of attempts.
// Blackboard's names begin with the assignment's name, which may have anything
// in it, and so may the student's: "person" has both.
func platforms() map[string]form {
	return map[string]form{
		"canvas":     {regexp.MustCompile(`^(?P<name>[^_]+)(?P<late>_(?i:late))?_(?P<student>\d+)_(?P<attempt>\d+)_.+$`), false},
		"moodle":     {regexp.MustCompile(`^(?P<name>.+)_(?P<student>\d+)_assignsubmission_(?:file|(?P<typed>onlinetext))(?:_.*)?$`), true},
		"blackboard": {regexp.MustCompile(`^(?P<person>.+_(?P<student>[^_]+))_attempt_(?P<date>\d{4}(?:-\d\d){5})(?:[_.].*)?$`), true},
		"gradescope": {regexp.MustCompile(`^(?P<student>submission_\d+)$`), true},
	}
}

// Platforms are the names that Options.Platform may have.
func Platforms() []string { return []string{"blackboard", "canvas", "gradescope", "moodle"} }

// groups are what a pattern may tell.
func groups() []string { return []string{"student", "name", "email", "attempt", "late", "date"} }

// namer reads names as the options ask.
type namer struct {
	forms []form
	asked bool // there is a pattern or a platform
	lab   string
}

func newNamer(o Options) (*namer, error) {
	n := &namer{asked: o.Pattern != "" || o.Platform != ""}
	if o.Lab != nil {
		n.lab = o.Lab.Name
	}
	if o.Pattern != "" {
		p, err := compile(o.Pattern)
		n.forms = append(n.forms, form{p, true})
		return n, err
	}
	known := platforms()
	if o.Platform != "" {
		f, ok := known[o.Platform]
		if !ok {
			return nil, &ArgumentError{o.Platform, errors.New("it is no platform that is known"), "use " + strings.Join(Platforms(), ", ") + ", or a pattern"}
		}
		n.forms = append(n.forms, f)
		return n, nil
	}
	for _, name := range Platforms() {
		if known[name].sure {
			n.forms = append(n.forms, known[name])
		}
	}
	return n, nil
}

// compile reads a pattern that somebody gave.
func compile(pattern string) (*regexp.Regexp, error) {
	const tips = `name groups of it, as in '(?P<student>[a-z0-9]+)_(?P<attempt>\d+)'`
	p, err := regexp.Compile(pattern)
	if err != nil {
		return nil, &ArgumentError{pattern, err, "patterns are regular expressions as in the language Go: https://pkg.go.dev/regexp/syntax"}
	}
	who := 0
	for _, name := range p.SubexpNames() {
		switch {
		case name != "" && !slices.Contains(groups(), name):
			return nil, &ArgumentError{pattern, fmt.Errorf("a group %q means nothing", name), "the groups are " + strings.Join(groups(), ", ")}
		case name == "student", name == "name", name == "email":
			who++
		}
	}
	if who == 0 {
		return nil, &ArgumentError{pattern, errors.New("none of its groups tells the student"), tips}
	}
	return p, nil
}

// read reads the base name of a file or folder.
func (n *namer) read(base string) reading {
	for _, f := range n.forms {
		if r, ok := f.read(base); ok {
			return r
		}
	}
	return reading{student: gradebook.Student{ID: n.plain(base)}}
}

// plain is the student's name in a name without a form: what is left of it
// without the ending of archives and, as `ipclab submit` puts it there, the
// lab's name.
func (n *namer) plain(base string) string {
	s := stem(base)
	if rest, found := strings.CutPrefix(s, n.lab+"-"); found && n.lab != "" && rest != "" {
		return rest
	}
	return s
}

func (f form) read(base string) (reading, bool) {
	match := f.pattern.FindStringSubmatch(base)
	if match == nil {
		return reading{}, false
	}
	group := func(name string) string {
		if i := f.pattern.SubexpIndex(name); i >= 0 {
			return strings.TrimSpace(match[i])
		}
		return ""
	}
	r := reading{
		fits:    true,
		student: gradebook.Student{ID: group("student"), Name: group("name"), Email: group("email")},
		person:  group("person"), attempt: group("attempt"), date: group("date"),
		late: group("late") != "", typed: group("typed") != "",
	}
	for _, id := range []string{r.student.Email, r.student.Name} {
		if r.student.ID == "" {
			r.student.ID = id
		}
	}
	if r.person == "" {
		r.person = r.student.ID
	}
	return r, r.student.ID != ""
}

// natural orders texts with numbers in them as people do: 9 before 10.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, restA := chunk(a)
		y, restB := chunk(b)
		if c := compareChunks(x, y); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return len(a) - len(b)
}

// chunk splits off the digits, or the other characters, that a text begins with.
func chunk(s string) (first, rest string) {
	digit := isDigit(s[0])
	i := strings.IndexFunc(s, func(r rune) bool { return (r < 0x80 && isDigit(byte(r))) != digit })
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func compareChunks(x, y string) int {
	if isDigit(x[0]) && isDigit(y[0]) {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
	}
	return strings.Compare(x, y)
}
