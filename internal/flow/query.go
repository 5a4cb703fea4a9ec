package flow

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/nearest"
	"ipclab/internal/policy/model"
)

// Query asks whether information can come from one place to another.
type Query struct {
	// From and To are types, for programs, or TYPE:CLASS for objects.
	From, To string
	Trusted  []Trust
	Declared []Declared
	// Wide leaves out flows of a few bits, and back channels.
	Wide bool
}

// Trust says that a program passes nothing on, or that an object carries
// nothing. Back channels over the object are not meant, if it is not Private.
type Trust struct {
	// Name is a type or an attribute, for programs; TYPE:CLASS or
	// ATTRIBUTE:CLASS for objects; or @PLACE for one of the whole machine,
	// such as @network.
	Name   string `json:"name"`
	Except string `json:"except,omitempty"` // a type or an attribute whose types are not meant
	// Private says of objects that no two programs ever have the same one. Then
	// there are no back channels over them either: one can lock /dev/null, which
	// carries nothing, but not a pipe that one does not have.
	Private bool   `json:"private,omitempty"`
	Why     string `json:"why"`
}

// Declared is a back channel that a scenario accepts.
type Declared struct {
	From  string `json:"from"` // a type: tells
	To    string `json:"to"`   // a type: learns
	Class string `json:"class"`
	How   string `json:"how"`           // the name of the channel in channels.map; of the class "machine" if the object does not matter
	Via   string `json:"via,omitempty"` // the object's type; empty is any
	Why   string `json:"why"`
}

// NameError is a name in a question that the policy or the map does not have.
type NameError struct {
	Kind, Name string
	Nearest    string // may be empty
}

// Error names it.
func (e *NameError) Error() string { return fmt.Sprintf("there is no %s %q", e.Kind, e.Name) }

// Hint gives the nearest name that there is.
func (e *NameError) Hint() string {
	if e.Nearest == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", e.Nearest)
}

func unknown(kind, name string, candidates []string) error {
	return &NameError{Kind: kind, Name: name, Nearest: nearest.Word(name, candidates, max(3, len(name)/3))}
}

// Answer is what came of a question.
type Answer struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Path is a shortest way by permissions. Empty: there is none.
	Path []Step `json:"path,omitempty"`
	// Leak is a shortest way that takes a back channel which is not declared,
	// if there is no Path. Empty: there is none either.
	Leak []Step `json:"leak,omitempty"`
	// Back are the back channels that lead straight from From to To.
	Back []BackChannel `json:"back,omitempty"`
	// Reached is, if there is neither Path nor Leak, all that the search came
	// to: the proof that there is none.
	Reached Closure `json:"reached"`

	search *search
}

// Impossible tells whether there is neither a path nor a leak.
func (a *Answer) Impossible() bool { return len(a.Path) == 0 && len(a.Leak) == 0 }

// Undeclared are the back channels straight from From to To that are not declared.
func (a *Answer) Undeclared() []BackChannel {
	return slices.DeleteFunc(slices.Clone(a.Back), func(b BackChannel) bool { return b.Declared })
}

// String says in one line what was found; the steps are not in it.
func (a *Answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s → %s: ", a.From, a.To)
	switch {
	case len(a.Path) > 0:
		fmt.Fprintf(&b, "possible in %d steps, by way of %s", len(a.Path), stations(a.Path))
	case len(a.Leak) > 0:
		fmt.Fprintf(&b, "no path by permissions, but by a back channel that is not declared, by way of %s", stations(a.Leak))
	default:
		b.WriteString("no path by permissions")
	}
	if names := a.backNames(); names != "" {
		b.WriteString("; back channels: " + names)
	}
	return b.String()
}

// stations are the places that a path leads through.
func stations(path []Step) string {
	var names []string
	for _, s := range path[:len(path)-1] {
		names = append(names, s.To)
	}
	if len(names) == 0 {
		return "nothing else"
	}
	return strings.Join(names, ", ")
}

