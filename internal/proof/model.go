package proof

import (
	"fmt"
	"slices"

	"ipclab/internal/policy"
)

// UnreadError is a statement whose meaning the proof does not know. What
// cannot be read is not proved.
type UnreadError struct {
	Pos policy.Pos
	Msg string
}

// Error gives the place and what is wrong there.
func (e *UnreadError) Error() string { return e.Pos.String() + ": " + e.Msg }

func unread(n *policy.Node, format string, args ...any) error {
	return &UnreadError{Pos: n.Pos, Msg: fmt.Sprintf(format, args...)}
}

// model is a policy as far as the proof looks at it. Rules under a boolean
// hold, whatever its value; roles, levels and constraints, which only take
// away, are left out. So the policy allows no more than its model does.
type model struct {
	types      []string                  // by number
	numbers    map[string]int            // type → number
	aliases    map[string]string         // alias → type
	members    map[string][]*policy.Node // attribute → expressions of its members
	sets       map[string]set            // attribute → its types, once computed
	computing  map[string]bool           // attributes that are being computed
	perms      map[string][]string       // class → its own permissions
	shared     map[string][]string       // common → its permissions
	common     map[string]string         // class → its common
	named      map[string][]access       // set of permissions, or "MAP PERMISSION" → what it stands for
	maps       map[string]bool           // names of class maps
	rules      []rule
	moves      []move
	permissive []*policy.Node
	ignored    map[string]bool // keywords
	later      []*policy.Node  // statements that use names, in order
}

// rule is an allow rule. Names are types or attributes.
type rule struct {
	node     *policy.Node
	from, to string
	access   []access
}

// access is permissions of one class.
type access struct {
	class string
	perms set
}

// move is the domain that a program starts in when nobody asks for another.
type move struct {
	node                *policy.Node
	from, program, into string
}

func newModel() *model {
	return &model{
		numbers: map[string]int{}, aliases: map[string]string{}, members: map[string][]*policy.Node{}, sets: map[string]set{},
		computing: map[string]bool{}, perms: map[string][]string{}, shared: map[string][]string{}, common: map[string]string{},
		named: map[string][]access{}, maps: map[string]bool{}, ignored: wordSet(ignored),
	}
}

// read adds modules: the declarations of all of them, then what uses names.
func (m *model) read(modules []policy.Module) error {
	for _, module := range modules {
		statements, err := policy.ParseCIL(module.File, module.Source)
		if err != nil {
			return err
		}
		for _, n := range statements {
			if err := m.declare(n); err != nil {
				return err
			}
		}
	}
	for _, n := range m.later {
		if err := m.use(n); err != nil {
			return err
		}
	}
	m.later = nil
	return nil
}

// declare notes the names that a statement declares, and keeps for later what
// uses names.
func (m *model) declare(n *policy.Node) error {
	switch n.Keyword() {
	case "booleanif":
		return m.branches(n)
	case "allow", "typetransition", "typepermissive", "classpermissionset", "classmapping":
		m.later = append(m.later, n)
		return nil
	}
	if m.ignored[n.Keyword()] {
		return nil
	}
	if len(n.List) < 2 || n.List[1].Kind == policy.List {
		return unread(n, "%q declares no name", n.Keyword())
	}
	return m.name(n, n.List[1].Text)
}

