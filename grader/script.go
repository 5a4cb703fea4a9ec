package grader

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	near "ipclab/internal/nearest"
)

// statement is one command line of a script.
type statement struct {
	line  int    // from 1
	text  string // as written
	phase string // the comment above it
	neg   bool   // it begins with !
	name  string // the command
	rest  string // what follows the name, as written
}

// script is a check script that was read, but not judged.
type script struct {
	file       string
	statements []statement
	files      map[string][]byte // the files that follow the script
	lines      []string          // for testscript: see rewrite
}

// scriptError is a mistake in a script.
type scriptError struct {
	file string
	line int
	msg  string
}

func (e *scriptError) Error() string { return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.msg) }

// readScript splits a script into its statements and files. A command that
// does not exist is a mistake here already: only names that are known to be
// ours are ever handed to testscript.
func readScript(file string, data []byte) (*script, error) {
	archive, err := parseArchive(file, data)
	if err != nil {
		return nil, err
	}
	s := &script{file: file, files: make(map[string][]byte)}
	for _, f := range archive.Files {
		if _, twice := s.files[f.Name]; twice {
			return nil, &scriptError{file, 1, fmt.Sprintf("the file %q comes twice", f.Name)}
		}
		s.files[f.Name] = f.Data
	}
	phase := ""
	for i, text := range strings.Split(strings.TrimSuffix(string(archive.Comment), "\n"), "\n") {
		if strings.HasPrefix(text, "#") {
			phase = strings.TrimSpace(strings.TrimLeft(text, "#"))
		}
		if err := s.addLine(i+1, text, phase); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// parseArchive is txtar.Parse, which panics at the line "-- --" (v1.16.0).
func parseArchive(file string, data []byte) (a *txtar.Archive, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &scriptError{file, 1, "a file that follows the script has no name"}
		}
	}()
	return txtar.Parse(data), nil
}

func (s *script) addLine(line int, text, phase string) error {
	st, ok := splitStatement(text)
	if !ok {
		s.lines = append(s.lines, text)
		return nil
	}
	if msg := judgeName(st.name); msg != "" {
		return &scriptError{s.file, line, msg}
	}
	st.line, st.text, st.phase = line, strings.TrimSpace(text), phase
	s.lines = append(s.lines, st.rewrite(len(s.statements)))
	s.statements = append(s.statements, st)
	return nil
}

// The blanks of testscript, and the characters that end its words.
const (
	blanks   = " \t\r"
	wordEnds = blanks + "#"
)

// splitStatement finds the command of a line; ok is false if there is none.
func splitStatement(text string) (st statement, ok bool) {
	st.name, st.rest = cutWord(text)
	if st.name == "!" {
		st.neg = true
		st.name, st.rest = cutWord(st.rest)
	}
	return st, st.name != "" || st.neg
}

func cutWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, blanks)
	if i := strings.IndexAny(text, wordEnds); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// rewrite gives the line that testscript runs in place of a statement: one
// command of ours, "do", with the number of the statement and its words. No
// built-in command can be reached this way, whatever the line says; testscript
// still splits the words and expands the variables.
func (st statement) rewrite(number int) string {
	neg := ""
	if st.neg {
		neg = "! "
	}
	return fmt.Sprintf("%sdo %d %s%s", neg, number, st.name, st.rest)
}

// source is the rewritten script.
func (s *script) source() []byte {
	var b bytes.Buffer
	for _, line := range s.lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// position is the place of a statement.
func (s *script) position(number int) *Position {
	if number < 0 || number >= len(s.statements) {
		return nil
	}
	st := s.statements[number]
	return &Position{File: s.file, Line: st.line, Text: oneLine(st.text), Phase: oneLine(st.phase)}
}

// has says whether the script has a command.
func (s *script) has(name string) bool {
	return slices.ContainsFunc(s.statements, func(st statement) bool { return st.name == name })
}

// only says whether the script consists of one command, said once or more.
func (s *script) only(name string) bool {
	return !slices.ContainsFunc(s.statements, func(st statement) bool { return st.name != name })
}

// judgeName says what is wrong with a command's name; "" is nothing.
func judgeName(name string) string {
	switch {
	case name == "":
		return "a ! stands alone"
	case slices.Contains(commandNames(), name):
		return ""
	case strings.HasPrefix(name, "["):
		return "conditions in brackets are not allowed: a check is the same everywhere"
	case slices.Contains(strings.Fields(refused), name):
		return fmt.Sprintf("the command %q is not allowed: it would act on the host", name)
	}
	msg := fmt.Sprintf("there is no command %q", name)
	if meant := nearest(name, commandNames()); meant != "" {
		msg += fmt.Sprintf("; did you mean %q?", meant)
	}
	return msg
}

// refused are the commands of testscript that scripts may not use. Those of
// its names that we have ourselves (env, grep, stdout, stderr, stop) do not
// run its code either.
const refused = `cd chmod cmp cmpenv cp exec exists kill mkdir mv rm skip stdin
symlink ttyin ttyout unix2dos unquote wait`

// nearest finds the name that differs least from a word; "" if none is near.
func nearest(word string, names []string) string { return near.Word(word, names, 3) }
