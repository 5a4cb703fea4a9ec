package sequence

import (
	"fmt"
	"io"
	"strings"
)

// NarrowestTerminal is how many columns a [Terminal] needs for so many
// participants. In a narrower one, lines of text are easier to read.
func NarrowestTerminal(participants int) int { return gutter + participants*narrowestLane }

const (
	gutter        = 10 // columns for the time
	narrowestLane = 14
	widestLane    = 30
	mostItems     = 9 // lines of a participant's box
)

// Terminal shows a diagram that grows: a row for each event, and below them a
// box for each participant with what it holds or waits for. The boxes are drawn
// anew after each row.
type Terminal struct {
	w       io.Writer
	d       *Diagram
	lane    int // columns
	colours bool

	holds   [][]string // for each participant
	waits   []string   // for each participant: why it is blocked, "" if it is not
	blocked []bool
	below   int // lines below the rows, which the next row replaces
	err     error
}

// NewTerminal begins to show a diagram on a terminal of so many columns, and
// prints its head. Events that the diagram has already are not shown.
func NewTerminal(w io.Writer, d *Diagram, columns int, colours bool) *Terminal {
	n := max(1, len(d.Participants))
	t := &Terminal{
		w: w, d: d, colours: colours, lane: min(widestLane, max(narrowestLane, (columns-gutter)/n)),
		holds: make([][]string, n), waits: make([]string, n), blocked: make([]bool, n),
	}
	t.head()
	return t
}

// Show adds one event. below is a line that stands below the boxes until the
// next one comes; it may be empty.
func (t *Terminal) Show(e Event, below string) error {
	if err := t.d.check(e); err != nil {
		return err
	}
	rows := t.rows(e)
	t.clear()
	for _, r := range rows {
		t.print(r)
	}
	t.boxes(below)
	return t.err
}

// Finish leaves the boxes where they are, without a line below.
func (t *Terminal) Finish() error {
	t.clear()
	t.boxes("")
	t.below = 0
	return t.err
}

// clear takes the boxes away.
func (t *Terminal) clear() {
	if t.below > 0 {
		t.printf("\x1b[%dA\r\x1b[J", t.below)
		t.below = 0
	}
}

