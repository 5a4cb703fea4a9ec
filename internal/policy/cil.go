package policy

import (
	"fmt"
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
	if len(src) > MaxSource {
		return nil, tooLarge(file, len(src), MaxSource)
	}
	p := &parser{lex: newLexer(file, src), known: keywordSet()}
	for {
		tok, err := p.lex.next()
		if err != nil {
			return nil, err
		}
		if tok.kind == tokenEnd {
			return p.finish()
		}
		if err := p.take(tok); err != nil {
			return nil, err
		}
	}
}

func tooLarge(file string, size, limit int) error {
	return &SyntaxError{Pos: Pos{File: file}, Msg: fmt.Sprintf("the file is too large: %d bytes, at most %d are read", size, limit)}
}

// parser keeps its own stack, so that deep input cannot exhaust Go's.
type parser struct {
	lex   *lexer
	known map[string]bool // keywords
	done  []*Node         // finished statements
	open  []*Node         // lists not closed yet, outermost first
	slab  []Node          // nodes are allocated by the hundred
}

func (p *parser) take(tok token) error {
	switch tok.kind {
	case tokenOpen:
		return p.begin(tok)
	case tokenClose:
		return p.end(tok)
	}
	if len(p.open) == 0 {
		return bareWord(tok)
	}
	n := p.node(Node{Kind: Atom, Text: tok.text, Pos: tok.pos})
	if tok.kind == tokenString {
		n.Kind = String
	}
	p.add(n)
	return nil
}

func (p *parser) begin(tok token) error {
	if len(p.open) >= MaxDepth {
		return &SyntaxError{Pos: tok.pos, Msg: fmt.Sprintf("parentheses are nested more than %d deep", MaxDepth)}
	}
	p.open = append(p.open, p.node(Node{Kind: List, Pos: tok.pos}))
	return nil
}

func (p *parser) end(tok token) error {
	if len(p.open) == 0 {
		return p.extraClose(tok)
	}
	n := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	if len(p.open) > 0 {
		p.add(n)
		return nil
	}
	p.done = append(p.done, n)
	return checkKeyword(n, p.known)
}

func (p *parser) add(n *Node) {
	last := p.open[len(p.open)-1]
	last.List = append(last.List, n)
}

func (p *parser) node(n Node) *Node {
	if len(p.slab) == 0 {
		p.slab = make([]Node, 128)
	}
	at := &p.slab[0]
	p.slab = p.slab[1:]
	*at = n
	return at
}

// finish is reached at the end of the file.
func (p *parser) finish() ([]*Node, error) {
	if len(p.open) == 0 {
		return p.done, nil
	}
	// The outermost list is the statement that was not finished: whatever
	// follows it fell into it.
	first := p.open[0]
	hint := "write the missing ) at the end of this statement"
	if n := len(p.open); n > 1 {
		hint = fmt.Sprintf("at the end of the file %d are open; write the missing ) at the end of this statement", n)
	}
	what := "parenthesis"
	if first.Keyword() != "" {
		what = fmt.Sprintf("parenthesis of this %q statement", clip(first.Keyword()))
	}
	return nil, &SyntaxError{Pos: first.Pos, Msg: "the " + what + " is never closed", Hint: hint}
}

func (p *parser) extraClose(tok token) error {
	err := &SyntaxError{Pos: tok.pos, Msg: "this ) closes nothing", Hint: "delete it"}
	if len(p.done) > 0 {
		last := p.done[len(p.done)-1]
		err.Hint = fmt.Sprintf("the statement that begins at %s is already complete; delete one )", last.Pos)
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
