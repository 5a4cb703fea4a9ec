package scenarios

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/internal/yamlfile"
)

// consistent notes what is wrong between the values of a scenario, and between
// it and the files beside it.
func (p *parser) consistent(s *Scenario) {
	for i, name := range s.Policy {
		p.module(s.dir, name, s.tree.get("policy").list[i].at)
	}
	for _, o := range s.Objects {
		p.object(s, o)
	}
	for _, f := range s.Flows {
		p.ends(s, "flow", f.From, f.To, f.Via, f.At)
		p.way(s, f.Via, f.How, f.At)
	}
	for _, b := range s.BackChannels {
		p.ends(s, "back channel", b.From, b.To, b.Via, b.At)
	}
	for _, r := range s.Revocations {
		p.ends(s, "revocation", r.From, r.To, r.Via, r.At)
		p.way(s, r.Via, r.How, r.At)
		if !s.Booleans[r.Boolean] {
			p.Add(r.At, "the revocation's boolean %s must be on at first: put it under booleans", r.Boolean)
		}
	}
	p.unique(s)
}

// module demands that a module is there.
func (p *parser) module(dir fs.FS, name string, at Position) {
	if info, err := fs.Stat(dir, name); err == nil && info.Mode().IsRegular() {
		return
	}
	beside, _ := fs.Glob(dir, path.Join(path.Dir(name), "*.cil")) // the pattern has no mistake in it
	p.Add(at, "there is no file %s beside the scenario%s", name, yamlfile.DidYouMean(name, beside))
}

// object demands what its kind asks for beyond the grammar.
func (p *parser) object(s *Scenario, o Object) {
	if o.Maker != "" {
		p.known(o.Maker, subjectNames(s), "object "+o.Name, "subject", o.At)
	}
	if o.Of != "" {
		p.known(o.Of, objectNames(s), "object "+o.Name, "object", o.At)
		if of, ok := s.Object(o.Of); ok && of.Kind == mechanism.Descriptor {
			p.Add(o.At, "object %s passes a descriptor of %s, which is a descriptor itself", o.Name, o.Of)
		}
	}
	m, _ := mechanism.Find(o.Kind)
	if m.Made == mechanism.ByMaker && o.Maker == "" {
		p.Add(o.At, "object %s has no maker: a subject must make a %s, whose type it gets", o.Name, o.Kind)
	}
	if (m.Place == mechanism.Name || m.Place == mechanism.Memory) && strings.Count(o.Path, "/") != 1 {
		p.Add(o.At, "object %s: the name %q must have one slash, at its beginning", o.Name, o.Path)
	}
}

// ends demands that two different subjects and an object exist.
func (p *parser) ends(s *Scenario, what, from, to, via string, at Position) {
	p.known(from, subjectNames(s), what, "subject", at)
	p.known(to, subjectNames(s), what, "subject", at)
	if from == to {
		p.Add(at, "the %s leads from %s to itself", what, from)
	}
	if via != "" {
		p.known(via, objectNames(s), what, "object", at)
	}
}

// known demands that something of a name exists.
func (p *parser) known(name string, names []string, of, what string, at Position) {
	if !slices.Contains(names, name) {
		p.Add(at, "%s: there is no %s %q%s", of, what, name, yamlfile.DidYouMean(name, names))
	}
}

// way demands that the object can be used in a flow's way.
func (p *parser) way(s *Scenario, via, how string, at Position) {
	o, ok := s.Object(via)
	if !ok {
		if via == "" && how != "" {
			p.Add(at, "the flow has a way (how: %s) and no object", how)
		}
		return
	}
	m, _ := mechanism.Find(o.Kind)
	if _, ok := m.Way(how); !ok {
		p.Add(at, "a %s cannot be used in the way %q; there is %s%s", o.Kind, how, alternatives(m.Names()), yamlfile.DidYouMean(how, m.Names()))
	}
}

