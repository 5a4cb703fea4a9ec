package matrix

import (
	"fmt"
	"strings"

	"ipclab/scenarios"
)

// Expectation is how the findings compare with those that a twin must lead to.
type Expectation struct {
	Missing []Missing
	Extra   []Finding // found, and not expected
}

// Missing is a find that is not found as it must be.
type Missing struct {
	Find scenarios.Find
	Text string // what is seen instead
}

// Met tells whether exactly what was expected is found.
func (e Expectation) Met() bool { return len(e.Missing) == 0 && len(e.Extra) == 0 }

// String says what is missing and what is too much, a line each.
func (e Expectation) String() string {
	var lines []string
	for _, one := range e.Missing {
		lines = append(lines, "not found as expected: "+one.Text)
	}
	for _, f := range e.Extra {
		lines = append(lines, "found, and not expected: "+f.Text)
	}
	return strings.Join(lines, "\n")
}

// Expect holds the findings against those that a twin must lead to: each must be
// found, in the views that it names and in no other, and nothing else may be open
// that must not be. Other findings, such as a revocation that takes nothing away any
// more, only follow from these. Of a view that was not looked at nothing is expected.
// A way (How) is compared as it is written.
func (m *Matrix) Expect(finds []scenarios.Find) Expectation {
	var e Expectation
	expected := map[*Item]bool{}
	for _, find := range finds {
		items := m.forbidden(find)
		if len(items) == 0 {
			e.Missing = append(e.Missing, Missing{find, name(find) + ": no flow or back channel is forbidden there"})
			continue
		}
		text := m.shortfall(items[0], find)
		for _, item := range items {
			expected[item] = true
			if m.shortfall(item, find) == "" {
				text = ""
			}
		}
		if text != "" {
			e.Missing = append(e.Missing, Missing{find, text})
		}
	}
	for _, f := range m.findings {
		if f.Kind == Open && !expected[f.About] {
			e.Extra = append(e.Extra, f)
		}
	}
	return e
}

// forbidden are the forbidden flows and closed back channels that a find is about:
// several, where a back channel is looked at by several operations. One of them must be
// open.
func (m *Matrix) forbidden(find scenarios.Find) []*Item {
	var items []*Item
	for _, i := range m.items {
		if i.Topic != Revocation && i.Wants == scenarios.Stopped &&
			i.From == find.From && i.To == find.To && i.Via == find.Via && i.How == find.How {
			items = append(items, i)
		}
	}
	return items
}

// shortfall says in which view the item is not as the find has it, if in any.
func (m *Matrix) shortfall(i *Item, find scenarios.Find) string {
	var wrong []string
	for _, view := range []struct {
		name Source
		open bool
	}{{Permitted, find.Permitted}, {Observed, find.Observed}} {
		s := i.Seen(view.name)
		if s == nil || (s.Outcome == scenarios.Flows) == view.open {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s must say %s, and says %s: %s", view.name, expectedOutcome(view.open), s.Outcome, s.Text))
	}
	if len(wrong) == 0 {
		return ""
	}
	return i.String() + ": " + strings.Join(wrong, "; ")
}

func expectedOutcome(open bool) scenarios.Outcome {
	if open {
		return scenarios.Flows
	}
	return scenarios.Stopped
}

func name(f scenarios.Find) string {
	return (&Item{From: f.From, To: f.To, Via: f.Via, How: f.How}).String()
}
