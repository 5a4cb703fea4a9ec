package grader

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// splitWords splits the rest of a statement into words like testscript does
// (TestScript.parse in its testscript.go), so that a script can be judged
// before it runs: blanks separate, single quotes hold together and keep
// variables as they are, two of them are one, # begins a comment.
func splitWords(text string, expand func(string) (string, error)) ([]string, error) {
	w := &wordSplitter{expand: expand}
	for i := 0; i < len(text); i++ {
		i = w.take(text, i)
		if w.comment {
			break
		}
	}
	if w.quoted {
		return nil, fmt.Errorf("a quote ' is never closed")
	}
	w.endWord()
	return w.words, w.err
}

type wordSplitter struct {
	expand  func(string) (string, error)
	words   []string
	plain   strings.Builder // unquoted text, not yet expanded
	word    strings.Builder
	inWord  bool
	quoted  bool
	comment bool
	err     error
}

// take handles the byte at i and gives the index of the last one it used.
func (w *wordSplitter) take(text string, i int) int {
	c := text[i]
	switch {
	case w.quoted && c == '\'' && strings.HasPrefix(text[i+1:], "'"):
		w.word.WriteByte(c)
		return i + 1
	case c == '\'':
		w.endPlain()
		w.quoted, w.inWord = !w.quoted, true
	case w.quoted:
		w.word.WriteByte(c)
	case strings.IndexByte(wordEnds, c) >= 0:
		w.endWord()
		w.comment = c == '#'
	default:
		w.inWord = true
		w.plain.WriteByte(c)
	}
	return i
}

func (w *wordSplitter) endPlain() {
	text, err := w.expand(w.plain.String())
	if err != nil && w.err == nil {
		w.err = err
	}
	w.word.WriteString(text)
	w.plain.Reset()
}

func (w *wordSplitter) endWord() {
	w.endPlain()
	if w.inWord {
		w.words = append(w.words, w.word.String())
	}
	w.word.Reset()
	w.inWord = false
}

// expander replaces $NAME and ${NAME}, and ${NAME@R} by the name's value
// quoted for a regular expression, as testscript does. A variable that is not
// set is a mistake: testscript would take it for nothing.
func expander(env map[string]string) func(string) (string, error) {
	return func(text string) (string, error) {
		var missing string
		out := os.Expand(text, func(key string) string {
			name, quote := strings.CutSuffix(key, "@R")
			value, ok := env[name]
			if !ok {
				missing = name
			}
			if quote {
				return regexp.QuoteMeta(value)
			}
			return value
		})
		if missing != "" {
			return "", unknownVariable(missing, env)
		}
		return out, nil
	}
}

func unknownVariable(name string, env map[string]string) error {
	if near := nearest(name, sortedKeys(env)); near != "" {
		return fmt.Errorf("there is no variable $%s; did you mean $%s?", name, near)
	}
	return fmt.Errorf("there is no variable $%s", name)
}
