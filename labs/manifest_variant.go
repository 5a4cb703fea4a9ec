package labs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// variant reads what differs from one variant of the lab to another. With a
// mistake in it, the lab has no parameters.
func (m *manifest) variant(n ast.Node) {
	before := len(m.mistakes.list)
	var all []Parameter
	m.entries(n, "variant", func(name string, v *ast.MappingValueNode) {
		m.key(v, "parameter", name)
		p := Parameter{Name: name, at: at(v)}
		m.parameter(&p, v.Value)
		m.enoughNames(p, all)
		all = append(all, p)
	})
	if len(all) == 0 {
		m.add(at(n), "variant must not be empty")
	}
	if len(m.mistakes.list) == before {
		m.lab.parameters = all
	}
}

// parameter reads one parameter.
func (m *manifest) parameter(p *Parameter, n ast.Node) {
	what := fmt.Sprintf("parameter %q", p.Name)
	list, ok := pairs(n)
	if !ok || len(list) == 0 {
		m.add(at(n), "%s must be a mapping such as {hex: 16}, not %s", what, kind(n))
		return
	}
	switch p.Kind = kindOf(n); p.Kind {
	case KindName:
		m.mapping(n, what, must("name", m.choices(&p.List, "name of "+what, isWord)))
	case KindPick:
		m.mapping(n, what, must("pick", m.choices(&p.List, "pick of "+what, isValue)))
	case KindOrder:
		p.Separator = " "
		m.mapping(n, what, must("order", m.choices(&p.List, "order of "+what, isValue)),
			may("separator", m.rawText(&p.Separator, "separator of "+what)))
	case KindHex:
		m.mapping(n, what, must("hex", m.digits(&p.Digits, "hex of "+what)))
	case KindNumber:
		m.mapping(n, what, must("from", m.number(&p.From, "from of "+what, 0)), must("to", m.number(&p.To, "to of "+what, 0)))
		if p.To <= p.From {
			m.add(at(n), "%s must go from a number to a greater one", what)
		}
	default:
		m.add(at(n), "%s draws nothing: it needs name, pick, hex, order, or from and to", what)
	}
}

// kindOf tells a parameter's kind by the first key that names one.
func kindOf(n ast.Node) Kind {
	list, _ := pairs(n)
	for _, v := range list {
		switch key := v.Key.String(); key {
		case "from", "to":
			return KindNumber
		case "name", "pick", "hex", "order":
			return Kind(key)
		}
	}
	return ""
}

// choices reads a list of at least two different texts.
func (m *manifest) choices(to *[]string, what string, test func(string) error) reader {
	return func(n ast.Node) {
		m.texts(to, what, test)(n)
		for i, s := range *to {
			if slices.Contains((*to)[:i], s) {
				m.add(at(n), "%s has %q twice", what, s)
			}
		}
		if len(*to) == 1 {
			m.add(at(n), "%s must have two elements or more", what)
		}
	}
}

// maxHex bounds the digits that a parameter may have.
const maxHex = 64

func (m *manifest) digits(to *int, what string) reader {
	return func(n ast.Node) {
		m.number(to, what, 1)(n)
		if *to > maxHex {
			m.add(at(n), "%s must be at most %d", what, maxHex)
		}
	}
}

// rawText reads a text that may be blank.
func (m *manifest) rawText(to *string, what string) reader {
	return func(n ast.Node) {
		s, ok := textOf(n)
		if !ok {
			m.add(at(n), "%s must be a text, not %s", what, kind(n))
			return
		}
		*to = s
	}
}

// enoughNames demands that a word is left for a name, whatever was drawn for
// the names above it.
func (m *manifest) enoughNames(p Parameter, above []Parameter) {
	others := 0
	for _, a := range above {
		if a.Kind == KindName && slices.ContainsFunc(a.List, func(w string) bool { return slices.Contains(p.List, w) }) {
			others++
		}
	}
	if p.Kind == KindName && len(p.List) > 1 && len(p.List)-others < 2 {
		m.add(p.at, "parameter %q needs %d words or more: %d of them may be taken by names above it", p.Name, others+2, others)
	}
}

// isWord accepts what may stand in names of C, of files and of SELinux types.
func isWord(s string) error {
	if s == "" || !strings.Contains(lower, s[:1]) || strings.Trim(s, lower+digits+"_") != "" {
		return fmt.Errorf("%q is no word of small letters, digits and underscores", s)
	}
	return nil
}

// isValue accepts what may stand in place of a placeholder.
func isValue(s string) error {
	if strings.Contains(s, "@@") {
		return fmt.Errorf("%q has a placeholder in it", s)
	}
	return isLine(s)
}
