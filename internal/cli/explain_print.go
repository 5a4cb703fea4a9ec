package cli

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/grader"
	"ipclab/internal/explain"
	"ipclab/scenarios"
)

// explainWidth is how wide an explanation is at most.
const explainWidth = 79

// mostLines bounds lists in an explanation; --json has all.
const mostLines = 6

// print shows a report.
func (x *explanation) print(r *explain.Report) {
	a := x.app
	fmt.Fprintf(a.out, "%s in %s\n", a.style.bold(countOf(len(r.Denials), "kind of denial", "kinds of denials")), x.from)
	for i := range r.Denials {
		x.denial(i+1, &r.Denials[i])
	}
	if len(r.Unread) > 0 {
		fmt.Fprintln(a.out)
	}
	for i, u := range r.Unread {
		if i == mostLines {
			x.paragraph("left out:", fmt.Sprintf("%d more lines", len(r.Unread)-i))
			break
		}
		x.paragraph("left out:", fmt.Sprintf("line %d: %s", u.Line, u.Why))
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(a.out)
	}
	for _, n := range r.Notes {
		x.paragraph("note:", n)
	}
	x.sum(r)
}

// countOf writes a number with its noun.
func countOf(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + many
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// paragraph writes text below itself, after a word.
func (x *explanation) paragraph(word, text string) {
	lines := foldText(grader.Escape(text), explainWidth-len(word)-1)
	for i, line := range lines {
		if i > 0 {
			word = strings.Repeat(" ", len(word))
		}
		fmt.Fprintf(x.app.out, "%s %s\n", word, line)
	}
}

// denial shows one group.
func (x *explanation) denial(number int, d *explain.Denial) {
	fmt.Fprintf(x.app.out, "\n%d. %s  %s\n", number, x.verdict(d), x.app.style.faint(aside(d)))
	x.line("who", d.Who)
	x.line("wanted to", d.What)
	x.line("object", d.Object)
	if d.Operation != "" && d.Operation != d.What {
		call := d.Operation
		if d.Errno != "" {
			call += " → " + d.Errno
		}
		x.line("call", call)
	}
	x.line("because", d.Why)
	for _, n := range d.Notes {
		x.line("note", n)
	}
	if d.Rule != nil {
		x.rule(d)
	}
}

// line is one line of an explanation, or some below each other.
func (x *explanation) line(word, text string) {
	if text == "" {
		return
	}
	x.paragraph(fmt.Sprintf("   %-9s", word), text)
}

// verdict answers the question whose the denial is.
func (x *explanation) verdict(d *explain.Denial) string {
	st := x.app.style
	switch d.Verdict {
	case explain.Goal:
		return st.good("✓ this denial is your goal")
	case explain.Needed:
		return st.bad("✗ you need this")
	case explain.Mixed:
		return st.bad("✗ it asks for too much at once")
	case explain.Neither:
		return st.warn("· neither wanted nor forbidden")
	}
	return st.bold("? a denial")
}

func aside(d *explain.Denial) string {
	by := map[scenarios.Layer]string{scenarios.BySELinux: "SELinux", scenarios.ByDAC: "the mode", scenarios.BySeccomp: "seccomp"}[d.Layer]
	text := "(by " + by
	if d.Permissive {
		text += ", only recorded"
	}
	if d.Times > 1 {
		text += fmt.Sprintf(", %d times", d.Times)
	}
	if !d.Last.IsZero() {
		text += d.Last.Local().Format(", 15:04:05")
	}
	return text + ")"
}

// rule shows the rule, and what else it would open.
func (x *explanation) rule(d *explain.Denial) {
	word := "rule"
	if d.Verdict == explain.Goal || d.Verdict == explain.Mixed {
		word = "not this" // what a rule would be that is not to be written
	}
	fmt.Fprintf(x.app.out, "   %-9s %s\n   %-9s %s\n", word, d.Rule.CIL, "", d.Rule.TE)
	if d.Effect != nil {
		x.effect(d.Effect)
	}
}

// effect shows what else a rule would let through.
func (x *explanation) effect(e *explain.Effect) {
	if e.Partners != nil || e.Domains != nil {
		x.outside(e)
		return
	}
	if len(e.Flows)+len(e.Channels) == 0 {
		x.line("and then", "nothing new could go between "+e.Within)
		return
	}
	texts := channelTexts(e.Channels)
	for i := len(e.Flows) - 1; i >= 0; i-- {
		texts = slices.Insert(texts, 0, openedText(e.Flows[i]))
	}
	for i, text := range texts {
		if i == mostLines {
			x.line("", fmt.Sprintf("and %d more: --json has all", len(texts)-i))
			return
		}
		x.line([]string{"and then", ""}[min(i, 1)], text)
	}
}

// channelTexts tells back channels, those of one name over one object together.
func channelTexts(all []explain.Opened) (texts []string) {
	type kind struct{ name, over string }
	var kinds []kind
	pairs, how := map[kind][]string{}, map[kind]string{}
	for _, o := range all {
		k := kind{o.Name, o.Over}
		if pairs[k] == nil {
			kinds = append(kinds, k)
		}
		pair := o.From + " → " + o.To
		if o.Forbidden {
			pair += " (forbidden)"
		}
		pairs[k], how[k] = append(pairs[k], pair), strings.Join(o.Steps, "; ")
	}
	for _, k := range kinds {
		texts = append(texts, fmt.Sprintf("a few bits %s, by the back channel %q of %s: %s", strings.Join(pairs[k], ", "), k.name, k.over, how[k]))
	}
	return texts
}

// openedText tells a flow that a rule would open.
func openedText(o explain.Opened) string {
	text := o.From + " could tell " + o.To + " something"
	if o.Narrow {
		text = o.From + " could tell " + o.To + " a few bits"
	}
	if o.Over != "" {
		text += " over " + o.Over
	}
	switch {
	case o.Forbidden:
		text += " — the scenario forbids that"
	case o.Wanted:
		text += " — as the scenario wants"
	}
	return text
}

// outside shows it where there are no subjects.
func (x *explanation) outside(e *explain.Effect) {
	word := "and then"
	add := func(text string) {
		x.line(word, text)
		word = ""
	}
	if p := e.Partners; p != nil && len(p.Readers) > 0 {
		add("what it writes there could be read by " + someOf(p.Readers))
	}
	if p := e.Partners; p != nil && len(p.Writers) > 0 {
		add("it could read what is written there by " + someOf(p.Writers))
	}
	switch n := e.Domains; {
	case n == nil:
	case len(n.New) == 0:
		add(fmt.Sprintf("in any number of steps, information from %s comes to no further domain (%d without the rule)", n.From, n.Before))
	default:
		add(fmt.Sprintf("in any number of steps, information from %s comes to %s (%d without the rule)", n.From, someOf(n.New), n.Before))
	}
}

// someOf counts names and shows the first.
func someOf(names []string) string {
	text := fmt.Sprintf("%s: %s", countOf(len(names), "domain", "domains"), strings.Join(names[:min(len(names), mostLines)], ", "))
	if len(names) > mostLines {
		text += ", …"
	}
	return text
}

// sum tells what to do next.
func (x *explanation) sum(r *explain.Report) {
	count := map[explain.Verdict]int{}
	for _, d := range r.Denials {
		count[d.Verdict]++
	}
	var parts []string
	for _, v := range []struct {
		verdict explain.Verdict
		text    string
	}{{explain.Goal, "as it must be"}, {explain.Needed, "needed"}, {explain.Mixed, "asking for too much"}, {explain.Neither, "neither"}} {
		if n := count[v.verdict]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v.text))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(x.app.out, "\n%s\n", strings.Join(parts, ", "))
	}
	switch {
	case len(r.Denials) == 0 && x.lab != nil:
		fmt.Fprintf(x.app.out, "hint: nothing was recorded as refused. `ipclab trace %s` shows what is let through,\n"+
			"and what owner, group and mode refuse, which leaves no record otherwise\n", x.lab.Name)
	case len(r.Denials) == 0 && len(r.Unread) == 0:
		fmt.Fprintln(x.app.out, "hint: there is no record of a denial in it; `ausearch -m avc,seccomp --raw` prints them")
	case len(r.Denials) > 0 && x.scenario == nil:
		fmt.Fprintln(x.app.out, "hint: name a lab or --scenario to be told which flows are wanted")
	}
}

// foldText breaks text into lines of at most width columns, at blanks.
func foldText(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		if used > 0 && used+1+n > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	return append(lines, line)
}
