package grader

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// randomCommand is: random NAME N — sets the variable NAME to a row of N binary
// digits that is another one in every run: nobody can know it beforehand.
type randomCommand struct {
	name   string
	digits int
}

// maxRandom bounds a row: it stands in the arguments of programs.
const maxRandom = 256

func parseRandom(words []string) (command, error) {
	if len(words) != 2 || words[0] == "" || strings.ContainsAny(words[0], "=${}@") {
		return nil, errors.New("usage: random NAME N")
	}
	n, err := strconv.Atoi(words[1])
	if err != nil || n < 1 || n > maxRandom {
		return nil, fmt.Errorf("%q is not a number of digits from 1 to %d", words[1], maxRandom)
	}
	return &randomCommand{words[0], n}, nil
}

func (c *randomCommand) check(s *scope) error {
	s.env[c.name] = strings.Repeat("0", c.digits)
	return nil
}

func (c *randomCommand) do(tr *trial) error {
	row := make([]byte, c.digits)
	rand.Read(row) // never fails (crypto/rand)
	for i, b := range row {
		row[i] = '0' + b&1
	}
	tr.env[c.name] = string(row)
	return nil
}

// agreeCommand is: agree -least=N TEXT — the first line that what ended last has
// printed on stdout is as TEXT in at least N places. What is missing is wrong.
type agreeCommand struct {
	least int
	text  string
}

const agreeUsage = "usage: agree -least=N TEXT"

func parseAgree(words []string) (command, error) {
	if len(words) != 2 {
		return nil, errors.New(agreeUsage)
	}
	number, ok := strings.CutPrefix(words[0], "-least=")
	least, err := strconv.Atoi(number)
	if !ok || err != nil || least < 1 {
		return nil, errors.New(agreeUsage)
	}
	if least > len(words[1]) {
		return nil, fmt.Errorf("%d places can never agree with a text of %d", least, len(words[1]))
	}
	return &agreeCommand{least, words[1]}, nil
}

func (c *agreeCommand) check(s *scope) error { return needsRun(s, "agree") }

func (c *agreeCommand) do(tr *trial) error {
	line, _, _ := strings.Cut(tr.last.stdout.String(), "\n")
	right := agreeing(line, c.text)
	if right >= c.least {
		tr.evidence = append(tr.evidence, tr.last.evidence()...)
		return nil
	}
	return failed(tr.last.evidence(), "stdout of %s is right in %d of %d places, and must be in at least %d: it was %s",
		tr.last.label, right, len(c.text), c.least, short(oneLine(c.text)))
}

// agreeing counts the places in which two texts are the same.
func agreeing(a, b string) int {
	n := 0
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}
