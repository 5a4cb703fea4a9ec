package flow

import "ipclab/internal/policy/model"

// declaration is a declared back channel in terms of the graph.
type declaration struct {
	from, to int
	class    string // "" where the object does not matter
	name     string
	via      model.Set // the types of the object that are meant
}

// is tells whether the declaration is about a channel.
func (d declaration) is(c *Channel) bool { return d.class == c.Class && d.name == c.Name }

// leak finds the processes that learn something by a back channel that was not
// declared.
func (s *search) leak(from, found model.Set) {
	for i := range s.g.channels {
		c := &s.g.channels[i]
		rest := from.Without(s.declarers(c.channel))
		s.sees(c, s.sends(c, rest), found)
		from.Without(rest).Each(func(p int) { s.leakFrom(p, c, found) })
	}
}

// declarers are the processes that a declaration about a channel is about.
func (s *search) declarers(c *Channel) model.Set {
	all := s.g.empty()
	for _, d := range s.declared {
		if d.is(c) {
			all.Add(d.from)
		}
	}
	return all
}

// leakFrom is leak for one process with declared channels.
func (s *search) leakFrom(from int, c *channelArcs, found model.Set) {
	one := s.g.empty()
	one.Add(from)
	targets := s.sends(c, one)
	told := s.g.empty()
	s.sees(c, targets, told)
	found.Join(told.Without(s.declaredTo(from, c.channel)))
	s.declaredTo(from, c.channel).Each(func(to int) {
		if s.learnsBy(to, c, targets.Without(s.excused(from, to, c.channel))) {
			found.Add(to)
		}
	})
}

// declaredTo are the processes that a process may tell something by a channel.
func (s *search) declaredTo(from int, c *Channel) model.Set {
	all := s.g.empty()
	for _, d := range s.declared {
		if d.is(c) && d.from == from {
			all.Add(d.to)
		}
	}
	return all
}

// excused are the objects by which that is declared.
func (s *search) excused(from, to int, c *Channel) model.Set {
	all := s.g.empty()
	for _, d := range s.declared {
		if d.is(c) && d.from == from && d.to == to {
			all.Join(d.via)
		}
	}
	return all
}

// sends gives the objects that processes can use a channel on.
func (s *search) sends(c *channelArcs, from model.Set) model.Set {
	targets := s.g.empty()
	s.asked.begin(from, len(s.g.sets))
	for _, a := range c.sent {
		if s.asked.meets(s.g, a.from) {
			s.g.addTargets(targets, a, from)
		}
	}
	if private := s.private[s.kindOf(c.channel)]; private != nil {
		return targets.Without(private)
	}
	return targets
}

// kindOf is the kind of object that a channel is about; -1 for none.
func (s *search) kindOf(c *Channel) int32 {
	if c.Class == "" || s.g.perms.process(c.Class) {
		return -1
	}
	if kind, ok := s.g.placed[place{class: c.Class}]; ok {
		return kind
	}
	return -1
}

// sees adds the processes that learn something by a channel on some objects.
func (s *search) sees(c *channelArcs, objects, found model.Set) {
	if objects.Empty() {
		return
	}
	s.asked.begin(objects, len(s.g.sets))
	s.readers(c.seen, objects, found, func(arc) bool { return true })
}

// learnsBy tells whether one process is among those.
func (s *search) learnsBy(to int, c *channelArcs, objects model.Set) bool {
	found := s.g.empty()
	s.sees(c, objects, found)
	return found.Has(to)
}
