package grader

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/labs"
	"ipclab/scenarios"
)

// forbidden is: forbidden FROM -> TO : [WAY] OBJECT — what the lab's scenario
// forbids between the two over the object (in that way, by that back channel or that
// operation) is tried by the trusted probe, and refused as the scenario says. It stands for the denied attempts, each
// after its positive control: what the scenario wants somebody else to be able to do.
// A control that stands above already is not repeated.
type forbidden struct {
	denials []*attempt
	wanted  []attempt // what may serve as a control
}

const forbiddenUsage = "usage: forbidden FROM -> TO : [WAY] OBJECT"

func (p *parser) parseForbidden(words []string) (command, error) {
	if len(words) < 5 || len(words) > 6 || words[1] != "->" || words[3] != ":" {
		return nil, errors.New(forbiddenUsage)
	}
	if p.lab.Scenario() == nil {
		return nil, errors.New("the lab has no scenario that could forbid anything: name one in lab.yaml")
	}
	w := newWishes(p.lab)
	q := query{from: words[0], to: words[2], way: strings.Join(words[4:len(words)-1], "")}
	var err error
	if q.via, err = w.objects(words[len(words)-1]); err != nil {
		return nil, err
	}
	for _, name := range []string{q.from, q.to} {
		if _, err := w.subject(name); err != nil {
			return nil, err
		}
	}
	return w.forbidden(q)
}

// forbidden makes the command for what a script asks about.
func (w *wishes) forbidden(q query) (command, error) {
	f := &forbidden{}
	for _, one := range w.denied() {
		if !q.means(one) {
			continue
		}
		a, err := w.denial(one)
		if err != nil {
			return nil, err
		}
		f.denials, f.wanted = append(f.denials, a), append(f.wanted, w.wanted(one.via)...)
	}
	if len(f.denials) == 0 {
		return nil, w.nothing(q)
	}
	return f, nil
}

// nothing says that a script asks about what the scenario does not forbid.
func (w *wishes) nothing(q query) error {
	var others []string
	for _, one := range w.denied() {
		if slices.Contains(q.via, one.via) {
			others = append(others, fmt.Sprintf("%s -> %s : %s", one.from, one.to, one.way))
		}
	}
	way := ""
	if q.way != "" {
		way = " in the way " + q.way
	}
	return fmt.Errorf("%s does not forbid anything from %s to %s over %s%s; over it, it forbids %s", w.lab.ScenarioFile(), q.from, q.to, strings.Join(q.via, " or "), way,
		cmp.Or(strings.Join(slices.Compact(others), ", "), "nothing"))
}

// steps are the attempts to make, given what was shown to be allowed above.
func (f *forbidden) steps(shown []attempt) ([]*attempt, error) {
	var all []*attempt
	for _, d := range f.denials {
		if !slices.ContainsFunc(shown, d.controlledBy) {
			c, err := f.control(d)
			if err != nil {
				return nil, err
			}
			all, shown = append(all, c), append(shown[:len(shown):len(shown)], *c)
		}
		all = append(all, d)
	}
	for i := range all[:len(all)-1] {
		all[i].followed = true
	}
	return all, nil
}

// control picks the positive control of a denial: of those who may do the same, one
// who differs only in what the layer decides by, if there is one.
func (f *forbidden) control(d *attempt) (*attempt, error) {
	var best *attempt
	for _, c := range f.wanted {
		if d.controlledBy(c) && (best == nil || d.likeness(c) > d.likeness(*best)) {
			best = &c
		}
	}
	switch {
	case best == nil:
		return nil, fmt.Errorf("no positive control: the scenario lets nobody else %s on %s; add a flow or back channel that is allowed, or show above that somebody is", d.op, called(d.path))
	case best.op == api.OpRemove || best.op == api.OpUnlink:
		return nil, fmt.Errorf("the positive control would remove %s: show it above (allowed %s : %s …), and have the object made again", called(d.path), best.subject.Name, best.op)
	}
	return best, nil
}

// likeness is how good a control is for what a denies.
func (a *attempt) likeness(c attempt) int {
	n := 0
	if c.op == a.op {
		n += 2
	}
	if a.by == scenarios.BySELinux && c.subject.User == a.subject.User || a.by == scenarios.ByDAC && c.subject.Domain == a.subject.Domain {
		n++
	}
	return n
}

func (f *forbidden) check(s *scope) error {
	steps, err := f.steps(s.controls)
	if err != nil {
		return err
	}
	for _, a := range steps {
		if err := a.check(s); err != nil {
			return err
		}
	}
	return nil
}

func (f *forbidden) do(tr *trial) error {
	steps, err := f.steps(tr.controls)
	if err != nil {
		return labFault("%v", err)
	}
	for _, a := range steps {
		means := oneLine(a.line())
		tr.means.Store(&means)
		if err := a.do(tr); err != nil {
			return err
		}
	}
	return nil
}

// query is what a script asks about.
type query struct {
	from, to, way string
	via           []string // objects of the scenario that the script's one may be
}

func (q query) means(w wish) bool {
	return w.from == q.from && w.to == q.to && slices.Contains(q.via, w.via) && (q.way == "" || q.way == w.way || q.way == string(w.op))
}

// subject is a subject of the lab, by a name in a script.
func (w *wishes) subject(name string) (labs.Subject, error) {
	s, ok := w.lab.Subject(name)
	if ok {
		return s, nil
	}
	var names []string
	for _, one := range w.lab.Subjects {
		names = append(names, one.Name)
	}
	return s, fmt.Errorf("the lab has no subject %q%s", name, meant(name, names))
}

// objects are the scenario's objects of a path or key that a script names: more than
// one where several subjects make it, one at a time.
func (w *wishes) objects(path string) ([]string, error) {
	var found, names []string
	for _, o := range w.lab.Objects {
		if _, ok := w.lab.Scenario().Object(o.Name); !ok {
			continue
		}
		if o.Path == path {
			found = append(found, o.Name)
		}
		names = append(names, o.Path, "$"+o.Variable())
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, fmt.Errorf("the scenario has no object %q that a check could look at%s", path, meant(path, names))
}

// meant suggests the nearest name.
func meant(word string, names []string) string {
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
