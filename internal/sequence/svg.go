package sequence

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
)

// The SVG's measures, in units of about a pixel. They are chosen so that four
// participants can still be read on a screen that is 360 wide.
const (
	firstLane = 60.0  // middle of the first participant's line; the time is left of it
	laneWidth = 106.0 // from one line to the next
	lastLane  = 58.0  // from the last line to the edge
	boxWidth  = 98.0
	lineGap   = 15.0 // from one line of text to the next
	rowGap    = 12.0
	charWidth = 7.0 // of a wide font, so that text fits with others, too
	smallChar = 6.4
	titleChar = 9.2
)

// chars is how many characters of a width fit into a width.
func chars(width, char float64) int { return int(width / char) }

// SVG writes the diagram as a picture that needs nothing else: it has its own
// colours for light and dark, scales down to narrow screens, and says the same
// in words for those who do not see it.
func (d *Diagram) SVG(w io.Writer) error {
	p := &picture{d: d, since: map[string]float64{}}
	p.begin()
	for _, e := range d.Events {
		if err := d.check(e); err != nil {
			return err
		}
		p.event(e)
	}
	p.end()
	_, err := p.assemble().WriteTo(w)
	return err
}

// picture is a diagram that is being drawn from the top down.
type picture struct {
	d         *Diagram
	y         float64            // where the next thing goes
	heads     float64            // where the participants' lines begin
	since     map[string]float64 // where a participant's waiting began
	lastTime  string
	bars, top bytes.Buffer // what lies below the arrows, and the arrows with the rest
}

func (p *picture) x(id string) float64 { return firstLane + laneWidth*float64(p.d.lane(id)) }

func (p *picture) width() float64 {
	return firstLane + laneWidth*float64(max(1, len(p.d.Participants))-1) + lastLane
}

// begin draws title, summary and the participants.
func (p *picture) begin() {
	p.y = 24
	for _, line := range wrap(p.d.Title, chars(p.width()-20, titleChar)) {
		p.text(10, p.y, "title", "start", line)
		p.y += 20
	}
	if p.d.Summary != "" {
		for _, line := range wrap(p.d.Summary, chars(p.width()-20, smallChar)) {
			p.text(10, p.y, "soft", "start", line)
			p.y += lineGap
		}
	}
	p.head()
	p.heads = p.y
	p.y += rowGap
}

// head draws a box with the name of each participant.
func (p *picture) head() {
	for _, who := range p.d.Participants {
		x, class, corner := p.x(who.ID), "actor", 9
		if who.Thing {
			class, corner = "thing", 0
		}
		fmt.Fprintf(&p.top, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="40" rx="%d"/>`+"\n", class, x-boxWidth/2, p.y, boxWidth, corner)
		p.text(x, p.y+17, "name", "middle", shorten(who.Name, chars(boxWidth, charWidth)))
		p.text(x, p.y+32, "small", "middle", shorten(who.Note, chars(boxWidth, smallChar)))
	}
	p.y += 40
}

// end closes what is open and draws the participants once more.
func (p *picture) end() {
	for _, who := range p.d.Participants {
		p.bar(who.ID)
	}
	p.y += rowGap
	bottom := p.y
	p.head()
	for _, who := range p.d.Participants {
		class := "life"
		if who.Thing {
			class = "life passive"
		}
		fmt.Fprintf(&p.bars, `<path class="%s" d="M%.1f %.1fV%.1f"/>`+"\n", class, p.x(who.ID), p.heads, bottom)
	}
	p.y += 12
}

func (p *picture) event(e Event) {
	switch e := e.(type) {
	case Message:
		p.message(e)
	case Note:
		p.box(e, e.On, "note", wrap(e.Text, chars(boxWidth-8, smallChar)))
	case Hold:
		p.hold(e)
	case Block:
		p.remark(e, e.On, "blocked: "+e.Why)
		p.since[e.On] = p.y
	case Resume:
		p.y += 3
		p.bar(e.On)
	}
}

// bar draws a participant's waiting, from where it began to here.
func (p *picture) bar(id string) {
	from, waits := p.since[id]
	if !waits {
		return
	}
	delete(p.since, id)
	fmt.Fprintf(&p.bars, `<rect class="wait" x="%.1f" y="%.1f" width="10" height="%.1f" rx="2"/>`+"\n", p.x(id)-5, from, max(6, p.y-from))
}

// stamp writes the time of an event to the left, unless it stands there already.
func (p *picture) stamp(e Event, y float64) {
	if now := clock(e.when()); now != p.lastTime {
		p.text(4, y, "time", "start", now)
		p.lastTime = now
	}
}

// message draws an arrow with its words above.
func (p *picture) message(e Message) {
	from, to := p.x(e.From), p.x(e.To)
	if from == to {
		p.remark(e, e.From, "↺ "+e.Text)
		return
	}
	p.y += rowGap
	p.stamp(e, p.y+10)
	span := max(from, to) - min(from, to)
	for _, line := range wrap(e.Text, chars(span-12, charWidth)) {
		p.y += lineGap
		p.text((from+to)/2, p.y-4, "label", "middle", line)
	}
	p.y += 4
	p.arrow(from, to, e.Refused)
	p.y += 2
}

// arrow draws the line and its head, or a cross before it where it was refused.
func (p *picture) arrow(from, to float64, refused bool) {
	side, class := 1.0, "arrow"
	if to < from {
		side = -1
	}
	end := to - 2*side
	if refused {
		class, end = "arrow refused", to-16*side
	}
	fmt.Fprintf(&p.top, `<path class="%s" d="M%.1f %.1fH%.1f"/>`+"\n", class, from, p.y, end)
	if refused {
		fmt.Fprintf(&p.top, `<path class="%s" d="M%.1f %.1fl10 10m0-10l-10 10"/>`+"\n", class, end-5, p.y-5)
		return
	}
	fmt.Fprintf(&p.top, `<path class="tip" d="M%.1f %.1fl%.1f-5v10z"/>`+"\n", to-1*side, p.y, -9*side)
}

// remark writes words to the right of a participant's line, or to the left of the last one's.
func (p *picture) remark(e Event, on, text string) {
	p.y += rowGap
	p.stamp(e, p.y+11)
	x, anchor := p.x(on)+9, "start"
	if i := p.d.lane(on); i > 0 && i == len(p.d.Participants)-1 {
		x, anchor = p.x(on)-9, "end"
	}
	for _, line := range wrap(text, chars(1.7*laneWidth, smallChar)) {
		p.y += lineGap
		p.text(x, p.y-4, "remark", anchor, line)
	}
}

// hold draws what a participant holds from now on.
func (p *picture) hold(e Hold) {
	if len(e.Items) == 0 {
		p.box(e, e.On, "empty", []string{"empty"})
		return
	}
	var lines []string
	for _, item := range e.Items {
		lines = append(lines, wrap(item, chars(boxWidth-6, smallChar))...)
	}
	p.box(e, e.On, "held", lines)
}

// box draws lines of text in a box on a participant's line.
func (p *picture) box(e Event, on, class string, lines []string) {
	p.y += 6
	p.stamp(e, p.y+14)
	height := float64(len(lines))*lineGap + 5
	fmt.Fprintf(&p.top, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="3"/>`+"\n", class, p.x(on)-boxWidth/2, p.y, boxWidth, height)
	for i, line := range lines {
		p.text(p.x(on), p.y+13+float64(i)*lineGap, "item", "middle", line)
	}
	p.y += height
}

func (p *picture) text(x, y float64, class, anchor, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(&p.top, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, escape(text))
}

// assemble puts the parts together. The words are in the picture, too.
func (p *picture) assemble() *bytes.Buffer {
	var words strings.Builder
	words.WriteString(clean(p.d.Summary) + "\n")
	for _, e := range p.d.Events {
		words.WriteString(strings.TrimSpace(p.d.Line(e)) + "\n")
	}
	id := fnv.New32a() // several pictures may stand in one page
	io.WriteString(id, p.d.Title+words.String())
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" class="sequence" `+
		`style="max-width:100%%;height:auto" role="img" aria-labelledby="t%[3]x d%[3]x">`+"\n", int(p.width()), int(p.y), id.Sum32())
	fmt.Fprintf(&b, "<title id=\"t%x\">%s</title>\n<desc id=\"d%x\">%s</desc>\n", id.Sum32(), escape(p.d.Title), id.Sum32(), escape(words.String()))
	b.WriteString(style)
	b.WriteString(`<rect class="paper" width="100%" height="100%" rx="8"/>` + "\n")
	b.Write(p.bars.Bytes())
	b.Write(p.top.Bytes())
	b.WriteString("</svg>\n")
	return &b
}

