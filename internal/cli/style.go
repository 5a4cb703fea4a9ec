package cli

import (
	"os"

	"golang.org/x/term"
)

// style colours words. Colour is never the only sign: every verdict is also a
// word or a mark.
type style struct{ on bool }

func newStyle(off bool, getenv func(string) string, out *os.File) style {
	return style{on: !off && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && term.IsTerminal(int(out.Fd()))}
}

func (s style) paint(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) good(t string) string  { return s.paint("32", t) }
func (s style) bad(t string) string   { return s.paint("31", t) }
func (s style) warn(t string) string  { return s.paint("33", t) }
func (s style) faint(t string) string { return s.paint("2", t) }
func (s style) bold(t string) string  { return s.paint("1", t) }
