package policy

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Limits of what ParseCIL reads. A flattened distribution policy is about
// 11 MB and nests 10 deep; a student's module is far smaller.
const (
	MaxSource = 64 << 20 // bytes of one CIL file
	MaxModule = 1 << 20  // bytes of one Module
	MaxDepth  = 100      // parentheses inside each other
)

// SyntaxError is CIL that cannot be read. Msg and Hint are for the student.
type SyntaxError struct {
	Pos  Pos
	Msg  string
	Hint string // what to do; may be empty
}

// Error gives the place and what is wrong there, without the hint.
func (e *SyntaxError) Error() string { return e.Pos.String() + ": " + e.Msg }

// ParseCIL reads the statements of a CIL file. Every statement begins with a
// keyword of the language; what follows the keyword is not looked at. An error
// is a *SyntaxError whose position names file.
func ParseCIL(file string, src []byte) ([]*Node, error) {
	if err := checkSource(file, src); err != nil {
		return nil, err
	}
	var all []*Node
	p := &parser{lex: newLexer(file, src), known: keywordSet()}
	for {
		n, err := p.next()
		if err != nil {
			return nil, err
		}
		if n == nil {
			return all, nil
		}
		all = append(all, n)
	}
}

// checkSource refuses what cannot be CIL before a word of it is read.
func checkSource(file string, src []byte) error {
	if len(src) > MaxSource {
		return tooLarge(file, len(src), MaxSource)
	}
	if version, ok := compiled(src); ok {
		return &SyntaxError{Pos: Pos{File: file}, Msg: "this is a compiled policy" + version + ", and not CIL",
			Hint: "have it written as CIL first: checkpolicy -M -b -C -o policy.cil " + file}
	}
	return nil
}

// compiled tells whether a file is a compiled policy, as the kernel loads it,
// and of which version: it begins with POLICYDB_MAGIC, and the length and text
// of "SE Linux" (libsepol's policydb_read).
func compiled(src []byte) (version string, ok bool) {
	const magic, name = 0xf97cff8c, "SE Linux"
	if len(src) < 8+len(name) || binary.LittleEndian.Uint32(src) != magic {
		return "", false
	}
	if rest := src[8:]; string(rest[:len(name)]) == name && len(rest) >= len(name)+4 {
		version = fmt.Sprintf(" (version %d)", binary.LittleEndian.Uint32(rest[len(name):]))
	}
	return version, true
}

func tooLarge(file string, size, limit int) error {
	return &SyntaxError{Pos: Pos{File: file}, Msg: fmt.Sprintf("the file is too large: %d bytes, at most %d are read", size, limit)}
}

// parser keeps its own stack, so that deep input cannot exhaust Go's.
type parser struct {
	lex   *lexer
	known map[string]bool // keywords; nil: any will do
	last  *Pos            // where the statement begins that was finished last
	open  []unclosed      // lists not closed yet, outermost first
	items []*Node         // what they hold so far, one after the other
	slab  []Node          // nodes are allocated by the dozen
}

// unclosed is a list whose end was not read yet.
type unclosed struct {
	node  *Node
	first int // of parser.items
	off   int // where it begins, in the lexer's source
}

// next reads a statement; nil at the file's end.
func (p *parser) next() (*Node, error) {
	for {
		tok, err := p.lex.next()
		if err != nil {
			return nil, err
		}
		if tok.kind == tokenEnd {
			return nil, p.finish()
		}
		if n, err := p.take(tok); n != nil || err != nil {
			return n, err
		}
	}
}

// take gives the statement that a token ends, if it does.
func (p *parser) take(tok token) (*Node, error) {
	switch tok.kind {
	case tokenOpen:
		return nil, p.begin(tok)
	case tokenClose:
		return p.end(tok)
	}
	if len(p.open) == 0 {
		return nil, bareWord(tok)
	}
	n := p.node(Node{Kind: Atom, Text: tok.text, Pos: tok.pos})
	if tok.kind == tokenString {
		n.Kind = String
	}
	p.items = append(p.items, n)
	return nil, nil
}

func (p *parser) begin(tok token) error {
	if len(p.open) >= MaxDepth {
		return &SyntaxError{Pos: tok.pos, Msg: fmt.Sprintf("parentheses are nested more than %d deep", MaxDepth)}
	}
	n := p.node(Node{Kind: List, Pos: tok.pos})
	p.open = append(p.open, unclosed{n, len(p.items), p.lex.off - 1})
	return nil
}

func (p *parser) end(tok token) (*Node, error) {
	if len(p.open) == 0 {
		return nil, p.extraClose(tok)
	}
	u := p.open[len(p.open)-1]
	u.node.List, u.node.text = slices.Clone(p.items[u.first:]), p.lex.src[u.off:p.lex.off]
	p.open, p.items = p.open[:len(p.open)-1], p.items[:u.first]
	if len(p.open) > 0 {
		p.items = append(p.items, u.node)
		return nil, nil
	}
	p.last = &u.node.Pos
	if p.known == nil {
		return u.node, nil
	}
	return u.node, checkKeyword(u.node, p.known)
}

func (p *parser) node(n Node) *Node {
	const slab = 16 // a node that is kept keeps these
	if len(p.slab) == 0 {
		p.slab = make([]Node, slab)
	}
	at := &p.slab[0]
	p.slab = p.slab[1:]
	*at = n
	return at
}

// finish is reached at the end of the file.
func (p *parser) finish() error {
	if len(p.open) == 0 {
		return nil
	}
	// The outermost list is the statement that was not finished: whatever
	// follows it fell into it.
	first := p.open[0].node
	hint := "write the missing ) at the end of this statement"
	if n := len(p.open); n > 1 {
		hint = fmt.Sprintf("at the end of the file %d are open; write the missing ) at the end of this statement", n)
	}
	what := "parenthesis"
	if word := p.unfinished(); word != "" {
		what = fmt.Sprintf("parenthesis of this %q statement", clip(word))
	}
	return &SyntaxError{Pos: first.Pos, Msg: "the " + what + " is never closed", Hint: hint}
}

// unfinished is the keyword of the outermost list that is not closed.
func (p *parser) unfinished() string {
	items := p.items
	if len(p.open) > 1 {
		items = items[:p.open[1].first]
	}
	return (&Node{Kind: List, List: items}).Keyword()
}

func (p *parser) extraClose(tok token) error {
	err := &SyntaxError{Pos: tok.pos, Msg: "this ) closes nothing", Hint: "delete it"}
	if p.last != nil {
		err.Hint = fmt.Sprintf("the statement that begins at %s is already complete; delete one )", *p.last)
	}
	return err
}

func bareWord(tok token) error {
	err := &SyntaxError{Pos: tok.pos, Msg: fmt.Sprintf("%q stands outside parentheses", clip(tok.text)),
		Hint: "every CIL statement is in parentheses: (allow SOURCE TARGET (CLASS (PERMISSION)))"}
	if tok.kind == tokenWord && strings.HasPrefix(tok.text, "#") {
		err.Hint = "a comment begins with ;"
	}
	return err
}

// clip shortens a word of any length for a message.
func clip(s string) string { return clipTo(s, 60) }

func clipTo(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