// branches takes what stands under a boolean: it may be switched.
func (m *model) branches(n *policy.Node) error {
	for _, branch := range n.List[min(2, len(n.List)):] {
		if word := branch.Keyword(); word != "true" && word != "false" {
			return unread(branch, "this is no branch of a booleanif")
		}
		for _, inner := range branch.List[1:] {
			if err := m.declare(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// name notes one declaration.
func (m *model) name(n *policy.Node, name string) error {
	if m.taken(n.Keyword(), name) {
		return unread(n, "%q is declared already", name)
	}
	last := n.List[len(n.List)-1]
	switch n.Keyword() {
	case "type":
		m.numbers[name] = len(m.types)
		m.types = append(m.types, name)
	case "typealias": // what it stands for is told by typealiasactual
	case "typealiasactual":
		m.aliases[name] = last.Text
	case "typeattribute":
		m.members[name] = slices.Clip(m.members[name]) // declared, if only so
	case "typeattributeset":
		m.members[name] = append(m.members[name], last)
	case "class", "classmap":
		m.maps[name] = n.Keyword() == "classmap"
		m.perms[name] = words(last)
	case "common":
		m.shared[name] = words(last)
	case "classcommon":
		m.common[name] = last.Text
	case "classpermission":
		m.named[name] = nil
	default:
		return unread(n, "what %q does to the policy cannot be proved", n.Keyword())
	}
	return nil
}

// taken tells whether a name would get a second meaning, and rules and claims
// that were read before would change theirs.
func (m *model) taken(keyword, name string) bool {
	_, isType := m.numbers[name]
	_, isAlias := m.aliases[name]
	_, isAttribute := m.members[name]
	_, isClass := m.perms[name]
	_, isCommon := m.shared[name]
	_, hasCommon := m.common[name]
	switch keyword {
	case "type", "typealiasactual":
		return isType || isAlias || isAttribute
	case "typeattribute":
		return isType || isAlias
	case "class", "classmap":
		return isClass
	case "common":
		return isCommon
	}
	return keyword == "classcommon" && hasCommon
}

func words(n *policy.Node) []string {
	var all []string
	for _, w := range n.List {
		all = append(all, w.Text)
	}
	return all
}

// use reads a statement that uses names.
func (m *model) use(n *policy.Node) error {
	switch n.Keyword() {
	case "allow":
		return m.allow(n)
	case "typetransition":
		return m.transition(n)
	case "typepermissive":
		m.permissive = append(m.permissive, n)
		return nil
	case "classpermissionset":
		return m.nameAccess(n, n.List[1].Text, 3)
	}
	if len(n.List) != 4 { // (classmapping MAP PERMISSION ACCESS)
		return unread(n, "this is no class mapping")
	}
	return m.nameAccess(n, n.List[1].Text+" "+n.List[2].Text, 4)
}

// nameAccess gives a name to permissions.
func (m *model) nameAccess(n *policy.Node, name string, length int) error {
	if len(n.List) != length {
		return unread(n, "this names no permissions")
	}
	a, err := m.accessOf(n.List[length-1])
	m.named[name] = append(m.named[name], a...)
	return err
}

func (m *model) allow(n *policy.Node) error {
	if len(n.List) != 4 {
		return unread(n, "this is no allow rule")
	}
	from, to := m.real(n.List[1].Text), n.List[2].Text
	if to != "self" {
		to = m.real(to)
	}
	if !m.known(from) || to != "self" && !m.known(to) {
		return unread(n, "this rule is about a type that is not declared")
	}
	a, err := m.accessOf(n.List[3])
	m.rules = append(m.rules, rule{node: n, from: from, to: to, access: a})
	return err
}

// transition keeps those that change what domain a program runs in.
func (m *model) transition(n *policy.Node) error {
	if len(n.List) < 5 {
		return unread(n, "this is no type transition")
	}
	if n.List[3].Text != "process" && !m.maps[n.List[3].Text] {
		return nil
	}
	v := move{node: n, from: m.real(n.List[1].Text), program: m.real(n.List[2].Text), into: m.real(n.List[len(n.List)-1].Text)}
	if !m.known(v.from) || v.program != "self" && !m.known(v.program) || !m.known(v.into) {
		return unread(n, "this rule is about a type that is not declared")
	}
	m.moves = append(m.moves, v)
	return nil
}

// real is the type behind an alias.
func (m *model) real(name string) string {
	if actual, ok := m.aliases[name]; ok {
		return actual
	}
	return name
}

// known tells whether a type or an attribute is declared.
func (m *model) known(name string) bool {
	_, isType := m.numbers[name]
	_, isAttribute := m.members[name]
	return isType || isAttribute
}

// permissions are those of a class and of its common.
func (m *model) permissions(class string) []string {
	return slices.Concat(m.perms[class], m.shared[m.common[class]])
}

// accessOf reads (CLASS (PERMISSION …)) or the name of a set of permissions.
func (m *model) accessOf(n *policy.Node) ([]access, error) {
	if n.Kind != policy.List {
		named, ok := m.named[n.Text]
		if !ok {
			return nil, unread(n, "there is no set of permissions %q", n.Text)
		}
		return named, nil
	}
	if len(n.List) != 2 || n.List[0].Kind == policy.List {
		return nil, unread(n, "this is not a class with its permissions")
	}
	class := n.List[0].Text
	perms, err := m.permsOf(class, n.List[1])
	if err != nil || !m.maps[class] {
		return []access{{class, perms}}, err
	}
	var all []access
	perms.each(func(i int) { all = append(all, m.named[class+" "+m.perms[class][i]]...) })
	return all, nil
}

// permsOf evaluates an expression of permissions.
func (m *model) permsOf(class string, n *policy.Node) (set, error) {
	names := m.permissions(class)
	if len(names) == 0 {
		return nil, unread(n, "there is no class %q with permissions", class)
	}
	w := world{all: newSet(len(names))}
	for i := range names {
		w.all.add(i)
	}
	w.leaf = func(p *policy.Node) (set, error) {
		i := slices.Index(names, p.Text)
		if i < 0 {
			return nil, unread(p, "the class %q has no permission %q", class, p.Text)
		}
		one := newSet(len(names))
		one.add(i)
		return one, nil
	}
	return w.eval(n)
}

// typesOf gives the types that a name stands for.
func (m *model) typesOf(name string) (set, error) {
	name = m.real(name)
	if s, ok := m.sets[name]; ok {
		return s, nil
	}
	s := newSet(len(m.types))
	if i, ok := m.numbers[name]; ok {
		s.add(i)
		m.sets[name] = s
		return s, nil
	}
	expressions, ok := m.members[name]
	if !ok || m.computing[name] {
		return nil, &UnreadError{Msg: fmt.Sprintf("the attribute %q is not declared, or is made of itself", name)}
	}
	m.computing[name] = true
	defer delete(m.computing, name)
	s, err := m.world().union(expressions)
	m.sets[name] = s
	return s, err
}

// world is that of all types.
func (m *model) world() world {
	w := world{all: newSet(len(m.types)), leaf: func(n *policy.Node) (set, error) { return m.typesOf(n.Text) }}
	for i := range m.types {
		w.all.add(i)
	}
	return w
}