// escape makes text fit to stand in XML. Line ends stay.
func escape(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(clean(line))
	}
	return strings.Join(lines, "\n")
}

// style is written without variables, which not everything that shows SVG knows.
const style = `<style>
.sequence text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #16191f;
  paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.sequence .title { font-size: 17px; font-weight: 600; }
.sequence .name, .sequence .label { font-weight: 600; }
.sequence .soft, .sequence .small, .sequence .remark, .sequence .item { font-size: 12px; }
.sequence .time { font-size: 11px; font-variant-numeric: tabular-nums; }
.sequence .soft, .sequence .small, .sequence .time { fill: #545c69; }
.sequence .name, .sequence .small, .sequence .item { stroke: none; }
.sequence .item { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 11px; }
.sequence .remark { fill: #7a4a00; }
.sequence .paper { fill: #ffffff; }
.sequence .actor { fill: #e3edfb; stroke: #0b57b0; stroke-width: 1.5; }
.sequence .thing { fill: #f5f6f8; stroke: #545c69; stroke-width: 1.5; }
.sequence .life { stroke: #545c69; stroke-width: 1.5; }
.sequence .passive { stroke-dasharray: 3 4; }
.sequence .wait { fill: #f0b429; stroke: #7a4a00; }
.sequence .arrow { fill: none; stroke: #0b57b0; stroke-width: 2; }
.sequence .tip { fill: #0b57b0; }
.sequence .refused { stroke: #a83200; stroke-dasharray: 5 3; }
.sequence .held { fill: #e2f3ec; stroke: #1d9a73; }
.sequence .empty { fill: #ffffff; stroke: #545c69; stroke-dasharray: 3 3; }
.sequence .note { fill: #fdf3d3; stroke: #6b5200; }
@media (prefers-color-scheme: dark) {
  .sequence text { fill: #e8eaee; stroke: #14171c; }
  .sequence .soft, .sequence .small, .sequence .time { fill: #a7afbc; }
  .sequence .remark { fill: #f0cf6b; }
  .sequence .paper, .sequence .empty { fill: #14171c; }
  .sequence .actor { fill: #17304f; stroke: #8ab8ff; }
  .sequence .thing { fill: #2a2f38; stroke: #a7afbc; }
  .sequence .life, .sequence .empty { stroke: #a7afbc; }
  .sequence .wait { fill: #a8780a; stroke: #f0cf6b; }
  .sequence .arrow { stroke: #8ab8ff; }
  .sequence .tip { fill: #8ab8ff; }
  .sequence .refused { stroke: #ffab82; }
  .sequence .held { fill: #10332a; stroke: #2f9c7a; }
  .sequence .note { fill: #382d0b; stroke: #f0cf6b; }
}
</style>
`
