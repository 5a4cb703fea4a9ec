package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/yamlfile"
)

// parser reads the nodes of a scenario file by the grammar, and notes every
// mistake.
type parser struct {
	yamlfile.Decoder
	grammar *grammar
}

// section reads a mapping. what names it in messages.
func (p *parser) section(n ast.Node, s section, what string) *value {
	v := &value{at: yamlfile.At(n)}
	var fields []yamlfile.Field
	for _, k := range s.Keys {
		declare := yamlfile.May
		if k.Needed && k.Only == nil && !s.changed {
			declare = yamlfile.Must
		}
		fields = append(fields, declare(k.Name, func(n ast.Node) {
			v.entries = append(v.entries, entry{k.Name, yamlfile.At(n), p.key(n, s, k, what)})
		}))
	}
	p.Mapping(n, what, fields...)
	if !s.changed {
		p.conditions(v, s, what)
	}
	p.one(v, s, what)
	return v
}

// key reads the value, or the values, of one key.
func (p *parser) key(n ast.Node, s section, k key, of string) *value {
	if k.Form == "changed directory" || k.Form == "changed subject" || k.Form == "changed object" {
		of = "the twin"
	}
	v := &value{at: yamlfile.At(n)}
	switch k.Many {
	case "list":
		p.List(k.Name+" of "+of, func(n ast.Node) {
			v.list = append(v.list, p.single(n, k, elementName(k, n, of)))
		})(n)
	case "map":
		p.Entries(n, k.Name+" of "+of, func(name string, at *ast.MappingValueNode) {
			p.mapKey(name, k, yamlfile.At(at))
			one := p.single(at.Value, k, fmt.Sprintf("%s %q", singular(k), name))
			v.entries = append(v.entries, entry{name, yamlfile.At(at), one})
		})
		if pairs, ok := yamlfile.Pairs(n); ok && len(pairs) == 0 && k.Needed {
			p.Add(v.at, "%s of %s must not be empty", k.Name, of)
		}
	default:
		return p.single(n, k, k.Name+" of "+of)
	}
	return v
}

// elementName names an element of a list: by its own name if it has one.
func elementName(k key, n ast.Node, of string) string {
	if name, ok := yamlfile.TextOf(yamlfile.Value(n, "name")); ok {
		return fmt.Sprintf("%s %q", singular(k), name)
	}
	return "an element of " + k.Name + " of " + of
}

// singular names one of many.
func singular(k key) string {
	if name, ok := strings.CutPrefix(k.Form, "changed "); ok {
		return name
	}
	if k.Form == "truth" {
		return "boolean"
	}
	return strings.TrimSuffix(k.Name, "s")
}

// mapKey tests a name that stands as a key.
func (p *parser) mapKey(name string, k key, at Position) {
	if k.Names.Words != nil {
		p.oneOf(name, k.Names.Words, at, "a key of "+k.Name)
		return
	}
	p.matches(name, p.grammar.Forms[k.keyForm()], at, "a key of "+k.Name)
}

// single reads one value.
func (p *parser) single(n ast.Node, k key, what string) *value {
	if s, ok := p.grammar.section(k.Form); ok {
		return p.section(n, s, what)
	}
	v, f := &value{at: yamlfile.At(n)}, p.grammar.Forms[k.Form]
	switch {
	case f.Truth:
		p.Truth(&v.truth, what)(n)
		v.scalar = v.truth
	case f.Number:
		v.number = p.quantity(n, f, what)
		v.scalar = v.number
	default:
		p.Text(&v.text, what)(n)
		v.scalar = v.text
		p.suitable(v, k, f, what)
	}
	return v
}

// suitable tests a text that was read.
func (p *parser) suitable(v *value, k key, f form, what string) {
	switch {
	case v.text == "": // a mistake that is noted already
	case k.Words != nil:
		p.oneOf(v.text, k.Words, v.at, what)
	default:
		p.matches(v.text, f, v.at, what)
	}
}

// matches tests a text by its form.
func (p *parser) matches(text string, f form, at Position, what string) {
	if !f.matches.MatchString(text) {
		p.Add(at, "%s: %q is not %s", what, text, f.About)
	}
	if f.Longest > 0 && len(text) > f.Longest {
		p.Add(at, "%s: %q is longer than %d characters", what, text, f.Longest)
	}
}

// oneOf tests that a text is one of some words.
func (p *parser) oneOf(text string, words []string, at Position, what string) {
	if !slices.Contains(words, text) {
		p.Add(at, "%s: %q is not one of %s%s", what, text, strings.Join(words, ", "), yamlfile.DidYouMean(text, words))
	}
}

// quantity reads a number.
func (p *parser) quantity(n ast.Node, f form, what string) float64 {
	number, ok := numberOf(n)
	if !ok {
		p.Add(yamlfile.At(n), "%s must be %s, not %s", what, f.About, yamlfile.Kind(n))
		return 0
	}
	if f.Whole && number != math.Trunc(number) || number < f.Least || number > f.Most {
		p.Add(yamlfile.At(n), "%s: %s is not %s between %v and %v", what, n.GetToken().Value, f.About, f.Least, f.Most)
	}
	return number
}

func numberOf(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		switch i := n.Value.(type) {
		case uint64:
			return float64(i), true
		case int64:
			return float64(i), true
		}
	case *ast.FloatNode:
		return n.Value, true
	}
	return 0, false
}

// conditions tests keys that may, or must, be there beside certain values only.
func (p *parser) conditions(v *value, s section, what string) {
	for _, k := range s.Keys {
		if k.Only == nil {
			continue
		}
		holds := slices.Contains(k.Only.Values, v.get(k.Only.Key).text)
		given := v.find(k.Name)
		switch {
		case given != nil && !holds:
			p.Add(given.at, "%s has a %q, which is only for %s %s", what, k.Name, k.Only.Key, alternatives(k.Only.Values))
		case given == nil && holds && k.Needed:
			p.Add(v.at, "%s has no %q", what, k.Name)
		}
	}
}

// one tests that exactly one of some keys is there.
func (p *parser) one(v *value, s section, what string) {
	if s.One == nil {
		return
	}
	var given []string
	for _, name := range s.One {
		if v.find(name) != nil {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		p.Add(v.at, "%s must have exactly one of %s", what, alternatives(s.One))
	}
}

// alternatives reads "a, b or c".
func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
