package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"ipclab/internal/policy/model"
)

// Options say how a graph is made.
type Options struct {
	Map *Map // nil is DefaultMap
	// AllBranches takes every rule under a boolean, whatever its value.
	AllBranches bool
	// Booleans are values other than the policy's defaults.
	Booleans map[string]bool
	// Guess takes permissions that the map does not have for flows both ways, as a
	// policy of another version may bring them. Otherwise they are an error.
	Guess bool
	// ByType joins the processes and all objects of a type into one, as
	// setools does. There are no back channels then.
	ByType bool
}

// Graph is the information flow of one policy. It is not changed by questions;
// several may be asked at once.
type Graph struct {
	model    *model.Model
	perms    *Map
	opts     Options
	sets     []model.Set      // of types, each once
	numbers  map[string]int32 // name → its set
	places   []place          // kinds of objects; the first is the processes
	placed   map[place]int32
	arcs     [][]arc // by place
	channels []channelArcs
	implied  []implied
	all      model.Set          // of types; not to be changed
	acting   int32              // the types that processes have
	limits   map[string][]limit // by class
	texts    sync.Map           // of rules that were told
	guessed  []string           // CLASS:PERMISSION, of which the map says nothing
	flows    map[permKey][]placeFlow
}

// place is a kind of object.
type place struct {
	class, side string
	medium      string // one for the whole machine
}

// The set numbers that stand for no set of their own.
const (
	self    int32 = -1 // the type that acts
	machine int32 = -2 // the one object of a medium
)

// arc is what one rule lets flow between processes and objects of one kind.
type arc struct {
	from, to int32 // sets
	rule     int32 // of model.Rules; below 0 the implied one -rule-1
	dir      Direction
	wide     Direction // the directions that are not narrow
}

// implied is a flow that no allow rule grants.
type implied struct{ rule, why string }

// channelArcs are the ends of one back channel.
type channelArcs struct {
	channel    *Channel
	sent, seen []arc
}

// NewGraph makes the graph of a policy. Errors: *CoverError if the map lacks
// something, *MapError for its text, *model.UnreadError for what cannot be
// read of the policy, *NameError for a boolean that it does not have.
func NewGraph(m *model.Model, o Options) (*Graph, error) {
	g := &Graph{model: m, perms: o.Map, opts: o, numbers: map[string]int32{}, placed: map[place]int32{}, flows: map[permKey][]placeFlow{}, limits: map[string][]limit{}}
	if g.perms == nil {
		perms, err := DefaultMap()
		if err != nil {
			return nil, err
		}
		g.perms = perms
	}
	g.guessed = g.perms.missing(m.Classes(), m.Permissions)
	if len(g.guessed) > 0 && !o.Guess {
		return nil, &CoverError{Missing: g.guessed}
	}
	for name := range o.Booleans {
		if _, ok := m.Booleans[name]; !ok {
			return nil, unknown("boolean", name, slices.Sorted(maps.Keys(m.Booleans)))
		}
	}
	g.placeOf(place{class: "process"})
	for _, class := range m.Classes() { // questions must not add any
		g.placeOf(place{class: class})
	}
	g.all = m.World().All
	g.computeSets()
	return g, g.build()
}

// computeSets has the model compute all sets of types, because several questions at
// once must not. One that is made of itself has none, and is an error where it is used.
func (g *Graph) computeSets() {
	for _, name := range slices.Concat(g.model.Types, g.model.Attributes()) {
		_, _ = g.model.TypesOf(name)
	}
}

// build makes all arcs.
func (g *Graph) build() error {
	g.addLimits()
	if err := g.addRules(); err != nil {
		return err
	}
	if g.opts.ByType {
		return nil
	}
	if err := g.addImplied(); err != nil {
		return err
	}
	return g.addChannels()
}

// addRules makes the arcs of all rules that hold.
func (g *Graph) addRules() error {
	acting := g.empty()
	for i := range g.model.Rules {
		r := &g.model.Rules[i]
		holds, err := g.holds(r.When)
		if err != nil {
			return err
		}
		if !holds {
			continue
		}
		from, to, err := g.ends(r)
		if err != nil {
			return err
		}
		if g.addRule(int32(i), from, to) {
			acting.Join(g.sets[from])
		}
	}
	g.acting = g.addSet(acting)
	return nil
}

// addRule tells whether anything flows by the rule.
func (g *Graph) addRule(i, from, to int32) bool {
	flows := false
	for _, a := range g.model.Rules[i].Access {
		for _, f := range g.flowsOf(a) {
			flows = true
			one := arc{from: from, to: to, rule: i, dir: f.dir, wide: f.wide}
			if g.places[f.place].medium != "" {
				one.to = machine
			}
			g.arcs[f.place] = append(g.arcs[f.place], one)
		}
	}
	return flows
}

// ends gives the sets that a rule is about.
func (g *Graph) ends(r *model.Rule) (from, to int32, err error) {
	if from, err = g.set(r.From); err != nil || r.To == "self" {
		return from, self, err
	}
	to, err = g.set(r.To)
	return from, to, err
}

// set gives the number of the set that a type or an attribute stands for.
func (g *Graph) set(name string) (int32, error) {
	if n, ok := g.numbers[name]; ok {
		return n, nil
	}
	s, err := g.model.TypesOf(name)
	if err != nil {
		return 0, err
	}
	g.numbers[name] = g.addSet(s)
	return g.numbers[name], nil
}

