package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxRule is how much of a rule is shown, in characters.
const maxRule = 300

// diagnosis reads the messages of secilc about one run. They are for people,
// and there is no other form; whatever is not recognised is shown as it is.
type diagnosis struct {
	flat    string // path of the flattened policy
	modules []parsed
	lines   []string // of the messages
}

func newDiagnosis(flat string, modules []parsed, complaint string) *diagnosis {
	d := &diagnosis{flat: flat, modules: modules}
	for line := range strings.Lines(complaint) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			d.lines = append(d.lines, line)
		}
	}
	return d
}

// place is a line of a file of the run, as secilc names it.
type place struct {
	module int // index; -1 is the flattened policy
	line   int
}

// placeOf finds "at m0.cil:12" in a message.
func placeOf(message string) (place, bool) {
	m := regexp.MustCompile(`\bat (flat|m(\d+))\.cil:(\d+)`).FindStringSubmatch(message)
	if m == nil {
		return place{}, false
	}
	at := place{module: -1}
	if m[2] != "" {
		at.module, _ = strconv.Atoi(m[2])
	}
	at.line, _ = strconv.Atoi(m[3])
	return at, true
}

// node is the list at a place in a module, nil elsewhere.
func (d *diagnosis) node(at place) *Node {
	if at.module < 0 || at.module >= len(d.modules) {
		return nil
	}
	return d.modules[at.module].at(at.line)
}

// where names a place for people.
func (d *diagnosis) where(at place) string {
	if n := d.node(at); n != nil {
		return n.Pos.String()
	}
	return fmt.Sprintf("base policy, line %d", at.line)
}

// inModule explains messages that point into a module, nil when none does.
func (d *diagnosis) inModule() error {
	if err := d.neverallow(); err != nil {
		return err
	}
	heading := ""
	for i, line := range d.lines {
		if !strings.HasPrefix(line, " ") {
			heading = line // what is indented below belongs to it
		}
		at, ok := placeOf(line)
		if n := d.node(at); ok && n != nil && !strings.HasPrefix(line, "Previous") {
			return d.blame(n, heading, d.lines[:i])
		}
	}
	return nil
}

// blame explains one message about the list n; before are the messages that
// led to it.
func (d *diagnosis) blame(n *Node, message string, before []string) error {
	switch {
	case strings.HasPrefix(message, "Failed to resolve"):
		return d.unresolved(n)
	case strings.HasPrefix(message, "Binary policy creation failed"):
		return d.conflict(n, before)
	case strings.HasPrefix(message, "Bad") && len(before) > 1 && strings.HasPrefix(before[len(before)-1], "Previous"):
		return d.twice(n)
	case strings.HasPrefix(message, "Bad"):
		return malformed(n)
	}
	message = strings.TrimSuffix(d.clean(message), " at "+n.Pos.String())
	return &CompileError{Pos: n.Pos, Msg: message, Rules: []string{located(n)}}
}

// located is a rule with its place.
func located(n *Node) string { return n.Pos.String() + ": " + clipTo(n.String(), maxRule) }

// malformed is a statement with the wrong parts.
func malformed(n *Node) error {
	err := &CompileError{Pos: n.Pos, Msg: fmt.Sprintf("this is not how %q is written", n.Keyword())}
	if form := usage(n.Keyword()); form != "" {
		err.Hint = "write it so: " + form
	}
	return err
}

// twice is a name that was declared before. secilc 3.4 gives the place of the
// second declaration as that of the first, so we look for it ourselves.
func (d *diagnosis) twice(n *Node) error {
	if len(n.List) < 2 {
		return malformed(n)
	}
	name := n.List[1]
	err := &CompileError{Pos: name.Pos, Msg: fmt.Sprintf("%q is declared twice", clip(name.Text)),
		Hint: "the base policy has this name already; choose another"}
	if first := d.otherDeclaration(n); first != nil {
		err.Hint = "delete one of the two, or choose another name"
		err.Rules = []string{located(first), located(n)}
	}
	return err
}

// otherDeclaration finds a list of the modules that declares the name that n
// declares, and is not n.
func (d *diagnosis) otherDeclaration(n *Node) *Node {
	for _, m := range d.modules {
		for _, other := range m.lines {
			if other != n && other.Keyword() == n.Keyword() && len(other.List) > 1 && other.List[1].Text == n.List[1].Text {
				return other
			}
		}
	}
	return nil
}

// conflict is a second type rule with another result.
func (d *diagnosis) conflict(n *Node, before []string) error {
	err := &CompileError{Pos: n.Pos, Msg: "this rule contradicts another rule", Rules: []string{located(n)}}
	for _, line := range before {
		if _, existing, ok := strings.Cut(line, "existing="); ok {
			err.Msg = fmt.Sprintf("this rule contradicts another, whose result is %q", existing)
			err.Hint = "for one source, target and class there can be one result only"
		}
	}
	return err
}

// inFlat is for messages about a base policy that fails alone.
func (d *diagnosis) inFlat() error {
	err := &FlatError{Msg: "it does not compile"}
	if len(d.lines) > 0 {
		err.Msg = d.clean(d.lines[0])
	}
	for _, line := range d.lines {
		if at, ok := placeOf(line); ok {
			err.Msg, err.Line = d.clean(line), at.line
			return err
		}
	}
	return err
}

// somewhere is for messages about the modules that name no place in them.
func (d *diagnosis) somewhere() error {
	last := d.modules[len(d.modules)-1] // the student's come after those of the lab
	err := &CompileError{Pos: Pos{File: last.file}, Msg: clipTo(d.clean(d.lines[0]), 400)}
	if strings.Contains(d.lines[0], "allocate memory") {
		err.Msg = fmt.Sprintf("the policy with this module takes more than %d MB of memory to compile", secilcMemory>>20)
		err.Hint = "are there macros or blocks that call each other many times?"
		return err
	}
	if n := d.mentioned(d.lines[0]); n != nil {
		err.Pos = n.Pos
	}
	return err
}

// mentioned finds a word of a message in the modules, the last module first:
// an odd word, such as a malformed number, else the keyword of a statement.
func (d *diagnosis) mentioned(message string) *Node {
	words := strings.Fields(message)
	odd := func(n *Node) bool {
		return n.Kind != List && strings.ContainsAny(n.Text, "0123456789_") && slices.Contains(words, n.Text)
	}
	if n := d.last(odd); n != nil {
		return n
	}
	return d.last(func(n *Node) bool { return slices.Contains(words, n.Keyword()) })
}

// last gives the first node that matches, of the last module that has one.
func (d *diagnosis) last(match func(*Node) bool) (found *Node) {
	for _, m := range slices.Backward(d.modules) {
		for _, n := range m.nodes {
			n.walk(func(e *Node) {
				if found == nil && match(e) {
					found = e
				}
			})
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// clean gives a message with the names that the student knows.
func (d *diagnosis) clean(message string) string {
	re := regexp.MustCompile(`\b(flat|m\d+)\.cil(:\d+)?`)
	message = re.ReplaceAllStringFunc(message, func(s string) string {
		if at, ok := placeOf("at " + s); ok {
			return d.where(at)
		}
		return d.fileName(strings.TrimSuffix(s, ".cil"))
	})
	return strings.TrimSpace(message)
}

func (d *diagnosis) fileName(base string) string {
	if i, err := strconv.Atoi(strings.TrimPrefix(base, "m")); err == nil && i < len(d.modules) {
		return d.modules[i].file
	}
	return "base policy"
}
