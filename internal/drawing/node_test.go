package drawing

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every shape fills the box that Graphviz knows of, and nothing beyond: arrows end
// at its edge. A frame of memory is a second line outside, as Graphviz draws it.
func TestShapesFillTheirBoxes(t *testing.T) {
	b := box{100, 200, 250, 280}
	for _, shape := range []Shape{Actor, Pipe, Document, Queue, Memory, Counter, Socket, Network, Handle, Signal, End, ""} {
		outside := 0.0
		if shape == Memory {
			outside = 4
		}
		got := extent(t, shape.outline(b))
		if want := (box{b.l - outside, b.t - outside, b.r + outside, b.b + outside}); got != want {
			t.Errorf("%s reaches over %v, and its box is %v:\n%s", shape, got, want, shape.outline(b))
		}
	}
}

// extent is the box that all points of some SVG need.
func extent(t *testing.T, svg string) box {
	e := box{1e9, 1e9, -1e9, -1e9}
	x := func(f float64) { e.l, e.r = min(e.l, f), max(e.r, f) }
	y := func(f float64) { e.t, e.b = min(e.t, f), max(e.b, f) }
	for _, d := range regexp.MustCompile(` d="([^"]*)"`).FindAllStringSubmatch(svg, -1) {
		for _, command := range regexp.MustCompile(`([MLHVAZ])([^MLHVAZ]*)`).FindAllStringSubmatch(d[1], -1) {
			n := floats(t, command[2])
			switch command[1] {
			case "H":
				x(n[0])
			case "V":
				y(n[0])
			case "M", "L", "A":
				x(n[len(n)-2])
				y(n[len(n)-1])
			}
		}
	}
	for _, r := range regexp.MustCompile(`<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"`).FindAllStringSubmatch(svg, -1) {
		n := floats(t, strings.Join(r[1:], " "))
		x(n[0])
		x(n[0] + n[2])
		y(n[1])
		y(n[1] + n[3])
	}
	for _, r := range regexp.MustCompile(`<ellipse cx="(\S+)" cy="(\S+)" rx="(\S+)" ry="(\S+)"`).FindAllStringSubmatch(svg, -1) {
		n := floats(t, strings.Join(r[1:], " "))
		x(n[0] - n[2])
		x(n[0] + n[2])
		y(n[1] - n[3])
		y(n[1] + n[3])
	}
	// the ends of a pipe bulge to the edge of its box
	for _, r := range regexp.MustCompile(`M(\S+) \S+H(\S+)A(\S+) .*0 0 1`).FindAllStringSubmatch(svg, -1) {
		n := floats(t, strings.Join(r[1:], " "))
		x(n[0] - n[2])
		x(n[1] + n[2])
	}
	return e
}

func floats(t *testing.T, text string) []float64 {
	var all []float64
	for _, word := range strings.Fields(text) {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatalf("%q is no number", word)
		}
		all = append(all, f)
	}
	return all
}
