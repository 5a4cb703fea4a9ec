package drawing

import (
	"fmt"
	"strings"
)

// DOT writes the graph in Graphviz's language. Its ids (n0, n1; a0, a1) are the
// places of nodes and arrows.
func (g *Graph) DOT() (string, error) {
	if err := g.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("digraph {\n")
	fmt.Fprintf(&b, "\tgraph [rankdir=LR nodesep=0.55 ranksep=0.7 splines=true tooltip=%s]\n", quote(Visible(g.Title)))
	fmt.Fprintf(&b, "\tnode [fontname=Helvetica fontsize=%g fixedsize=true style=filled fillcolor=\"#f5f6f8\" color=\"#545c69\"]\n", nameSize)
	fmt.Fprintf(&b, "\tedge [fontname=Helvetica fontsize=%g arrowsize=0.9]\n", labelSize*1.1)
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "\tn%d [%s]\n", i, n.dot(i))
	}
	for i, a := range g.Arrows {
		from, to, attributes := a.From, a.To, a.dot(i)
		switch {
		case g.against(a):
			from, to, attributes = to, from, attributes+" dir=back"
		case a.Loose:
			attributes += " constraint=false"
		}
		fmt.Fprintf(&b, "\tn%d -> n%d [%s]\n", from, to, attributes)
	}
	b.WriteString("}\n")
	return b.String(), nil
}

// against tells whether an arrow leads against those that must come through: they are
// to point from left to right, and so this one is told to Graphviz turned round.
func (g *Graph) against(a Arrow) bool {
	if a.Style == Wanted || a.From == a.To {
		return false
	}
	reached, todo := map[int]bool{a.To: true}, []int{a.To}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		for _, next := range g.Arrows {
			if next.Style == Wanted && next.From == at && !reached[next.To] {
				reached[next.To], todo = true, append(todo, next.To)
			}
		}
	}
	return reached[a.From]
}

func (n Node) dot(place int) string {
	width, height := n.size()
	label := append([]string{n.name()}, n.details()...)
	return fmt.Sprintf("id=n%d label=%s width=%.3f height=%.3f %s", place, quote(label...), width/72, height/72, n.Shape.dot())
}

// dot is the shape of Graphviz that is most like it.
func (s Shape) dot() string {
	shapes := map[Shape]string{
		Actor: `shape=box style="rounded,filled" fillcolor="#e3edfb" color="#0b57b0"`,
		Pipe:  "shape=cylinder", Document: "shape=note", Queue: "shape=box3d", Memory: "shape=box peripheries=2",
		Counter: "shape=hexagon", Socket: "shape=component", Network: "shape=ellipse", Handle: "shape=cds",
		Signal: "shape=parallelogram", End: "shape=octagon",
	}
	if dot, ok := shapes[s]; ok {
		return dot
	}
	return "shape=box"
}

func (a Arrow) dot(place int) string {
	label := a.label()
	if a.Number > 0 {
		label = append([]string{fmt.Sprintf("(%d)", a.Number)}, label...)
	}
	if a.Crossed && (len(label) == 0 || !strings.HasPrefix(label[0], "✗")) {
		label = append([]string{"✗"}, label...)
	}
	attributes := []string{fmt.Sprintf("id=a%d", place), a.dotStyle()}
	if len(label) > 0 {
		attributes = append(attributes, "label="+quote(label...))
	}
	if a.Title != "" {
		attributes = append(attributes, "tooltip="+quote(Visible(a.Title)))
	}
	switch {
	case a.Loose:
		attributes = append(attributes, "weight=0")
	case a.Style == Wanted: // is to be straight
		attributes = append(attributes, "weight=8")
	}
	return strings.Join(attributes, " ")
}

func (a Arrow) dotStyle() string {
	style, color := "solid", "#0b57b0"
	switch a.Style {
	case Forbidden:
		color = "#a83200"
	case Back:
		style, color = "dashed", "#6b3fa0"
	case Attempt:
		style, color = "dotted", "#545c69"
	}
	if a.Number > 0 {
		return fmt.Sprintf("style=\"%s,bold\" color=%q fontcolor=%q penwidth=3", style, "#a83200", "#a83200")
	}
	return fmt.Sprintf("style=%s color=%q fontcolor=%q", style, color, color)
}

// quote writes lines as one of Graphviz's strings, in which a backslash begins an
// escape and an ampersand an entity.
func quote(lines ...string) string {
	text := strings.Join(lines, "\n")
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", `\n`).Replace(text) + `"`
}
