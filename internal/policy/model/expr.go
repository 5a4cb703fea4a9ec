package model

import "ipclab/internal/policy"

// World is what the names of a set expression mean.
type World struct {
	All  Set
	Leaf func(*policy.Node) (Set, error)
}

// Eval gives the set that an expression stands for: a name, a list of
// expressions, or an operator with its operands.
func (w World) Eval(n *policy.Node) (Set, error) {
	if n.Kind != policy.List {
		return w.Leaf(n)
	}
	if len(n.List) == 0 {
		return make(Set, len(w.All)), nil
	}
	switch n.Keyword() {
	case "all", "*":
		return w.All, nil
	case "not", "~":
		operand, err := w.Union(n.List[1:])
		return w.All.Without(operand), err
	case "and":
		return w.fold(n, Set.And)
	case "or":
		return w.fold(n, Set.Or)
	case "xor":
		return w.fold(n, Set.Xor)
	case "range":
		return nil, Unread(n, "types and permissions have no order, so there is no range of them")
	}
	return w.Union(n.List)
}

// fold combines two operands.
func (w World) fold(n *policy.Node, combine func(a, b Set) Set) (Set, error) {
	if len(n.List) != 3 {
		return nil, Unread(n, "%q takes two operands", n.Keyword())
	}
	a, err := w.Eval(n.List[1])
	if err != nil {
		return nil, err
	}
	b, err := w.Eval(n.List[2])
	if err != nil {
		return nil, err
	}
	return combine(a, b), nil
}

// Union gives what any of the expressions stands for.
func (w World) Union(nodes []*policy.Node) (Set, error) {
	result := make(Set, len(w.All))
	for _, n := range nodes {
		s, err := w.Eval(n)
		if err != nil {
			return result, err
		}
		result = result.Or(s)
	}
	return result, nil
}
