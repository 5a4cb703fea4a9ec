package grader

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape makes text of unknown origin safe to show on a terminal. Newlines and
// tabs stay; other control characters, invisible formatting (such as the marks
// that reverse the writing direction) and bytes that are not UTF-8 are written
// as Go escapes. A backslash stays as it is: the result is for people, and is
// not meant to be turned back.
func Escape(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		writeSafe(&b, r, s[:size])
		s = s[size:]
	}
	return b.String()
}

func writeSafe(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == '\n' || r == '\t' || strconv.IsPrint(r):
		b.WriteString(raw)
	default:
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
}

// oneLine is Escape for text that must stay on its line.
func oneLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(Escape(s))
}

// The part of a long output that is shown: its begin and its end.
const (
	shownHead = 6 << 10
	shownTail = 2 << 10
)

// clip cuts the middle out of a long output and says how much it cut.
func clip(s string) (shown string, cut int) {
	if len(s) <= shownHead+shownTail {
		return s, 0
	}
	cut = len(s) - shownHead - shownTail
	return fmt.Sprintf("%s\n… %d bytes left out …\n%s", s[:shownHead], cut, s[len(s)-shownTail:]), cut
}

// short cuts a text that goes into the middle of a sentence.
func short(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
