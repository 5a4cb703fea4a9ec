package labs

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"ipclab/internal/yamlfile"
)

// consistent tests what the values of a manifest must be to one another and
// to the files of the folder.
func (m *manifest) consistent(folder string) {
	if folder != "" && m.lab.Name != "" && m.lab.Name != folder {
		m.Add(m.nameAt, "name is %q, but the folder is %q: they must be the same", m.lab.Name, folder)
	}
	m.someVisible()
	m.uniqueIDs()
	m.soundNeeds()
	m.knownTypes()
	m.presentFiles()
}

// someVisible demands something that students can check themselves.
func (m *manifest) someVisible() {
	if all := m.lab.Checks(); len(all) > 0 && len(m.lab.Visible()) == 0 {
		m.Add(all[0].at, "every check is hidden: students would have nothing to check")
	}
}

func (m *manifest) uniqueIDs() {
	first := map[string]yamlfile.Position{}
	for _, c := range m.lab.Checks() {
		if at, twice := first[c.ID]; twice && c.ID != "" {
			m.Add(c.at, "id %q stands twice, first in line %d", c.ID, at.Line)
			continue
		}
		first[c.ID] = c.at
	}
}

// soundNeeds demands that a check needs only checks above it: the order of the
// file is then an order in which they can run.
func (m *manifest) soundNeeds() {
	var ids, above []string
	for _, c := range m.lab.Checks() {
		ids = append(ids, c.ID)
	}
	for _, c := range m.lab.Checks() {
		for i, need := range c.Needs {
			if msg := m.unsound(c, need, ids, above); msg != "" {
				m.Add(c.needsAt[i], "check %q needs %q%s", c.ID, need, msg)
			}
		}
		above = append(above, c.ID)
	}
}

// unsound says what is wrong with one need; nothing when it is sound.
func (m *manifest) unsound(c *Check, need string, ids, above []string) string {
	switch {
	case !slices.Contains(ids, need):
		return ", which does not exist" + yamlfile.DidYouMean(need, ids)
	case !c.Hidden && m.lab.Check(need).Hidden:
		return ", which is hidden: students could never run it"
	case slices.Contains(above, need):
		return ""
	}
	if way := m.way(need, c.ID, map[string]bool{}); way != nil {
		return ", which is a cycle: " + strings.Join(append([]string{c.ID}, way...), " → ")
	}
	return ", which stands below it: move one of them"
}

// way is a chain of needs from one check to another, nil when there is none.
// Every check is looked at once.
func (m *manifest) way(from, to string, seen map[string]bool) []string {
	if from == to {
		return []string{to}
	}
	c := m.lab.Check(from)
	if c == nil || seen[from] {
		return nil
	}
	seen[from] = true
	for _, need := range c.Needs {
		if way := m.way(need, to, seen); way != nil {
			return append([]string{from}, way...)
		}
	}
	return nil
}

// knownTypes demands that the review speaks of what the lab declares.
func (m *manifest) knownTypes() {
	domains, types := []string{DefaultDomain}, []string{}
	for _, s := range m.lab.Subjects {
		domains = append(domains, s.Domain)
	}
	for _, o := range m.lab.Objects {
		types = append(types, o.Type)
	}
	for _, d := range m.lab.Directories {
		types = append(types, d.Type)
	}
	m.within(m.subjectsR, domains, "no subject of the lab has the domain")
	m.within(m.objectsR, types, "no object or directory of the lab has the type")
}

func (m *manifest) within(list []located, known []string, complaint string) {
	for _, l := range list {
		if l.text != "" && !slices.Contains(known, l.text) {
			m.Add(l.at, "%s %q%s", complaint, l.text, yamlfile.DidYouMean(l.text, known))
		}
	}
}

// presentFiles demands the files that the manifest names.
func (m *manifest) presentFiles() {
	for _, g := range m.given {
		if isFile(g.text) == nil && !m.isFile(g.text) {
			m.Add(g.at, "%s is not a file of the lab%s", g.text, yamlfile.DidYouMean(g.text, m.siblings(g.text)))
		}
	}
	for _, c := range m.lab.Checks() {
		if isName(c.ID) == nil && !m.isFile(c.Script()) && !(c.Hidden && m.lab.student) {
			m.Add(c.at, "check %q has no script: %s is missing%s", c.ID, c.Script(), yamlfile.DidYouMean(c.Script(), m.siblings(c.Script())))
		}
	}
}

func (m *manifest) isFile(name string) bool {
	info, err := fs.Stat(m.lab.dir, name)
	return err == nil && info.Mode().IsRegular()
}

// siblings are the paths of the files beside a file.
func (m *manifest) siblings(name string) []string {
	entries, _ := fs.ReadDir(m.lab.dir, path.Dir(name)) // no folder, no candidates
	var all []string
	for _, e := range entries {
		all = append(all, path.Join(path.Dir(name), e.Name()))
	}
	return all
}
