package flow

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"ipclab/internal/policy/model"
)

// BackChannel is a back channel between two domains over one kind of object.
type BackChannel struct {
	From     string `json:"from"` // tells
	To       string `json:"to"`   // learns
	Class    string `json:"class,omitempty"`
	Name     string `json:"name"`
	Over     string `json:"over"` // the object, as TYPE:CLASS, or "the machine"
	How      string `json:"how"`
	Sent     Step   `json:"sent"`
	Seen     Step   `json:"seen"`
	Declared bool   `json:"declared"`
	Why      string `json:"why,omitempty"` // it was declared
}

// use is a way to use a back channel.
type use struct {
	c          *channelArcs
	from, to   int
	object     int // -1 where it does not matter
	sent, seen arc
}

// uses are the ways in which processes tell one process something by a channel.
func (g *Graph) uses(c *channelArcs, from model.Set, to int) iter.Seq[use] {
	seen := slices.DeleteFunc(slices.Clone(c.seen), func(a arc) bool { return !g.sets[a.from].Has(to) })
	return func(yield func(use) bool) {
		for _, a := range c.sent {
			if len(seen) == 0 || !g.sets[a.from].Meets(from) {
				continue
			}
			for p := range members(g.sets[a.from].And(from)) {
				if !g.meet(use{c: c, from: p, to: to, sent: a}, seen, yield) {
					return
				}
			}
		}
	}
}

// members goes over a set.
func members(s model.Set) iter.Seq[int] {
	var all []int
	s.Each(func(i int) { all = append(all, i) })
	return slices.Values(all)
}

// meet finds the objects on which a sender meets one who sees.
func (g *Graph) meet(u use, seen []arc, yield func(use) bool) bool {
	for _, u.seen = range seen {
		if u.object = -1; u.sent.to == machine {
			if !yield(u) {
				return false
			}
			continue
		}
		common := g.empty()
		one := g.empty()
		g.addTargets(common, u.sent, g.single(u.from))
		g.addTargets(one, u.seen, g.single(u.to))
		for u.object = range members(common.And(one)) {
			if !yield(u) {
				return false
			}
		}
	}
	return true
}

func (g *Graph) single(number int) model.Set {
	s := g.empty()
	s.Add(number)
	return s
}

// counts tells whether a use of a channel is neither declared nor over a
// private object.
func (s *search) counts(u use) bool {
	if private := s.private[s.kindOf(u.c.channel)]; private != nil && private.Has(u.object) {
		return false
	}
	for _, d := range s.declared {
		if d.is(u.c.channel) && d.from == u.from && d.to == u.to && (u.object < 0 || d.via.Has(u.object)) {
			return false
		}
	}
	return true
}

// over names the object of a use.
func (g *Graph) over(u use) string {
	if u.object < 0 {
		return "the machine"
	}
	return g.model.Types[u.object] + ":" + u.c.channel.Class
}

// steps are the two steps of a use.
func (g *Graph) steps(u use) (sent, seen Step) {
	return u.place(g, g.explained(u))
}

// explained are the two steps of a use, but for their places.
func (g *Graph) explained(u use) (both [2]Step) {
	for i := range both {
		both[i] = Step{Channel: u.c.channel.Name, Narrow: true}
	}
	g.explain(&both[0], u.sent, endCounts(u.c.channel.Sent))
	g.explain(&both[1], u.seen, endCounts(u.c.channel.Seen))
	both[1].Why = u.c.channel.How
	return both
}

// place tells of two steps between whom they are, and over what.
func (u use) place(g *Graph, both [2]Step) (sent, seen Step) {
	sent, seen = both[0], both[1]
	sent.From, sent.To = g.model.Types[u.from], g.over(u)
	seen.From, seen.To = sent.To, g.model.Types[u.to]
	return sent, seen
}

func endCounts(ends []End) func(string, Permission) bool {
	return func(class string, p Permission) bool {
		return slices.ContainsFunc(ends, func(e End) bool { return e.Class == class && e.Perm == p.Name })
	}
}

// between lists the back channels from one process to another, each once for
// each kind of object. Those over private objects are left out.
func (s *search) between(from, to int, declared []Declared) []BackChannel {
	var all []BackChannel
	for i := range s.g.channels {
		c := &s.g.channels[i]
		known, told := map[int]bool{}, map[[2]int32][2]Step{}
		for u := range s.g.uses(c, s.g.single(from), to) {
			private := s.private[s.kindOf(c.channel)]
			if known[u.object] || private != nil && private.Has(u.object) {
				continue
			}
			known[u.object] = true
			rules := [2]int32{u.sent.rule, u.seen.rule}
			both, ok := told[rules]
			if !ok {
				both = s.g.explained(u)
				told[rules] = both
			}
			all = append(all, s.backChannel(u, both, declared))
		}
	}
	return all
}

func (s *search) backChannel(u use, both [2]Step, declared []Declared) BackChannel {
	g, c := s.g, u.c.channel
	b := BackChannel{From: g.model.Types[u.from], To: g.model.Types[u.to], Class: c.Class, Name: c.Name, Over: g.over(u), How: c.How}
	b.Sent, b.Seen = u.place(g, both)
	for i, d := range s.declared {
		if d.is(c) && d.from == u.from && d.to == u.to && (u.object < 0 || d.via.Has(u.object)) {
			b.Declared, b.Why = true, declared[i].Why
		}
	}
	return b
}

// channelGroup is one back channel over several objects of a class.
type channelGroup struct {
	first    BackChannel
	declared bool
	over     []string // types, or "the machine"
}

// String names the channel and the first of the objects.
func (g channelGroup) String() string {
	const shown = 3
	text := g.first.Name + " of " + strings.Join(g.over[:min(shown, len(g.over))], ", ")
	if more := len(g.over) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if g.first.Class != "" {
		text += ":" + g.first.Class
	}
	return text
}

// grouped puts those together that differ in their object only.
func grouped(all []BackChannel) []channelGroup {
	var groups []channelGroup
	for _, b := range all {
		over := strings.TrimSuffix(b.Over, ":"+b.Class)
		i := slices.IndexFunc(groups, func(g channelGroup) bool {
			return g.first.Name == b.Name && g.first.Class == b.Class && g.declared == b.Declared
		})
		if i < 0 {
			i, groups = len(groups), append(groups, channelGroup{first: b, declared: b.Declared})
		}
		if !slices.Contains(groups[i].over, over) {
			groups[i].over = append(groups[i].over, over)
		}
	}
	return groups
}
