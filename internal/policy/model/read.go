package model

import (
	"slices"

	"ipclab/internal/policy"
)

// take notes what a statement declares, or keeps it for later. Most are not
// even read here: a policy has a hundred thousand.
func (m *Model) take(s policy.Statement) error {
	switch keyword := s.Keyword(); {
	case m.ignored[keyword]:
		return nil
	case usesNames(keyword):
		m.later = append(m.later, pending{s, nil})
		return nil
	}
	return m.declare(s.Node(), nil)
}

// usesNames tells whether statements use names that others declare, which may
// stand below them.
func usesNames(keyword string) bool {
	switch keyword {
	case "allow", "typetransition", "typepermissive", "classpermissionset", "classmapping", "genfscon", "portcon", "sidcontext",
		"constrain", "mlsconstrain", "validatetrans", "mlsvalidatetrans":
		return true
	}
	return false
}

// declare notes the names that a statement declares, and keeps for later what
// uses names.
func (m *Model) declare(n *policy.Node, when *Condition) error {
	keyword := n.Keyword()
	switch {
	case keyword == "booleanif":
		return m.branches(n)
	case keyword == "handleunknown":
		return m.handleUnknown(n)
	case usesNames(keyword):
		m.later = append(m.later, pending{n.Statement(), when})
		return nil
	case m.ignored[keyword]:
		return nil
	}
	if len(n.List) < 2 || n.List[1].Kind == policy.List {
		return Unread(n, "%q declares no name", keyword)
	}
	return m.name(n, n.List[1].Text)
}

// handleUnknown reads (handleunknown allow).
func (m *Model) handleUnknown(n *policy.Node) error {
	if len(n.List) != 2 {
		return Unread(n, "this does not say how unknown permissions are handled")
	}
	m.Unknown = n.List[1].Text
	return nil
}

// branches takes what stands under a boolean.
func (m *Model) branches(n *policy.Node) error {
	for _, branch := range n.List[min(2, len(n.List)):] {
		word := branch.Keyword()
		if word != "true" && word != "false" {
			return Unread(branch, "this is no branch of a booleanif")
		}
		when := &Condition{Expr: n.List[1], Is: word == "true"}
		for _, inner := range branch.List[1:] {
			if err := m.declare(inner, when); err != nil {
				return err
			}
		}
	}
	return nil
}

// name notes one declaration.
func (m *Model) name(n *policy.Node, name string) error {
	if m.taken(n.Keyword(), name) {
		return Unread(n, "%q is declared already", name)
	}
	last := n.List[len(n.List)-1]
	switch n.Keyword() {
	case "type":
		m.numbers[name] = len(m.Types)
		m.Types = append(m.Types, name)
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
	case "boolean":
		m.Booleans[name] = last.Text == "true"
	default:
		return Unread(n, "what %q does to the policy is not known", n.Keyword())
	}
	return nil
}

// taken tells whether a name would get a second meaning, and what was read
// before would change its own.
func (m *Model) taken(keyword, name string) bool {
	_, isType := m.numbers[name]
	_, isAlias := m.aliases[name]
	_, isAttribute := m.members[name]
	switch keyword {
	case "type", "typealiasactual":
		return isType || isAlias || isAttribute
	case "typeattribute":
		return isType || isAlias
	}
	return m.takenElse(keyword, name)
}

// takenElse is taken, for names of other things than types.
func (m *Model) takenElse(keyword, name string) (taken bool) {
	switch keyword {
	case "class", "classmap":
		_, taken = m.perms[name]
	case "common":
		_, taken = m.shared[name]
	case "classcommon":
		_, taken = m.common[name]
	case "boolean":
		_, taken = m.Booleans[name]
	}
	return taken
}

func words(n *policy.Node) []string {
	var all []string
	for _, w := range n.List {
		all = append(all, w.Text)
	}
	return all
}

// use reads a statement that uses names.
func (m *Model) use(p pending) error {
	if m.quickly(p) {
		return nil
	}
	n := p.source.Node()
	switch n.Keyword() {
	case "allow":
		return m.allow(n, p)
	case "typetransition":
		return m.transition(n)
	case "typepermissive":
		m.Permissive = append(m.Permissive, n)
		return nil
	case "genfscon":
		return m.genfs(n)
	case "portcon":
		return m.portcon(n)
	case "sidcontext":
		return m.initial(n)
	case "constrain", "mlsconstrain", "validatetrans", "mlsvalidatetrans":
		return m.constrain(n)
	case "classpermissionset":
		if len(n.List) != 3 {
			return Unread(n, "this names no permissions")
		}
		return m.nameAccess(n, n.List[1].Text)
	}
	if len(n.List) != 4 { // (classmapping MAP PERMISSION ACCESS)
		return Unread(n, "this is no class mapping")
	}
	return m.nameAccess(n, n.List[1].Text+" "+n.List[2].Text)
}

