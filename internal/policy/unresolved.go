package policy

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// names are what a policy declares.
type names struct {
	kinds map[string][]string // name → the keywords that declare it: a class and a sid may share a name
	perms map[string][]string // class or common → its permissions
	super map[string]string   // class → its common
}

// collect adds the declarations of statements, whatever block they are in.
func (s *names) collect(statements []*Node) {
	for _, n := range statements {
		if n.Kind != List || len(n.List) < 2 {
			continue
		}
		s.declare(n)
		switch n.Keyword() {
		case "block", "optional", "macro", "booleanif", "tunableif", "in", "true", "false":
			s.collect(n.List[1:])
		}
	}
}

func (s *names) declare(n *Node) {
	name := n.List[1].Text
	switch kind := n.Keyword(); kind {
	case "class", "common", "classmap":
		s.add(name, kind)
		for _, p := range n.List[len(n.List)-1].List {
			s.perms[name] = append(s.perms[name], p.Text)
		}
	case "classcommon":
		if len(n.List) == 3 {
			s.super[name] = n.List[2].Text
		}
	case "type", "typealias", "typeattribute", "role", "roleattribute", "user", "boolean", "tunable", "sensitivity",
		"category", "sid", "classpermission", "permissionx", "block", "macro", "level", "levelrange", "context", "optional":
		s.add(name, kind)
	}
}

func (s *names) add(name, kind string) { s.kinds[name] = append(s.kinds[name], kind) }

// is reports whether one of the keywords declares name.
func (s *names) is(name string, kinds ...string) bool {
	return slices.ContainsFunc(s.kinds[name], func(kind string) bool { return slices.Contains(kinds, kind) })
}

// permissions of a class, with those of its common.
func (s *names) permissions(class string) []string {
	return slices.Concat(s.perms[class], s.perms[s.super[class]])
}

// ofKind lists the names declared by one of the keywords, sorted.
func (s *names) ofKind(kinds ...string) []string {
	var all []string
	for name := range s.kinds {
		if s.is(name, kinds...) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// declared reads all names: of the modules and of the flattened policy. It
// takes half a second for a distribution's policy, and runs only when there is
// an error to explain. A flattened policy that we cannot read counts as empty.
func (d *diagnosis) declared() *names {
	s := &names{kinds: make(map[string][]string), perms: make(map[string][]string), super: make(map[string]string)}
	if src, err := os.ReadFile(d.flat); err == nil {
		if nodes, err := ParseCIL(flatName, src); err == nil {
			s.collect(nodes)
		}
	}
	for _, m := range d.modules {
		s.collect(m.nodes)
	}
	return s
}

// unresolved explains a statement that uses a name nobody declared: it looks
// for the name, since secilc tells the line only.
func (d *diagnosis) unresolved(n *Node) error {
	s := d.declared()
	if len(s.ofKind("class")) == 0 {
		return &CompileError{Pos: n.Pos, Msg: "a name in this statement is not declared", Rules: []string{located(n)}}
	}
	var err *CompileError
	switch n.Keyword() {
	case "allow", "auditallow", "dontaudit", "neverallow":
		err = s.checkRule(n)
	case "typetransition", "typechange", "typemember":
		err = s.checkTypeRule(n)
	default:
		err = s.checkAny(n)
	}
	if err == nil {
		return &CompileError{Pos: n.Pos, Msg: "a name in this statement is not declared", Rules: []string{located(n)}}
	}
	err.Rules = []string{located(n)}
	return err
}

// checkRule looks at (allow SOURCE TARGET (CLASS (PERMISSION ...))).
func (s *names) checkRule(n *Node) *CompileError {
	if len(n.List) != 4 {
		return nil
	}
	for _, name := range n.List[1:3] {
		if err := s.checkType(name); err != nil {
			return err
		}
	}
	perms := n.List[3]
	if perms.Kind != List || len(perms.List) != 2 {
		return s.checkKind(perms, "set of permissions", "classpermission")
	}
	return s.checkPerms(perms.List[0], perms.List[1])
}

func (s *names) checkPerms(class, perms *Node) *CompileError {
	if err := s.checkKind(class, "class", "class", "classmap"); err != nil {
		return err
	}
	known := s.permissions(class.Text)
	var err *CompileError
	perms.walk(func(p *Node) {
		if err == nil && p.Kind != List && !slices.Contains(known, p.Text) && !isExpression(p.Text) {
			msg := fmt.Sprintf("class %q has no permission %q", class.Text, clip(p.Text))
			err = &CompileError{Pos: p.Pos, Msg: msg, Hint: didYouMean(p.Text, known)}
		}
	})
	return err
}

// checkTypeRule looks at (typetransition SOURCE TARGET CLASS [NAME] RESULT).
func (s *names) checkTypeRule(n *Node) *CompileError {
	if len(n.List) < 5 {
		return nil
	}
	for _, name := range []*Node{n.List[1], n.List[2], n.List[len(n.List)-1]} {
		if err := s.checkType(name); err != nil {
			return err
		}
	}
	return s.checkKind(n.List[3], "class", "class", "classmap")
}

func (s *names) checkType(n *Node) *CompileError {
	if n.Text == "self" {
		return nil
	}
	return s.checkKind(n, "type", "type", "typealias", "typeattribute")
}

// checkKind says that n is not one of the names that were declared by kinds;
// what names these for people.
func (s *names) checkKind(n *Node, what string, kinds ...string) *CompileError {
	switch other := s.kinds[n.Text]; {
	case n.Kind == List || s.is(n.Text, kinds...):
		return nil
	case len(other) > 0:
		return &CompileError{Pos: n.Pos, Msg: fmt.Sprintf("%q is a %s; a %s belongs here", clip(n.Text), other[0], what)}
	}
	return &CompileError{Pos: n.Pos, Msg: fmt.Sprintf("there is no %s %q", what, clip(n.Text)),
		Hint: didYouMean(n.Text, s.ofKind(kinds...))}
}

// checkAny looks for the first undeclared word of a statement of any kind. A
// constraint has words of its own, so there it does not look.
func (s *names) checkAny(n *Node) (err *CompileError) {
	if strings.Contains(n.Keyword(), "constrain") || strings.Contains(n.Keyword(), "validatetrans") {
		return nil
	}
	for _, e := range n.List[1:] {
		e.walk(func(w *Node) {
			if err == nil && w.Kind == Atom && !s.known(w.Text) {
				err = &CompileError{Pos: w.Pos, Msg: fmt.Sprintf("%q is not declared", clip(w.Text)), Hint: didYouMean(w.Text, s.all())}
			}
		})
	}
	return err
}

// known reports whether a word is declared as anything, or needs not be.
func (s *names) known(word string) bool {
	if len(s.kinds[word]) > 0 || isReserved(word) {
		return true
	}
	for _, perms := range s.perms {
		if slices.Contains(perms, word) {
			return true
		}
	}
	return false
}

// all lists every declared name, sorted.
func (s *names) all() []string { return slices.Sorted(maps.Keys(s.kinds)) }

// isExpression reports whether a word builds a set out of others.
func isExpression(word string) bool {
	return slices.Contains([]string{"and", "or", "xor", "not", "all", "range", "*"}, word)
}

// isReserved reports whether a word has a meaning that nobody declares.
func isReserved(word string) bool {
	if isExpression(word) || slices.Contains([]string{"eq", "neq", "self", "object_r", "true", "false", "ioctl"}, word) {
		return true
	}
	_, err := strconv.ParseUint(word, 0, 64)
	return err == nil
}

func didYouMean(word string, candidates []string) string {
	if near := nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "check the spelling, or declare it"
}
