package report

import (
	"bufio"
	"regexp"
	"strings"
)

// harmless are the cells that no spreadsheet takes for anything else, and no
// importer for more than one cell.
var harmless = regexp.MustCompile(`^[A-Za-z0-9 _.()@:-]*$`)

// cell makes a text safe as a cell: what a spreadsheet would take for a formula
// begins with an apostrophe, and what could be taken for the end of a cell
// (in any country's CSV) is quoted.
func cell(s string) string {
	if formula(s) {
		s = "'" + s
	}
	if harmless.MatchString(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// formula tells what spreadsheets compute. A dash alone is Moodle's "no grade",
// and a number is a number.
func formula(s string) bool {
	if s = strings.TrimLeft(s, " \t\r\n\u00a0"); s == "" || s == "-" || number.MatchString(s) {
		return false
	}
	return strings.ContainsRune("=+-@|%", rune(s[0])) || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") ||
		strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠")
}

var number = regexp.MustCompile(`^-?[0-9]+([.,][0-9]+)?$`)

// writeRow writes one row. The writer keeps the error.
func writeRow(w *bufio.Writer, comma rune, cells []string) {
	for i, c := range cells {
		if i > 0 {
			_, _ = w.WriteRune(comma)
		}
		_, _ = w.WriteString(cell(c))
	}
	_, _ = w.WriteString("\r\n")
}
