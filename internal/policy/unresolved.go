package policy

import (
	"fmt"
	"os"
	"slices"
	"strconv"
)

// names are what a policy declares.
type names struct {
	kinds map[string]string   // name → the keyword that declares it
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
		s.kinds[name] = kind
		for _, p := range n.List[len(n.List)-1].List {
			s.perms[name] = append(s.perms[name], p.Text)
		}
	case "classcommon":
		if len(n.List) == 3 {
			s.super[name] = n.List[2].Text
		}
	case "type", "typealias", "typeattribute", "role", "roleattribute", "user", "boolean", "tunable", "sensitivity",
		"category", "sid", "classpermission", "permissionx", "block", "macro", "level", "levelrange", "context", "optional":
		s.kinds[name] = kind
	}
}

// permissions of a class, with those of its common.
func (s *names) permissions(class string) []string {
	return slices.Concat(s.perms[class], s.perms[s.super[class]])
}

// ofKind lists the names declared by one of the keywords, sorted.
func (s *names) ofKind(kinds ...string) []string {
	var all []string
	for name, kind := range s.kinds {
		if slices.Contains(kinds, kind) {
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
	s := &names{kinds: make(map[string]string), perms: make(map[string][]string), super: make(map[string]string)}
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
		return &CompileError{Pos: n.Pos, Msg: "a name in this statement is not declared", Rules: []string{n.String()}}
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
		return &CompileError{Pos: n.Pos, Msg: "a name in this statement is not declared", Rules: []string{n.String()}}
	}
	err.Rules = []string{n.String()}
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
	for _, p := range perms.List {
		if p.Kind == List || slices.Contains(known, p.Text) || isExpression(p.Text) {
			continue
		}
		msg := fmt.Sprintf("class %q has no permission %q", class.Text, clip(p.Text))
		return &CompileError{Pos: p.Pos, Msg: msg, Hint: didYouMean(p.Text, known)}
	}
	return nil
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
	if n.Text == "self" || n.Text == "all" {
		return nil
	}
	return s.checkKind(n, "type", "type", "typealias", "typeattribute")
}

// checkKind says that n is not one of the names that were declared by kinds;
// what names these for people.
func (s *names) checkKind(n *Node, what string, kinds ...string) *CompileError {
	kind, ok := s.kinds[n.Text]
	switch {
	case n.Kind == List || slices.Contains(kinds, kind):
		return nil
	case ok:
		return &CompileError{Pos: n.Pos, Msg: fmt.Sprintf("%q is a %s; a %s belongs here", clip(n.Text), kind, what)}
	}
	return &CompileError{Pos: n.Pos, Msg: fmt.Sprintf("there is no %s %q", what, clip(n.Text)),
		Hint: didYouMean(n.Text, s.ofKind(kinds...))}
}

// checkAny looks for the first undeclared word of a statement of any kind.
func (s *names) checkAny(n *Node) (err *CompileError) {
	everything := make([]string, 0, len(s.kinds))
	for name := range s.kinds {
		everything = append(everything, name)
	}
	slices.Sort(everything)
	for _, e := range n.List[1:] {
		e.walk(func(w *Node) {
			if err != nil || w.Kind != Atom || s.kinds[w.Text] != "" || isReserved(w.Text) {
				return
			}
			err = &CompileError{Pos: w.Pos, Msg: fmt.Sprintf("%q is not declared", clip(w.Text)), Hint: didYouMean(w.Text, everything)}
		})
	}
	return err
}

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
