package matrix

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ipclab/internal/drawing"
	"ipclab/scenarios"
)

// Tone is how loud a word is.
type Tone int

// The tones. None says what the words and marks do not say.
const (
	Plain Tone = iota
	Quiet
	Strong
	Loud
)

// Look is how a terminal shows a matrix.
type Look struct {
	Width int                              // characters
	Paint func(tone Tone, s string) string // nil: all the same
}

func (l Look) paint(tone Tone, s string) string {
	if l.Paint == nil || s == "" || tone == Plain {
		return s
	}
	return l.Paint(tone, s)
}

// Text writes the matrix for a terminal: a table, whose rows tell something and
// whose columns learn it, and below it whatever differs. Where a table does not fit,
// it is a list.
func (m *Matrix) Text(w io.Writer, look Look) error {
	p := &page{m: m, look: look}
	p.head()
	p.table()
	p.backChannels()
	p.revocations()
	p.findings()
	p.gaps()
	p.notes()
	_, err := io.WriteString(w, p.out.String())
	return err
}

// page is a matrix that is being written.
type page struct {
	m    *Matrix
	look Look
	out  strings.Builder
}

func (p *page) line(parts ...string) {
	p.out.WriteString(strings.TrimRight(strings.Join(parts, ""), " ") + "\n")
}

func (p *page) head() {
	s := p.m.scenario
	p.line(p.look.paint(Strong, drawing.Visible(s.Name)), "  ", drawing.Visible(s.Title))
	p.line()
}

// cellLine is one line of a cell.
type cellLine struct {
	text string
	tone Tone
}

// narrowest is the least width of a column in which names can be told apart.
const narrowest = 10

// corner stands above the rows' names, left of the columns'.
const corner = "from ↓ to →"

func (p *page) table() {
	rows, columns := p.m.axes()
	if len(rows) == 0 {
		p.line("Nothing is said of any flow.")
		return
	}
	first := max(width(corner), longest(rows))
	width := (p.look.Width - first - 3*len(columns)) / len(columns)
	if width < narrowest {
		p.list(rows, columns)
	} else {
		p.grid(rows, columns, first, min(width, 30))
	}
	used := ""
	for _, i := range p.m.items {
		used += i.marks()
	}
	p.line()
	p.wrap(Quiet, "Three marks each: intended, permitted, observed.")
	p.wrap(Quiet, markWords(used))
}

// axes are the subjects that tell something, and those that learn it.
func (m *Matrix) axes() (rows, columns []string) {
	from, to := map[string]bool{}, map[string]bool{}
	for _, i := range m.items {
		if i.inCell() {
			from[i.From], to[i.To] = true, true
		}
	}
	for _, s := range m.scenario.Subjects {
		if from[s.Name] {
			rows = append(rows, s.Name)
		}
		if to[s.Name] {
			columns = append(columns, s.Name)
		}
	}
	return rows, columns
}

func longest(names []string) int {
	most := 0
	for _, name := range names {
		most = max(most, min(16, width(drawing.Visible(name))))
	}
	return most
}

func width(s string) int { return utf8.RuneCountInString(s) }

func pad(s string, to int) string { return s + strings.Repeat(" ", max(0, to-width(s))) }

func (p *page) grid(rows, columns []string, first, column int) {
	parts := []string{p.look.paint(Quiet, pad(corner, first))}
	rule := strings.Repeat("─", first)
	for _, to := range columns {
		parts = append(parts, " │ "+p.look.paint(Strong, pad(drawing.Shorten(drawing.Visible(to), column), column)))
		rule += "─┼─" + strings.Repeat("─", column)
	}
	p.line(parts...)
	for _, from := range rows {
		p.line(p.look.paint(Quiet, rule))
		p.row(from, columns, first, column)
	}
}

func (p *page) row(from string, columns []string, first, column int) {
	cells, high := make([][]cellLine, len(columns)), 1
	for c, to := range columns {
		for _, i := range p.m.cell(from, to) {
			cells[c] = append(cells[c], i.cellLines(column)...)
		}
		high = max(high, len(cells[c]))
	}
	name := drawing.Shorten(drawing.Visible(from), first)
	for n := range high {
		parts := []string{p.look.paint(Strong, pad(name, first))}
		for _, cell := range cells {
			var line cellLine
			if n < len(cell) {
				line = cell[n]
			}
			parts = append(parts, " │ "+p.look.paint(line.tone, pad(line.text, column)))
		}
		p.line(parts...)
		name = ""
	}
}

func (m *Matrix) cell(from, to string) []*Item {
	var items []*Item
	for _, i := range m.items {
		if i.inCell() && i.From == from && i.To == to {
			items = append(items, i)
		}
	}
	return items
}

// cellLines are the marks and the object; where all agree they are quiet.
func (i *Item) cellLines(column int) []cellLine {
	begin, tone := i.marks(), Quiet
	if i.Finding > 0 {
		begin, tone = begin+fmt.Sprintf("!%d", i.Finding), Loud
	}
	indent := width(begin) + 1
	var lines []cellLine
	for n, part := range broken(wrapped(i.label(), column-indent), column-indent) {
		if n > 0 {
			begin = strings.Repeat(" ", indent-1)
		}
		lines = append(lines, cellLine{begin + " " + part, tone})
	}
	return lines
}

