package flow

import "ipclab/internal/policy/model"

// search goes from processes to what they can tell something, and from there to
// the processes that can learn it, round by round, so that the first way found
// is a shortest one.
type search struct {
	g        *Graph
	wide     bool // narrow flows do not count
	channels bool // back channels do
	start    node
	trusted  model.Set           // processes that are not walked through
	shut     map[int32]model.Set // objects, by kind, that carry nothing
	private  map[int32]model.Set // those of them that have no back channels
	declared []declaration       // back channels that do not count
	procs    model.Set           // reached processes, with trusted ones
	objects  map[int32]model.Set // reached objects, by kind
	rounds   []round
	asked    memo
}

// node is a process (of kind 0) or an object.
type node struct {
	kind   int32
	number int
}

// round is what one round found.
type round struct {
	walked  model.Set // processes that the next round begins with
	objects map[int32]model.Set
	widely  map[int32]model.Set // those objects to which more than a few bits flow
}

// memo remembers, for every set, whether it meets one other set.
type memo struct {
	with   model.Set
	stamps []uint32 // 2·turn for no, 2·turn+1 for yes
	turn   uint32
}

// begin sets the set that others are to meet.
func (m *memo) begin(with model.Set, sets int) {
	m.with, m.turn = with, m.turn+1
	if len(m.stamps) < sets {
		m.stamps = make([]uint32, sets)
	}
}

func (m *memo) meets(g *Graph, set int32) bool {
	if m.stamps[set]>>1 == m.turn {
		return m.stamps[set]&1 == 1
	}
	yes := g.sets[set].Meets(m.with)
	m.stamps[set] = m.turn << 1
	if yes {
		m.stamps[set]++
	}
	return yes
}

// directions are those of an arc that count.
func (s *search) directions(a arc) Direction {
	if s.wide {
		return a.wide
	}
	return a.dir
}

// begin puts the start into the first round.
func (s *search) begin() {
	s.procs, s.objects = s.g.empty(), map[int32]model.Set{}
	first := round{walked: s.g.empty(), objects: map[int32]model.Set{}, widely: map[int32]model.Set{}}
	if s.start.kind == 0 {
		s.procs.Add(s.start.number)
		first.walked.Add(s.start.number)
	} else {
		s.put(first.objects, s.start.kind, s.start.number)
		s.put(first.widely, s.start.kind, s.start.number)
		s.put(s.objects, s.start.kind, s.start.number)
	}
	s.rounds = []round{first}
}

func (s *search) put(sets map[int32]model.Set, kind int32, number int) {
	if sets[kind] == nil {
		sets[kind] = s.g.empty()
	}
	sets[kind].Add(number)
}

// next makes another round; false if it found nothing new.
func (s *search) next() bool {
	last := s.rounds[len(s.rounds)-1]
	found := s.g.empty()
	r := round{objects: map[int32]model.Set{}, widely: map[int32]model.Set{}}
	if len(s.rounds) == 1 { // the start may be an object
		for kind, set := range last.objects {
			r.objects[kind], r.widely[kind] = set, set
		}
	}
	s.write(last.walked, &r, found)
	s.read(&r, found)
	if s.channels {
		s.leak(last.walked, found)
	}
	fresh := found.Without(s.procs)
	s.procs.Join(fresh)
	r.walked = fresh.Without(s.trusted)
	s.rounds = append(s.rounds, r)
	return !fresh.Empty() || len(r.objects) > 0
}

// write finds what the processes can tell something: objects, or others.
func (s *search) write(from model.Set, r *round, found model.Set) {
	s.asked.begin(from, len(s.g.sets))
	for kind, arcs := range s.g.arcs {
		if kind == 0 {
			s.tell(from, arcs, found)
			continue
		}
		all, widely := s.targets(from, arcs)
		if all == nil {
			continue
		}
		s.enter(r, int32(kind), all, widely)
	}
}

// tell finds the processes that are told or that learn something directly.
func (s *search) tell(from model.Set, arcs []arc, found model.Set) {
	for _, a := range arcs {
		d := s.directions(a)
		if a.to == self {
			continue
		}
		if d&Write != 0 && s.asked.meets(s.g, a.from) {
			found.Join(s.g.sets[a.to])
		}
		if d&Read != 0 && s.asked.meets(s.g, a.to) {
			found.Join(s.g.sets[a.from])
		}
	}
}

// targets are the objects of one kind that processes can tell something. nil
// if there are none.
func (s *search) targets(from model.Set, arcs []arc) (all, widely model.Set) {
	for _, a := range arcs {
		if s.directions(a)&Write == 0 || !s.asked.meets(s.g, a.from) {
			continue
		}
		if all == nil {
			all, widely = s.g.empty(), s.g.empty()
		}
		s.g.addTargets(all, a, from)
		if a.wide&Write != 0 {
			s.g.addTargets(widely, a, from)
		}
	}
	return all, widely
}

// addTargets adds the objects that an arc leads to from some processes.
func (g *Graph) addTargets(to model.Set, a arc, from model.Set) {
	switch a.to {
	case machine:
		to.Add(0)
	case self:
		to.Join(g.sets[a.from].And(from))
	default:
		to.Join(g.sets[a.to])
	}
}

// enter notes the objects that are new.
func (s *search) enter(r *round, kind int32, all, widely model.Set) {
	if shut := s.shut[kind]; shut != nil {
		all = all.Without(shut)
	}
	if known := s.objects[kind]; known != nil {
		all = all.Without(known)
		known.Join(all)
	} else {
		s.objects[kind] = all.Or(all)
	}
	if !all.Empty() {
		r.objects[kind], r.widely[kind] = all, widely.And(all)
	}
}

// read finds the processes that learn something from the objects of a round.
func (s *search) read(r *round, found model.Set) {
	for kind, objects := range r.objects {
		s.asked.begin(objects, len(s.g.sets))
		s.readers(s.g.arcs[kind], objects, found, func(a arc) bool { return s.directions(a)&Read != 0 })
	}
}

// readers adds the processes from which wanted arcs lead to the objects that
// were asked about.
func (s *search) readers(arcs []arc, objects, found model.Set, wanted func(arc) bool) {
	for _, a := range arcs {
		switch {
		case !wanted(a):
		case a.to == machine:
			found.Join(s.g.sets[a.from])
		case a.to == self:
			found.Join(s.g.sets[a.from].And(objects))
		case s.asked.meets(s.g, a.to):
			found.Join(s.g.sets[a.from])
		}
	}
}