// unique demands that nothing is said twice.
func (p *parser) unique(s *Scenario) {
	seen := map[string]Position{}
	note := func(what string, at Position) {
		if first, twice := seen[what]; twice {
			p.Add(at, "%s stands twice, first in line %d", what, first.Line)
			return
		}
		seen[what] = at
	}
	for _, f := range s.Flows {
		note(fmt.Sprintf("the flow from %s to %s%s", f.From, f.To, route(f.Via, f.How)), f.At)
	}
	for _, b := range s.BackChannels {
		note(fmt.Sprintf("the back channel from %s to %s%s", b.From, b.To, route(b.Via, strings.TrimSpace(b.How+" "+b.Look))), b.At)
	}
	for _, t := range s.Twins {
		note("the twin "+t.Name, t.At)
	}
	for i, d := range s.Directories {
		note("the directory "+d.Path, s.tree.get("directories").list[i].at)
	}
}

// route reads " over an object in a way".
func route(via, how string) string {
	text := ""
	if via != "" {
		text += " over " + via
	}
	if how != "" {
		text += " (" + how + ")"
	}
	return text
}

// consistentTwin demands that a twin changes what is there, into something that
// is a scenario too, and finds what the scenario forbids.
func (p *parser) consistentTwin(s *Scenario, t Twin) {
	before := len(p.All)
	for what, names := range map[string][]string{"subject": subjectNames(s), "object": objectNames(s)} {
		for _, e := range t.changes.get(what + "s").entries {
			p.known(e.key, names, "twin "+t.Name, what, e.keyAt)
		}
	}
	for _, e := range t.changes.get("directories").entries {
		p.known(e.key, directoryPaths(s), "twin "+t.Name, "directory", e.keyAt)
	}
	for _, f := range t.Finds {
		p.find(s, f)
	}
	if len(p.All) > before {
		return
	}
	p.merged(changed(s.tree, t.changes))
	if len(p.All) > before {
		return
	}
	b := s.broken(t)
	for _, o := range b.Objects {
		p.object(b, o)
	}
}

// merged tests the conditions between keys of what a twin has changed.
func (p *parser) merged(tree *value) {
	for _, what := range []string{"object", "subject"} {
		section, _ := p.grammar.section(what)
		for _, e := range tree.get(what + "s").entries {
			p.conditions(e.value, section, fmt.Sprintf("the twin's %s %q", what, e.key))
		}
	}
}

// find demands that what a twin finds is forbidden by the scenario.
func (p *parser) find(s *Scenario, f Find) {
	if !s.forbids(f) {
		p.Add(f.At, "the scenario does not forbid a flow or back channel from %s to %s%s", f.From, f.To, route(f.Via, f.How))
	}
	if !f.Permitted && !f.Observed {
		p.Add(f.At, "what is found in neither view is no find")
	}
	if f.Permitted != f.Observed && f.Why == "" {
		p.Add(f.At, "the find has no %q: say why only one view can show it", "why")
	}
}

// forbids tells whether a find is about a forbidden flow or a closed back channel.
func (s *Scenario) forbids(f Find) bool {
	for _, w := range s.Flows {
		if w.Want == Deny && w.From == f.From && w.To == f.To && w.Via == f.Via && w.How == f.How {
			return true
		}
	}
	for _, b := range s.BackChannels {
		if b.Want == Deny && b.From == f.From && b.To == f.To && b.Via == f.Via && b.How == f.How {
			return true
		}
	}
	return false
}

func subjectNames(s *Scenario) []string {
	var names []string
	for _, one := range s.Subjects {
		names = append(names, one.Name)
	}
	return names
}

func objectNames(s *Scenario) []string {
	var names []string
	for _, one := range s.Objects {
		names = append(names, one.Name)
	}
	return names
}

func directoryPaths(s *Scenario) []string {
	var paths []string
	for _, one := range s.Directories {
		paths = append(paths, one.Path)
	}
	return paths
}
