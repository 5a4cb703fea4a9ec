package model

import "ipclab/internal/policy"

// Constraint is a constrain, mlsconstrain, validatetrans or mlsvalidatetrans
// statement: it denies, whatever the rules allow, where its expression does not
// hold. What it compares (users, roles, types, levels) the rules do not say, but
// for the types.
type Constraint struct {
	Source policy.Statement
	// Keyword is the statement's. Those that end in "validatetrans" are about an
	// object that gets another label: their Access has classes without permissions.
	Keyword string
	Access  []Access
	Expr    *policy.Node
}

// constrain reads (constrain ACCESS EXPRESSION) and (validatetrans CLASS EXPRESSION).
func (m *Model) constrain(n *policy.Node) error {
	if len(n.List) != 3 {
		return Unread(n, "this is no constraint")
	}
	c := Constraint{Source: n.Statement(), Keyword: n.Keyword(), Expr: n.List[2]}
	var err error
	if c.Relabels() {
		c.Access, err = m.classOf(n.List[1])
	} else {
		c.Access, err = m.accessOf(n.List[1])
	}
	m.Constraints = append(m.Constraints, c)
	return err
}

// Relabels tells whether the constraint is about objects that get another label.
func (c *Constraint) Relabels() bool {
	return c.Keyword == "validatetrans" || c.Keyword == "mlsvalidatetrans"
}

// classOf reads the name of a class.
func (m *Model) classOf(n *policy.Node) ([]Access, error) {
	if _, ok := m.perms[n.Text]; !ok || n.Kind == policy.List {
		return nil, Unread(n, "there is no class %q", n.Text)
	}
	return []Access{{Class: n.Text}}, nil
}
