package matrix

import (
	"fmt"
	"strings"

	"ipclab/internal/drawing"
	"ipclab/scenarios"
)

// The marks of cells. They differ in form, not in colour.
const (
	markFlows   = "→"
	markBits    = "~" // through a back channel
	markStopped = "×"
	markUnknown = "?"
	markUnasked = "·"
)

// marks are the three of an item: intended, permitted, observed.
func (i *Item) marks() string {
	return i.mark(&scenarios.Seen{Outcome: i.Wants}) + i.mark(i.asked(Permitted)) + i.mark(i.asked(Observed))
}

// asked is what a view says of the item, nil where it was not asked: by any way at
// all is not tried.
func (i *Item) asked(view Source) *scenarios.Seen {
	s := i.Seen(view)
	if view == Observed && i.Topic == Flow && i.Via == "" && s != nil && s.Outcome == scenarios.Unknown {
		return nil
	}
	return s
}

func (i *Item) mark(s *scenarios.Seen) string {
	switch {
	case s == nil:
		return markUnasked
	case s.Outcome == scenarios.Stopped:
		return markStopped
	case s.Outcome != scenarios.Flows:
		return markUnknown
	case i.Topic == BackChannel:
		return markBits
	}
	return markFlows
}

// markWords explains the marks that are used.
func markWords(used string) string {
	var words []string
	for _, m := range []struct{ mark, word string }{
		{markFlows, "comes through"}, {markBits, "a few bits come"}, {markStopped, "is stopped"}, {markUnknown, "cannot tell"}, {markUnasked, "not looked at"},
	} {
		if strings.Contains(used, m.mark) {
			words = append(words, m.mark+" "+m.word)
		}
	}
	return strings.Join(words, ", ")
}

// label is what a cell calls an item.
func (i *Item) label() string {
	via := i.Via
	if via == "" {
		via = "any way"
	}
	return drawing.Visible(strings.TrimSpace(via + " " + i.way()))
}

// inCell tells whether the item is in a cell: revocations stand below.
func (i *Item) inCell() bool { return i.Topic != Revocation }

// Gap is something that a view could not tell.
type Gap struct {
	About *Item
	View  Source
	Text  string
}

// Gaps are what the views could not tell, though they were asked. What goes by any
// way at all is only computed, so that nothing was observed of it is no gap.
func (m *Matrix) Gaps() []Gap {
	var gaps []Gap
	for _, i := range m.items {
		for _, view := range []Source{Permitted, Observed} {
			s := i.asked(view)
			if s == nil || s.Outcome == scenarios.Flows || s.Outcome == scenarios.Stopped {
				continue
			}
			gaps = append(gaps, Gap{About: i, View: view, Text: s.Text})
		}
	}
	return gaps
}

// Notes are what the views left out of account, what would change their answers,
// and which denials were observed without anything having come through beside them.
func (m *Matrix) Notes() []string {
	var notes []string
	for _, i := range m.items {
		for _, view := range []Source{Permitted, Observed} {
			if s := i.Seen(view); s != nil && len(s.When) > 0 {
				notes = append(notes, fmt.Sprintf("%s: %s now; it %s", i, s.Outcome, strings.Join(s.When, ", ")))
			}
		}
	}
	notes = append(notes, m.uncontrolled()...)
	for _, v := range []*scenarios.View{m.permitted, m.observed} {
		if v != nil {
			notes = append(notes, v.Notes...)
		}
	}
	return notes
}

// uncontrolled names the objects through which something was denied and nothing
// came: such a denial may have another cause than the intended one.
func (m *Matrix) uncontrolled() []string {
	used, denied := map[string]bool{}, map[string]bool{}
	for _, i := range m.items {
		if i.Topic != Flow || i.Via == "" || i.Observed == nil {
			continue
		}
		used[i.Via] = used[i.Via] || i.Observed.Outcome == scenarios.Flows
		denied[i.Via] = denied[i.Via] || i.Observed.Outcome == scenarios.Stopped
	}
	var notes []string
	for _, o := range m.scenario.Objects {
		if denied[o.Name] && !used[o.Name] {
			notes = append(notes, fmt.Sprintf("nothing came through %s when it was tried, so that the denials there have no positive control", o.Name))
		}
	}
	return notes
}
