package flow

import (
	"fmt"
	"slices"
)

// Notes are what all answers of the graph leave out of account or guess, one
// line each.
func (g *Graph) Notes() []string {
	var notes []string
	if n := len(g.model.Constraints); n > 0 {
		notes = append(notes, fmt.Sprintf("users, roles and levels are not looked at: %d constraints of the policy may deny more than is said here; those about a path are named with it", n))
	}
	if len(g.guessed) > 0 {
		notes = append(notes, fmt.Sprintf("the policy is of another version: the permission map says nothing of %s, which are taken for both ways", clip(g.guessed)))
	}
	if free := g.free(); len(free) > 0 {
		notes = append(notes, fmt.Sprintf("what the policy does not know it lets everybody have (handleunknown allow): no flow is looked at by the classes %s, nor by single permissions that it lacks", clip(free)))
	}
	return notes
}

// free lists the classes that the map knows and the policy does not, if the
// kernel then allows them to all.
func (g *Graph) free() []string {
	if g.model.Unknown != "allow" {
		return nil
	}
	known := g.model.Classes()
	var free []string
	for class := range g.perms.classes {
		if !slices.Contains(known, class) {
			free = append(free, class)
		}
	}
	slices.Sort(free)
	return free
}
