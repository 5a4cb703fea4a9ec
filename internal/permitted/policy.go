package permitted

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
	"ipclab/scenarios"
)

// Policy is a whole policy, read once; scenarios' modules are read on top of it.
// It is not changed by use, but for what it remembers: one goroutine at a time.
type Policy struct{ base *model.Model }

// Read reads a whole policy: the distribution's, and ipclab's own on top of it.
// Errors: *policy.SyntaxError, *model.UnreadError.
func Read(modules []policy.Module) (*Policy, error) {
	m := model.New()
	if err := m.Read(modules); err != nil {
		return nil, err
	}
	return &Policy{base: m}, nil
}

// With gives the policy with modules on top. A module whose types the policy has
// already, all of them, is in it and is left out; the second value names such.
// Errors: *policy.SyntaxError, *model.UnreadError.
func (p *Policy) With(modules []policy.Module) (*Policy, []string, error) {
	m := p.base.Clone()
	var fresh []policy.Module
	var known []string
	for _, module := range modules {
		in, err := p.holds(module)
		if err != nil {
			return nil, nil, err
		}
		if in {
			known = append(known, module.File)
			continue
		}
		fresh = append(fresh, module)
	}
	if err := m.Read(fresh); err != nil {
		return nil, nil, err
	}
	return &Policy{base: m}, known, nil
}

// Rejoin gives the policy with what a module says of attributes, and nothing else of
// it. A compiled policy that has the module does not have its attributes within
// attributes any more: a type that gets one later would lack those around it. What
// names a type that the policy lacks is left out.
func (p *Policy) Rejoin(module policy.Module) (*Policy, error) {
	statements, err := policy.ParseCIL(module.File, module.Source)
	if err != nil {
		return nil, err
	}
	var source strings.Builder
	for _, n := range statements {
		if n.Keyword() == "typeattributeset" && p.hasAll(n.List[1:]) {
			source.WriteString(n.String() + "\n")
		}
	}
	m := p.base.Clone()
	if err := m.Read([]policy.Module{{File: module.File, Source: []byte(source.String())}}); err != nil {
		return nil, err
	}
	return &Policy{base: m}, nil
}

// hasAll tells whether the policy has all types and attributes that are named.
func (p *Policy) hasAll(nodes []*policy.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *policy.Node) bool {
		if n.Kind == policy.List {
			return !p.hasAll(n.List)
		}
		return !p.Has(n.Text)
	})
}

// holds tells whether the policy has all types that a module declares.
func (p *Policy) holds(module policy.Module) (bool, error) {
	statements, err := policy.ParseCIL(module.File, module.Source)
	if err != nil {
		return false, err
	}
	declares := false
	for _, n := range statements {
		if n.Keyword() != "type" || len(n.List) != 2 {
			continue
		}
		declares = true
		if _, ok := p.base.Number(n.List[1].Text); !ok {
			return false, nil
		}
	}
	return declares, nil
}

// Has tells whether the policy has a type or attribute.
func (p *Policy) Has(name string) bool { return p.base.Known(p.base.Real(name)) }

// Prove computes what of a scenario would get through. Errors: *UnknownError for
// what the scenario names and there is not, *policy.SyntaxError and
// *model.UnreadError for its modules, *flow.CoverError where the policy has
// permissions of which it is not known what they let flow.
func Prove(ctx context.Context, s *scenarios.Scenario, p *Policy) (*scenarios.View, error) {
	modules, err := s.Modules()
	if err != nil {
		return nil, err
	}
	whole, known, err := p.With(modules)
	if err != nil {
		return nil, err
	}
	one, err := newProver(s, whole.base)
	if err != nil {
		return nil, err
	}
	for _, name := range known {
		one.notes = append(one.notes, fmt.Sprintf("%s is in the policy already, and was not read again", name))
	}
	return one.view(ctx)
}

// view computes all parts of the view.
func (p *prover) view(ctx context.Context) (v *scenarios.View, err error) {
	v = &scenarios.View{}
	if v.Pairs, err = p.pairs(ctx); err != nil {
		return nil, err
	}
	if v.Flows, err = each(ctx, p.s.Flows, p.flow); err != nil {
		return nil, err
	}
	if v.BackChannels, err = each(ctx, p.s.BackChannels, p.backChannel); err != nil {
		return nil, err
	}
	if v.Revocations, err = each(ctx, p.s.Revocations, p.revocation); err != nil {
		return nil, err
	}
	v.Notes, err = p.allNotes()
	return v, err
}

// each computes one list of the view, beside the scenario's.
func each[T any](ctx context.Context, all []T, see func(T) (scenarios.Seen, error)) ([]scenarios.Seen, error) {
	seen := make([]scenarios.Seen, 0, len(all))
	for _, one := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := see(one)
		if err != nil {
			return nil, err
		}
		seen = append(seen, s)
	}
	return slices.Clip(seen), nil
}
