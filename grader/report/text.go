package report

import (
	"fmt"
	"html/template"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The longest text and the longest name that are shown. The JSON files have
// all of it.
const (
	mostText = 32 << 10
	mostName = 80
	mostTest = 250 // the name of a test on a platform
)

// clean copies a value and makes every text in it one that may go on any
// page: no control characters but newline and tab, no marks that turn the
// writing direction, valid UTF-8, bounded. What is left is characters of
// XML 1.0 too. Escaping for HTML, XML and CSV is still to be done.
func clean[T any](v T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	cleanInto(out, reflect.ValueOf(v))
	return out.Interface().(T)
}

func cleanInto(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.String:
		to.SetString(cleanText(from.String()))
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			cleanInto(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		}
		for i := range from.Len() {
			cleanInto(to.Index(i), from.Index(i))
		}
	case reflect.Struct:
		to.Set(from)
		if from.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range from.NumField() {
			cleanInto(to.Field(i), from.Field(i))
		}
	default:
		to.Set(from)
	}
}

// cleanText is clean for one text. Characters that cannot be shown are written
// as Go escapes, so that an instructor sees that they were there.
func cleanText(s string) string {
	s, left := head(s, mostText)
	var b strings.Builder
	marks := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if marks <= 4 { // a pile of accents covers the lines above it
			writeRune(&b, r, s[:size])
		}
		s = s[size:]
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n… %d bytes more", left)
	}
	return b.String()
}

func writeRune(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == '\n' || r == '\t' || strconv.IsGraphic(r) || joins(r):
		b.WriteString(raw)
	default:
		q := strconv.QuoteRuneToASCII(r)
		b.WriteString(q[1 : len(q)-1])
	}
}

// joins tells the invisible characters that names and emoji need.
func joins(r rune) bool { return r == '\u200c' || r == '\u200d' }

// head is the beginning of a text, cut between characters, and how much was cut.
func head(s string, most int) (string, int) {
	if len(s) <= most {
		return s, 0
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut], len(s) - cut
}

// line puts a text on one line of at most so many characters.
func line(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// count reads "1 check" or "3 checks".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sentence ends with a full stop, and begins with a capital letter unless its
// first word is a name of something.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	if first, _, _ := strings.Cut(s, " "); !strings.ContainsFunc(first, func(r rune) bool { return !unicode.IsLetter(r) && r != ',' }) {
		r, size := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(r)) + s[size:]
	}
	if last := s[len(s)-1]; last != '.' && last != '!' && last != '?' {
		s += "."
	}
	return s
}

// prose is a text in HTML in which what stands between backquotes is code.
func prose(s string) template.HTML {
	parts := strings.Split(s, "`")
	var b strings.Builder
	for i, part := range parts {
		part = template.HTMLEscapeString(part)
		switch {
		case i%2 == 0:
			b.WriteString(part)
		case i == len(parts)-1: // it has no end
			b.WriteString("`" + part)
		default:
			b.WriteString("<code>" + part + "</code>")
		}
	}
	return template.HTML(b.String())
}
