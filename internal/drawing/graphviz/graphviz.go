// Package graphviz finds placements with Graphviz, as go-graphviz brings it along
// as WebAssembly. Whatever imports go-graphviz compiles 1.5 MB of that when it
// begins, before main, and keeps what comes of it below TMPDIR, to be run next time.
// So ipclab does not import this package: it runs the program ipclab-draw, which
// does (internal/drawing.Program). How a picture looks is decided in
// internal/drawing.
package graphviz

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-graphviz"

	"ipclab/internal/drawing"
)

// Layout finds placements in this process, one at a time.
type Layout struct{}

// Place lays the graph out. Nodes must be numbered by an attribute id as n0, n1 and
// so on, and edges as a0, a1: those are their places in the answer.
func (Layout) Place(ctx context.Context, dot string) (drawing.Placement, error) {
	graph, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		return drawing.Placement{}, fmt.Errorf("graphviz cannot read the graph: %w", err)
	}
	defer graph.Close()
	g, err := graphviz.New(ctx)
	if err != nil {
		return drawing.Placement{}, fmt.Errorf("starting graphviz: %w", err)
	}
	defer g.Close()
	// the rendering writes what the layout found into the graph's attributes
	if err := g.Render(ctx, graph, graphviz.XDOT, io.Discard); err != nil {
		return drawing.Placement{}, fmt.Errorf("graphviz cannot lay the graph out: %w", err)
	}
	return read(graph)
}

// read takes the placement from the attributes that a layout leaves.
func read(graph *graphviz.Graph) (drawing.Placement, error) {
	box := numbers(graph.GetStr("bb"))
	if len(box) != 4 {
		return drawing.Placement{}, fmt.Errorf("graphviz left no size, but bb=%q", graph.GetStr("bb"))
	}
	r := reader{height: box[3], p: drawing.Placement{Width: box[2], Height: box[3]}}
	node, err := graph.FirstNode()
	for ; err == nil && node != nil; node, err = graph.NextNode(node) {
		if err := r.node(node); err != nil {
			return drawing.Placement{}, err
		}
		edge, edgeErr := graph.FirstOut(node)
		for ; edgeErr == nil && edge != nil; edge, edgeErr = graph.NextOut(edge) {
			if err := r.edge(edge); err != nil {
				return drawing.Placement{}, err
			}
		}
		if edgeErr != nil {
			return drawing.Placement{}, edgeErr
		}
	}
	return r.p, err
}

// reader turns Graphviz's coordinates, whose y grows upwards, into ours.
type reader struct {
	height float64
	p      drawing.Placement
}

func (r *reader) node(n *graphviz.Node) error {
	number, err := numbered(n.GetStr("id"), "n")
	if err != nil {
		return err
	}
	points, err := r.points(n.GetStr("pos"))
	if err != nil || len(points) != 1 {
		return fmt.Errorf("graphviz put node %d nowhere: pos=%q", number, n.GetStr("pos"))
	}
	put(&r.p.Nodes, number, points[0])
	return nil
}

// edge reads "e,TIP P0 P1 P2 P3 …", or "s,TIP P0 …" of an edge whose head is at its
// beginning (dir=back).
func (r *reader) edge(e *graphviz.Edge) error {
	number, err := numbered(e.GetStr("id"), "a")
	if err != nil {
		return err
	}
	pos := e.GetStr("pos")
	tip, curve, _ := strings.Cut(pos, " ")
	end, tip, _ := strings.Cut(tip, ",")
	tips, tipErr := r.points(tip)
	points, err := r.points(curve)
	if err != nil || tipErr != nil || len(tips) != 1 || len(points)%3 != 1 || end != "e" && end != "s" {
		return fmt.Errorf("graphviz drew no way for arrow %d: pos=%q", number, pos)
	}
	if end == "s" {
		slices.Reverse(points)
	}
	route := drawing.Route{Curve: points, Tip: tips[0]}
	if label, err := r.points(e.GetStr("lp")); err == nil && len(label) == 1 {
		route.Label = label[0]
	}
	put(&r.p.Routes, number, route)
	return nil
}

// points reads "X,Y X,Y …".
func (r *reader) points(text string) ([]drawing.Point, error) {
	var points []drawing.Point
	for _, pair := range strings.Fields(text) {
		xy := numbers(pair)
		if len(xy) != 2 {
			return nil, fmt.Errorf("%q is no point", pair)
		}
		points = append(points, drawing.Point{X: xy[0], Y: r.height - xy[1]})
	}
	return points, nil
}

// numbers reads "A,B,…"; nil if one is no number.
func numbers(text string) []float64 {
	var all []float64
	for word := range strings.SplitSeq(text, ",") {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil
		}
		all = append(all, f)
	}
	return all
}

func numbered(id, prefix string) (int, error) {
	digits, ok := strings.CutPrefix(id, prefix)
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 || n > 1<<20 {
		return 0, fmt.Errorf("the graph has an id %q where %s and a number must stand", id, prefix)
	}
	return n, nil
}

// put sets an element, whatever the order in which they come.
func put[T any](list *[]T, at int, value T) {
	for len(*list) <= at {
		var zero T
		*list = append(*list, zero)
	}
	(*list)[at] = value
}
