package drawing

import "fmt"

// sample is an arrow of the legend.
type sample struct {
	text   string
	arrow  Arrow
	needed func(Arrow) bool
}

func samples() []sample {
	of := func(style Style, crossed bool) func(Arrow) bool {
		return func(a Arrow) bool { return a.Style == style && a.Crossed == crossed && a.Number == 0 }
	}
	return []sample{
		{"must come through", Arrow{Style: Wanted}, of(Wanted, false)},
		{"must be impossible", Arrow{Style: Forbidden, Crossed: true}, of(Forbidden, true)},
		{"a few bits, accepted", Arrow{Style: Back}, of(Back, false)},
		{"a few bits, closed", Arrow{Style: Back, Crossed: true}, of(Back, true)},
		{"as it must not be", Arrow{Style: Forbidden, Number: 1}, func(a Arrow) bool { return a.Number > 0 }},
	}
}

// legend explains the kinds of arrows that there are.
func (p *picture) legend() {
	const long = 40.0
	x := margin
	for _, s := range samples() {
		if !p.has(s.needed) {
			continue
		}
		width := long + 10 + textWidth(s.text, labelSize) + 22
		if x > margin && x+width > p.width-margin {
			x = margin
			p.y += 24
		}
		from, base := Point{x, p.y + 8}, Point{x + long - 9, p.y + 8}
		route := Route{Curve: []Point{from, between(from, base, 1.0/3), between(from, base, 2.0/3), base}, Tip: Point{x + long, p.y + 8}}
		number := s.arrow.Number
		s.arrow.Number = min(number, 1)
		p.arrow(s.arrow, route)
		s.arrow.Number = 0
		p.marks(s.arrow, route)
		p.text(x+long+10, p.y+12.5, "soft", "start", s.text)
		x += width
	}
	if x > margin {
		p.y += 24
	}
}

func (p *picture) has(kind func(Arrow) bool) bool {
	for _, a := range p.graph.Arrows {
		if kind(a) {
			return true
		}
	}
	return false
}

// notes writes the numbered remarks.
func (p *picture) notes() {
	const indent = 2*badge + 10
	for _, n := range p.graph.Notes {
		p.y += 8
		p.badge(Point{margin + badge, p.y + badge}, n.Number)
		for i, line := range wrap(fmt.Sprint(Visible(n.Text)), p.width-2*margin-indent, labelSize) {
			if i > 0 {
				p.y += labelSize * lineFactor
			}
			p.text(margin+indent, p.y+badge+4.5, "note", "start", line)
		}
		p.y += 2*badge + 2
	}
}
