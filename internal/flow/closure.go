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
	walkers := s.passing(0)
	for kind := range s.g.places {
		b := border{int32(kind), walkers, s.passing(int32(kind)), s.held(int32(kind))}
		for _, one := range s.g.arcs[kind] {
			if err := s.closed(b, one); err != nil {
				return err
			}
		}
	}
	return s.channelsClosed()
}

// border is what was reached of one kind of objects, where an arc may lead out of it.
type border struct {
	kind    int32
	walkers model.Set // processes that pass on what they have
	objects model.Set // objects that do
	held    model.Set // and those that carry nothing
}

// closed checks one flow: what is at its end was reached, if what is at its
// beginning passes things on.
func (s *search) closed(b border, a arc) error {
	d := s.directions(a)
	if d&Write != 0 && s.g.sets[a.from].Meets(b.walkers) {
		if out := s.told(b, a); out >= 0 {
			return s.leadsOut(a, s.g.name(b.kind, out))
		}
	}
	if d&Read != 0 {
		if out := s.learns(b, a); out >= 0 {
			return s.leadsOut(a, s.g.name(0, out))
		}
	}
	return nil
}

// told gives an object that an arc lets be told something and that was not
// reached; -1 if there is none.
func (s *search) told(b border, a arc) int {
	switch {
	case a.to == machine:
		if b.held.Has(0) {
			return -1
		}
		return 0
	case a.to == self:
		return outside(s.g.sets[a.from].And(b.walkers), b.held)
	}
	return outside(s.g.sets[a.to], b.held)
}

// learns gives a process that an arc lets learn from what was reached, and that
// was not reached; -1 if there is none.
func (s *search) learns(b border, a arc) int {
	switch {
	case a.to == self:
		return outside(s.g.sets[a.from].And(b.objects), s.procs)
	case a.to == machine && b.objects.Has(0), a.to >= 0 && s.g.sets[a.to].Meets(b.objects):
		return outside(s.g.sets[a.from], s.procs)
	}
	return -1
}

// outside gives a member of one set that another one does not have; -1 if there is none.
func outside(all, within model.Set) int {
	if all.Within(within) {
		return -1
	}
	return first(all.Without(within))
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
