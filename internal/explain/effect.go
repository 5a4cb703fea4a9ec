package explain

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/flow"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
	"ipclab/scenarios"
)

// Policy is the policy at hand, and who is trusted in it.
type Policy struct {
	Name    string // as messages call it
	Modules []policy.Module
	// Trusted and Declared are for questions between a scenario's subjects.
	Trusted  []flow.Trust
	Declared []flow.Declared
}

// mostEffects bounds how many rules are tried: each asks the whole policy anew.
const mostEffects = 24

// trialPrefix begins the names of the booleans under which rules are tried.
const trialPrefix = "ipclab_explain_"

// trial is a rule in the policy, under a boolean that is off.
type trial struct {
	boolean string
	denial  *Denial
}

// effects computes what each rule would let through, as far as it can.
func (r *Report) effects(o Options) error {
	if !slices.ContainsFunc(r.Denials, func(d Denial) bool { return d.Rule != nil }) {
		return nil
	}
	if o.Policy == nil {
		r.Notes = append(r.Notes, "what else a rule would let through was not computed: there is no policy at hand")
		return nil
	}
	m := model.New()
	if err := m.Read(o.Policy.Modules); err != nil {
		return err
	}
	trials, more := r.trials(m, o.Policy.Name)
	if err := m.Read([]policy.Module{{File: "tried rules", Source: []byte(more)}}); err != nil {
		return err
	}
	a := &asker{model: m, options: o, booleans: map[string]bool{}}
	if o.Scenario != nil {
		for name, value := range o.Scenario.Booleans {
			if _, known := m.Booleans[name]; known {
				a.booleans[name] = value
			}
		}
	}
	return a.all(trials)
}

// trials gives the rules that the policy has the names for, and their text.
func (r *Report) trials(m *model.Model, name string) ([]trial, string) {
	var all []trial
	var text strings.Builder
	for i := range r.Denials {
		d := &r.Denials[i]
		if d.Rule == nil {
			continue
		}
		if missing := d.Rule.missing(m); missing != "" {
			d.Notes = append(d.Notes, fmt.Sprintf("what else the rule would let through was not computed: %s has no %s", name, missing))
			continue
		}
		if len(all) == mostEffects {
			r.Notes = append(r.Notes, fmt.Sprintf("what else a rule would let through was computed for the first %d rules only", mostEffects))
			break
		}
		t := trial{boolean: trialPrefix + strconv.Itoa(i), denial: d}
		fmt.Fprintf(&text, "(boolean %s false)(booleanif %s (true %s))\n", t.boolean, t.boolean, d.Rule.CIL)
		all = append(all, t)
	}
	return all, text.String()
}

// missing names what a policy does not have of a rule. Nothing that stands in a
// text goes into a policy before it was found there.
func (r *Rule) missing(m *model.Model) string {
	for _, name := range []string{r.source, r.target} {
		if name != "self" && !m.Known(m.Real(name)) {
			return "type " + escaped(name)
		}
	}
	if !slices.Contains(m.Classes(), r.class) {
		return "class " + escaped(r.class)
	}
	for _, p := range r.permissions {
		if !slices.Contains(m.Permissions(r.class), p) {
			return fmt.Sprintf("permission %s of class %s", escaped(p), r.class)
		}
	}
	return ""
}

// asker compares the policy with and without a rule.
type asker struct {
	model    *model.Model
	options  Options
	booleans map[string]bool
	before   *flow.Graph
	answers  map[[2]string]*flow.Answer // without any of the rules
}

func (a *asker) graph(boolean string) (*flow.Graph, error) {
	values := maps.Clone(a.booleans)
	if boolean != "" {
		values[boolean] = true
	}
	return flow.NewGraph(a.model, flow.Options{Booleans: values})
}

