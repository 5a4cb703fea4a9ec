package proof

import (
	_ "embed" // for claims.cil
	"fmt"
	"slices"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

//go:embed claims.cil
var claimsSource []byte

// Names in claims.cil and in the base policy that the proof itself uses.
const (
	subjects = "ipclab_subject" // where student code begins
	objects  = "ipclab_object"  // what labs let it act upon
	reachSet = "reach"
)

// Claims gives the text of all claims.
func Claims() []byte { return slices.Clone(claimsSource) }

// claim is a list of things that must be impossible, under one title.
type claim struct {
	title string
	never []prohibition
}

// prohibition is one of them.
type prohibition struct {
	targets model.Set
	class   string
	perms   model.Set
}

// claims reads claims.cil in terms of a policy, when student code is known to
// become the domains in reach.
func (m rules) claims(reach model.Set) ([]claim, error) {
	blocks, err := policy.ParseCIL("claims.cil", claimsSource)
	if err != nil {
		return nil, err
	}
	var all []claim
	for _, b := range blocks {
		if b.Keyword() != "block" || len(b.List) < 3 {
			return nil, model.Unread(b, "a claim is a block with a title")
		}
		c := claim{title: b.List[1].Text}
		for _, n := range b.List[2:] {
			p, err := m.prohibition(n, reach)
			if err != nil {
				return nil, fmt.Errorf("claim %q: %w", c.title, err)
			}
			c.never = append(c.never, p)
		}
		all = append(all, c)
	}
	return all, nil
}

func (m rules) prohibition(n *policy.Node, reach model.Set) (p prohibition, err error) {
	if n.Keyword() != "neverallow" || len(n.List) != 4 || n.List[1].Text != reachSet || len(n.List[3].List) != 2 {
		return p, model.Unread(n, "this is no claim")
	}
	w := m.World()
	named := w.Leaf
	w.Leaf = func(n *policy.Node) (model.Set, error) {
		if n.Text == reachSet {
			return reach, nil
		}
		return named(n)
	}
	if p.targets, err = w.Eval(n.List[2]); err != nil {
		return p, err
	}
	p.class = n.List[3].List[0].Text
	p.perms, err = m.PermsOf(p.class, n.List[3].List[1])
	return p, err
}

// broken finds the first rule that grants what a claim rules out, and one of
// the types that it grants it on.
func (c claim) broken(d *domain) (*model.Rule, int) {
	for _, p := range c.never {
		for _, g := range d.grants {
			if !grants(g.rule, p.class, p.perms) {
				continue
			}
			target := -1
			g.targets.And(p.targets).Each(func(t int) { target = t })
			if target >= 0 {
				return g.rule, target
			}
		}
	}
	return nil, 0
}

// grants tells whether a rule grants one of the permissions.
func grants(r *model.Rule, class string, perms model.Set) bool {
	for _, a := range r.Access {
		if a.Class == class && !a.Perms.And(perms).Empty() {
			return true
		}
	}
	return false
}
