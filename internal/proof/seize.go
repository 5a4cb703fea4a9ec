package proof

import (
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// ownership is what the base says of the types that claims make exceptions for.
type ownership struct {
	types   int            // declared by the base
	members map[string]int // attribute → how many expressions the base gives it
}

func (m rules) ownership() ownership {
	own := ownership{types: len(m.Types), members: map[string]int{}}
	for _, name := range []string{subjects, objects} {
		own.members[name] = len(m.Members(name))
	}
	return own
}

// seized finds modules that declare a type of the machine to be a lab's: the
// claims would then make an exception for it.
func (p *prover) seized(own ownership) error {
	for name, count := range own.members {
		given, err := p.model.World().Union(p.model.Members(name)[:count])
		if err != nil {
			return err
		}
		for _, n := range p.model.Members(name)[count:] {
			added, err := p.model.World().Eval(n)
			if err != nil {
				return err
			}
			p.seizes(name, n, added.Without(given), own.types)
		}
	}
	return nil
}

func (p *prover) seizes(attribute string, n *policy.Node, added model.Set, declared int) {
	added.Each(func(t int) {
		if t < declared && p.proof.Holds() {
			name := p.model.Types[t]
			p.proof.Broken = append(p.proof.Broken, Counterexample{Claim: "be made part of the lab: it is the machine's, not in " + attribute,
				Domain: name, Rule: located(n)})
		}
	})
}
