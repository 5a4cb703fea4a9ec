package main

import (
	"fmt"
	"math/rand/v2"

	"ipclab/internal/flow"
	"ipclab/internal/policy/model"
)

// set is pairs of types that are asked about with the same exclusions.
type set struct {
	name     string
	branches bool // all branches of booleans; else their defaults
	exclude  []string
	pairs    [][2]string
}

// order is a set as questions.py reads it.
type order struct {
	All     bool        `json:"all"`
	Exclude []string    `json:"exclude"`
	Pairs   [][2]string `json:"pairs"`
}

func (s set) order() order { return order{s.branches, s.exclude, s.pairs} }

// trusted are the exclusions in ipclab's terms.
func (s set) trusted() []flow.Trust {
	var all []flow.Trust
	for _, name := range s.exclude {
		all = append(all, flow.Trust{Name: name})
	}
	return all
}

// sets are all that is asked: random pairs, so many for each kind, and the pairs
// of types of each group. Each set costs setools seconds before its first answer.
func sets(m *model.Model, groups []group, pairs int, seed uint64) ([]set, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	var all []set
	for _, branches := range []bool{false, true} {
		for _, share := range []float64{0, 0.5, 0.95} {
			all = append(all, random(r, m.Types, share, branches, pairs))
		}
		s, err := grouped(m, groups, branches)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// random takes pairs at random, after a random share of all types was excluded.
func random(r *rand.Rand, types []string, share float64, branches bool, pairs int) set {
	s := set{name: fmt.Sprintf("random pairs, %g %% of all types excluded", share*100), branches: branches}
	var left []string
	for _, name := range types {
		if r.Float64() < share {
			s.exclude = append(s.exclude, name)
		} else {
			left = append(left, name)
		}
	}
	for len(s.pairs) < pairs && len(left) > 1 {
		if pair := [2]string{left[r.IntN(len(left))], left[r.IntN(len(left))]}; pair[0] != pair[1] {
			s.pairs = append(s.pairs, pair)
		}
	}
	return s
}

// grouped asks of all pairs of each group's types, with the domains that are in
// no group excluded, and the devices that everybody writes and reads.
func grouped(m *model.Model, groups []group, branches bool) (set, error) {
	s := set{name: "types of sipc, the labs and the scenarios", branches: branches}
	domains, err := m.TypesOf("domain")
	if err != nil {
		return s, err
	}
	for _, g := range groups {
		for _, from := range g.types {
			number, ok := m.Number(from)
			if !ok {
				return s, fmt.Errorf("the type %s of %s is not in the policy", from, g.name)
			}
			if domains.Has(number) {
				domains = domains.Without(single(m, number))
			}
			for _, to := range g.types {
				if from != to {
					s.pairs = append(s.pairs, [2]string{from, to})
				}
			}
		}
	}
	domains.Each(func(i int) { s.exclude = append(s.exclude, m.Types[i]) })
	for _, name := range []string{"null_device_t", "zero_device_t", "devtty_t", "urandom_device_t"} {
		if _, ok := m.Number(name); ok {
			s.exclude = append(s.exclude, name)
		}
	}
	return s, nil
}

func single(m *model.Model, number int) model.Set {
	one := model.NewSet(len(m.Types))
	one.Add(number)
	return one
}
