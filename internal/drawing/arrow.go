package drawing

import (
	"fmt"
	"math"
	"strings"
)

// class is an arrow's look, in the style sheet.
func (a Arrow) class() string {
	class := "arrow " + string(a.Style)
	if a.Number > 0 {
		class += " finding"
	}
	return class
}

// arrow draws line and head.
func (p *picture) arrow(a Arrow, r Route) {
	var d strings.Builder
	fmt.Fprintf(&d, "M%s %s", number(r.Curve[0].X), number(r.Curve[0].Y))
	for i := 1; i+2 < len(r.Curve); i += 3 {
		d.WriteString("C")
		for j, point := range r.Curve[i : i+3] {
			if j > 0 {
				d.WriteString(" ")
			}
			fmt.Fprintf(&d, "%s %s", number(point.X), number(point.Y))
		}
	}
	fmt.Fprintf(&p.out, "<g class=%q>\n<title>%s</title>\n<path class=\"line\" d=%q/>\n", a.class(), escape(a.Title), d.String())
	fmt.Fprintf(&p.out, "<path class=\"head\" d=%q/>\n</g>\n", head(r.Curve[len(r.Curve)-1], r.Tip))
}

// head is a triangle from the end of a line to the tip.
func head(base, tip Point) string {
	const half = 5.0
	dx, dy := tip.X-base.X, tip.Y-base.Y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return ""
	}
	nx, ny := -dy/length*half, dx/length*half
	return fmt.Sprintf("M%s %sL%s %sL%s %sZ", number(base.X+nx), number(base.Y+ny), number(tip.X), number(tip.Y), number(base.X-nx), number(base.Y-ny))
}

// marks draws what lies upon an arrow: cross, number and label.
func (p *picture) marks(a Arrow, r Route) {
	label := a.label()
	space := labelBox(label, r.Label)
	middle := r.beside(space, 0.5)
	if a.Crossed {
		at := r.at(middle)
		fmt.Fprintf(&p.out, "<path class=\"cross\" d=\"M%[1]s %[2]sL%[3]s %[4]sM%[1]s %[4]sL%[3]s %[2]s\"/>\n",
			number(at.X-cross), number(at.Y-cross), number(at.X+cross), number(at.Y+cross))
		middle = r.beside(space, middle/2)
	}
	if a.Number > 0 {
		p.badge(r.at(middle), a.Number)
	}
	y := space.t + labelSize
	for _, line := range label {
		p.text(r.Label.X, y, "label "+string(a.Style)+finding(a), "middle", line)
		y += labelSize * lineFactor
	}
}

// labelBox is where a label goes.
func labelBox(label []string, at Point) box {
	var width float64
	for _, line := range label {
		width = max(width, textWidth(line, labelSize))
	}
	height := lines(len(label), labelSize)
	return box{at.X - width/2, at.Y - height/2, at.X + width/2, at.Y + height/2}
}

// beside is the share of the curve's length, as near as can be to the wanted one, at
// which a mark does not cover the label.
func (r Route) beside(label box, wanted float64) float64 {
	const least, step, most = 0.12, 0.04, 0.88
	for away := 0.0; away < most; away += step {
		for _, share := range []float64{wanted + away, wanted - away} {
			if share >= least && share <= most && label.distance(r.at(share)) > cross+4 {
				return share
			}
		}
	}
	return wanted
}

// distance is how far a point is from the box, 0 inside.
func (b box) distance(p Point) float64 {
	return math.Hypot(max(b.l-p.X, 0, p.X-b.r), max(b.t-p.Y, 0, p.Y-b.b))
}

func finding(a Arrow) string {
	if a.Number > 0 {
		return " finding"
	}
	return ""
}

func (p *picture) badge(at Point, n int) {
	fmt.Fprintf(&p.out, "<circle class=\"badge\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>\n", number(at.X), number(at.Y), number(badge))
	p.text(at.X, at.Y+4.5, "number", "middle", fmt.Sprint(n))
}

// at is the point after a share of the curve's length.
func (r Route) at(share float64) Point {
	const steps = 16
	points := []Point{r.Curve[0]}
	for i := 0; i+3 < len(r.Curve); i += 3 {
		for s := 1; s <= steps; s++ {
			points = append(points, bezier(r.Curve[i:i+4], float64(s)/steps))
		}
	}
	var whole float64
	for i := 1; i < len(points); i++ {
		whole += distance(points[i-1], points[i])
	}
	rest := whole * share
	for i := 1; i < len(points); i++ {
		step := distance(points[i-1], points[i])
		if step >= rest && step > 0 {
			return between(points[i-1], points[i], rest/step)
		}
		rest -= step
	}
	return points[len(points)-1]
}

func bezier(p []Point, t float64) Point {
	a, b, c := between(p[0], p[1], t), between(p[1], p[2], t), between(p[2], p[3], t)
	return between(between(a, b, t), between(b, c, t), t)
}

func between(a, b Point, t float64) Point { return Point{a.X + (b.X-a.X)*t, a.Y + (b.Y-a.Y)*t} }

func distance(a, b Point) float64 { return math.Hypot(b.X-a.X, b.Y-a.Y) }
