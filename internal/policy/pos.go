package policy

import "fmt"

// Pos is a place in a source file. Line and Col count from 1, Col in
// characters; a Line of 0 means the file as a whole.
type Pos struct {
	File string
	Line int
	Col  int
}

// String gives "file:line:col", or the file alone when there is no line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}
