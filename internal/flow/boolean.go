package flow

import (
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// truth evaluates the expression of a booleanif.
func (g *Graph) truth(n *policy.Node) (bool, error) {
	if n.Kind != policy.List {
		return g.boolean(n)
	}
	if len(n.List) == 1 {
		return g.truth(n.List[0])
	}
	var values []bool
	for _, operand := range n.List[min(1, len(n.List)):] {
		v, err := g.truth(operand)
		if err != nil {
			return false, err
		}
		values = append(values, v)
	}
	if n.Keyword() == "not" && len(values) == 1 {
		return !values[0], nil
	}
	if len(values) != 2 {
		return false, model.Unread(n, "this is no expression of booleans")
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
	return false, model.Unread(n, "this is no operator of booleans")
}

func (g *Graph) boolean(n *policy.Node) (bool, error) {
	value, ok := g.model.Booleans[n.Text]
	if !ok {
		return false, model.Unread(n, "there is no boolean %q", n.Text)
	}
	if chosen, ok := g.opts.Booleans[n.Text]; ok {
		value = chosen
	}
	return value, nil
}
