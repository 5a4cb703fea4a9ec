// Package yamlfile reads YAML files strictly: every mistake is noted with its
// line and column, an unknown key with the one that was probably meant. It knows
// YAML, not what a file is about: labs and scenarios say which keys there are.
package yamlfile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Decoder reads the nodes of one YAML file into Go values and notes every
// mistake on the way. Anchors, aliases, merge keys and tags are refused: a file
// that people read needs none.
type Decoder struct {
	Mistakes
	Expand func(string) string // puts values in place of placeholders; nil is none
}

// Reader takes the value of one key or element.
type Reader func(n ast.Node)

// Field is one key that a mapping may have.
type Field struct {
	key    string
	needed bool
	read   Reader
}

// Value is what stands at a key of a mapping, before the mapping is read; nil
// when there is no such key.
func Value(n ast.Node, key string) ast.Node {
	list, _ := Pairs(n)
	for _, v := range list {
		if k, ok := v.Key.(*ast.StringNode); ok && k.Value == key {
			return v.Value
		}
	}
	return nil
}

// Must is a key that has to be there.
func Must(key string, read Reader) Field { return Field{key, true, read} }

// May is a key that can be left out.
func May(key string, read Reader) Field { return Field{key, false, read} }

// Document parses a file and gives its only document to read.
func (d *Decoder) Document(data []byte, read Reader) {
	file, err := parse(data)
	if err != nil {
		at, msg := explain(err)
		d.Add(at, "not YAML: %s", msg)
		return
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	if len(docs) != 1 {
		d.Add(Position{1, 1}, "the file holds %d YAML documents; it must hold one", len(docs))
		return
	}
	read(docs[0])
}

// parse guards against the parser: a panic on odd input is a syntax error.
func parse(data []byte) (file *ast.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the parser cannot read it (%v)", v)
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// explain takes the place and the bare message out of a parser's error.
func explain(err error) (Position, string) {
	var placed interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &placed) {
		return tokenAt(placed.GetToken()), placed.GetMessage()
	}
	return Position{1, 1}, err.Error()
}

func tokenAt(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1}
	}
	return Position{t.Position.Line, t.Position.Column}
}

// At is where a node begins. A block mapping begins at its first key: its own
// token is the colon behind that.
func At(n ast.Node) Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return At(m.Values[0])
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		return tokenAt(v.Key.GetToken())
	}
	return tokenAt(n.GetToken())
}

// Pairs are the entries of a mapping; false when the node is none.
func Pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// Entries calls visit for every entry of a mapping with a proper, new key.
func (d *Decoder) Entries(n ast.Node, what string, visit func(key string, v *ast.MappingValueNode)) {
	list, ok := Pairs(n)
	if !ok {
		d.Add(At(n), "%s must be a mapping of keys and values, not %s", what, Kind(n))
		return
	}
	seen := map[string]Position{}
	for _, v := range list {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			d.Add(At(v), "a key in %s must be a plain text", what)
			continue
		}
		if first, twice := seen[key.Value]; twice {
			d.Add(At(v), "key %q in %s stands twice, first in line %d", key.Value, what, first.Line)
			continue
		}
		seen[key.Value] = At(v)
		visit(key.Value, v)
	}
}

// Mapping reads a mapping with a closed set of keys.
func (d *Decoder) Mapping(n ast.Node, what string, fields ...Field) {
	missing, known := map[string]bool{}, []string{}
	for _, f := range fields {
		missing[f.key] = f.needed
		known = append(known, f.key)
	}
	d.Entries(n, what, func(key string, v *ast.MappingValueNode) {
		missing[key] = false
		for _, f := range fields {
			if f.key == key {
				f.read(v.Value)
				return
			}
		}
		d.Add(At(v), "unknown key %q in %s%s", key, what, DidYouMean(key, known))
		missing[Nearest(key, known)] = false // one mistake, not two
	})
	if _, ok := Pairs(n); !ok {
		return
	}
	for _, f := range fields {
		if missing[f.key] {
			d.Add(At(n), "%s has no %q", what, f.key)
		}
	}
}

// List reads a sequence with at least one element.
func (d *Decoder) List(what string, read Reader) Reader {
	return func(n ast.Node) {
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			d.Add(At(n), "%s must be a list, not %s", what, Kind(n))
			return
		}
		if len(seq.Values) == 0 {
			d.Add(At(n), "%s must not be empty", what)
		}
		for _, v := range seq.Values {
			read(v)
		}
	}
}

// Text reads a text that passes every test.
func (d *Decoder) Text(to *string, what string, tests ...func(string) error) Reader {
	return func(n ast.Node) {
		s, ok := TextOf(n)
		if !ok {
			d.Add(At(n), "%s must be a text, not %s%s", what, Kind(n), quoteAdvice(n))
			return
		}
		if d.Expand != nil {
			s = d.Expand(s)
		}
		if strings.TrimSpace(s) == "" {
			d.Add(At(n), "%s must not be empty", what)
			return
		}
		for _, test := range tests {
			if err := test(s); err != nil {
				d.Add(At(n), "%s: %v", what, err)
			}
		}
		*to = s
	}
}

// Texts reads a list of texts that each pass every test.
func (d *Decoder) Texts(to *[]string, what string, tests ...func(string) error) Reader {
	return d.List(what, func(n ast.Node) {
		var s string
		d.Text(&s, "an element of "+what, tests...)(n)
		*to = append(*to, s)
	})
}

// Number reads a whole number of at least least.
func (d *Decoder) Number(to *int, what string, least int) Reader {
	return func(n ast.Node) {
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			d.Add(At(n), "%s must be a whole number, not %s", what, Kind(n))
			return
		}
		v, ok := i.Value.(uint64)
		if !ok || v > 1<<30 || int(v) < least {
			d.Add(At(n), "%s must be a number from %d, not %s", what, least, i.Token.Value)
			return
		}
		*to = int(v)
	}
}

// Truth reads true or false.
func (d *Decoder) Truth(to *bool, what string) Reader {
	return func(n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.Add(At(n), "%s must be true or false, not %s", what, Kind(n))
			return
		}
		*to = b.Value
	}
}

// Duration reads a time such as 20s or 1m30s.
func (d *Decoder) Duration(to *time.Duration, what string) Reader {
	return func(n ast.Node) {
		s, _ := TextOf(n)
		t, err := time.ParseDuration(s)
		if err != nil || t <= 0 {
			d.Add(At(n), "%s must be a time above zero with its unit, as 20s or 1m30s", what)
			return
		}
		*to = t
	}
}

// TextOf is a text without the line end of a block scalar.
func TextOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	}
	return "", false
}

// Kind names what a node is, for a person.
func Kind(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "a truth value"
	case *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "an anchor, alias or tag (there must be none)"
	}
	return "this"
}

// quoteAdvice tells how to make a text of a value that YAML takes for
// something else, as it does with a mode.
func quoteAdvice(n ast.Node) string {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return fmt.Sprintf(": write %q, in quotes", n.GetToken().Value)
	}
	return ""
}
