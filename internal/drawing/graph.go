package drawing

import (
	"fmt"
	"strings"
	"unicode"
)

// Graph is what is drawn. Its texts may be anybody's: what cannot be printed is
// shown as its number, and nothing in them is taken for SVG or DOT.
type Graph struct {
	Title    string
	Subtitle string   // one line; may be empty
	Words    []string // the same in words, for those who do not see it, a sentence each
	Nodes    []Node
	Arrows   []Arrow
	Notes    []Note // below the picture
}

// Node is a box with a name.
type Node struct {
	Name    string
	Details []string // smaller lines below the name
	Shape   Shape
}

// Shape is what a node looks like, by what it is.
type Shape string

// The shapes.
const (
	Actor    Shape = "actor" // who acts; all others are things
	Pipe     Shape = "pipe"
	Document Shape = "document"
	Queue    Shape = "queue"
	Memory   Shape = "memory"
	Counter  Shape = "counter"
	Socket   Shape = "socket"
	Network  Shape = "network"
	Handle   Shape = "handle" // something that stands for something else
	Signal   Shape = "signal"
	End      Shape = "end" // what is told by ending
)

// Arrow says that something comes, or must not come, from one node to another.
type Arrow struct {
	From, To int // places in Graph.Nodes
	Style    Style
	Crossed  bool // nothing comes through
	Label    []string
	Title    string // shown when pointed at
	// Number, above 0, makes the arrow stand out, and refers to a note.
	Number int
	// Loose arrows do not decide which node stands left of which.
	Loose bool
}

// Style is what an arrow means.
type Style string

// The styles.
const (
	Wanted    Style = "wanted"    // must come through
	Forbidden Style = "forbidden" // must not
	Back      Style = "back"      // a back channel: a few bits
	Attempt   Style = "attempt"   // the part before what must not come through
)

// Note is a numbered remark below the picture.
type Note struct {
	Number int
	Text   string
}

// check refuses arrows that lead nowhere.
func (g *Graph) check() error {
	for i, a := range g.Arrows {
		if a.From < 0 || a.From >= len(g.Nodes) || a.To < 0 || a.To >= len(g.Nodes) {
			return fmt.Errorf("arrow %d leads from node %d to %d, and there are %d nodes", i, a.From, a.To, len(g.Nodes))
		}
	}
	return nil
}

// Visible replaces each character that cannot be seen, or that changes the
// direction of what follows, by its number: <U+202E>.
func Visible(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\ufffd") {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// Shorten keeps the beginning and the end of a text that has more than most
// characters.
func Shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	tail := most / 3
	return string(runes[:most-1-tail]) + "…" + string(runes[len(runes)-tail:])
}
