package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Scope is what a lab lets its students write rules about.
type Scope struct {
	Subjects []string // types that may act
	Objects  []string // types that they may act on, beside each other
}

// Finding is something in a module that a student may not say.
type Finding struct {
	Pos  Pos
	Rule string // the statement, shortened; empty when it could not be read
	What string // what is wrong with it
	Hint string // what to do
}

// String gives the place and what is wrong there.
func (f Finding) String() string { return f.Pos.String() + ": " + f.What }

// Review looks at modules without compiling them, and lists everything that is
// beyond the scope, in order of place (of very many, the first). It works by what is allowed: plain
// allow, allowx and typetransition rules over the scope's types, and nothing
// else. A rule written so that it cannot be judged by itself (named permission
// sets, expressions, attributes) is a finding too. An empty answer says that
// the modules are within bounds, not that they do what the lab asks.
func Review(modules []Module, allowed Scope) []Finding {
	var all []Finding
	for _, m := range modules {
		r := &reviewer{scope: allowed}
		nodes, err := m.parse()
		if syntax, ok := errors.AsType[*SyntaxError](err); ok {
			all = append(all, Finding{Pos: syntax.Pos, What: syntax.Msg, Hint: syntax.Hint})
			continue
		}
		for _, n := range nodes {
			if len(r.found) < maxFindings {
				r.statement(n)
			}
		}
		slices.SortStableFunc(r.found, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
		})
		all = append(all, r.found...)
	}
	return all
}

// maxFindings bounds the answer for one module: one statement can be wrong in
// a hundred thousand places.
const maxFindings = 50

// reviewer judges the statements of one module.
type reviewer struct {
	scope Scope
	rule  string // the statement being judged, shortened; empty until it is needed
	whole *Node  // the statement
	found []Finding
}

func (r *reviewer) report(at *Node, hint, what string, args ...any) {
	if r.rule == "" {
		r.rule = clipTo(r.whole.String(), 200)
	}
	if len(r.found) < maxFindings {
		r.found = append(r.found, Finding{Pos: at.Pos, Rule: r.rule, What: fmt.Sprintf(what, args...), Hint: hint})
	}
}

func (r *reviewer) statement(n *Node) {
	r.rule, r.whole = "", n
	switch n.Keyword() {
	case "allow":
		r.allow(n)
	case "allowx":
		r.allowx(n)
	case "typetransition":
		r.typetransition(n)
	default:
		what, hint := refusal(n.Keyword())
		r.report(n, hint, "%s", what)
	}
}

// allow judges (allow SOURCE TARGET (CLASS (PERMISSION ...))).
func (r *reviewer) allow(n *Node) {
	if !r.hasLength(n, 4, 4) {
		return
	}
	r.source(n.List[1])
	r.target(n.List[2])
	set := n.List[3]
	if set.Kind != List || len(set.List) != 2 || set.List[1].Kind != List {
		r.report(set, "write it so: (fifo_file (open read))", "the permissions are not a class with a list of permissions")
		return
	}
	r.class(set.List[0])
	for _, p := range set.List[1].List {
		r.permission(p)
	}
}

// allowx judges (allowx SOURCE TARGET (ioctl CLASS (NUMBER ...))).
func (r *reviewer) allowx(n *Node) {
	if !r.hasLength(n, 4, 4) {
		return
	}
	r.source(n.List[1])
	r.target(n.List[2])
	set := n.List[3]
	if set.Kind != List || len(set.List) != 3 || !isAtom(set.List[0], "ioctl") || set.List[2].Kind != List {
		r.report(set, usage("allowx"), "the ioctl commands are not a class with a list of numbers")
		return
	}
	r.class(set.List[1])
	for _, number := range set.List[2].List {
		if number.Kind != Atom || number.Text == "" || number.Text[0] < '0' || number.Text[0] > '9' {
			r.report(number, "list the numbers one by one", "%s is not a plain number", clip(number.String()))
		}
	}
}

// typetransition judges (typetransition SOURCE TARGET CLASS [NAME] RESULT).
func (r *reviewer) typetransition(n *Node) {
	if !r.hasLength(n, 5, 6) {
		return
	}
	class, result := n.List[3], n.List[len(n.List)-1]
	r.source(n.List[1])
	r.target(n.List[2])
	r.class(class)
	if isAtom(class, "process") {
		r.report(class, "delete this rule: which domain a program runs in is the lab's to say",
			"this rule moves a program into another domain")
	}
	if len(n.List) == 6 && n.List[4].Kind == List {
		r.report(n.List[4], `write it in quotes: "channel"`, "the name of the new object is not a plain name")
	}
	if !r.inScope(result, r.scope.Objects) {
		r.report(result, "use one of: "+list(r.scope.Objects), "new objects may not get the type %s in this lab", clip(result.String()))
	}
}

func (r *reviewer) hasLength(n *Node, least, most int) bool {
	if len(n.List) >= least && len(n.List) <= most {
		return true
	}
	r.report(n, "write it so: "+usage(n.Keyword()), "this is not how %q is written", n.Keyword())
	return false
}

func (r *reviewer) source(n *Node) {
	if !r.inScope(n, r.scope.Subjects) {
		r.report(n, "use one of: "+list(r.scope.Subjects), "rules for %s are not yours to write in this lab", clip(n.String()))
	}
}

func (r *reviewer) target(n *Node) {
	both := slices.Concat(r.scope.Subjects, r.scope.Objects)
	if !isAtom(n, "self") && !r.inScope(n, both) {
		r.report(n, "use self or one of: "+list(both), "rules about %s are not yours to write in this lab", clip(n.String()))
	}
}

// inScope takes bare names only. secilc takes a name in quotes for the same
// name, and a list for an expression; neither has a use here.
func (r *reviewer) inScope(n *Node, names []string) bool {
	return n.Kind == Atom && slices.Contains(names, n.Text)
}

func (r *reviewer) class(n *Node) {
	switch {
	case n.Kind != Atom || isExpression(n.Text):
		r.report(n, "write one class, such as fifo_file", "%s is not the plain name of a class", clip(n.String()))
	case powerfulClass(n.Text):
		r.report(n, "delete this rule: no lab needs it", "the class %q is about the whole machine", clip(n.Text))
	}
}

func (r *reviewer) permission(n *Node) {
	switch {
	case n.Kind != Atom || isExpression(n.Text):
		r.report(n, "list the permissions one by one, only those that are needed",
			"%s stands for permissions that it does not name", clip(n.String()))
	case powerfulPermission(n.Text):
		r.report(n, "find a way without it: a program that only communicates does not need it",
			"the permission %q would let a program out of its confinement", clip(n.Text))
	}
}

func isAtom(n *Node, text string) bool { return n.Kind == Atom && n.Text == text }
