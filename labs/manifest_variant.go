package labs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/yamlfile"
)

// variant reads what differs from one variant of the lab to another. With a
// mistake in it, the lab has no parameters.
func (m *manifest) variant(n ast.Node) {
	before := len(m.All)
	var all []Parameter
	m.Entries(n, "variant", func(name string, v *ast.MappingValueNode) {
		m.key(v, "parameter", name)
		p := Parameter{Name: name, at: yamlfile.At(v)}
		m.parameter(&p, v.Value)
		m.enoughNames(p, all)
		all = append(all, p)
	})
	if len(all) == 0 {
		m.Add(yamlfile.At(n), "variant must not be empty")
	}
	if len(m.All) == before {
		m.lab.parameters = all
	}
}

// parameter reads one parameter.
func (m *manifest) parameter(p *Parameter, n ast.Node) {
	what := fmt.Sprintf("parameter %q", p.Name)
	list, ok := yamlfile.Pairs(n)
	if !ok || len(list) == 0 {
		m.Add(yamlfile.At(n), "%s must be a mapping such as {hex: 16}, not %s", what, yamlfile.Kind(n))
		return
	}
	switch p.Kind = kindOf(n); p.Kind {
	case KindName:
		m.Mapping(n, what, yamlfile.Must("name", m.choices(&p.List, "name of "+what, isWord)))
	case KindPick:
		m.Mapping(n, what, yamlfile.Must("pick", m.choices(&p.List, "pick of "+what, isValue)))
	case KindOrder:
		p.Separator = " "
		m.Mapping(n, what, yamlfile.Must("order", m.choices(&p.List, "order of "+what, isValue)),
			yamlfile.May("separator", m.rawText(&p.Separator, "separator of "+what)))
	case KindHex:
		m.Mapping(n, what, yamlfile.Must("hex", m.digits(&p.Digits, "hex of "+what)))
	case KindNumber:
		m.Mapping(n, what, yamlfile.Must("from", m.Number(&p.From, "from of "+what, 0)), yamlfile.Must("to", m.Number(&p.To, "to of "+what, 0)))
		if p.To <= p.From {
			m.Add(yamlfile.At(n), "%s must go from a number to a greater one", what)
		}
	default:
		m.Add(yamlfile.At(n), "%s draws nothing: it needs name, pick, hex, order, or from and to", what)
	}
}

// kindOf tells a parameter's kind by the first key that names one.
func kindOf(n ast.Node) Kind {
	list, _ := yamlfile.Pairs(n)
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
func (m *manifest) choices(to *[]string, what string, test func(string) error) yamlfile.Reader {
	return func(n ast.Node) {
		m.Texts(to, what, test)(n)
		for i, s := range *to {
			if slices.Contains((*to)[:i], s) {
				m.Add(yamlfile.At(n), "%s has %q twice", what, s)
			}
		}
		if len(*to) == 1 {
			m.Add(yamlfile.At(n), "%s must have two elements or more", what)
		}
	}
}

// maxHex bounds the digits that a parameter may have.
const maxHex = 64

func (m *manifest) digits(to *int, what string) yamlfile.Reader {
	return func(n ast.Node) {
		m.Number(to, what, 1)(n)
		if *to > maxHex {
			m.Add(yamlfile.At(n), "%s must be at most %d", what, maxHex)
		}
	}
}

// rawText reads a text that may be blank.
func (m *manifest) rawText(to *string, what string) yamlfile.Reader {
	return func(n ast.Node) {
		s, ok := yamlfile.TextOf(n)
		if !ok {
			m.Add(yamlfile.At(n), "%s must be a text, not %s", what, yamlfile.Kind(n))
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
		m.Add(p.at, "parameter %q needs %d words or more: %d of them may be taken by names above it", p.Name, others+2, others)
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