func (a *asker) all(trials []trial) (err error) {
	if len(trials) == 0 {
		return nil
	}
	if a.before, err = a.graph(""); err != nil {
		return err
	}
	a.answers = map[[2]string]*flow.Answer{}
	for _, t := range trials {
		after, err := a.graph(t.boolean)
		if err != nil {
			return err
		}
		if subjects := a.subjects(t.denial); len(subjects) > 1 {
			t.denial.Effect, err = a.between(after, subjects)
		} else {
			t.denial.Effect, err = a.outside(after, t.denial.Rule)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// subjects are the scenario's domains that the policy has, if the rule's is
// among them: by domain, the names of the subjects.
func (a *asker) subjects(d *Denial) map[string]string {
	if a.options.Scenario == nil {
		return nil
	}
	all := map[string]string{}
	for _, s := range a.options.Scenario.Subjects {
		if domain := domainOf(s); a.model.Known(domain) && all[domain] == "" {
			all[domain] = s.Name
		}
	}
	if all[d.Source] == "" {
		return nil
	}
	return all
}

// between asks for every ordered pair of subjects.
func (a *asker) between(after *flow.Graph, subjects map[string]string) (*Effect, error) {
	e := &Effect{Within: "the scenario's subjects"}
	domains := slices.Sorted(maps.Keys(subjects))
	for _, from := range domains {
		for _, to := range domains {
			if from == to {
				continue
			}
			if err := a.pair(e, after, from, to, subjects); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// pair adds what a rule opens from one domain to another.
func (a *asker) pair(e *Effect, after *flow.Graph, from, to string, names map[string]string) error {
	q := flow.Query{From: from, To: to, Trusted: a.options.Policy.Trusted, Declared: a.options.Policy.Declared}
	before := a.answers[[2]string{from, to}]
	if before == nil {
		var err error
		if before, err = a.before.Ask(q); err != nil {
			return err
		}
		a.answers[[2]string{from, to}] = before
	}
	then, err := after.Ask(q)
	if err != nil {
		return err
	}
	if len(before.Path) == 0 && len(then.Path) > 0 {
		one := a.opened(names[from], names[to])
		one.Over = stations(then.Path)
		for _, s := range then.Path {
			one.Steps = append(one.Steps, stepText(s))
			one.Narrow = one.Narrow || s.Narrow
		}
		e.Flows = append(e.Flows, one)
	}
	for _, b := range then.Undeclared() {
		if !slices.ContainsFunc(before.Back, func(old flow.BackChannel) bool { return old.Name == b.Name && old.Over == b.Over }) {
			one := a.opened(names[from], names[to])
			one.Name, one.Over, one.Steps = b.Name, b.Over, []string{b.How}
			one.Wanted = false // a flow is wanted, not a back channel
			e.Channels = append(e.Channels, one)
		}
	}
	return nil
}

// stepText tells a step; that the rule which is tried stands under a boolean is
// no matter of the policy's.
func stepText(s flow.Step) string {
	if strings.Contains(s.When, trialPrefix) {
		return s.From + " → " + s.To + " [by this rule]"
	}
	return s.String()
}

// opened begins a flow between two subjects, with what the scenario says of it.
func (a *asker) opened(from, to string) Opened {
	one := Opened{From: from, To: to}
	for _, f := range a.options.Scenario.Flows {
		if f.From == from && f.To == to {
			one.Wanted = one.Wanted || f.Want == scenarios.Allow
			one.Forbidden = one.Forbidden || f.Want == scenarios.Deny
		}
	}
	one.Forbidden = one.Forbidden && !one.Wanted
	return one
}

// stations are the places that a path leads through.
func stations(path []flow.Step) string {
	var names []string
	for _, s := range path[:len(path)-1] {
		names = append(names, s.To)
	}
	return strings.Join(names, ", ")
}

// outside tells, where there are no subjects to ask about, who is at the other
// end of the object, and what can newly be reached in any number of steps.
func (a *asker) outside(after *flow.Graph, r *Rule) (*Effect, error) {
	e := &Effect{Within: a.options.Policy.Name}
	perms, err := flow.DefaultMap()
	if err != nil {
		return nil, err
	}
	dir := directionOf(perms, r.class, r.permissions)
	target := r.target
	if target == "self" {
		target = r.source
	}
	if e.Partners, err = a.partners(perms, target, r, dir); err != nil {
		return nil, err
	}
	from := r.source
	if dir == flow.Read { // what the object holds comes to who reads it
		from = target + ":" + r.class
	}
	e.Domains, err = a.reach(after, from)
	return e, err
}

// directionOf adds up which way contents flow by permissions.
func directionOf(perms *flow.Map, class string, names []string) (dir flow.Direction) {
	for _, name := range names {
		p, _ := perms.Permission(class, name)
		for _, f := range p.Flows {
			dir |= f.Dir
		}
	}
	return dir
}

// partners finds who reads what the rule lets write, and the other way round.
func (a *asker) partners(perms *flow.Map, target string, r *Rule, dir flow.Direction) (*Partners, error) {
	if dir == 0 {
		return nil, nil
	}
	p := &Partners{}
	for i := range a.model.Rules {
		rule := &a.model.Rules[i]
		if rule.When != nil && strings.HasPrefix(rule.When.Expr.String(), trialPrefix) {
			continue
		}
		theirs := a.directionOn(perms, rule, r.class)
		if theirs == 0 {
			continue
		}
		about, err := a.isAbout(rule, target)
		if err != nil {
			return nil, err
		}
		if !about {
			continue
		}
		types, err := a.model.TypesOf(rule.From)
		if err != nil {
			return nil, err
		}
		types.Each(func(n int) {
			p.add(a.model.Types[n], r.source, rule.To == "self" && a.model.Types[n] != target, dir, theirs)
		})
	}
	slices.Sort(p.Readers)
	slices.Sort(p.Writers)
	p.Readers, p.Writers = slices.Compact(p.Readers), slices.Compact(p.Writers)
	return p, nil
}

// add notes one domain, unless it is the rule's own or the rule is about others.
func (p *Partners) add(domain, own string, other bool, dir, theirs flow.Direction) {
	if domain == own || other {
		return
	}
	if dir&flow.Write != 0 && theirs&flow.Read != 0 {
		p.Readers = append(p.Readers, domain)
	}
	if dir&flow.Read != 0 && theirs&flow.Write != 0 {
		p.Writers = append(p.Writers, domain)
	}
}

// directionOn is what a rule lets flow over objects of a class.
func (a *asker) directionOn(perms *flow.Map, rule *model.Rule, class string) (dir flow.Direction) {
	for _, access := range rule.Access {
		if access.Class != class {
			continue
		}
		names := a.model.Permissions(class)
		var held []string
		access.Perms.Each(func(i int) { held = append(held, names[i]) })
		dir |= directionOf(perms, class, held)
	}
	return dir
}

// isAbout tells whether a rule is about objects of a type.
func (a *asker) isAbout(rule *model.Rule, target string) (bool, error) {
	number, ok := a.model.Number(target)
	if !ok {
		return false, nil
	}
	set := rule.To
	if set == "self" {
		set = rule.From
	}
	types, err := a.model.TypesOf(set)
	return err == nil && types.Has(number), err
}

// reach counts what information can come to with and without the rule.
func (a *asker) reach(after *flow.Graph, from string) (*NewDomains, error) {
	old, err := a.before.Reach(flow.Query{From: from, Wide: true})
	if err != nil {
		return nil, err
	}
	now, err := after.Reach(flow.Query{From: from, Wide: true})
	if err != nil {
		return nil, err
	}
	n := &NewDomains{From: from, Before: len(old.Subjects)}
	if slices.Contains(old.Subjects, from) { // it knows already
		n.Before--
	}
	for _, s := range now.Subjects {
		if _, known := slices.BinarySearch(old.Subjects, s); !known {
			n.New = append(n.New, s)
		}
	}
	return n, nil
}
