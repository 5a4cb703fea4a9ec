package flow

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy/model"
)

// addChannels finds who may take part in each back channel.
func (g *Graph) addChannels() error {
	byClass := map[string][]grantRef{}
	for _, ref := range g.grants() {
		byClass[ref.access.Class] = append(byClass[ref.access.Class], ref)
	}
	for i := range g.perms.Channels {
		c := &g.perms.Channels[i]
		sent, err := g.channelEnds(c, c.Sent, byClass)
		if err != nil {
			return err
		}
		seen, err := g.channelEnds(c, c.Seen, byClass)
		if err != nil {
			return err
		}
		g.channels = append(g.channels, channelArcs{channel: c, sent: sent, seen: seen})
	}
	return nil
}

// grantRef is permissions of one class that a rule grants.
type grantRef struct {
	arc    arc // without a direction
	access model.Access
}

// grants lists what the rules that hold grant. The sets are known already.
func (g *Graph) grants() []grantRef {
	var all []grantRef
	for i := range g.model.Rules {
		r := &g.model.Rules[i]
		if holds, err := g.holds(r.When); err != nil || !holds { // an error would have come before
			continue
		}
		from, to, err := g.ends(r)
		if err != nil {
			continue
		}
		for _, a := range r.Access {
			all = append(all, grantRef{arc{from: from, to: to, rule: int32(i)}, a})
		}
	}
	return all
}

// channelEnds are the arcs of one end of a channel.
func (g *Graph) channelEnds(c *Channel, ends []End, byClass map[string][]grantRef) ([]arc, error) {
	var arcs []arc
	for _, e := range ends {
		switch e.Perm {
		case owner:
			arcs = append(arcs, arc{from: g.acting, to: self, rule: g.imply("", "it is the process's own")})
			continue
		case anyone:
			arcs = append(arcs, arc{from: g.acting, to: machine, rule: g.imply("", "no permission is asked")})
			continue
		}
		found, err := g.channelEnd(e, byClass[e.Class])
		if err != nil {
			return nil, err
		}
		arcs = append(arcs, g.withOwn(e, found, byClass[e.OwnClass])...)
	}
	arcs = append(arcs, g.permissive()...)
	if c.Class == "" {
		for i := range arcs {
			arcs[i].to = machine
		}
	}
	return arcs, nil
}

// channelEnd finds the rules that grant one permission.
func (g *Graph) channelEnd(e End, grants []grantRef) ([]arc, error) {
	var arcs []arc
	at, err := g.labelled(e.Place)
	if err != nil {
		return nil, err
	}
	number := slices.Index(g.model.Permissions(e.Class), e.Perm)
	for _, ref := range grants {
		if number >= 0 && ref.access.Perms.Has(number) && g.isAbout(ref.arc, e.Place, at) {
			arcs = append(arcs, ref.arc)
		}
	}
	return arcs, nil
}

// withOwn leaves of some arcs what begins at processes that have another
// permission on their own type, if the end of a channel asks for one.
func (g *Graph) withOwn(e End, arcs []arc, grants []grantRef) []arc {
	if e.OwnPerm == "" {
		return arcs
	}
	number := slices.Index(g.model.Permissions(e.OwnClass), e.OwnPerm)
	able := g.empty()
	for _, ref := range grants {
		if number < 0 || !ref.access.Perms.Has(number) {
			continue
		}
		from := g.sets[ref.arc.from]
		if ref.arc.to != self {
			from = from.And(g.sets[ref.arc.to])
		}
		able.Join(from)
	}
	narrowed := map[int32]int32{}
	for i, a := range arcs {
		if _, ok := narrowed[a.from]; !ok {
			narrowed[a.from] = g.addSet(g.sets[a.from].And(able))
		}
		arcs[i].from = narrowed[a.from]
	}
	return arcs
}

// isAbout tells whether a rule is about a type, if there is one.
func (g *Graph) isAbout(a arc, place string, at int) bool {
	if place == "" {
		return true
	}
	if at < 0 {
		return false
	}
	if a.to == self {
		return g.sets[a.from].Has(at)
	}
	return g.sets[a.to].Has(at)
}

// labelled gives the type of a file that genfscon labels, as FILESYSTEM/PATH;
// -1 if there is none.
func (g *Graph) labelled(name string) (int, error) {
	fs, path, _ := strings.Cut(name, "/")
	longest, at := -1, -1
	for _, f := range g.model.Genfs {
		if f.FS != fs || !strings.HasPrefix("/"+path, f.Path) || len(f.Path) <= longest {
			continue
		}
		number, ok := g.model.Number(f.Type)
		if !ok {
			return -1, &model.UnreadError{Msg: fmt.Sprintf("the label of %s%s in the policy cannot be read", f.FS, f.Path)}
		}
		longest, at = len(f.Path), number
	}
	return at, nil
}

// permissive are the ends that permissive domains are.
func (g *Graph) permissive() []arc {
	var arcs []arc
	for _, a := range g.arcs[0] {
		if a.rule < 0 {
			arcs = append(arcs, a)
		}
	}
	return arcs
}
