package model

import (
	"maps"
	"slices"
)

// Clone gives a model that can be read further while this one stays as it is:
// a whole policy is read once, and modules on top of it as often as needed. The
// two share what neither changes.
func (m *Model) Clone() *Model {
	c := *m
	c.Types, c.Rules, c.Moves = slices.Clip(m.Types), slices.Clip(m.Rules), slices.Clip(m.Moves)
	c.Permissive, c.Genfs, c.Constraints = slices.Clip(m.Permissive), slices.Clip(m.Genfs), slices.Clip(m.Constraints)
	c.Makings, c.Ports = slices.Clip(m.Makings), slices.Clip(m.Ports)
	c.Booleans, c.Initial = maps.Clone(m.Booleans), maps.Clone(m.Initial)
	c.numbers, c.aliases = maps.Clone(m.numbers), maps.Clone(m.aliases)
	c.perms, c.shared, c.common, c.maps = maps.Clone(m.perms), maps.Clone(m.shared), maps.Clone(m.common), maps.Clone(m.maps)
	c.members, c.named = clipped(m.members), clipped(m.named)
	c.sets, c.computing = map[string]Set{}, map[string]bool{}
	return &c
}

// clipped is a copy whose slices can be appended to without a trace in the original.
func clipped[T any](lists map[string][]T) map[string][]T {
	c := make(map[string][]T, len(lists))
	for name, list := range lists {
		c[name] = slices.Clip(list)
	}
	return c
}
