package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/scenarios"
)

// Kind is how the views differ.
type Kind string

// The kinds, the gravest first.
const (
	Open      Kind = "open"       // what must be impossible is possible
	Blocked   Kind = "blocked"    // what must work does not
	Revoked   Kind = "revocation" // an open channel did otherwise when its right was gone
	TooFast   Kind = "too-fast"   // a back channel carries more than its bound
	Elsewhere Kind = "elsewhere"  // impossible, but not for the reason that is intended
	Disagree  Kind = "disagree"   // permitted and observed differ in what the scenario leaves open
	Absent    Kind = "absent"     // an accepted back channel is not there
)

// kinds are all of them, in order.
func kinds() []Kind {
	return []Kind{Open, Blocked, Revoked, TooFast, Elsewhere, Disagree, Absent}
}

// Source names a view.
type Source string

// The views.
const (
	Intended  Source = "intended"
	Permitted Source = "permitted"
	Observed  Source = "observed"
)

// Finding is a difference between what is intended, permitted and observed.
type Finding struct {
	Number int // from 1; cells of the matrix refer to it
	Kind   Kind
	About  *Item
	Views  []Source // those that differ from what is intended; with Disagree those that differ from each other
	Text   string   // what differs, one sentence
	LookAt []string // what to look at, a sentence each
	Said   []Line   // what each view says, with its evidence
}

// Line is what a view says.
type Line struct {
	From     Source
	Outcome  scenarios.Outcome
	Text     string
	Evidence []string
}

// words are the text, or else the outcome.
func (l Line) words() string {
	if l.Text == "" {
		return string(l.Outcome)
	}
	return l.Text
}

// In tells whether the view is one of those that differ.
func (f Finding) In(view Source) bool { return slices.Contains(f.Views, view) }

// find makes the findings: at most one for each item, since one look at it
// should be enough.
func (m *Matrix) find() {
	for _, item := range m.items {
		if kind, views := item.compare(); kind != "" {
			m.findings = append(m.findings, Finding{Kind: kind, About: item, Views: views})
		}
	}
	slices.SortStableFunc(m.findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(kinds(), a.Kind), slices.Index(kinds(), b.Kind))
	})
	for i := range m.findings {
		f := &m.findings[i]
		f.Number, f.About.Finding = i+1, i+1
		f.Text, f.LookAt, f.Said = f.sentence(), m.advice(*f), f.About.said()
	}
}

// compare tells how the views of an item differ, if they do. The gravest
// difference is told, with the views that have it.
func (i *Item) compare() (Kind, []Source) {
	for _, kind := range kinds() {
		if views := i.differing(kind); len(views) > 0 {
			return kind, views
		}
	}
	return "", nil
}

func (i *Item) differing(kind Kind) []Source {
	if kind == Disagree {
		return i.disagreeing()
	}
	var views []Source
	for _, view := range []Source{Permitted, Observed} {
		if s := i.Seen(view); s != nil && i.against(*s, view) == kind {
			views = append(views, view)
		}
	}
	return views
}

// Seen is what a view says of the item, nil where it was not asked.
func (i *Item) Seen(view Source) *scenarios.Seen {
	switch view {
	case Permitted:
		return i.Permitted
	case Observed:
		return i.Observed
	}
	return nil
}

// against holds what one view says against what is intended.
func (i *Item) against(s scenarios.Seen, view Source) Kind {
	switch {
	case s.Outcome != scenarios.Flows && s.Outcome != scenarios.Stopped:
		return "" // it cannot tell
	case s.Outcome != i.Wants:
		return i.opposite()
	case i.Topic == BackChannel && i.Bound > 0 && s.Rate > i.Bound:
		return TooFast
	case s.Outcome == scenarios.Stopped && len(i.otherReason(s, view)) > 0:
		return Elsewhere
	}
	return ""
}

// opposite is what the contrary of the intended is called.
func (i *Item) opposite() Kind {
	switch {
	case i.Topic == Revocation:
		return Revoked
	case i.Wants == scenarios.Stopped:
		return Open
	case i.Topic == BackChannel:
		return Absent
	}
	return Blocked
}

// otherReason names in what the reason of a refusal is not the intended one.
func (i *Item) otherReason(s scenarios.Seen, view Source) []string {
	var other []string
	differ := func(what, intended, got string, mayBeSilent bool) {
		if intended != "" && intended != got && (got != "" || !mayBeSilent) {
			other = append(other, fmt.Sprintf("%s %s instead of %s", what, named(got), intended))
		}
	}
	differ("layer", string(i.By), string(s.By), false)
	if len(other) > 0 {
		return other // the rest belongs to the layer
	}
	differ("class", i.Class, s.Class, false)
	differ("permission", i.Permission, s.Permission, false)
	differ("system call", i.Syscall, s.Syscall, true)
	differ("errno", i.Errno, s.Errno, view == Permitted)
	differ("refused end", string(i.Refused), string(s.Refused), true)
	return other
}

