package permitted

import (
	"maps"
	"slices"
	"strings"
)

// most bounds how many booleans are switched in all combinations.
const most = 6

// when lists the booleans that would change an answer: each one alone that does,
// and if there is none, the least number of them together.
func (p *prover) when(now found, try func(map[string]bool) (found, error)) ([]string, error) {
	names := slices.Compact(slices.Sorted(slices.Values(now.booleans)))
	if len(names) > most {
		names = names[:most]
	}
	var lines []string
	for size := 1; size <= len(names) && len(lines) == 0; size++ {
		for _, chosen := range combinations(names, size) {
			values := maps.Clone(p.s.Booleans)
			if values == nil {
				values = map[string]bool{}
			}
			for _, name := range chosen {
				values[name] = !p.value(name)
			}
			other, err := try(values)
			if err != nil {
				return nil, err
			}
			if (other.refusal == nil) != (now.refusal == nil) {
				lines = append(lines, whenLine(other.refusal == nil, chosen, values))
			}
		}
	}
	return lines, nil
}

// value is what the scenario begins with.
func (p *prover) value(name string) bool {
	if v, ok := p.s.Booleans[name]; ok {
		return v
	}
	return p.m.Booleans[name]
}

// whenLine reads "flows if a is on and b is off", of which one can say "it …".
func whenLine(flows bool, names []string, values map[string]bool) string {
	var parts []string
	for _, name := range names {
		word := " is off"
		if values[name] {
			word = " is on"
		}
		parts = append(parts, name+word)
	}
	verb := "is stopped if "
	if flows {
		verb = "flows if "
	}
	return verb + strings.Join(parts, " and ")
}

// combinations gives all choices of so many names, in order.
func combinations(names []string, size int) [][]string {
	if size == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i := 0; i+size <= len(names); i++ {
		for _, rest := range combinations(names[i+1:], size-1) {
			all = append(all, append([]string{names[i]}, rest...))
		}
	}
	return all
}