// printf writes, and remembers the first error.
func (t *Terminal) printf(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

func (t *Terminal) print(r *row) { t.printf("%s\n", r.text(t.colours)) }

// head prints the title and the names.
func (t *Terminal) head() {
	t.printf("%s\n", paint(t.colours, bold, clean(t.d.Title)))
	if t.d.Summary != "" {
		for _, line := range wrap(t.d.Summary, t.width()) {
			t.printf("%s\n", paint(t.colours, faint, line))
		}
	}
	names, notes := newRow(t.width()), newRow(t.width())
	for i, p := range t.d.Participants {
		names.centre(t.middle(i), bold, shorten(p.Name, t.lane-1))
		notes.centre(t.middle(i), faint, shorten(p.Note, t.lane-1))
	}
	t.printf("\n")
	t.print(names)
	t.print(notes)
}

func (t *Terminal) width() int { return gutter + t.lane*len(t.d.Participants) }

// middle is the column of a participant's line.
func (t *Terminal) middle(lane int) int { return gutter + lane*t.lane + t.lane/2 }

// rows takes an event in and gives the lines that show it.
func (t *Terminal) rows(e Event) []*row {
	switch e := e.(type) {
	case Message:
		return t.message(e)
	case Note:
		return []*row{t.remark(e, e.On, plain, e.Text)}
	case Hold:
		t.holds[t.d.lane(e.On)] = e.Items
	case Block:
		i := t.d.lane(e.On)
		t.blocked[i], t.waits[i] = true, e.Why
		return []*row{t.remark(e, e.On, alarm, "blocked: "+e.Why)}
	case Resume:
		i := t.d.lane(e.On)
		t.blocked[i], t.waits[i] = false, "" // the line is thin again from the next row on
	}
	return nil
}

// lifelines is a row with every participant's line, thick where it is blocked.
func (t *Terminal) lifelines() *row {
	r := newRow(t.width())
	for i, p := range t.d.Participants {
		switch {
		case t.blocked[i]:
			r.put(t.middle(i), alarm, "█")
		case p.Thing:
			r.put(t.middle(i), faint, "┊")
		default:
			r.put(t.middle(i), plain, "│")
		}
	}
	return r
}

// timed is such a row with the time before it.
func (t *Terminal) timed(e Event) *row {
	r := t.lifelines()
	at := clock(e.when())
	r.put(gutter-2-len(at), faint, at)
	return r
}

// remark is a row with words to the right of a participant's line, or to the
// left of the last one's.
func (t *Terminal) remark(e Event, on, style, text string) *row {
	r, i := t.timed(e), t.d.lane(on)
	at := t.middle(i)
	if room := t.width() - at - 2; i == 0 || room >= len([]rune(text)) {
		r.put(at+2, style, shorten(text, room))
		return r
	}
	text = shorten(text, at-gutter-1)
	r.put(at-1-len([]rune(text)), style, text)
	return r
}

// message is an arrow with its words in it, or above it where they do not fit.
func (t *Terminal) message(e Message) []*row {
	from, to := t.middle(t.d.lane(e.From)), t.middle(t.d.lane(e.To))
	if from == to {
		return []*row{t.remark(e, e.From, plain, "↺ "+e.Text)}
	}
	left, right := min(from, to), max(from, to)
	r := t.timed(e)
	style := plain
	if e.Refused {
		style = alarm
	}
	r.put(left+1, style, strings.Repeat("─", right-left-1))
	t.tip(r, from, to, style, e.Refused)
	if words := clean(e.Text); len([]rune(words)) <= right-left-4 {
		r.centre((left+right)/2, bold, " "+words+" ")
		return []*row{r}
	}
	above := t.lifelines()
	above.put(left+2, bold, shorten(e.Text, right-left-3))
	return []*row{above, r}
}

// tip draws an arrow's two ends.
func (t *Terminal) tip(r *row, from, to int, style string, refused bool) {
	start, head, at := "├", "▶", to-1
	if to < from {
		start, head, at = "┤", "◀", to+1
	}
	if refused {
		head = "✗"
	}
	r.put(from, style, start)
	r.put(at, style, head)
}

// boxes prints what each participant holds or waits for.
func (t *Terminal) boxes(below string) {
	contents, height := make([][]string, len(t.d.Participants)), 1
	for i := range contents {
		contents[i] = t.content(i)
		height = max(height, len(contents[i]))
	}
	t.line(t.border("╭", "╮", true))
	for n := range height {
		r := newRow(t.width())
		for i := range contents {
			t.boxLine(r, i, contents[i], n)
		}
		t.line(r)
	}
	t.line(t.border("╰", "╯", false))
	if below != "" {
		t.printf("%s\n", paint(t.colours, faint, shorten(below, t.width())))
		t.below++
	}
}

// line prints a line that the next event replaces.
func (t *Terminal) line(r *row) {
	t.print(r)
	t.below++
}

// content is what a participant's box says.
func (t *Terminal) content(i int) []string {
	var lines []string
	if t.blocked[i] {
		lines = wrap("blocked: "+t.waits[i], t.lane-5)
	}
	for _, item := range t.holds[i] {
		lines = append(lines, shorten(item, t.lane-5))
	}
	if len(lines) > mostItems {
		more := fmt.Sprintf("… %d more", len(lines)-mostItems+1)
		lines = append(lines[:mostItems-1:mostItems-1], more)
	}
	if len(lines) == 0 && t.d.Participants[i].Thing {
		lines = []string{"(empty)"}
	}
	return lines
}

// boxLine draws line n of a participant's box.
func (t *Terminal) boxLine(r *row, i int, content []string, n int) {
	at := gutter + i*t.lane
	r.put(at, faint, "│")
	r.put(at+t.lane-2, faint, "│")
	if n >= len(content) {
		return
	}
	style := plain
	if t.blocked[i] {
		style = alarm
	}
	r.put(at+2, style, content[n])
}

// border is the upper or lower edge of all boxes; names are in the upper one.
func (t *Terminal) border(left, right string, names bool) *row {
	r := newRow(t.width())
	for i, p := range t.d.Participants {
		at := gutter + i*t.lane
		r.put(at, faint, left+strings.Repeat("─", t.lane-3)+right)
		if names {
			r.put(at+2, bold, " "+shorten(p.Name, t.lane-7)+" ")
		}
	}
	return r
}
