package drawing

import "fmt"

// node draws a box with its text.
func (p *picture) node(n Node, at Point) {
	width, height := n.size()
	class := "thing"
	if n.Shape == Actor {
		class = "actor"
	}
	fmt.Fprintf(&p.out, "<g class=%q>\n<title>%s</title>\n", class, escape(n.Name))
	p.out.WriteString(n.Shape.outline(box{at.X - width/2, at.Y - height/2, at.X + width/2, at.Y + height/2}) + "\n")
	p.out.WriteString("</g>\n")
	details := n.details()
	y := at.Y - (lines(1, nameSize)+lines(len(details), detailSize))/2 + nameSize
	p.text(at.X, y, "name", "middle", n.name())
	for _, line := range details {
		y += detailSize * lineFactor
		p.text(at.X, y, "soft inner", "middle", line)
	}
}

// box is where a shape goes: left, top, right, bottom.
type box struct{ l, t, r, b float64 }

func (b box) width() float64  { return b.r - b.l }
func (b box) height() float64 { return b.b - b.t }
func (b box) midX() float64   { return (b.l + b.r) / 2 }
func (b box) midY() float64   { return (b.t + b.b) / 2 }

// outline is the shape as SVG. Each fills its box, since arrows end there.
func (s Shape) outline(b box) string {
	switch s {
	case Actor:
		return b.rect(0, 10)
	case Pipe:
		return b.pipe()
	case Document:
		return fmt.Sprintf(`<path d="M%s %sH%sL%s %sV%sH%sZ"/><path class="fold" d="M%[3]s %[2]sV%[5]sH%[4]s"/>`,
			number(b.l), number(b.t), number(b.r-14), number(b.r), number(b.t+14), number(b.b), number(b.l))
	case Queue:
		return b.rect(0, 2) + b.bars(7, 14, 21)
	case Memory:
		return b.rect(-4, 3) + b.rect(0, 1) // as Graphviz does it, which ends arrows there
	case Network:
		return fmt.Sprintf(`<ellipse cx="%s" cy="%s" rx="%s" ry="%s"/>`, number(b.midX()), number(b.midY()), number(b.width()/2), number(b.height()/2))
	case Counter:
		return b.polygon(16, 16)
	case End:
		return b.octagon(14)
	case Handle:
		return fmt.Sprintf(`<path d="M%s %sH%sL%s %sL%s %sH%sZ"/>`, number(b.l), number(b.t), number(b.r-18), number(b.r), number(b.midY()), number(b.r-18), number(b.b), number(b.l))
	case Signal:
		return fmt.Sprintf(`<path d="M%s %sH%sL%s %sH%sZ"/>`, number(b.l+18), number(b.t), number(b.r), number(b.r-18), number(b.b), number(b.l))
	case Socket:
		return b.socket(9)
	}
	return b.rect(0, 2)
}

func (b box) rect(inset, round float64) string {
	return fmt.Sprintf(`<rect x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, number(b.l+inset), number(b.t+inset), number(b.width()-2*inset), number(b.height()-2*inset), number(round))
}

// pipe is a cylinder that lies on its side.
func (b box) pipe() string {
	const round = 9
	h := number(b.height() / 2)
	return fmt.Sprintf(`<path d="M%[1]s %[2]sH%[3]sA%[5]d %[6]s 0 0 1 %[3]s %[4]sH%[1]sA%[5]d %[6]s 0 0 1 %[1]s %[2]sZ"/><path class="fold" d="M%[3]s %[2]sA%[5]d %[6]s 0 0 0 %[3]s %[4]s"/>`,
		number(b.l+round), number(b.t), number(b.r-round), number(b.b), round, h)
}

// bars are upright lines at both sides, as between the places of a queue.
func (b box) bars(from ...float64) string {
	d := ""
	for _, x := range from {
		d += fmt.Sprintf("M%s %sV%sM%s %[2]sV%[3]s", number(b.l+x), number(b.t), number(b.b), number(b.r-x))
	}
	return `<path class="fold" d="` + d + `"/>`
}

// polygon is a hexagon with its points left and right.
func (b box) polygon(left, right float64) string {
	return fmt.Sprintf(`<path d="M%s %sL%s %sH%sL%s %[2]sL%[5]s %[7]sH%[3]sZ"/>`,
		number(b.l), number(b.midY()), number(b.l+left), number(b.t), number(b.r-right), number(b.r), number(b.b))
}

func (b box) octagon(cut float64) string {
	return fmt.Sprintf(`<path d="M%[5]s %[2]sH%[6]sL%[3]s %[7]sV%[8]sL%[6]s %[4]sH%[5]sL%[1]s %[8]sV%[7]sZ"/>`,
		number(b.l), number(b.t), number(b.r), number(b.b), number(b.l+cut), number(b.r-cut), number(b.t+cut), number(b.b-cut))
}

// socket is a box with a plug at both sides.
func (b box) socket(size float64) string {
	plugs := ""
	for _, y := range []float64{b.midY() - 2*size, b.midY() + size} {
		plugs += box{b.l, y, b.l + 2*size, y + size}.rect(0, 1) + box{b.r - 2*size, y, b.r, y + size}.rect(0, 1)
	}
	return box{b.l + size, b.t, b.r - size, b.b}.rect(0, 3) + plugs
}
