// Package drawing draws graphs of who can tell whom something: nodes, and arrows
// of several kinds between them, as SVG and in Graphviz's language (DOT). Where
// everything goes is found by Graphviz, in a program of its own ([Program]). It
// knows neither scenarios nor policies.
package drawing
