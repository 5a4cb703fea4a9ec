package scenarios

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed fields.yaml
var fieldsFile []byte

// grammar says what a scenario file may have: fields.yaml. The parser, the
// schema and the reference page are made from it.
type grammar struct {
	Forms    map[string]form
	Sections []section
}

// form is what a single value may be.
type form struct {
	About   string
	Pattern string // of a text
	Longest int    // of a text, bytes; 0 is no bound
	Number  bool
	Whole   bool
	Least   float64
	Most    float64
	Truth   bool

	matches *regexp.Regexp
}

// section is a mapping with a closed set of keys.
type section struct {
	Name  string
	About string
	One   []string // exactly one of these keys
	Keys  []key

	changed bool // what a twin changes of one: nothing is needed
}

// key is one key of a section.
type key struct {
	Name   string
	Form   string   // a form's or a section's name
	Words  []string // in its place: the only values
	Many   string   // "list", "map", or empty: one value
	Names  names    // of a map: what its keys may be
	Needed bool
	Only   *condition
	About  string
}

// names is what the keys of a map may be: of a form, or of a list of words.
type names struct {
	Form  string
	Words []string
}

// condition holds when another key of the section has one of some values.
type condition struct {
	Key    string
	Values []string
}

// theGrammar reads fields.yaml, once. A mistake in it is a mistake in this
// program, which every test of this package finds.
var theGrammar = sync.OnceValue(func() *grammar {
	g, err := readGrammar(fieldsFile)
	if err != nil {
		panic("scenarios/fields.yaml: " + err.Error())
	}
	return g
})

// readGrammar reads a file in the form of fields.yaml.
func readGrammar(data []byte) (*grammar, error) {
	g := &grammar{}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict(), yaml.UseOrderedMap()).Decode(g); err != nil {
		return nil, err
	}
	for name, f := range g.Forms {
		var err error
		if f.matches, err = regexp.Compile(f.Pattern); err != nil {
			return nil, fmt.Errorf("form %s: %w", name, err)
		}
		g.Forms[name] = f
	}
	return g, g.sound()
}

// sound tells whether all that is named is there.
func (g *grammar) sound() error {
	for _, s := range g.Sections {
		for _, k := range s.Keys {
			_, isForm := g.Forms[k.Form]
			if _, isSection := g.section(k.Form); !isForm && !isSection && k.Words == nil {
				return fmt.Errorf("%s of %s: no form %q", k.Name, s.Name, k.Form)
			}
			if _, ok := g.Forms[k.keyForm()]; k.Many == "map" && !ok && k.Names.Words == nil {
				return fmt.Errorf("%s of %s: no form %q", k.Name, s.Name, k.Names.Form)
			}
		}
	}
	return nil
}

// keyForm is the form of the keys of a map.
func (k key) keyForm() string {
	if k.Names.Form == "" {
		return "name"
	}
	return k.Names.Form
}

// section gives the section of a name. "changed X" is what a twin may say of
// an X: the same keys, none needed.
func (g *grammar) section(name string) (section, bool) {
	plain, changed := strings.CutPrefix(name, "changed ")
	for _, s := range g.Sections {
		if s.Name == plain {
			s.changed = changed
			return s, true
		}
	}
	return section{}, false
}

// key gives the key of a name.
func (s section) key(name string) (key, bool) {
	for _, k := range s.Keys {
		if k.Name == name {
			return k, true
		}
	}
	return key{}, false
}

// UnmarshalYAML reads the keys of a section in their order.
func (s *section) UnmarshalYAML(unmarshal func(any) error) error {
	var raw struct {
		Name, About string
		One         []string
		Keys        yaml.MapSlice
	}
	var byName struct {
		Name, About string
		One         []string
		Keys        map[string]key
	}
	if err := unmarshal(&raw); err != nil {
		return err
	}
	if err := unmarshal(&byName); err != nil {
		return err
	}
	s.Name, s.About, s.One = raw.Name, raw.About, raw.One
	for _, item := range raw.Keys {
		k := byName.Keys[item.Key.(string)]
		k.Name = item.Key.(string)
		s.Keys = append(s.Keys, k)
	}
	return nil
}

// UnmarshalYAML reads a form's name, or a list of words.
func (n *names) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&n.Words) == nil {
		return nil
	}
	return unmarshal(&n.Form)
}

// UnmarshalYAML reads the one key of a condition.
func (c *condition) UnmarshalYAML(unmarshal func(any) error) error {
	var raw map[string][]string
	if err := unmarshal(&raw); err != nil {
		return err
	}
	if len(raw) != 1 {
		return fmt.Errorf("a condition is about %d keys", len(raw))
	}
	for c.Key, c.Values = range raw {
	}
	return nil
}
