package proof

import "ipclab/internal/policy"

// ownership is what the base says of the types that claims make exceptions for.
type ownership struct {
	types   int            // declared by the base
	members map[string]int // attribute → how many expressions the base gives it
}

func (m *model) ownership() ownership {
	own := ownership{types: len(m.types), members: map[string]int{}}
	for _, name := range []string{subjects, objects} {
		own.members[name] = len(m.members[name])
	}
	return own
}

// seized finds modules that declare a type of the machine to be a lab's: the
// claims would then make an exception for it.
func (p *prover) seized(own ownership) error {
	for name, count := range own.members {
		given, err := p.model.world().union(p.model.members[name][:count])
		if err != nil {
			return err
		}
		for _, n := range p.model.members[name][count:] {
			added, err := p.model.world().eval(n)
			if err != nil {
				return err
			}
			p.seizes(name, n, added.without(given), own.types)
		}
	}
	return nil
}

func (p *prover) seizes(attribute string, n *policy.Node, added set, declared int) {
	added.each(func(t int) {
		if t < declared && p.proof.Holds() {
			name := p.model.types[t]
			p.proof.Broken = append(p.proof.Broken, Counterexample{Claim: "be made part of the lab: it is the machine's, not in " + attribute,
				Domain: name, Rule: located(n)})
		}
	})
}
