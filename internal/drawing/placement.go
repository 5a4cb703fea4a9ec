package drawing

import "context"

// Point is a place in a picture, in units of about a pixel, from its upper left.
type Point struct{ X, Y float64 }

// Placement is where a layout puts the nodes and arrows of a graph.
type Placement struct {
	Width, Height float64
	Nodes         []Point // their middles, in the graph's order
	Routes        []Route // in the order of the arrows
}

// Route is the way of an arrow.
type Route struct {
	Curve []Point // a cubic Bézier spline: the beginning, then three points for each piece
	Tip   Point   // where the arrow's head ends; its base is the end of the curve
	Label Point   // the middle of the label; the zero point where there is none
}

// Layout is something that finds a placement for a graph written in Graphviz's
// language, as [Graph.DOT] writes it.
type Layout interface {
	Place(ctx context.Context, dot string) (Placement, error)
}