// nameAccess gives a name to permissions, which stand last.
func (m *Model) nameAccess(n *policy.Node, name string) error {
	a, err := m.accessOf(n.List[len(n.List)-1])
	m.named[name] = append(m.named[name], a...)
	return err
}

func (m *Model) allow(n *policy.Node, p pending) error {
	if len(n.List) != 4 {
		return Unread(n, "this is no allow rule")
	}
	from, to := n.List[1].Text, n.List[2].Text
	if !m.declared(from, to) {
		return Unread(n, "this rule is about a type that is not declared")
	}
	a, err := m.accessOf(n.List[3])
	m.addRule(p, from, to, a)
	return err
}

// quickly takes an allow rule without reading it anew, if it is written plainly
// and its permissions have come before.
func (m *Model) quickly(p pending) bool {
	words, list, ok := p.source.Words()
	if !ok || len(words) != 3 || words[0] != "allow" {
		return false
	}
	a, known := m.accesses[list]
	if !known || !m.declared(words[1], words[2]) {
		return false
	}
	m.addRule(p, words[1], words[2], a)
	return true
}

// declared tells whether both names of a rule are known.
func (m *Model) declared(from, to string) bool {
	return m.Known(m.Real(from)) && (to == "self" || m.Known(m.Real(to)))
}

func (m *Model) addRule(p pending, from, to string, a []Access) {
	if to != "self" {
		to = m.Real(to)
	}
	m.Rules = append(m.Rules, Rule{Source: p.source, From: m.Real(from), To: to, Access: a, When: p.when})
}

// transition tells those that change what domain a program runs in from those
// that label what is made.
func (m *Model) transition(n *policy.Node) error {
	if len(n.List) < 5 {
		return Unread(n, "this is no type transition")
	}
	if n.List[3].Text != "process" && !m.maps[n.List[3].Text] {
		return m.making(n)
	}
	v := Move{Source: n.Statement(), From: m.Real(n.List[1].Text), Program: m.Real(n.List[2].Text), Into: m.Real(n.List[len(n.List)-1].Text)}
	if !m.Known(v.From) || v.Program != "self" && !m.Known(v.Program) || !m.Known(v.Into) {
		return Unread(n, "this rule is about a type that is not declared")
	}
	m.Moves = append(m.Moves, v)
	return nil
}

// genfs reads (genfscon FS PATH [KIND] (USER ROLE TYPE LEVELS)).
func (m *Model) genfs(n *policy.Node) error {
	if len(n.List) < 4 {
		return Unread(n, "this labels no files")
	}
	g := Genfs{FS: n.List[1].Text, Path: n.List[2].Text}
	g.Type = m.typeIn(n.List[len(n.List)-1])
	m.Genfs = append(m.Genfs, g)
	return nil
}

// accessOf reads (CLASS (PERMISSION …)) or the name of a set of permissions. The
// same ones come again and again in a policy, and are read once.
func (m *Model) accessOf(n *policy.Node) ([]Access, error) {
	if n.Kind != policy.List {
		named, ok := m.named[n.Text]
		if !ok {
			return nil, Unread(n, "there is no set of permissions %q", n.Text)
		}
		return named, nil
	}
	text := n.Statement().Text()
	if all, ok := m.accesses[text]; ok {
		return all, nil
	}
	all, err := m.readAccess(n)
	if err == nil && !m.maps[n.List[0].Text] { // what a map stands for may still grow
		m.accesses[text] = all
	}
	return all, err
}

// readAccess reads (CLASS (PERMISSION …)).
func (m *Model) readAccess(n *policy.Node) ([]Access, error) {
	if len(n.List) != 2 || n.List[0].Kind == policy.List {
		return nil, Unread(n, "this is not a class with its permissions")
	}
	class := n.List[0].Text
	perms, err := m.PermsOf(class, n.List[1])
	if err != nil || !m.maps[class] {
		return []Access{{class, perms}}, err
	}
	var all []Access
	perms.Each(func(i int) { all = append(all, m.named[class+" "+m.perms[class][i]]...) })
	return all, nil
}
