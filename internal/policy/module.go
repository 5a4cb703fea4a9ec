package policy

import "bytes"

// Module is one CIL file of a lab or of a student.
type Module struct {
	File   string // the name shown to people, such as policy/one-way.cil
	Source []byte
}

// parse reads a module, within the limit for modules.
func (m Module) parse() ([]*Node, error) {
	if len(m.Source) > MaxModule {
		return nil, tooLarge(m.File, len(m.Source), MaxModule)
	}
	return ParseCIL(m.File, m.Source)
}

// parsed is a module in the form that secilc gets: printed from our own parse
// with one list a line. So secilc cannot read it otherwise than we did (its
// idea of comments and line ends differs), and a line number of secilc names
// one list, whose column is then known too.
type parsed struct {
	file  string
	nodes []*Node
	text  []byte
	lines []*Node // lines[i] is the list that begins on line i+1 of text
}

func parseAll(modules []Module) ([]parsed, error) {
	var all []parsed
	for _, m := range modules {
		nodes, err := m.parse()
		if err != nil {
			return nil, err
		}
		p := parsed{file: m.File, nodes: nodes}
		p.render()
		all = append(all, p)
	}
	return all, nil
}

func (p *parsed) render() {
	var b bytes.Buffer
	for _, n := range p.nodes {
		p.renderList(&b, n)
	}
	b.WriteByte('\n')
	p.text = b.Bytes()
}

func (p *parsed) renderList(b *bytes.Buffer, n *Node) {
	if len(p.lines) > 0 {
		b.WriteByte('\n')
	}
	p.lines = append(p.lines, n)
	b.WriteByte('(')
	for _, e := range n.List {
		if e.Kind == List {
			p.renderList(b, e)
			continue
		}
		b.WriteByte(' ')
		b.WriteString(e.String())
	}
	b.WriteByte(')')
}

// at gives the list on a line of text, nil when there is none.
func (p *parsed) at(line int) *Node {
	if line < 1 || line > len(p.lines) {
		return nil
	}
	return p.lines[line-1]
}