// broken cuts lines that are too long into several.
func broken(lines []string, most int) []string {
	var all []string
	for _, line := range lines {
		rest := []rune(line)
		for ; len(rest) > most; rest = rest[most:] {
			all = append(all, string(rest[:most]))
		}
		all = append(all, string(rest))
	}
	return all
}

// list is the table where it does not fit.
func (p *page) list(rows, columns []string) {
	for _, from := range rows {
		for _, to := range columns {
			items := p.m.cell(from, to)
			if len(items) == 0 {
				continue
			}
			p.line(p.look.paint(Strong, drawing.Visible(from)+" → "+drawing.Visible(to)))
			for _, i := range items {
				for _, line := range i.cellLines(max(narrowest, p.look.Width-2)) {
					p.line("  ", p.look.paint(line.tone, line.text))
				}
			}
		}
	}
}

func (p *page) section(title string) {
	p.line()
	p.wrap(Strong, title)
}

// wrap writes a line, or several if one is too short.
func (p *page) wrap(tone Tone, text string) {
	for _, line := range wrapped(text, p.look.Width) {
		p.line(p.look.paint(tone, line))
	}
}

// backChannels tells how much comes back, also where it is accepted.
func (p *page) backChannels() {
	first := true
	for _, i := range p.m.items {
		if i.Topic != BackChannel || i.Wants != scenarios.Flows {
			continue
		}
		if first {
			p.section("Accepted back channels")
			first = false
		}
		p.item(Plain, "  ", i.String()+": "+i.rateWords())
	}
}

func (i *Item) rateWords() string {
	measured := "not measured"
	if i.Observed != nil && i.Observed.Rate > 0 {
		measured = Rate(i.Observed.Rate) + " measured"
	}
	if i.Bound > 0 {
		measured += ", up to " + Rate(i.Bound) + " accepted"
	}
	return measured
}

func (p *page) revocations() {
	first := true
	for _, i := range p.m.items {
		if i.Topic != Revocation {
			continue
		}
		if first {
			p.section("When a right is taken away from an open channel")
			first = false
		}
		for _, line := range i.cellLines(p.look.Width - 2) {
			p.line("  ", p.look.paint(line.tone, line.text))
		}
		p.item(Plain, "      ", i.String()+": "+i.revocationWords())
	}
}

func (i *Item) revocationWords() string {
	if i.Wants == scenarios.Stopped {
		return "what is open must stop"
	}
	return "what is open goes on"
}

func (p *page) findings() {
	switch n := len(p.m.findings); {
	case p.m.permitted == nil && p.m.observed == nil:
		p.line()
		p.line("Neither computed nor tried: this is only what is intended.")
		return
	case n == 0:
		p.line()
		p.line(p.m.subtitle())
		return
	case n == 1:
		p.section("1 finding")
	default:
		p.section(fmt.Sprintf("%d findings", n))
	}
	for _, f := range p.m.findings {
		p.finding(f)
	}
}

func (p *page) finding(f Finding) {
	p.line()
	number := fmt.Sprintf("!%d ", f.Number)
	for n, line := range wrapped(drawing.Visible(f.Text), p.look.Width-len(number)) {
		if n > 0 {
			number = strings.Repeat(" ", len(number))
		}
		p.line(p.look.paint(Loud, number+line))
	}
	for _, said := range f.Said {
		p.labelled(string(said.From), said.words())
		for _, evidence := range said.Evidence {
			p.item(Plain, strings.Repeat(" ", 16), evidence)
		}
	}
	for n, look := range f.LookAt {
		label := "look at"
		if n > 0 {
			label = "and at"
		}
		p.labelled(label, look)
	}
	if f.About.Why != "" {
		p.labelled("why", f.About.Why)
	}
}

// labelled writes a word and, in a column of its own, text.
func (p *page) labelled(label, text string) {
	const indent = 14
	begin := "   " + p.look.paint(Quiet, pad(label, indent-3))
	for _, line := range wrapped(drawing.Visible(text), p.look.Width-indent) {
		p.line(begin, line)
		begin = strings.Repeat(" ", indent)
	}
}

// item writes text that goes on with the same indent.
func (p *page) item(tone Tone, indent, text string) {
	for n, line := range wrapped(drawing.Visible(text), p.look.Width-len(indent)-2) {
		if n > 0 {
			line = "  " + line
		}
		p.line(indent, p.look.paint(tone, line))
	}
}

// mostGaps are as many as are shown.
const mostGaps = 10

func (p *page) gaps() {
	gaps := p.m.Gaps()
	if len(gaps) == 0 {
		return
	}
	p.section("Not known")
	for n, g := range gaps {
		if n == mostGaps {
			p.line(fmt.Sprintf("  and %d more", len(gaps)-n))
			return
		}
		p.item(Plain, "  ", fmt.Sprintf("%s: %s: %s", g.View, g.About, g.Text))
	}
}

func (p *page) notes() {
	notes := p.m.Notes()
	if len(notes) == 0 {
		return
	}
	p.section("Notes")
	for _, note := range notes {
		p.item(Quiet, "  ", note)
	}
}

// wrapped breaks text into lines of at most most characters, at spaces; a word that is
// longer stands in a line of its own.
func wrapped(text string, most int) []string {
	lines := []string{}
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && width(line)+1+width(word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
