package policy

import "iter"

// Statement is a statement as it stands in its file. Of a whole policy one
// keeps Statements rather than Nodes, which take five times the memory.
type Statement struct {
	Pos  Pos // where it begins
	text string
}

// Statement gives a list as its file has it.
func (n *Node) Statement() Statement {
	if n.text == "" { // not read from a file
		return Statement{Pos: n.Pos, text: n.String()}
	}
	return Statement{Pos: n.Pos, text: n.text}
}

// Node reads the statement again. It was read before, so it has no mistakes.
func (s Statement) Node() *Node {
	p := &parser{lex: &lexer{src: s.text, pos: s.Pos}}
	for {
		tok, err := p.lex.next()
		if err != nil || tok.kind == tokenEnd {
			return &Node{Kind: List, Pos: s.Pos}
		}
		if n, err := p.take(tok); n != nil || err != nil {
			return n
		}
	}
}

// Text is the statement as its file has it, with comments and line ends.
func (s Statement) Text() string { return s.text }

// String prints the statement on one line, as Node.String does.
func (s Statement) String() string { return s.Node().String() }

// Statements goes over the statements of a CIL file, as ParseCIL reads them, and
// keeps none. An error, which is a *SyntaxError, comes last and without a Node.
func Statements(file string, src []byte) iter.Seq2[*Node, error] {
	return func(yield func(*Node, error) bool) {
		if err := checkSource(file, src); err != nil {
			yield(nil, err)
			return
		}
		p := &parser{lex: newLexer(file, src), known: keywordSet()}
		for {
			n, err := p.next()
			if n == nil && err == nil || !yield(n, err) || err != nil {
				return
			}
		}
	}
}
