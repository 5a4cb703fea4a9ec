package policy

import "strings"

// Kind says what a Node is.
type Kind uint8

// The kinds of Node.
const (
	Atom   Kind = iota + 1 // a bare word, such as allow or 0x12
	String                 // a word in double quotes
	List                   // nodes in parentheses
)

// Node is one element of a CIL text.
type Node struct {
	Kind Kind
	Text string  // the word of an Atom, the String without its quotes
	List []*Node // the elements of a List
	Pos  Pos     // where it begins

	text string // a List as its file has it; empty if it was made otherwise
}

// Keyword is the word that a statement begins with, or "" when n is not a list
// that begins with a bare word.
func (n *Node) Keyword() string {
	if n.Kind != List || len(n.List) == 0 || n.List[0].Kind != Atom {
		return ""
	}
	return n.List[0].Text
}

// String prints n on one line, as CIL that parses to an equal node.
func (n *Node) String() string {
	var b strings.Builder
	n.print(&b)
	return b.String()
}

func (n *Node) print(b *strings.Builder) {
	switch n.Kind {
	case String:
		b.WriteString(`"` + n.Text + `"`)
	case List:
		b.WriteByte('(')
		for i, e := range n.List {
			if i > 0 {
				b.WriteByte(' ')
			}
			e.print(b)
		}
		b.WriteByte(')')
	default:
		b.WriteString(n.Text)
	}
}

// walk calls visit for n and everything in it, parents first.
func (n *Node) walk(visit func(*Node)) {
	visit(n)
	for _, e := range n.List {
		e.walk(visit)
	}
}
