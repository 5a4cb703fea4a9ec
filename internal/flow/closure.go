package flow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy/model"
)

// Closure is all that information can come to from one place.
type Closure struct {
	Subjects []string `json:"subjects"` // the domains that it is passed on by
	Trusted  []string `json:"trusted"`  // the domains where it ends, because they are trusted
	Objects  []string `json:"objects"`  // as TYPE:CLASS, and @PLACE
	// Channels tells whether undeclared back channels were followed as well.
	Channels bool `json:"channels"`
}

// Reach gives all that information from one place can come to, by permissions
// and by back channels that are not declared. Query.To does not matter. An
// error is a *NameError.
func (g *Graph) Reach(q Query) (*Closure, error) {
	s, err := g.prepare(q)
	if err != nil {
		return nil, err
	}
	if s.start, err = g.endpoint(q.From); err != nil {
		return nil, err
	}
	s.channels = !q.Wide && !g.opts.ByType
	s.begin()
	for s.next() {
	}
	c := s.closure()
	return &c, nil
}

// closure lists what a search came to.
func (s *search) closure() Closure {
	c := Closure{Channels: s.channels}
	for t := range members(s.procs) {
		if name := s.g.model.Types[t]; s.trusted.Has(t) && s.start != (node{0, t}) {
			c.Trusted = append(c.Trusted, name)
		} else {
			c.Subjects = append(c.Subjects, name)
		}
	}
	for kind, set := range s.objects {
		for t := range members(set) {
			c.Objects = append(c.Objects, s.g.name(kind, t))
		}
	}
	slices.Sort(c.Subjects)
	slices.Sort(c.Trusted)
	slices.Sort(c.Objects)
	return c
}

// Certify checks that what the answer's search reached is closed: that no flow
// leads out of it, other than from what is trusted. It goes over the rules
// anew, without the search. An error names what leads out, or says that the
// answer is not that it is impossible.
func (a *Answer) Certify() error {
	if !a.Impossible() {
		return errors.New("there is nothing to certify: the flow is possible")
	}
	s := a.search
	for kind := range s.g.places {
		for _, one := range s.g.arcs[kind] {
			if err := s.closed(int32(kind), one); err != nil {
				return err
			}
		}
	}
	return s.channelsClosed()
}

// closed checks one flow: what is at its end was reached, if what is at its
// beginning passes things on.
func (s *search) closed(kind int32, a arc) error {
	g, d := s.g, s.directions(a)
	if d&Write != 0 {
		told := g.empty()
		if from := g.sets[a.from].And(s.passing(0)); !from.Empty() {
			g.addTargets(told, a, from)
		}
		if out := told.Without(s.held(kind)); !out.Empty() {
			return s.leadsOut(a, g.name(kind, first(out)))
		}
	}
	if d&Read != 0 {
		if out := s.learners(kind, a).Without(s.procs); !out.Empty() {
			return s.leadsOut(a, g.name(0, first(out)))
		}
	}
	return nil
}

// learners are the processes that an arc lets learn from what was reached.
func (s *search) learners(kind int32, a arc) model.Set {
	objects := s.passing(kind)
	switch {
	case a.to == self:
		return s.g.sets[a.from].And(objects)
	case a.to == machine && objects.Has(0), a.to >= 0 && s.g.sets[a.to].Meets(objects):
		return s.g.sets[a.from]
	}
	return s.g.empty()
}

func (s *search) leadsOut(a arc, to string) error {
	var one Step
	s.g.explain(&one, a, func(string, Permission) bool { return true })
	return fmt.Errorf("%s was not reached, but this lets something flow there: %s", to, cmp.Or(one.Rule, one.Why))
}

// passing are the nodes of a kind that were reached and pass on what they have.
func (s *search) passing(kind int32) model.Set {
	all := s.g.empty()
	if kind == 0 {
		all.Join(s.procs.Without(s.trusted))
	} else if set := s.objects[kind]; set != nil {
		all.Join(set)
	}
	if s.start.kind == kind {
		all.Add(s.start.number)
	}
	return all
}

// held are the nodes of a kind that were reached, or carry nothing.
func (s *search) held(kind int32) model.Set {
	all := s.passing(kind)
	if kind == 0 {
		all.Join(s.procs)
	}
	if shut := s.shut[kind]; shut != nil {
		all.Join(shut)
	}
	return all
}

// channelsClosed checks the back channels, if they were followed.
func (s *search) channelsClosed() error {
	if !s.channels {
		return nil
	}
	for i := range s.g.channels {
		c := &s.g.channels[i]
		for p := range members(s.passing(0)) {
			told := s.g.empty()
			s.sees(c, s.sends(c, s.g.single(p)), told)
			for q := range members(told.Without(s.procs)) {
				if err := s.excuses(c, p, q); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// excuses checks that a process which can tell another one something by a
// channel is declared to.
func (s *search) excuses(c *channelArcs, from, to int) error {
	for u := range s.g.uses(c, s.g.single(from), to) {
		if s.counts(u) {
			return fmt.Errorf("%s was not reached, but %s can tell it something by the back channel %s of %s",
				s.g.model.Types[to], s.g.model.Types[from], c.channel.Name, s.g.over(u))
		}
	}
	return nil
}

// String gives the closed set in a few words, and how large it is.
func (c Closure) String() string {
	return fmt.Sprintf("domains that pass it on: %s; objects that hold it: %s; trusted domains that learn it: %s",
		clip(c.Subjects), clip(c.Objects), clip(c.Trusted))
}

// clip tells how many names there are, and shows the first.
func clip(names []string) string {
	const shown = 6
	switch n := len(names); {
	case n == 0:
		return "none"
	case n > shown:
		return fmt.Sprintf("%d (%s, …)", n, strings.Join(names[:shown], ", "))
	}
	return fmt.Sprintf("%d (%s)", len(names), strings.Join(names, ", "))
}
