package model

import "ipclab/internal/policy"

// Holds tells whether a rule's condition is met, with values of booleans other
// than their defaults. An error is an *UnreadError.
func (m *Model) Holds(c *Condition, values map[string]bool) (bool, error) {
	if c == nil {
		return true, nil
	}
	value, err := m.truth(c.Expr, values)
	return value == c.Is, err
}

// truth evaluates the expression of a booleanif.
func (m *Model) truth(n *policy.Node, chosen map[string]bool) (bool, error) {
	if n.Kind != policy.List {
		return m.boolean(n, chosen)
	}
	if len(n.List) == 1 {
		return m.truth(n.List[0], chosen)
	}
	var values []bool
	for _, operand := range n.List[min(1, len(n.List)):] {
		v, err := m.truth(operand, chosen)
		if err != nil {
			return false, err
		}
		values = append(values, v)
	}
	if n.Keyword() == "not" && len(values) == 1 {
		return !values[0], nil
	}
	if len(values) != 2 {
		return false, Unread(n, "this is no expression of booleans")
	}
	return combine(n, values[0], values[1])
}

// combine applies an operator with two operands.
func combine(n *policy.Node, a, b bool) (bool, error) {
	switch n.Keyword() {
	case "and":
		return a && b, nil
	case "or":
		return a || b, nil
	case "xor", "neq":
		return a != b, nil
	case "eq":
		return a == b, nil
	}
	return false, Unread(n, "this is no operator of booleans")
}

func (m *Model) boolean(n *policy.Node, chosen map[string]bool) (bool, error) {
	value, ok := m.Booleans[n.Text]
	if !ok {
		return false, Unread(n, "there is no boolean %q", n.Text)
	}
	if other, ok := chosen[n.Text]; ok {
		value = other
	}
	return value, nil
}

// Names are the booleans of a condition, in the order in which they stand.
func (c *Condition) Names() []string {
	if c == nil {
		return nil
	}
	var names []string
	collect(c.Expr, &names)
	return names
}

// collect adds the booleans of an expression: all words but the operators, which
// stand first in a list of several.
func collect(n *policy.Node, names *[]string) {
	if n.Kind != policy.List {
		*names = append(*names, n.Text)
		return
	}
	operands := n.List
	if len(operands) > 1 {
		operands = operands[1:]
	}
	for _, o := range operands {
		collect(o, names)
	}
}
