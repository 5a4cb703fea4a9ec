package scenarios

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"ipclab/internal/yamlfile"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", text); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// byGrammar is what the parser says of a text, without what values must be to
// one another.
func byGrammar(text string) error {
	p := &parser{Decoder: yamlfile.Decoder{Mistakes: yamlfile.Mistakes{File: "s.yaml"}}, grammar: theGrammar()}
	whole, _ := p.grammar.section("scenario")
	p.Document([]byte(text), func(n ast.Node) { p.section(n, whole, "the scenario") })
	return p.Err()
}

// bySchema is what the schema says of it.
func bySchema(schema *jsonschema.Schema, text string) error {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	return schema.Validate(v)
}

// agree tests that parser and schema both accept a text, or both refuse it.
func agree(t *testing.T, schema *jsonschema.Schema, text, what string) (accepted bool) {
	t.Helper()
	parsed, checked := byGrammar(text), bySchema(schema, text)
	if (parsed == nil) != (checked == nil) {
		t.Errorf("%s\nparser: %v\nschema: %v", what, parsed, checked)
	}
	return parsed == nil
}

func TestSchemaAcceptsWhatIsThere(t *testing.T) {
	schema := compiled(t)
	if !agree(t, schema, whole, "the scenario with every key") {
		t.Error("it is refused")
	}
	for _, s := range Library().All() {
		text, err := libraryFiles.ReadFile(strings.TrimPrefix(s.Shown(), "scenarios/"))
		if err != nil {
			t.Fatal(err)
		}
		if !agree(t, schema, string(text), s.Name) {
			t.Errorf("%s is refused", s.Name)
		}
	}
}

// Thousands of scenarios with one or two things changed: parser and schema must
// say the same of each.
func TestSchemaAndParserAgree(t *testing.T) {
	schema := compiled(t)
	var tree yaml.MapSlice
	if err := yaml.UnmarshalWithOptions([]byte(whole), &tree, yaml.UseOrderedMap()); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	accepted, refused := 0, 0
	for range 1000 {
		changed := &mutation{random: random, left: 1 + random.IntN(2)}
		text, err := yaml.MarshalWithOptions(changed.value(tree, 0), yaml.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if agree(t, schema, string(text), fmt.Sprintf("%v:\n%s", changed.done, text)) {
			accepted++
		} else {
			refused++
		}
		if t.Failed() {
			return
		}
	}
	if accepted < 50 || refused < 300 {
		t.Errorf("%d accepted, %d refused: the changes test little", accepted, refused)
	}
}

// mutation changes a few values of a tree on the way.
type mutation struct {
	random *rand.Rand
	left   int
	done   []string
}

// values are what may stand where something else was.
func values() []any {
	return []any{
		"", " ", "x", "X", "0660", "0680", "two\nlines", "a-b", "a--b", "/a/b", "/a/../b", "a.cil", "allow", "deny", "selinux", "dac",
		"fifo", "tcp", "signal", "descriptor", "EPERM", "64M", 0, 1, -1, 1.5, 70000, 4700, true, false, nil,
		[]any{}, []any{"x"}, []any{1}, map[string]any{}, map[string]any{"a": "b"}, strings.Repeat("a", 41),
	}
}

// value gives the value, or something else.
func (m *mutation) value(v any, depth int) any {
	if depth > 0 && m.hits(40) {
		with := values()[m.random.IntN(len(values()))]
		m.done = append(m.done, fmt.Sprintf("%v became %#v", v, with))
		return with
	}
	switch v := v.(type) {
	case yaml.MapSlice:
		return m.entries(v, depth)
	case []any:
		var all []any
		for _, one := range v {
			all = append(all, m.value(one, depth+1))
		}
		return all
	}
	return v
}

// entries gives the entries, without one, or with one more.
func (m *mutation) entries(v yaml.MapSlice, depth int) yaml.MapSlice {
	var all yaml.MapSlice
	for _, e := range v {
		if m.hits(60) {
			m.done = append(m.done, fmt.Sprintf("without %v", e.Key))
			continue
		}
		all = append(all, yaml.MapItem{Key: e.Key, Value: m.value(e.Value, depth+1)})
	}
	if m.hits(20) {
		key := m.newKey(v)
		m.done = append(m.done, "with "+key)
		all = append(all, yaml.MapItem{Key: key, Value: values()[m.random.IntN(len(values()))]})
	}
	return all
}

// newKey is a key that some section has, or none.
func (m *mutation) newKey(beside yaml.MapSlice) string {
	sections := theGrammar().Sections
	s := sections[m.random.IntN(len(sections))]
	key := s.Keys[m.random.IntN(len(s.Keys))].Name
	for _, e := range beside {
		if e.Key == key {
			return "nothing"
		}
	}
	return key
}

// hits tells whether it is time for a change: one chance in so many.
func (m *mutation) hits(chances int) bool {
	if m.left == 0 || m.random.IntN(chances) > 0 {
		return false
	}
	m.left--
	return true
}
