package proof

import "ipclab/internal/policy"

// world is what the names of a set expression mean.
type world struct {
	all  set
	leaf func(*policy.Node) (set, error)
}

// eval gives the set that an expression stands for: a name, a list of
// expressions, or an operator with its operands.
func (w world) eval(n *policy.Node) (set, error) {
	if n.Kind != policy.List {
		return w.leaf(n)
	}
	if len(n.List) == 0 {
		return make(set, len(w.all)), nil
	}
	switch n.Keyword() {
	case "all", "*":
		return w.all, nil
	case "not", "~":
		operand, err := w.union(n.List[1:])
		return w.all.without(operand), err
	case "and":
		return w.fold(n, set.and)
	case "or":
		return w.fold(n, set.or)
	case "xor":
		return w.fold(n, set.xor)
	case "range":
		return nil, unread(n, "types and permissions have no order, so there is no range of them")
	}
	return w.union(n.List)
}

// fold combines two operands.
func (w world) fold(n *policy.Node, combine func(a, b set) set) (set, error) {
	if len(n.List) != 3 {
		return nil, unread(n, "%q takes two operands", n.Keyword())
	}
	a, err := w.eval(n.List[1])
	if err != nil {
		return nil, err
	}
	b, err := w.eval(n.List[2])
	if err != nil {
		return nil, err
	}
	return combine(a, b), nil
}

func (w world) union(nodes []*policy.Node) (set, error) {
	result := make(set, len(w.all))
	for _, n := range nodes {
		s, err := w.eval(n)
		if err != nil {
			return result, err
		}
		result = result.or(s)
	}
	return result, nil
}
