package permitted

import (
	"maps"
	"slices"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// names looks up what a scenario names.
type names struct {
	*prover
	missing []Unknown
}

// checkNames looks up all types, booleans, classes, permissions and directories that
// the scenario names. An error is an *UnknownError with all that there are not.
func (p *prover) checkNames() error {
	n := &names{prover: p}
	n.subjects()
	n.objects()
	n.booleans()
	for _, f := range p.s.Flows {
		n.permission(f.At, f.Class, f.Permission)
	}
	for _, b := range p.s.BackChannels {
		n.permission(b.At, b.Class, b.Permission)
	}
	for _, t := range p.s.Trusted {
		n.attribute(t.At, beforeColon(t.Type))
		n.attribute(t.At, t.Except)
	}
	if len(n.missing) > 0 {
		return &UnknownError{n.missing}
	}
	return nil
}

// lacks notes a name that there is not.
func (n *names) lacks(at scenarios.Position, kind, name string, candidates []string) {
	n.missing = append(n.missing, Unknown{File: n.s.Shown(), At: at, Kind: kind, Name: name, Nearest: near(name, candidates)})
}

// subjects looks up their domains and users.
func (n *names) subjects() {
	for _, s := range n.s.Subjects {
		n.typeName(s.At, s.Domain)
		if _, ok := n.machine.Users[s.User]; !ok {
			n.lacks(s.At, "user", s.User, slices.Sorted(maps.Keys(n.machine.Users)))
		}
	}
}

// objects looks up their types, and the directories that they are in.
func (n *names) objects() {
	for _, d := range n.s.Directories {
		n.typeName(scenarios.Position{}, d.Type)
	}
	for _, o := range n.s.Objects {
		n.typeName(o.At, o.Type)
		if m, _ := mechanism.Find(o.Kind); m.Place != mechanism.Path {
			continue
		}
		if _, unknown := n.machine.above(n.s, o.Path); unknown != "" {
			n.lacks(o.At, "directory", unknown, n.directories())
		}
	}
}

// booleans looks up those that the scenario sets and switches.
func (n *names) booleans() {
	for _, name := range slices.Sorted(maps.Keys(n.s.Booleans)) {
		n.boolean(scenarios.Position{}, name)
	}
	for _, r := range n.s.Revocations {
		if _, set := n.s.Booleans[r.Boolean]; !set {
			n.boolean(r.At, r.Boolean)
		}
	}
}

func (n *names) boolean(at scenarios.Position, name string) {
	if _, ok := n.m.Booleans[name]; !ok {
		n.lacks(at, "boolean", name, slices.Sorted(maps.Keys(n.m.Booleans)))
	}
}

// typeName looks up a type; an empty one is none.
func (n *names) typeName(at scenarios.Position, name string) {
	if _, ok := n.m.Number(name); !ok && name != "" {
		n.lacks(at, "type", name, n.m.Types)
	}
}

// attribute looks up a type or an attribute; an empty one is none.
func (n *names) attribute(at scenarios.Position, name string) {
	if name != "" && !n.m.Known(n.m.Real(name)) {
		n.lacks(at, "type or attribute", name, slices.Concat(n.m.Types, n.m.Attributes()))
	}
}

// permission looks up a class and a permission of it; either may be empty.
func (n *names) permission(at scenarios.Position, class, perm string) {
	switch classes := n.m.Classes(); {
	case class == "":
	case !slices.Contains(classes, class):
		n.lacks(at, "class", class, classes)
	case perm != "" && !slices.Contains(n.m.Permissions(class), perm):
		n.lacks(at, "permission of "+class, perm, n.m.Permissions(class))
	}
}
