package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// Constraint is a constraint of the policy that may deny what a rule allows,
// and that is not looked at: it compares more than types.
type Constraint struct {
	Keyword     string   `json:"keyword"` // constrain, mlsconstrain, validatetrans, mlsvalidatetrans
	From        string   `json:"from"`    // the type that acts
	To          string   `json:"to"`      // the type that is acted on
	Class       string   `json:"class"`
	Permissions []string `json:"permissions"`      // those of the question that it is about
	Compares    []string `json:"compares"`         // users, roles, levels, types
	Denies      bool     `json:"denies,omitempty"` // whatever users, roles and levels are
	Rule        string   `json:"rule"`             // with its place
}

// String gives the constraint in one line.
func (c Constraint) String() string {
	verb := "may deny"
	if c.Denies {
		verb = "denies"
	}
	return fmt.Sprintf("not looked at: %s %s %s → %s (%s (%s)), by comparing %s: %s",
		c.Keyword, verb, c.From, c.To, c.Class, strings.Join(c.Permissions, " "), strings.Join(c.Compares, ", "), c.Rule)
}

// Constraints lists the constraints that may deny a type permissions of a class
// on another type. Those are left out that hold by the types alone. Errors:
// *NameError for a type or class that the policy does not have, *model.UnreadError.
func (g *Graph) Constraints(from, to, class string, permissions ...string) ([]Constraint, error) {
	acts, err := g.typeNumber(from)
	if err != nil {
		return nil, err
	}
	object, err := g.typeNumber(to)
	if err != nil {
		return nil, err
	}
	if _, ok := g.limits[class]; !ok {
		_, err := g.classPlaces(class)
		return nil, err
	}
	return g.constraints(acts, object, class, permissions), nil
}

// constraints lists those that may deny permissions. An object of -1 may have any type.
func (g *Graph) constraints(acts, object int, class string, permissions []string) []Constraint {
	var all []Constraint
	for _, l := range g.limits[class] {
		about := l.about(g.model.Permissions(class), permissions)
		if len(about) == 0 {
			continue
		}
		e := l.evaluation(g, acts, object, about)
		if holds := e.eval(l.of.Expr); holds != yes {
			all = append(all, Constraint{Keyword: l.of.Keyword, From: g.model.Types[acts], To: g.objectName(object), Class: class,
				Permissions: about, Compares: e.compared(), Denies: holds == no, Rule: l.text})
		}
	}
	return all
}

// objectName is the type of an object, of which -1 may be any.
func (g *Graph) objectName(object int) string {
	if object < 0 {
		return "any"
	}
	return g.model.Types[object]
}

// limit is what a constraint says about one class.
type limit struct {
	of    *model.Constraint
	perms model.Set // nil for one about new labels
	text  string    // with its place
}

// addLimits sorts the constraints by class.
func (g *Graph) addLimits() {
	for i := range g.model.Constraints {
		c := &g.model.Constraints[i]
		text := located(c.Source.Node())
		for _, a := range c.Access {
			g.limits[a.Class] = append(g.limits[a.Class], limit{c, a.Perms, text})
		}
	}
}

// about gives those of some permissions that the constraint is about.
func (l limit) about(names, permissions []string) []string {
	var about []string
	for _, p := range permissions {
		number := slices.Index(names, p)
		relabels := l.of.Relabels() && (p == "relabelfrom" || p == "relabelto")
		if relabels || number >= 0 && l.perms != nil && l.perms.Has(number) {
			about = append(about, p)
		}
	}
	return about
}

// evaluation says what the types in the constraint's expression are: 1 is who
// acts and 2 the object; where the label changes, 1 is the old and 2 the
// new label, and 3 is who acts.
func (l limit) evaluation(g *Graph, acts, object int, about []string) *evaluation {
	who, what := "t1", "t2"
	if l.of.Relabels() {
		who = "t3"
		if about[0] == "relabelfrom" {
			what = "t1"
		}
	}
	e := &evaluation{g: g, types: map[string]int{who: acts}, kinds: map[string]bool{}}
	if object >= 0 && !(l.of.Relabels() && len(about) > 1) {
		e.types[what] = object
	}
	return e
}

