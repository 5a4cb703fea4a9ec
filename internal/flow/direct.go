package flow

// Direct gives the ways from one program to another over a single object, or
// over none: one for each object. It is empty if there is no such way, also
// where there are longer ones. Back channels are not among them. An error is a
// *NameError.
func (g *Graph) Direct(q Query) ([][]Step, error) {
	s, err := g.prepare(q)
	if err != nil {
		return nil, err
	}
	from, to, err := g.endpoints(q)
	if err != nil || from == to {
		return nil, err
	}
	s.start = from
	s.begin()
	s.next()
	var ways [][]Step
	for _, wide := range []bool{true, false} {
		if teller, a, d, ok := s.teller(1, to, wide); ok {
			ways = append(ways, []Step{s.step(teller, to, 0, a, d)})
			break
		}
	}
	for kind := range g.places {
		ways = append(ways, s.over(int32(kind), to)...)
	}
	return ways, nil
}

// over gives the ways over each object of a kind.
func (s *search) over(kind int32, to node) (ways [][]Step) {
	objects := s.rounds[1].objects[kind]
	if kind == 0 || objects == nil {
		return nil
	}
	known := s.g.empty()
	for _, a := range s.g.arcs[kind] {
		if s.directions(a)&Read == 0 || !s.g.sets[a.from].Has(to.number) {
			continue
		}
		reached := s.g.empty()
		s.g.addTargets(reached, a, s.g.single(to.number))
		fresh := reached.And(objects).Without(known)
		known.Join(fresh)
		for number := range members(fresh) {
			object := node{kind, number}
			way := []Step{s.step(object, to, kind, a, Read)}
			if object != s.start {
				from, w := s.writer(1, object)
				way = []Step{s.step(from, object, kind, w, Write), way[0]}
			}
			ways = append(ways, way)
		}
	}
	return ways
}
