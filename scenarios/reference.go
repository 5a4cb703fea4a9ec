package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
)

// Reference gives the page docs/scenario-reference.md: every key of a scenario
// file, and every kind of object with the ways of using it.
func Reference() string {
	g := theGrammar()
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, s := range g.Sections {
		g.sectionPage(&b, s)
	}
	g.formsPage(&b)
	kindsPage(&b)
	return b.String()
}

const referenceHead = `# Scenario files: every key

*This page is made from the grammar that the parser uses, ` + "`scenarios/fields.yaml`" + `, by
` + "`ipclab scenario reference`" + `. What scenarios are for, and how to write one, is told in
[Scenarios](scenarios.md). Editors check and complete a file by the JSON Schema that
` + "`ipclab scenario schema`" + ` prints.*

A scenario is one YAML file with the keys of [a scenario](#scenario). Keys with a **•** have to
be there. Anchors, aliases, tags and keys that are not on this page are mistakes.
`

// sectionPage writes the keys of one section.
func (g *grammar) sectionPage(b *strings.Builder, s section) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", s.Name, s.About)
	if s.One != nil {
		fmt.Fprintf(b, "\nExactly one of `%s` has to be there.\n", strings.Join(s.One, "` and `"))
	}
	b.WriteString("\n| key | value | |\n| --- | --- | --- |\n")
	for _, k := range s.Keys {
		needed := ""
		if k.Needed {
			needed = " **•**"
		}
		fmt.Fprintf(b, "| `%s`%s | %s | %s%s |\n", k.Name, needed, g.valuePage(k), k.About, onlyPage(k.Only))
	}
}

// valuePage says what stands at a key.
func (g *grammar) valuePage(k key) string {
	single := ""
	_, isSection := g.section(k.Form)
	plain, changed := strings.CutPrefix(k.Form, "changed ")
	switch {
	case k.Words != nil:
		single = "`" + strings.Join(k.Words, "`, `") + "`"
	case isSection && changed:
		single = fmt.Sprintf("some keys of a [%s](#%s)", plain, plain)
	case isSection:
		single = fmt.Sprintf("[%s](#%s)", k.Form, k.Form)
	default:
		single = fmt.Sprintf("[%s](#single-values)", k.Form)
	}
	switch k.Many {
	case "list":
		return "list: " + single
	case "map":
		return fmt.Sprintf("map, %s: %s", g.namesPage(k), single)
	}
	return single
}

// namesPage says what the keys of a map are.
func (g *grammar) namesPage(k key) string {
	if k.Names.Words != nil {
		return "`" + strings.Join(k.Names.Words, "`, `") + "`"
	}
	return k.keyForm()
}

// onlyPage says beside what a key may be there.
func onlyPage(c *condition) string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf(" *Only with `%s` `%s`.*", c.Key, strings.Join(c.Values, "`, `"))
}

// formsPage writes what single values may be.
func (g *grammar) formsPage(b *strings.Builder) {
	b.WriteString("\n## Single values\n\n| | |\n| --- | --- |\n")
	var names []string
	for name := range g.Forms {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f := g.Forms[name]
		about := f.About
		if f.Number {
			about += fmt.Sprintf(", %v to %.0f", f.Least, f.Most)
		}
		fmt.Fprintf(b, "| %s | %s |\n", name, about)
	}
}

// kindsPage writes the kinds of objects, and the ways of using each.
func kindsPage(b *strings.Builder) {
	b.WriteString("\n## Kinds and ways\n\nThe first way is the usual one. Classes are those that denials about it name.\n\n")
	b.WriteString("| kind | | made by | ways (`how`) | classes |\n| --- | --- | --- | --- | --- |\n")
	for _, m := range mechanism.All() {
		fmt.Fprintf(b, "| `%s` | %s. %s | %s | %s | `%s` |\n", m.Kind, m.Title, m.About, makers(m.Made), waysPage(m), strings.Join(m.Classes, "`, `"))
	}
}

func makers(m mechanism.Made) string {
	switch m {
	case mechanism.ByAgent:
		return "the agent, or a `maker`"
	case mechanism.ByMaker:
		return "a `maker`"
	}
	return "nobody"
}

func waysPage(m mechanism.Mechanism) string {
	var ways []string
	for _, w := range m.Ways {
		ways = append(ways, fmt.Sprintf("`%s`: %s", w.Name, w.About))
	}
	return strings.Join(ways, "; ")
}
