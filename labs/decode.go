package labs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decoder reads the nodes of one YAML file into Go values and notes every
// mistake on the way. It knows YAML, not labs: see manifest.go for those.
// Anchors, aliases, merge keys and tags are refused: a manifest needs none.
type decoder struct {
	mistakes
	expand func(string) string // puts values in place of placeholders; nil is none
}

// reader takes the value of one key or element.
type reader func(n ast.Node)

// field is one key that a mapping may have.
type field struct {
	key    string
	needed bool
	read   reader
}

// value is what stands at a key of a mapping, before the mapping is read; nil
// when there is no such key.
func value(n ast.Node, key string) ast.Node {
	list, _ := pairs(n)
	for _, v := range list {
		if k, ok := v.Key.(*ast.StringNode); ok && k.Value == key {
			return v.Value
		}
	}
	return nil
}

func must(key string, read reader) field { return field{key, true, read} }
func may(key string, read reader) field  { return field{key, false, read} }

// document parses a file and gives its only document to read.
func (d *decoder) document(data []byte, read reader) {
	file, err := parse(data)
	if err != nil {
		at, msg := explain(err)
		d.add(at, "not YAML: %s", msg)
		return
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	if len(docs) != 1 {
		d.add(position{1, 1}, "the file holds %d YAML documents; it must hold one", len(docs))
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
func explain(err error) (position, string) {
	var placed interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &placed) {
		return tokenAt(placed.GetToken()), placed.GetMessage()
	}
	return position{1, 1}, err.Error()
}

func tokenAt(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{t.Position.Line, t.Position.Column}
}

// at is where a node begins. A block mapping begins at its first key: its own
// token is the colon behind that.
func at(n ast.Node) position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return at(m.Values[0])
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		return tokenAt(v.Key.GetToken())
	}
	return tokenAt(n.GetToken())
}

// pairs are the entries of a mapping; false when the node is none.
func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// entries calls visit for every entry of a mapping with a proper, new key.
func (d *decoder) entries(n ast.Node, what string, visit func(key string, v *ast.MappingValueNode)) {
	list, ok := pairs(n)
	if !ok {
		d.add(at(n), "%s must be a mapping of keys and values, not %s", what, kind(n))
		return
	}
	seen := map[string]position{}
	for _, v := range list {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			d.add(at(v), "a key in %s must be a plain text", what)
			continue
		}
		if first, twice := seen[key.Value]; twice {
			d.add(at(v), "key %q in %s stands twice, first in line %d", key.Value, what, first.line)
			continue
		}
		seen[key.Value] = at(v)
		visit(key.Value, v)
	}
}

// mapping reads a mapping with a closed set of keys.
func (d *decoder) mapping(n ast.Node, what string, fields ...field) {
	missing, known := map[string]bool{}, []string{}
	for _, f := range fields {
		missing[f.key] = f.needed
		known = append(known, f.key)
	}
	d.entries(n, what, func(key string, v *ast.MappingValueNode) {
		missing[key] = false
		for _, f := range fields {
			if f.key == key {
				f.read(v.Value)
				return
			}
		}
		d.add(at(v), "unknown key %q in %s%s", key, what, didYouMean(key, known))
		missing[nearest(key, known)] = false // one mistake, not two
	})
	if _, ok := pairs(n); !ok {
		return
	}
	for _, f := range fields {
		if missing[f.key] {
			d.add(at(n), "%s has no %q", what, f.key)
		}
	}
}

// list reads a sequence with at least one element.
func (d *decoder) list(what string, read reader) reader {
	return func(n ast.Node) {
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			d.add(at(n), "%s must be a list, not %s", what, kind(n))
			return
		}
		if len(seq.Values) == 0 {
			d.add(at(n), "%s must not be empty", what)
		}
		for _, v := range seq.Values {
			read(v)
		}
	}
}

// text reads a text that passes every test.
func (d *decoder) text(to *string, what string, tests ...func(string) error) reader {
	return func(n ast.Node) {
		s, ok := textOf(n)
		if !ok {
			d.add(at(n), "%s must be a text, not %s%s", what, kind(n), quoteAdvice(n))
			return
		}
		if d.expand != nil {
			s = d.expand(s)
		}
		if strings.TrimSpace(s) == "" {
			d.add(at(n), "%s must not be empty", what)
			return
		}
		for _, test := range tests {
			if err := test(s); err != nil {
				d.add(at(n), "%s: %v", what, err)
			}
		}
		*to = s
	}
}

// texts reads a list of texts that each pass every test.
func (d *decoder) texts(to *[]string, what string, tests ...func(string) error) reader {
	return d.list(what, func(n ast.Node) {
		var s string
		d.text(&s, "an element of "+what, tests...)(n)
		*to = append(*to, s)
	})
}

// number reads a whole number of at least least.
func (d *decoder) number(to *int, what string, least int) reader {
	return func(n ast.Node) {
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			d.add(at(n), "%s must be a whole number, not %s", what, kind(n))
			return
		}
		v, ok := i.Value.(uint64)
		if !ok || v > 1<<30 || int(v) < least {
			d.add(at(n), "%s must be a number from %d, not %s", what, least, i.Token.Value)
			return
		}
		*to = int(v)
	}
}

// truth reads true or false.
func (d *decoder) truth(to *bool, what string) reader {
	return func(n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.add(at(n), "%s must be true or false, not %s", what, kind(n))
			return
		}
		*to = b.Value
	}
}

// duration reads a time such as 20s or 1m30s.
func (d *decoder) duration(to *time.Duration, what string) reader {
	return func(n ast.Node) {
		s, _ := textOf(n)
		t, err := time.ParseDuration(s)
		if err != nil || t <= 0 {
			d.add(at(n), "%s must be a time above zero with its unit, as 20s or 1m30s", what)
			return
		}
		*to = t
	}
}

// textOf is a text without the line end of a block scalar.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	}
	return "", false
}

// kind names what a node is, for a person.
func kind(n ast.Node) string {
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
		return "an anchor, alias or tag (manifests have none)"
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
