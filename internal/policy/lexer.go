package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenWord
	tokenString
)

type token struct {
	kind tokenKind
	text string
	pos  Pos
}

// symbolChars are the characters of a bare word beside letters and digits, as
// in libsepol's cil_lexer.l.
const symbolChars = "[].@=/*-_$%+!|&^:~`#{}'<>?,"

// lexer splits CIL into tokens and counts lines and columns.
type lexer struct {
	src string
	off int
	pos Pos
}

func newLexer(file string, src []byte) *lexer {
	text := strings.TrimPrefix(string(src), "\uFEFF") // some editors write a byte order mark
	return &lexer{src: text, pos: Pos{File: file, Line: 1, Col: 1}}
}

// next gives the next token. Line ends are \n, \r\n and \r; comments end there.
func (l *lexer) next() (token, error) {
	l.skipBlanks()
	tok := token{pos: l.pos}
	if l.off >= len(l.src) {
		return tok, nil
	}
	switch c := l.src[l.off]; {
	case c == '(':
		tok.kind = tokenOpen
		l.advance(1)
	case c == ')':
		tok.kind = tokenClose
		l.advance(1)
	case c == '"':
		return l.quoted()
	case isSymbol(c):
		tok.kind, tok.text = tokenWord, l.word()
	default:
		return tok, l.badCharacter()
	}
	return tok, nil
}

// advance steps over n bytes of one line.
func (l *lexer) advance(n int) {
	l.pos.Col += utf8.RuneCountInString(l.src[l.off : l.off+n])
	l.off += n
}

func (l *lexer) skipBlanks() {
	for l.off < len(l.src) {
		switch l.src[l.off] {
		case ' ', '\t':
			l.advance(1)
		case '\n', '\r':
			l.newline()
		case ';':
			l.advance(l.restOfLine())
		default:
			return
		}
	}
}

func (l *lexer) newline() {
	if strings.HasPrefix(l.src[l.off:], "\r\n") {
		l.off++
	}
	l.off++
	l.pos.Line++
	l.pos.Col = 1
}

// restOfLine is the number of bytes up to the line's end.
func (l *lexer) restOfLine() int {
	if n := strings.IndexAny(l.src[l.off:], "\r\n"); n >= 0 {
		return n
	}
	return len(l.src) - l.off
}

func (l *lexer) word() string {
	end := l.off
	for end < len(l.src) && isSymbol(l.src[end]) {
		end++
	}
	text := l.src[l.off:end]
	l.advance(len(text))
	return text
}

func (l *lexer) quoted() (token, error) {
	tok := token{kind: tokenString, pos: l.pos}
	line := l.src[l.off+1 : l.off+l.restOfLine()]
	end := strings.IndexByte(line, '"')
	if end < 0 {
		return tok, &SyntaxError{Pos: l.pos, Msg: "the string that begins here is not closed on this line",
			Hint: `end it with a double quote: "`}
	}
	tok.text = line[:end]
	if strings.ContainsFunc(tok.text, isControl) || !utf8.ValidString(tok.text) {
		return tok, &SyntaxError{Pos: l.pos, Msg: "this string holds a character that cannot be printed",
			Hint: "write only printable characters in a string"}
	}
	l.advance(end + 2)
	return tok, nil
}

func (l *lexer) badCharacter() error {
	r, _ := utf8.DecodeRuneInString(l.src[l.off:])
	err := &SyntaxError{Pos: l.pos, Msg: fmt.Sprintf("CIL has no use for the character %q (U+%04X)", r, r),
		Hint: "delete it"}
	switch r {
	case utf8.RuneError:
		err.Msg, err.Hint = "this is not text (UTF-8)", "is this really a CIL file?"
	case '“', '”', '„', '‘', '’', '«', '»':
		err.Hint = `type a plain double quote: "`
	case '\u00a0', '\u2002', '\u2003', '\u2009', '\u202f', '\u3000':
		err.Msg, err.Hint = fmt.Sprintf("this blank is not a plain space (U+%04X)", r), "delete it and type a space"
	case '\\':
		err.Hint = "CIL has no line continuation: a statement ends at its closing parenthesis"
	}
	return err
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func isSymbol(c byte) bool {
	return 'a' <= c && c <= 'z' || c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || strings.IndexByte(symbolChars, c) >= 0
}
