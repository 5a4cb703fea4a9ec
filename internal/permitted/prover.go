package permitted

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"sync"

	"ipclab/internal/flow"
	"ipclab/internal/mechanism"
	"ipclab/internal/policy/model"
	"ipclab/scenarios"
)

// prover computes one scenario's view.
type prover struct {
	s       *scenarios.Scenario
	m       *model.Model
	book    *rulebook
	machine *machine
	things  map[string]*thing

	graph   *flow.Graph                 // with the scenario's booleans
	wide    func() (*flow.Graph, error) // with all rules under all booleans; made when it is needed
	answers map[[2]string]*answer
	notes   []string
	limits  []flow.Constraint // that were not looked at, of what was asked
}

// thing is an object with all that decides who may use it.
type thing struct {
	scenarios.Object
	about mechanism.Mechanism
	types map[string]string // class → type of what is of that class
	dirs  []directory       // that lead to it, outermost first
	owner string            // user
	maker string            // user that made it: System V asks for it as well
	group string
	mode  int
	makes string // domain of the maker
	space string // the namespace that it is in; empty: the machine's
	of    *thing // of a passed descriptor
}

func newProver(s *scenarios.Scenario, m *model.Model) (*prover, error) {
	p := &prover{s: s, m: m, things: map[string]*thing{}, answers: map[[2]string]*answer{}}
	p.wide = sync.OnceValues(func() (*flow.Graph, error) {
		return flow.NewGraph(m, flow.Options{AllBranches: true, Guess: true})
	})
	var err error
	if p.machine, err = theMachine(); err != nil {
		return nil, err
	}
	if p.book, err = newRulebook(m); err != nil {
		return nil, err
	}
	if err := p.checkNames(); err != nil {
		return nil, err
	}
	for _, o := range s.Objects {
		if p.things[o.Name], err = p.thing(o); err != nil {
			return nil, err
		}
	}
	for _, t := range p.things {
		t.of = p.things[t.Of]
	}
	p.graph, err = flow.NewGraph(m, flow.Options{Booleans: s.Booleans, Guess: true})
	return p, err
}

// domain is the type that a subject runs in.
func (p *prover) domain(s scenarios.Subject) string { return cmp.Or(s.Domain, p.machine.Student) }

// thing finds out what decides about an object.
func (p *prover) thing(o scenarios.Object) (*thing, error) {
	m, _ := mechanism.Find(o.Kind)
	t := &thing{Object: o, about: m, types: map[string]string{}, owner: "root", makes: p.machine.Agent}
	if maker, ok := p.s.Subject(o.Maker); ok {
		t.owner, t.makes = maker.User, p.domain(maker)
		t.space = maker.Namespaces[m.Namespace]
	}
	t.maker = t.owner
	t.group = cmp.Or(o.Group, t.owner)
	t.owner = cmp.Or(o.Owner, t.owner)
	t.mode = octal(cmp.Or(o.Mode, "0600"))
	t.dirs = p.dirs(t)
	return t, p.label(t)
}

// dirs are the directories that lead to an object.
func (p *prover) dirs(t *thing) []directory {
	switch t.about.Place {
	case mechanism.Path:
		dirs, _ := p.machine.above(p.s, t.Path)
		return dirs
	case mechanism.Memory:
		dirs, _ := p.machine.above(p.s, "/dev/shm/name")
		return dirs
	case mechanism.Name:
		d, _ := p.machine.directory(p.s, mqueue)
		return []directory{d}
	}
	return nil
}

// label finds the types of an object: by class, since a Unix socket is two
// things, a socket of its maker's type and a name in a directory.
func (p *prover) label(t *thing) (err error) {
	for i, class := range t.about.Classes {
		switch {
		case class == "msg":
			t.types[class], err = t.types[t.about.Classes[0]], nil
		case slices.Contains([]string{"fd", "process"}, class):
			t.types[class] = t.makes
		case len(t.dirs) > 0 && (i > 0 || t.about.Made == mechanism.ByAgent):
			t.types[class], err = p.fileType(t, class)
		case t.about.Place == mechanism.NoPlace:
			t.types[class] = t.makes // a pipe has the type of the process
		default:
			t.types[class], err = p.m.TypeOfMade(t.makes, t.makes, class, "", true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fileType is the type of what an object is in the file system.
func (p *prover) fileType(t *thing, class string) (string, error) {
	if t.Type != "" {
		return p.m.Real(t.Type), nil
	}
	return p.m.TypeOfMade(t.makes, p.m.Real(t.dirs[len(t.dirs)-1].Type), class, path.Base(t.Path), false)
}

// class is the class of the object itself.
func (t *thing) class() string { return t.about.Classes[0] }

// directories are the paths of all that are known.
func (p *prover) directories() []string {
	var all []string
	for _, d := range p.s.Directories {
		all = append(all, d.Path)
	}
	for _, d := range p.machine.Directories {
		all = append(all, d.Path)
	}
	return all
}

// about is a line on something that was found.
func about(layer scenarios.Layer, format string, args ...any) string {
	return string(layer) + ": " + fmt.Sprintf(format, args...)
}
