package scenarios

import "ipclab/internal/yamlfile"

// value is a value of a scenario file that the grammar accepted: a text, a
// number or a truth value, a list, or the entries of a mapping in their order.
type value struct {
	at      Position
	scalar  any // text, number or truth; nil of a list or mapping
	text    string
	number  float64
	truth   bool
	list    []*value
	entries []entry
}

// entry is a key with its value.
type entry struct {
	key   string
	keyAt Position
	value *value
}

// get gives the value of a key; of a key that is not there an empty value.
func (v *value) get(key string) *value {
	if found := v.find(key); found != nil {
		return found
	}
	return &value{at: v.at}
}

// find gives the value of a key; nil when it is not there.
func (v *value) find(key string) *value {
	for _, e := range v.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// texts gives the texts of a list.
func (v *value) texts() []string {
	var all []string
	for _, one := range v.list {
		all = append(all, one.text)
	}
	return all
}

// truths gives a mapping of truth values; nil when it is empty.
func (v *value) truths() map[string]bool {
	var all map[string]bool
	for _, e := range v.entries {
		if all == nil {
			all = map[string]bool{}
		}
		all[e.key] = e.value.truth
	}
	return all
}

// plain gives the value as encoding/json has it.
func (v *value) plain() any {
	if v.scalar != nil {
		return v.scalar
	}
	if v.list != nil {
		all := []any{}
		for _, one := range v.list {
			all = append(all, one.plain())
		}
		return all
	}
	all := map[string]any{}
	for _, e := range v.entries {
		all[e.key] = e.value.plain()
	}
	return all
}

// with gives the mapping with the entries of another one in place of its own.
func (v *value) with(changes *value) *value {
	merged := &value{at: v.at, entries: append([]entry(nil), v.entries...)}
	for _, c := range changes.entries {
		merged.set(c)
	}
	return merged
}

// set puts an entry in the place of the one with its key, or at the end.
func (v *value) set(e entry) {
	for i := range v.entries {
		if v.entries[i].key == e.key {
			v.entries[i] = e
			return
		}
	}
	v.entries = append(v.entries, e)
}

// Position is a place in a scenario file, both parts from 1.
type Position = yamlfile.Position
