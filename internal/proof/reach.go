package proof

import (
	"slices"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// grant is a rule that holds for one domain.
type grant struct {
	rule    *model.Rule
	targets model.Set
}

// domain is a type that acts, with everything that it is granted.
type domain struct {
	name   string
	number int
	attrs  map[string]bool // its name and the attributes that it is in
	grants []grant
}

// domain collects what a type is granted.
func (m rules) domain(number int) (*domain, error) {
	d := &domain{name: m.Types[number], number: number, attrs: map[string]bool{m.Types[number]: true}}
	for _, name := range m.Attributes() {
		s, err := m.TypesOf(name)
		if err != nil {
			return nil, err
		}
		if s.Has(number) {
			d.attrs[name] = true
		}
	}
	self, err := m.TypesOf(d.name)
	if err != nil {
		return nil, err
	}
	for i := range m.Rules {
		r := &m.Rules[i]
		if !d.attrs[r.From] {
			continue
		}
		targets := self
		if r.To != "self" {
			if targets, err = m.TypesOf(r.To); err != nil {
				return nil, err
			}
		}
		d.grants = append(d.grants, grant{r, targets})
	}
	return d, nil
}

// may lists, for every target, the first rule that grants one of the
// permissions of a class.
func (m rules) may(d *domain, class string, perms ...string) map[int]*policy.Node {
	names := m.Permissions(class)
	wanted := model.NewSet(len(names))
	for _, p := range perms {
		if i := slices.Index(names, p); i >= 0 {
			wanted.Add(i)
		}
	}
	found := map[int]*policy.Node{}
	for _, g := range d.grants {
		if !slices.ContainsFunc(g.rule.Access, func(a model.Access) bool { return a.Class == class && !a.Perms.And(wanted).Empty() }) {
			continue
		}
		node := g.rule.Source.Node()
		g.targets.Each(func(t int) {
			if found[t] == nil {
				found[t] = node
			}
		})
	}
	return found
}

// step is how code comes from one domain into the next.
type step struct {
	from, into int
	how        string
	rules      []*policy.Node
}

// next gives the domains that code in d can become at once.
func (m rules) next(d *domain) ([]step, error) {
	steps := m.controlled(d)
	byExec, err := m.byExec(d)
	if err != nil {
		return nil, err
	}
	steps = append(steps, byExec...)
	slices.SortStableFunc(steps, func(a, b step) int { return a.into - b.into })
	return steps, nil
}

// controlled are the domains whose programs d can take over, or that it can
// enter without a program.
func (m rules) controlled(d *domain) []step {
	var steps []step
	for t, node := range m.may(d, "process", "ptrace") {
		steps = append(steps, step{d.number, t, "traces a program", []*policy.Node{node}})
	}
	current := m.may(d, "process", "setcurrent")[d.number]
	if current == nil {
		return steps
	}
	for t, node := range m.may(d, "process", "dyntransition") {
		steps = append(steps, step{d.number, t, "changes its own domain", []*policy.Node{current, node}})
	}
	return steps
}

// byExec are the domains that d enters by running a program: it may make the
// transition, may execute a file that is an entry to the new domain, and either
// the policy says so or d asks for it.
func (m rules) byExec(d *domain) ([]step, error) {
	var steps []step
	programs, asks := m.may(d, "file", "execute"), m.may(d, "process", "setexec")[d.number]
	for t, transition := range m.may(d, "process", "transition") {
		if t == d.number {
			continue
		}
		into, err := m.domain(t)
		if err != nil {
			return nil, err
		}
		for program, entry := range m.may(into, "file", "entrypoint") {
			why := asks
			if why == nil {
				why = m.byDefault(d, program, t)
			}
			if run := programs[program]; run != nil && why != nil {
				how := "runs a program of type " + m.Types[program]
				steps = append(steps, step{d.number, t, how, []*policy.Node{transition, run, entry, why}})
				break
			}
		}
	}
	return steps, nil
}

// byDefault finds the rule by which a program starts in a domain.
func (m rules) byDefault(d *domain, program, into int) *policy.Node {
	for _, v := range m.Moves {
		if !d.attrs[v.From] || v.Into != m.Types[into] {
			continue
		}
		files, err := m.TypesOf(v.Program)
		if err == nil && files.Has(program) {
			return v.Source.Node()
		}
	}
	return nil
}
