package sequence

import "strings"

// Styles of a terminal's cells, as the numbers of the escape sequences.
const (
	plain = ""
	bold  = "1"
	faint = "2"
	alarm = "33"
)

// row is one line of a terminal, cell by cell.
type row struct{ cells []cell }

type cell struct {
	char  rune
	style string
}

func newRow(width int) *row {
	r := &row{make([]cell, width)}
	for i := range r.cells {
		r.cells[i].char = ' '
	}
	return r
}

// put writes text from a column on. What does not fit is cut off.
func (r *row) put(column int, style, text string) {
	for _, c := range text {
		if column >= 0 && column < len(r.cells) {
			r.cells[column] = cell{c, style}
		}
		column++
	}
}

// centre writes text around a column.
func (r *row) centre(column int, style, text string) {
	r.put(column-len([]rune(text))/2, style, text)
}

// text is the row as it is printed, without blanks at its end.
func (r *row) text(colours bool) string {
	end := len(r.cells)
	for end > 0 && r.cells[end-1].char == ' ' {
		end--
	}
	var b strings.Builder
	for i := 0; i < end; {
		first := i
		for i < end && r.cells[i].style == r.cells[first].style {
			i++
		}
		var run strings.Builder
		for _, c := range r.cells[first:i] {
			run.WriteRune(c.char)
		}
		b.WriteString(paint(colours, r.cells[first].style, run.String()))
	}
	return b.String()
}

// paint puts text between escape sequences, if there are to be any.
func paint(colours bool, style, text string) string {
	if !colours || style == plain {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}
