package model

import (
	"fmt"
	"maps"
	"slices"

	"ipclab/internal/policy"
)

// UnreadError is a statement whose meaning the model does not know.
type UnreadError struct {
	Pos policy.Pos
	Msg string
}

// Error gives the place and what is wrong there.
func (e *UnreadError) Error() string { return e.Pos.String() + ": " + e.Msg }

// Unread makes an *UnreadError about a node.
func Unread(n *policy.Node, format string, args ...any) error {
	return &UnreadError{Pos: n.Pos, Msg: fmt.Sprintf(format, args...)}
}

// Model is a policy's type enforcement. Its fields are for reading.
type Model struct {
	Types      []string // by number
	Rules      []Rule
	Moves      []Move
	Permissive []*policy.Node  // (typepermissive NAME)
	Booleans   map[string]bool // with their defaults
	Genfs      []Genfs
	Makings    []Making
	Ports      []PortLabel
	Initial    map[string]string // initial SID → its type
	// Constraints take away what rules allow. No rule of the model is less for them.
	Constraints []Constraint
	// Unknown is what the kernel does with a class or permission that it knows and
	// the policy does not: "allow", "deny" or "reject"; empty: the policy does not say.
	Unknown string

	numbers   map[string]int            // type → number
	aliases   map[string]string         // alias → type
	members   map[string][]*policy.Node // attribute → expressions of its members
	sets      map[string]Set            // attribute → its types, once computed
	computing map[string]bool           // attributes that are being computed
	perms     map[string][]string       // class → its own permissions
	shared    map[string][]string       // common → its permissions
	common    map[string]string         // class → its common
	named     map[string][]Access       // set of permissions, or "MAP PERMISSION" → what it stands for
	maps      map[string]bool           // class → whether it is a class map
	ignored   map[string]bool           // keywords
	accesses  map[string][]Access       // what was read before, by its text
	later     []pending                 // statements that use names, in order
}

// pending is a statement that uses names.
type pending struct {
	source policy.Statement
	when   *Condition
}

// Rule is an allow rule. Names are types or attributes; To may be "self".
type Rule struct {
	Source   policy.Statement
	From, To string
	Access   []Access
	When     *Condition // nil if the rule always holds
}

// Condition is the expression of a booleanif, and what it must come to.
type Condition struct {
	Expr *policy.Node
	Is   bool
}

// Access is permissions of one class, by their numbers in Model.Permissions.
type Access struct {
	Class string
	Perms Set
}

// Move is the domain that a program starts in when nobody asks for another.
// Names are types or attributes; Program may be "self".
type Move struct {
	Source              policy.Statement
	From, Program, Into string
}

// Genfs is the type of the files of a file system whose path begins so. The
// longest path decides.
type Genfs struct {
	FS, Path string
	Type     string // empty if the context is not written out
}

// New gives a model of no policy.
func New() *Model {
	return &Model{
		Booleans: map[string]bool{}, Initial: map[string]string{},
		numbers: map[string]int{}, aliases: map[string]string{}, members: map[string][]*policy.Node{}, sets: map[string]Set{},
		computing: map[string]bool{}, perms: map[string][]string{}, shared: map[string][]string{}, common: map[string]string{},
		named: map[string][]Access{}, maps: map[string]bool{}, ignored: wordSet(ignored),
	}
}

// Read adds modules: the declarations of all of them, then what uses names.
// Sets that were computed before do not change with it. An error is a
// *policy.SyntaxError or an *UnreadError.
func (m *Model) Read(modules []policy.Module) error {
	for _, module := range modules {
		for statement, err := range policy.Statements(module.File, module.Source) {
			if err != nil {
				return err
			}
			if err := m.take(statement); err != nil {
				return err
			}
		}
	}
	m.accesses = map[string][]Access{} // a module may have changed what they mean
	m.Rules = slices.Grow(m.Rules, len(m.later))
	for _, p := range m.later {
		if err := m.use(p); err != nil {
			return err
		}
	}
	m.later, m.accesses = nil, nil
	return nil
}

// Number gives the number of a type, by its name or an alias.
func (m *Model) Number(name string) (int, bool) {
	i, ok := m.numbers[m.Real(name)]
	return i, ok
}

// Real is the type behind an alias; any other name is given back.
func (m *Model) Real(name string) string {
	if actual, ok := m.aliases[name]; ok {
		return actual
	}
	return name
}

// Known tells whether a name, not an alias, is a type or an attribute.
func (m *Model) Known(name string) bool {
	_, isType := m.numbers[name]
	_, isAttribute := m.members[name]
	return isType || isAttribute
}

// Attributes gives the names of all attributes, sorted.
func (m *Model) Attributes() []string { return slices.Sorted(maps.Keys(m.members)) }

// Members gives the expressions by which an attribute got its types, in order.
func (m *Model) Members(attribute string) []*policy.Node { return m.members[attribute] }

// Classes gives the names of all classes that the kernel knows or may know,
// sorted. Class maps, which are CIL's own, are left out.
func (m *Model) Classes() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.perms)), func(c string) bool { return m.maps[c] })
}

// Permissions are those of a class and of its common.
func (m *Model) Permissions(class string) []string {
	return slices.Concat(m.perms[class], m.shared[m.common[class]])
}

// PermsOf evaluates an expression of permissions.
func (m *Model) PermsOf(class string, n *policy.Node) (Set, error) {
	names := m.Permissions(class)
	if len(names) == 0 {
		return nil, Unread(n, "there is no class %q with permissions", class)
	}
	w := World{All: NewSet(len(names))}
	for i := range names {
		w.All.Add(i)
	}
	w.Leaf = func(p *policy.Node) (Set, error) {
		i := slices.Index(names, p.Text)
		if i < 0 {
			return nil, Unread(p, "the class %q has no permission %q", class, p.Text)
		}
		one := NewSet(len(names))
		one.Add(i)
		return one, nil
	}
	return w.Eval(n)
}

// TypesOf gives the types that a name stands for.
func (m *Model) TypesOf(name string) (Set, error) {
	name = m.Real(name)
	if s, ok := m.sets[name]; ok {
		return s, nil
	}
	s := NewSet(len(m.Types))
	if i, ok := m.numbers[name]; ok {
		s.Add(i)
		m.sets[name] = s
		return s, nil
	}
	expressions, ok := m.members[name]
	if !ok || m.computing[name] {
		return nil, &UnreadError{Msg: fmt.Sprintf("the attribute %q is not declared, or is made of itself", name)}
	}
	m.computing[name] = true
	defer delete(m.computing, name)
	s, err := m.World().Union(expressions)
	m.sets[name] = s
	return s, err
}

// World is that of all types.
func (m *Model) World() World {
	w := World{All: NewSet(len(m.Types)), Leaf: func(n *policy.Node) (Set, error) { return m.TypesOf(n.Text) }}
	for i := range m.Types {
		w.All.Add(i)
	}
	return w
}
