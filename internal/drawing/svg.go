package drawing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
)

// Measures of the picture, in pixels.
const (
	margin    = 24.0
	leastWide = 460.0 // room for title, legend and notes
	cross     = 7.0   // half the size of a cross
	badge     = 10.0  // radius of a note's number
)

// SVG lays the graph out and writes it as a picture that needs nothing else: it has
// its own colours for light and dark, scales down to narrow screens, and says the
// same in words for those who do not see it. The same graph always gives the same
// bytes.
func (g *Graph) SVG(ctx context.Context, layout Layout, w io.Writer) error {
	dot, err := g.DOT()
	if err != nil {
		return err
	}
	var placement Placement
	if len(g.Nodes) > 0 {
		if placement, err = g.place(ctx, layout, dot); err != nil {
			return err
		}
	}
	p := &picture{graph: g, placement: placement, width: max(placement.Width, leastWide) + 2*margin}
	p.draw()
	_, err = p.assemble().WriteTo(w)
	return err
}

func (g *Graph) place(ctx context.Context, layout Layout, dot string) (Placement, error) {
	placement, err := layout.Place(ctx, dot)
	if errors.Is(err, context.DeadlineExceeded) {
		return placement, &TooLarge{len(g.Nodes), len(g.Arrows)}
	}
	if err == nil && (len(placement.Nodes) != len(g.Nodes) || len(placement.Routes) != len(g.Arrows)) {
		err = fmt.Errorf("the layout places %d nodes and %d arrows, and the graph has %d and %d",
			len(placement.Nodes), len(placement.Routes), len(g.Nodes), len(g.Arrows))
	}
	return placement, err
}

// picture is a graph that is being drawn.
type picture struct {
	graph     *Graph
	placement Placement
	width, y  float64 // y: where the next thing below goes
	out       bytes.Buffer
}

func (p *picture) draw() {
	p.head()
	p.body()
	p.legend()
	p.notes()
	p.y += margin * 0.75
}

func (p *picture) head() {
	p.y = margin
	for _, line := range wrap(Visible(p.graph.Title), p.width-2*margin, titleSize*1.08) {
		p.y += titleSize
		p.text(margin, p.y, "title", "start", line)
		p.y += titleSize * (lineFactor - 1)
	}
	for _, line := range wrap(Visible(p.graph.Subtitle), p.width-2*margin, labelSize) {
		p.y += labelSize * lineFactor
		p.text(margin, p.y, "soft", "start", line)
	}
	p.y += 20
}

// body draws the graph in the middle: boxes, lines that end at them, and on top what
// is written on lines.
func (p *picture) body() {
	dx := (p.width - p.placement.Width) / 2
	fmt.Fprintf(&p.out, "<g transform=\"translate(%s %s)\">\n", number(dx), number(p.y))
	for i, n := range p.graph.Nodes {
		p.node(n, p.placement.Nodes[i])
	}
	for i, a := range p.graph.Arrows {
		p.arrow(a, p.placement.Routes[i])
	}
	for i, a := range p.graph.Arrows {
		p.marks(a, p.placement.Routes[i])
	}
	p.out.WriteString("</g>\n")
	p.y += p.placement.Height + 14
}

func (p *picture) text(x, y float64, class, anchor, text string) {
	if text != "" {
		fmt.Fprintf(&p.out, "<text class=%q x=\"%s\" y=\"%s\" text-anchor=%q>%s</text>\n", class, number(x), number(y), anchor, escape(text))
	}
}

// number writes a measure with at most one decimal.
func number(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// assemble puts the picture together. The words are in it, too.
func (p *picture) assemble() *bytes.Buffer {
	words := strings.Join(p.graph.Words, "\n")
	id := fnv.New32a() // several pictures may stand in one page
	io.WriteString(id, p.graph.Title+"\x00"+p.graph.Subtitle+"\x00"+words)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]s %[2]s" width="%[1]s" height="%[2]s" class="flowgraph" `+
		`style="max-width:100%%;height:auto" role="img" aria-labelledby="t%[3]x d%[3]x">`+"\n", number(p.width), number(p.y), id.Sum32())
	fmt.Fprintf(&b, "<title id=\"t%x\">%s</title>\n<desc id=\"d%x\">%s</desc>\n", id.Sum32(), escape(p.graph.Title), id.Sum32(), escape(words))
	b.WriteString(style)
	b.WriteString(`<rect class="paper" width="100%" height="100%" rx="8"/>` + "\n")
	b.Write(p.out.Bytes())
	b.WriteString("</svg>\n")
	return &b
}

// escape makes text fit to stand in XML. Line ends stay.
func escape(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(Visible(line))
	}
	return strings.Join(lines, "\n")
}
