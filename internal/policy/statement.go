package policy

import (
	"iter"
	"slices"
	"strings"
)

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

// Keyword is the word that the statement begins with.
func (s Statement) Keyword() string {
	rest := strings.TrimPrefix(s.text, "(")
	if end := strings.IndexFunc(rest, func(r rune) bool { return r > 0x7f || !isSymbol(byte(r)) }); end > 0 {
		return rest[:end]
	}
	return s.Node().Keyword() // something stands before it, such as a blank
}

// Words gives the words of a statement that has just words, one blank between each
// of them, and then a single list, such as (allow A B (CLASS (PERMISSION))): the
// words, and the list's text. ok is false for all others, and for some of these.
func (s Statement) Words() (words []string, list string, ok bool) {
	open := strings.IndexByte(s.text[min(1, len(s.text)):], '(') + 1
	if open < 3 || s.text[open-1] != ' ' || !strings.HasSuffix(s.text, "))") || strings.ContainsAny(s.text, "\n\r\t;\"") {
		return nil, "", false
	}
	list = s.text[open : len(s.text)-1]
	depth := 0
	for i := range len(list) {
		switch list[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 && i < len(list)-1 {
			return nil, "", false // a second list follows
		}
	}
	words = strings.Split(s.text[1:open-1], " ")
	return words, list, !slices.Contains(words, "")
}

// Statements goes over the statements of a CIL file and keeps none. What they
// hold is not looked at more than is needed to find their ends. An error, which
// is the *SyntaxError that ParseCIL gives, comes last and without a Statement.
func Statements(file string, src []byte) iter.Seq2[Statement, error] {
	return func(yield func(Statement, error) bool) {
		if err := checkSource(file, src); err != nil {
			yield(Statement{}, err)
			return
		}
		p := &parser{lex: newLexer(file, src), known: keywordSet()}
		for {
			s, ok := p.skim()
			if !ok {
				n, err := p.next()
				if n == nil && err == nil {
					return
				}
				if err != nil {
					yield(Statement{}, err)
					return
				}
				s = n.Statement()
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// skim finds a statement's end without reading it, where that can be done: where
// there are only words and parentheses. Else, or if something is wrong, ok
// is false and the lexer is where it was.
func (p *parser) skim() (s Statement, ok bool) {
	l := p.lex
	before := *l
	l.skipBlanks()
	s.Pos = l.pos
	begin, depth := l.off, 0
	for l.off < len(l.src) {
		switch c := l.src[l.off]; {
		case c == '(':
			if depth++; depth > MaxDepth {
				*l = before
				return s, false
			}
		case c == ')':
			depth--
		case c == '\n':
			l.pos.Line, l.pos.Col = l.pos.Line+1, 0
		case c != ' ' && !isSymbol(c) || depth < 1:
			*l = before
			return s, false
		}
		l.off++
		l.pos.Col++
		if depth < 1 {
			break
		}
	}
	s.text = l.src[begin:l.off]
	if depth != 0 || len(s.text) < 3 || !p.known[s.Keyword()] {
		*l = before
		return s, false
	}
	p.last = &s.Pos
	return s, true
}
