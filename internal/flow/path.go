package flow

import (
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// Step is one step of a path: from a process to an object, or to another
// process; or from an object to a process. A process is named by its type, an
// object as TYPE:CLASS, a place of the whole machine with @ before it.
type Step struct {
	From        string   `json:"from"`
	To          string   `json:"to"`
	Class       string   `json:"class,omitempty"`
	Permissions []string `json:"permissions,omitempty"` // by which it flows
	Rule        string   `json:"rule,omitempty"`        // with its place; empty if no rule is needed
	When        string   `json:"when,omitempty"`        // the booleans under which the rule holds
	Why         string   `json:"why"`
	Narrow      bool     `json:"narrow,omitempty"`  // a few bits at a time
	Channel     string   `json:"channel,omitempty"` // the back channel that the step is part of
	// Constraints may deny the step; they are not looked at.
	Constraints []Constraint `json:"constraints,omitempty"`
}

// String gives the step in one line.
func (s Step) String() string {
	var b strings.Builder
	b.WriteString(s.From + " → " + s.To)
	if s.Channel != "" {
		b.WriteString(" by the back channel " + s.Channel)
	}
	if s.Rule != "" {
		b.WriteString(" [" + s.Rule + "]")
	}
	if s.When != "" {
		b.WriteString(" if " + s.When)
	}
	return b.String()
}

// located is a node with its place.
func located(n *policy.Node) string { return n.Pos.String() + ": " + trimmed(n.String()) }

// path goes back from a node that the last round found to the start.
func (s *search) path(to node) []Step {
	var steps []Step
	at := len(s.rounds) - 1
	for to != s.start {
		if to.kind != 0 { // an object: found by a process of the round before
			from, a := s.writer(at, to)
			steps = append(steps, s.step(from, to, to.kind, a, Write))
			to, at = from, at-1
			continue
		}
		var back []Step
		back, to, at = s.back(at, to)
		steps = append(steps, back...)
	}
	slices.Reverse(steps)
	return steps
}

// back goes back from a process to the process or object that it learned from,
// wide ways first, and back channels last. The steps are in reverse.
func (s *search) back(at int, to node) ([]Step, node, int) {
	for _, wide := range []bool{true, false} {
		if from, a, d, ok := s.teller(at, to, wide); ok {
			return []Step{s.step(from, to, 0, a, d)}, from, at - 1
		}
		if object, a, ok := s.source(at, to, wide); ok {
			return []Step{s.step(object, to, object.kind, a, Read)}, object, at
		}
	}
	return s.backByChannel(at, to)
}

// teller finds a process of the round before that tells a process something
// directly, and by which rule.
func (s *search) teller(at int, to node, wide bool) (node, arc, Direction, bool) {
	before := s.rounds[at-1].walked
	for _, a := range s.g.arcs[0] {
		d := s.counted(a, wide)
		if a.to == self {
			continue
		}
		if d&Write != 0 && s.g.sets[a.to].Has(to.number) && s.g.sets[a.from].Meets(before) {
			return node{0, first(s.g.sets[a.from].And(before))}, a, Write, true
		}
		if d&Read != 0 && s.g.sets[a.from].Has(to.number) && s.g.sets[a.to].Meets(before) {
			return node{0, first(s.g.sets[a.to].And(before))}, a, Read, true
		}
	}
	return node{}, arc{}, 0, false
}

// counted are the directions of an arc that count.
func (s *search) counted(a arc, wide bool) Direction {
	if wide {
		return a.wide
	}
	return s.directions(a)
}

// source finds an object of the round that a process learns from.
func (s *search) source(at int, to node, wide bool) (node, arc, bool) {
	objects := s.rounds[at].objects
	if wide {
		objects = s.rounds[at].widely
	}
	for kind := range s.g.places {
		set := objects[int32(kind)]
		if set == nil || set.Empty() {
			continue
		}
		for _, a := range s.g.arcs[kind] {
			if s.counted(a, wide)&Read == 0 || !s.g.sets[a.from].Has(to.number) {
				continue
			}
			if number, ok := s.g.shared(a, set, to.number); ok {
				return node{int32(kind), number}, a, true
			}
		}
	}
	return node{}, arc{}, false
}

// shared gives an object of a set that an arc leads to from a process.
func (g *Graph) shared(a arc, objects model.Set, from int) (int, bool) {
	switch a.to {
	case machine:
		return 0, objects.Has(0)
	case self:
		return from, objects.Has(from)
	}
	both := g.sets[a.to].And(objects)
	return first(both), !both.Empty()
}

// writer finds a process of the round before that tells an object something.
func (s *search) writer(at int, to node) (node, arc) {
	before := s.rounds[at-1].walked
	for _, wide := range []bool{true, false} {
		for _, a := range s.g.arcs[to.kind] {
			if s.counted(a, wide)&Write == 0 {
				continue
			}
			if from := s.g.sources(a, to.number).And(before); !from.Empty() {
				return node{0, first(from)}, a
			}
		}
	}
	return s.start, arc{} // not reached: the object was found by such an arc
}

// sources are the processes from which an arc leads to an object.
func (g *Graph) sources(a arc, to int) model.Set {
	none := g.empty()
	switch {
	case a.to == machine:
		return g.sets[a.from]
	case a.to == self:
		if g.sets[a.from].Has(to) {
			none.Add(to)
		}
	case g.sets[a.to].Has(to):
		return g.sets[a.from]
	}
	return none
}

// backByChannel goes back over a back channel.
func (s *search) backByChannel(at int, to node) ([]Step, node, int) {
	for i := range s.g.channels {
		for u := range s.g.uses(&s.g.channels[i], s.rounds[at-1].walked, to.number) {
			if s.counts(u) {
				sent, seen := s.g.steps(u)
				if u.object >= 0 {
					sent.Constraints = s.g.constraints(u.from, u.object, sent.Class, sent.Permissions)
					seen.Constraints = s.g.constraints(u.to, u.object, seen.Class, seen.Permissions)
				}
				return []Step{seen, sent}, node{0, u.from}, at - 1
			}
		}
	}
	return nil, s.start, at // not reached: something brought the process in
}

// step tells how information comes from one node to another.
func (s *search) step(from, to node, kind int32, a arc, d Direction) Step {
	g := s.g
	one := Step{From: g.name(from.kind, from.number), To: g.name(to.kind, to.number), Narrow: a.wide&d == 0}
	g.explain(&one, a, func(class string, p Permission) bool {
		return slices.ContainsFunc(p.Flows, func(f Flow) bool { return f.Dir&d != 0 && g.placeOf(f.at(class)) == kind })
	})
	acts, object := from.number, to.number
	if d == Read {
		acts, object = object, acts
	}
	if g.places[kind].medium != "" {
		object = -1
	}
	one.Constraints = g.constraints(acts, object, one.Class, one.Permissions)
	return one
}

// explain puts the rule of an arc into a step, and the permissions that count.
func (g *Graph) explain(s *Step, a arc, counts func(class string, p Permission) bool) {
	if a.rule < 0 {
		i := g.implied[-a.rule-1]
		s.Rule, s.Why = i.rule, i.why
		return
	}
	r := &g.model.Rules[a.rule]
	s.Rule, s.When = g.ruleText(a.rule), conditionText(r.When)
	for _, access := range r.Access {
		names := g.model.Permissions(access.Class)
		access.Perms.Each(func(i int) {
			p := g.permission(access.Class, names[i])
			if !counts(access.Class, p) {
				return
			}
			if s.Why == "" {
				s.Class, s.Why = access.Class, p.Why
			}
			s.Permissions = append(s.Permissions, p.Name)
		})
	}
}

// ruleText is a rule with its place. The same ones are told again and again.
func (g *Graph) ruleText(rule int32) string {
	if text, ok := g.texts.Load(rule); ok {
		return text.(string)
	}
	text := located(g.model.Rules[rule].Source.Node())
	g.texts.Store(rule, text)
	return text
}

// conditionText is a condition in words.
func conditionText(c *model.Condition) string {
	switch {
	case c == nil:
		return ""
	case c.Is:
		return trimmed(c.Expr.String())
	}
	return "(not " + trimmed(c.Expr.String()) + ")"
}

// first gives the least member of a set that is not empty.
func first(s model.Set) int {
	least := -1
	s.Each(func(i int) {
		if least < 0 {
			least = i
		}
	})
	return least
}
