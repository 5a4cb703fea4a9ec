package scenarios

import (
	"fmt"

	"ipclab/internal/policy"
)

// Broken gives a twin as a scenario of its own: it wants the same, and what is
// too much is in it. The error is an *UnknownTwinError.
func (s *Scenario) Broken(name string) (*Scenario, error) {
	for _, t := range s.Twins {
		if t.Name == name {
			return s.broken(t), nil
		}
	}
	return nil, &UnknownTwinError{Scenario: s.Name, Name: name, Known: twinNames(s)}
}

func (s *Scenario) broken(t Twin) *Scenario {
	tree := changed(s.tree, t.changes)
	b := build(tree)
	b.dir, b.file, b.tree = s.dir, s.file, tree
	b.extra = s.extra
	if t.Rules != "" {
		b.extra = append(b.extra[:len(b.extra):len(b.extra)], policy.Module{File: fmt.Sprintf("%s (twin %s)", s.file, t.Name), Source: []byte(t.Rules)})
	}
	return b
}

// changed is a scenario's file as a twin has it.
func changed(tree, twin *value) *value {
	changed := tree.with(&value{})
	if given := twin.find("booleans"); given != nil {
		changed.set(entry{key: "booleans", value: tree.get("booleans").with(given)})
	}
	for _, key := range []string{"subjects", "objects"} {
		part := tree.get(key)
		merged := part.with(&value{})
		for _, c := range twin.get(key).entries {
			if own := part.find(c.key); own != nil {
				merged.set(entry{c.key, c.keyAt, own.with(c.value)})
			}
		}
		changed.set(entry{key: key, value: merged})
	}
	changed.set(entry{key: "directories", value: changedDirectories(tree.get("directories"), twin.get("directories"))})
	return changed
}

func changedDirectories(own, changes *value) *value {
	merged := &value{at: own.at}
	for _, d := range own.list {
		if c := changes.find(d.get("path").text); c != nil {
			d = d.with(c)
		}
		merged.list = append(merged.list, d)
	}
	return merged
}

func twinNames(s *Scenario) []string {
	var names []string
	for _, t := range s.Twins {
		names = append(names, t.Name)
	}
	return names
}