func (g *Graph) addSet(s model.Set) int32 {
	g.sets = append(g.sets, s)
	return int32(len(g.sets) - 1)
}

func (g *Graph) empty() model.Set { return model.NewSet(len(g.model.Types)) }

// placeOf gives the number of a kind of object.
func (g *Graph) placeOf(p place) int32 {
	if g.opts.ByType || p.medium == "" && g.perms.process(p.class) {
		p = place{class: "process"}
	}
	n, ok := g.placed[p]
	if !ok {
		n = int32(len(g.places))
		g.placed[p] = n
		g.places, g.arcs = append(g.places, p), append(g.arcs, nil)
	}
	return n
}

// name is an object in words.
func (g *Graph) name(kind int32, number int) string {
	p := g.places[kind]
	switch {
	case kind == 0:
		return g.model.Types[number]
	case p.medium != "":
		return "@" + p.medium
	case p.side != "":
		return g.model.Types[number] + ":" + p.class + "." + p.side
	}
	return g.model.Types[number] + ":" + p.class
}

// permKey is a set of permissions of a class.
type permKey struct {
	class string
	perms uint64
}

// placeFlow is what permissions together let flow to and from one place.
type placeFlow struct {
	place     int32
	dir, wide Direction
}

// flowsOf adds up what permissions let flow. Sets of permissions come again
// and again in a policy.
func (g *Graph) flowsOf(a model.Access) []placeFlow {
	if len(a.Perms) != 1 { // a class of the kernel has at most 32
		return g.addFlows(a)
	}
	key := permKey{a.Class, a.Perms[0]}
	all, ok := g.flows[key]
	if !ok {
		all = g.addFlows(a)
		g.flows[key] = all
	}
	return all
}

func (g *Graph) addFlows(a model.Access) (all []placeFlow) {
	names := g.model.Permissions(a.Class)
	a.Perms.Each(func(i int) {
		for _, f := range g.permission(a.Class, names[i]).Flows {
			all = g.addFlow(all, a.Class, f)
		}
	})
	return all
}

// permission gives what is known, or guessed, of a permission.
func (g *Graph) permission(class, name string) Permission {
	p, ok := g.perms.Permission(class, name)
	if !ok {
		return Permission{Name: name, Flows: []Flow{{Dir: Read | Write}}, Why: "not known to the permission map, so taken for both ways"}
	}
	return p
}

func (g *Graph) addFlow(all []placeFlow, class string, f Flow) []placeFlow {
	if f.Medium != "" && g.opts.ByType {
		return all
	}
	one := placeFlow{place: g.placeOf(f.at(class)), dir: f.Dir, wide: f.Dir}
	if f.Narrow {
		one.wide = 0
	}
	for i := range all {
		if all[i].place == one.place {
			all[i].dir |= one.dir
			all[i].wide |= one.wide
			return all
		}
	}
	return append(all, one)
}

// at gives the kind of object that a permission of a class lets something flow
// to or from.
func (f Flow) at(class string) place {
	switch f.Medium {
	case "":
		return place{class: class, side: f.Side}
	case "class":
		return place{medium: class}
	}
	return place{medium: f.Medium}
}

// addImplied adds what flows without an allow rule: between a process and its
// files in /proc, and everything where a domain is permissive.
func (g *Graph) addImplied() error {
	why := g.imply("", "what lies in /proc/PID is the process itself")
	for _, class := range []string{"file", "dir", "lnk_file"} {
		kind := g.placeOf(place{class: class})
		g.arcs[kind] = append(g.arcs[kind], arc{from: g.acting, to: self, rule: why, dir: Read | Write, wide: Read | Write})
	}
	all := g.addSet(g.all)
	for _, n := range g.model.Permissive {
		if len(n.List) != 2 {
			return model.Unread(n, "this makes no domain permissive")
		}
		from, err := g.set(g.model.Real(n.List[1].Text))
		if err != nil {
			return err
		}
		g.allow(from, all, g.imply(located(n), "nothing is denied to a permissive domain"))
	}
	return nil
}

// allow lets everything flow between the domains of one set and all objects
// of another.
func (g *Graph) allow(from, to, rule int32) {
	for kind := range g.arcs {
		one := arc{from: from, to: to, rule: rule, dir: Read | Write, wide: Read | Write}
		if g.places[kind].medium != "" {
			one.to = machine
		}
		g.arcs[kind] = append(g.arcs[kind], one)
	}
}

// imply makes a reason that is no allow rule.
func (g *Graph) imply(rule, why string) int32 {
	g.implied = append(g.implied, implied{rule, why})
	return -int32(len(g.implied))
}

// holds tells whether a rule under a boolean counts.
func (g *Graph) holds(c *model.Condition) (bool, error) {
	if g.opts.AllBranches {
		return true, nil
	}
	return g.model.Holds(c, g.opts.Booleans)
}

// Size says in one line how much there is.
func (g *Graph) Size() string {
	arcs := 0
	for _, all := range g.arcs {
		arcs += len(all)
	}
	return fmt.Sprintf("%d types, %d rules, %d kinds of objects, %d flows", len(g.model.Types), len(g.model.Rules), len(g.places), arcs)
}

// trimmed shortens a rule in an answer: a module may hold very long ones.
func trimmed(text string) string {
	const longest = 300
	if r := []rune(text); len(r) > longest {
		return strings.TrimSpace(string(r[:longest])) + "…"
	}
	return text
}