// truth3 is the truth of an expression of which not everything is known.
type truth3 int8

const (
	no truth3 = iota - 1
	maybe
	yes
)

// evaluation is that of a constraint's expression.
type evaluation struct {
	g     *Graph
	types map[string]int  // t1, t2, t3, where they are known
	kinds map[string]bool // what was compared, and not known
}

// eval gives what is known of an expression. What cannot be read may be anything.
func (e *evaluation) eval(n *policy.Node) truth3 {
	operands := n.List[min(1, len(n.List)):]
	switch word := n.Keyword(); {
	case word == "not" && len(operands) == 1:
		return -e.eval(operands[0])
	case word == "and" && len(operands) == 2:
		return min(e.eval(operands[0]), e.eval(operands[1]))
	case word == "or" && len(operands) == 2:
		return max(e.eval(operands[0]), e.eval(operands[1]))
	case word == "eq" && len(operands) == 2:
		return e.compare(operands[0], operands[1])
	case word == "neq" && len(operands) == 2:
		return -e.compare(operands[0], operands[1])
	}
	for _, o := range operands {
		e.unknown(o)
	}
	return maybe
}

// compare gives whether two operands are equal, or the second one, a list of
// names, holds the first.
func (e *evaluation) compare(a, b *policy.Node) truth3 {
	one, known := e.types[a.Text]
	if !known {
		e.unknown(a)
		return maybe
	}
	if other, ok := e.types[b.Text]; ok && b.Kind == policy.Atom {
		return known3(one == other)
	}
	if b.Kind == policy.Atom && slices.Contains([]string{"t1", "t2", "t3"}, b.Text) {
		e.unknown(b)
		return maybe
	}
	names := []*policy.Node{b}
	if b.Kind == policy.List {
		names = b.List
	}
	for _, name := range names {
		set, err := e.g.model.TypesOf(name.Text)
		if err != nil {
			e.unknown(a)
			return maybe
		}
		if set.Has(one) {
			return yes
		}
	}
	return no
}

func known3(b bool) truth3 {
	if b {
		return yes
	}
	return no
}

// unknown notes what kind of thing could not be compared.
func (e *evaluation) unknown(n *policy.Node) {
	if n.Kind == policy.Atom && len(n.Text) == 2 {
		if kind, ok := map[byte]string{'u': "users", 'r': "roles", 't': "types", 'l': "levels", 'h': "levels"}[n.Text[0]]; ok {
			e.kinds[kind] = true
		}
	}
}

// compared gives what could not be compared, in the order of a context.
func (e *evaluation) compared() []string {
	var all []string
	for _, kind := range []string{"users", "roles", "types", "levels"} {
		if e.kinds[kind] {
			all = append(all, kind)
		}
	}
	if len(all) == 0 {
		all = append(all, "types")
	}
	return all
}

// Constraints lists the constraints that may deny a step of the answer's path,
// and were not looked at.
func (a *Answer) Constraints() []Constraint {
	var all []Constraint
	for _, s := range slices.Concat(a.Path, a.Leak) {
		all = append(all, s.Constraints...)
	}
	return all
}

// ConstraintNotes puts constraints that differ in their types only into one
// line each.
func ConstraintNotes(all []Constraint) []string {
	type key struct{ keyword, class, perms, compares string }
	pairs := map[key][]string{}
	var order []key
	for _, c := range all {
		k := key{c.Keyword, c.Class, strings.Join(c.Permissions, " "), strings.Join(c.Compares, ", ")}
		if pairs[k] == nil {
			order = append(order, k)
		}
		if pair := c.From + " → " + c.To; !slices.Contains(pairs[k], pair) {
			pairs[k] = append(pairs[k], pair)
		}
	}
	slices.SortFunc(order, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.keyword, b.keyword), cmp.Compare(a.perms, b.perms), cmp.Compare(a.compares, b.compares))
	})
	var notes []string
	for _, k := range order {
		notes = append(notes, fmt.Sprintf("not looked at: %s on %s (%s), which compares %s and may deny %s",
			k.keyword, k.class, k.perms, k.compares, clip(pairs[k])))
	}
	return notes
}