// backNames names the back channels, those of one name and class together.
func (a *Answer) backNames() string {
	var names []string
	for _, group := range grouped(a.Back) {
		name := group.String()
		if group.declared {
			name += " (declared)"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// Ask answers a question. An error is a *NameError.
func (g *Graph) Ask(q Query) (*Answer, error) {
	s, err := g.prepare(q)
	if err != nil {
		return nil, err
	}
	from, to, err := g.endpoints(q)
	if err != nil {
		return nil, err
	}
	a := &Answer{From: q.From, To: q.To}
	if a.Path = s.find(from, to); a.Path == nil && !q.Wide && !g.opts.ByType {
		s.channels = true
		a.Leak = s.find(from, to)
	}
	if from.kind == 0 && to.kind == 0 && !q.Wide {
		a.Back = s.between(from.number, to.number, q.Declared)
	}
	if a.search = s; a.Impossible() {
		a.Reached = s.closure()
	}
	return a, nil
}

// find gives a shortest way; nil if there is none.
func (s *search) find(from, to node) []Step {
	s.start = from
	s.begin()
	if from == to {
		name := s.g.name(from.kind, from.number)
		return []Step{{From: name, To: name, Why: "what is of one type is not held apart"}}
	}
	for s.next() {
		if s.reached(to) {
			return s.path(to)
		}
	}
	return nil
}

func (s *search) reached(to node) bool {
	if to.kind == 0 {
		return s.procs.Has(to.number)
	}
	set := s.objects[to.kind]
	return set != nil && set.Has(to.number)
}

// endpoints finds both ends of a question.
func (g *Graph) endpoints(q Query) (from, to node, err error) {
	if from, err = g.endpoint(q.From); err != nil {
		return from, to, err
	}
	to, err = g.endpoint(q.To)
	return from, to, err
}

// endpoint finds a process, or an object.
func (g *Graph) endpoint(name string) (node, error) {
	typeName, class, isObject := strings.Cut(name, ":")
	number, err := g.typeNumber(typeName)
	if err != nil || !isObject {
		return node{0, number}, err
	}
	kind, err := g.classPlaces(class)
	if err != nil {
		return node{}, err
	}
	return node{kind[0], number}, nil
}

func (g *Graph) typeNumber(name string) (int, error) {
	number, ok := g.model.Number(name)
	if !ok {
		return 0, unknown("type", name, g.model.Types)
	}
	return number, nil
}

// classPlaces are the sides of the objects of a class, the plain one first.
func (g *Graph) classPlaces(class string) ([]int32, error) {
	if !slices.Contains(g.model.Classes(), class) {
		return nil, unknown("class", class, g.model.Classes())
	}
	kinds := []int32{g.placeOf(place{class: class})}
	for i, p := range g.places {
		if p.class == class && p.side != "" {
			kinds = append(kinds, int32(i))
		}
	}
	return kinds, nil
}

// prepare makes a search of a question.
func (g *Graph) prepare(q Query) (*search, error) {
	s := &search{g: g, wide: q.Wide, trusted: g.empty(), shut: map[int32]model.Set{}, private: map[int32]model.Set{}}
	for _, t := range q.Trusted {
		if err := s.trust(t); err != nil {
			return nil, err
		}
	}
	for _, d := range q.Declared {
		one, err := g.declare(d)
		if err != nil {
			return nil, err
		}
		s.declared = append(s.declared, one)
	}
	return s, nil
}

// trust marks what passes nothing on.
func (s *search) trust(t Trust) error {
	if medium, ok := strings.CutPrefix(t.Name, "@"); ok {
		kind, ok := s.g.placed[place{medium: medium}]
		if !ok {
			return unknown("place", t.Name, s.g.mediums())
		}
		s.put(s.shut, kind, 0)
		return nil
	}
	set, class, isObject := strings.Cut(t.Name, ":")
	types, err := s.g.types(set)
	if err != nil {
		return err
	}
	if t.Except != "" {
		not, err := s.g.types(t.Except)
		if err != nil {
			return err
		}
		types = types.Without(not)
	}
	if !isObject {
		s.trusted.Join(types)
		return nil
	}
	kinds, err := s.g.classPlaces(class)
	for _, kind := range kinds {
		if kind == 0 { // such as TYPE:process
			s.trusted.Join(types)
			continue
		}
		types.Each(func(number int) {
			s.put(s.shut, kind, number)
			if t.Private {
				s.put(s.private, kind, number)
			}
		})
	}
	return err
}

// types are those of a name in a question.
func (g *Graph) types(name string) (model.Set, error) {
	if !g.model.Known(g.model.Real(name)) {
		return nil, unknown("type or attribute", name, slices.Concat(g.model.Types, g.model.Attributes()))
	}
	return g.model.TypesOf(name)
}

func (g *Graph) mediums() []string {
	var names []string
	for _, p := range g.places {
		if p.medium != "" {
			names = append(names, "@"+p.medium)
		}
	}
	return names
}

// declare reads a declared back channel.
func (g *Graph) declare(d Declared) (one declaration, err error) {
	one.class, one.name = d.Class, d.How
	if d.Class == "machine" {
		one.class = ""
	}
	if names := g.perms.names(one.class); !slices.Contains(names, d.How) {
		return one, unknown("back channel of class "+d.Class, d.How, names)
	}
	if one.from, err = g.typeNumber(d.From); err != nil {
		return one, err
	}
	if one.to, err = g.typeNumber(d.To); err != nil {
		return one, err
	}
	one.via = g.all
	if d.Via != "" {
		one.via, err = g.types(d.Via)
	}
	return one, err
}
