package grader

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/guest/api"
)

// matchCommand is: stdout [-count=N] PATTERN, and stderr likewise — what ended
// last has printed it; grep [-count=N] PATTERN FILE — a file of the workspace
// has it. Patterns are as in testscript: those of package regexp, with ^ and $
// at every line.
type matchCommand struct {
	name    string
	neg     bool
	count   int // 0 is any number
	pattern string
	re      *regexp.Regexp
	file    string // for grep
}

func parseMatch(name string, neg bool, words []string) (command, error) {
	c := &matchCommand{name: name, neg: neg}
	words, err := c.takeCount(words)
	if err != nil {
		return nil, err
	}
	want := []string{"PATTERN", "FILE"}
	if name != "grep" {
		want = want[:1]
	}
	if len(words) != len(want) {
		return nil, fmt.Errorf("usage: %s [-count=N] %s", name, strings.Join(want, " "))
	}
	if name == "grep" {
		c.file = words[1]
	}
	c.pattern = words[0]
	if c.re, err = regexp.Compile("(?m)" + c.pattern); err != nil {
		return nil, fmt.Errorf("the pattern %q is no regular expression: %w", c.pattern, err)
	}
	return c, nil
}

func (c *matchCommand) takeCount(words []string) ([]string, error) {
	if len(words) == 0 {
		return words, nil
	}
	text, ok := strings.CutPrefix(words[0], "-count=")
	if !ok {
		return words, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || c.neg {
		return nil, errors.New("-count= takes a number from 1, and nothing that is negated")
	}
	c.count = n
	return words[1:], nil
}

func (c *matchCommand) check(s *scope) error {
	if c.name == "grep" {
		return nil
	}
	return needsRun(s, c.name)
}

func (c *matchCommand) do(tr *trial) error {
	if c.name == "grep" {
		return c.grep(tr)
	}
	text := tr.last.stdout.String()
	if c.name == "stderr" {
		text = tr.last.errors()
	}
	return c.judge(c.name+" of "+tr.last.label, text, tr.last.evidence())
}

func (c *matchCommand) grep(tr *trial) error {
	i := slices.IndexFunc(tr.run.workspace, func(f api.File) bool { return f.Path == c.file })
	if i < 0 {
		return failed(nil, "the workspace has no file %s", c.file)
	}
	return c.judge(c.file, string(tr.run.workspace[i].Data), nil)
}

// judge looks for the pattern in a text.
func (c *matchCommand) judge(where, text string, evidence []Evidence) error {
	found := c.re.FindString(text)
	switch {
	case c.neg && c.re.MatchString(text):
		return failed(evidence, "%s has %q, which must not match %q", where, short(oneLine(found)), c.pattern)
	case c.neg:
		return nil
	case !c.re.MatchString(text):
		return failed(evidence, "%s has nothing that matches %q%s", where, c.pattern, emptiness(text))
	}
	if n := len(c.re.FindAllStringIndex(text, -1)); c.count > 0 && n != c.count {
		return failed(evidence, "%s matches %q %s, and must do so %s", where, c.pattern,
			count(n, "time", "times"), count(c.count, "time", "times"))
	}
	return nil
}

func emptiness(text string) string {
	if text == "" {
		return ": it is empty"
	}
	return ""
}

// envCommand is: env NAME=VALUE… — sets variables of the script.
type envCommand struct{ set map[string]string }

func parseEnv(words []string) (command, error) {
	c := &envCommand{set: make(map[string]string)}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not NAME=VALUE", word)
		}
		c.set[name] = value
	}
	return c, nil
}

func (c *envCommand) check(s *scope) error {
	for name, value := range c.set {
		s.env[name] = value
	}
	return nil
}

func (c *envCommand) do(tr *trial) error {
	for name, value := range c.set {
		tr.env[name] = value
	}
	return nil
}