func named(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// disagreeing are the two views if each is as intended, or says what the
// scenario leaves open, and yet they differ.
func (i *Item) disagreeing() []Source {
	p, o := i.Permitted, i.Observed
	if p == nil || o == nil || p.Outcome != scenarios.Stopped || o.Outcome != scenarios.Stopped {
		return nil // another outcome than the other's is another than the intended one for one of them
	}
	if differ(string(p.By), string(o.By)) || differ(p.Class, o.Class) || differ(p.Permission, o.Permission) {
		return []Source{Permitted, Observed}
	}
	return nil
}

// differ compares what two views name; what one leaves out is no difference.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// sentence says what differs.
func (f Finding) sentence() string {
	return f.About.String() + ": " + f.difference()
}

func (f Finding) difference() string {
	i, views := f.About, joined(f.Views)
	switch f.Kind {
	case Open:
		return fmt.Sprintf("must be impossible, and is %s", views)
	case Blocked:
		return fmt.Sprintf("must work, and is not %s%s", views, f.stoppedBy())
	case Revoked:
		if i.Wants == scenarios.Stopped {
			return "what is open must stop, and goes on: " + views
		}
		return "what is open must go on, and stops: " + views
	case TooFast:
		return fmt.Sprintf("carries %s, more than the %s that are accepted", Rate(i.fastest(f.Views)), Rate(i.Bound))
	case Elsewhere:
		return "is stopped, but for another reason than the intended one: " + f.reasons()
	case Disagree:
		return fmt.Sprintf("is stopped, but permitted says %s and observed %s", Reason(*i.Permitted), Reason(*i.Observed))
	}
	return fmt.Sprintf("is accepted as a back channel, and is not there: not %s%s", views, f.stoppedBy())
}

// stoppedBy names what stops it, as the first of the views says.
func (f Finding) stoppedBy() string {
	if reason := Reason(*f.About.Seen(f.Views[0])); reason != "" {
		return ": stopped by " + reason
	}
	return ""
}

// reasons tells the views' reasons, both together where they are the same.
func (f Finding) reasons() string {
	var parts []string
	for n, view := range f.Views {
		other := strings.Join(f.About.otherReason(*f.About.Seen(view), view), ", ")
		if n > 0 && strings.HasPrefix(parts[0], other+" (") {
			return other + " (" + joined(f.Views) + ")"
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", other, view))
	}
	return strings.Join(parts, "; ")
}

func (i *Item) fastest(views []Source) float64 {
	var rate float64
	for _, view := range views {
		rate = max(rate, i.Seen(view).Rate)
	}
	return rate
}

func joined(views []Source) string {
	words := make([]string, len(views))
	for i, v := range views {
		words[i] = string(v)
	}
	return strings.Join(words, " and ")
}

// String names the item, such as "reader → writer via fifo".
func (i *Item) String() string {
	text := i.From + " → " + i.To
	if i.Via == "" {
		text += " by any way"
	} else {
		text += " via " + i.Via
	}
	if i.How != "" {
		text += " (" + i.way() + ")"
	}
	if i.Topic == Revocation {
		text += ", with " + i.Boolean + " switched off"
	}
	return text
}

// way is how the object is used, and for a back channel by which operation.
func (i *Item) way() string {
	if i.Look == "" {
		return i.How
	}
	return i.How + " by " + i.Look
}

// said are the words of the views that were asked.
func (i *Item) said() []Line {
	var lines []Line
	for _, view := range []Source{Permitted, Observed} {
		if s := i.asked(view); s != nil {
			lines = append(lines, Line{From: view, Outcome: s.Outcome, Text: s.Text, Evidence: s.Evidence})
		}
	}
	return lines
}

// Reason names what stops something, such as "selinux (fifo_file write)"; empty
// if the view does not know.
func Reason(s scenarios.Seen) string {
	return reason(s.By, s.Class, s.Permission, s.Syscall, s.Errno)
}

// Intention names what must stop the item; empty: anything may.
func (i *Item) Intention() string {
	return reason(i.By, i.Class, i.Permission, i.Syscall, i.Errno)
}

func reason(by scenarios.Layer, class, permission, syscall, errno string) string {
	var what []string
	if by == scenarios.BySELinux {
		what = []string{class, permission}
	} else {
		what = []string{syscall, errno}
	}
	what = slices.DeleteFunc(what, func(s string) bool { return s == "" })
	if len(what) == 0 || by == "" {
		return string(by)
	}
	return fmt.Sprintf("%s (%s)", by, strings.Join(what, " "))
}

// Rate writes a number of bits per second with two digits that matter.
func Rate(bits float64) string {
	units := []string{"bit/s", "kbit/s", "Mbit/s", "Gbit/s"}
	n := 0
	for n < len(units)-1 && bits >= 999.5 {
		bits /= 1000
		n++
	}
	if bits < 9.95 && bits > 0 {
		return fmt.Sprintf("%.1f %s", bits, units[n])
	}
	return fmt.Sprintf("%.0f %s", bits, units[n])
}
