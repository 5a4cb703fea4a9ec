package grader

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/labs"
)

// command is one statement, read and ready to be done.
type command interface {
	// check judges the command by what stands above it in the script.
	check(s *scope) error
	// do carries it out. An error that is no *failure is machine trouble.
	do(tr *trial) error
}

// commandNames are the commands of check scripts, as the doc comments of their
// types describe them.
func commandNames() []string {
	return strings.Fields(`agree allowed await build denied env exited forbidden grep mark object policy
random replaced review run same signal spawn stderr stdout stop waitfor`)
}

// negatable are the commands that may stand after a "!".
func negatable() []string { return []string{"grep", "run", "stderr", "stdout", "waitfor"} }

// parser turns the words of statements into commands.
type parser struct {
	lab   *labs.Lab
	files map[string][]byte // that follow the script
}

// parse reads one command. Its errors say what is wrong with the words.
func (p *parser) parse(name string, neg bool, words []string) (command, error) {
	if neg && !slices.Contains(negatable(), name) {
		return nil, fmt.Errorf("%q cannot be negated; only these can: %s", name, strings.Join(negatable(), ", "))
	}
	switch name {
	case "build", "policy", "review":
		return parsePlain(name, words)
	case "run":
		return p.parseRun(neg, words)
	case "spawn":
		return p.parseSpawn(words)
	case "waitfor":
		return parseWaitfor(neg, words)
	case "stop":
		return parseStop(words)
	case "signal":
		return parseSignal(words)
	case "exited":
		return parseExited(words)
	case "await":
		return parseAwait(words)
	}
	return p.parseLook(name, neg, words)
}

// parseLook reads the commands that look at something and change nothing.
func (p *parser) parseLook(name string, neg bool, words []string) (command, error) {
	switch name {
	case "object":
		return parseObject(words)
	case "mark", "replaced", "same":
		return parseIdentity(name, words)
	case "allowed", "denied":
		return p.parseAttempt(name, words)
	case "forbidden":
		return p.parseForbidden(words)
	case "stdout", "stderr", "grep":
		return parseMatch(name, neg, words)
	case "agree":
		return parseAgree(words)
	case "env":
		return parseEnv(words)
	case "random":
		return parseRandom(words)
	}
	return nil, fmt.Errorf("there is no command %q", name)
}

// subject finds a subject of the lab.
func (p *parser) subject(name string) (labs.Subject, error) {
	s, ok := p.lab.Subject(name)
	if ok {
		return s, nil
	}
	var names []string
	for _, s := range p.lab.Subjects {
		names = append(names, s.Name)
	}
	return s, fmt.Errorf("the lab has no subject %q; it has %s", name, strings.Join(names, ", "))
}

// nobody is the subject of a run that names none.
func nobody() api.Subject { return api.Subject{User: "student", Domain: labs.DefaultDomain} }

// variables are what a script begins with: each object's path under the
// object's name, and $$ for a dollar sign.
func variables(lab *labs.Lab) map[string]string {
	env := map[string]string{"$": "$"}
	for _, o := range lab.Objects {
		env[o.Variable()] = o.Path
	}
	return env
}

// scope is what is known at a place of a script from the lines above it.
type scope struct {
	lab       *labs.Lab
	env       map[string]string
	processes map[string]bool // spawned; false when it was waited for or stopped
	marks     map[string]bool // paths
	controls  []attempt       // what was shown to be allowed
	built     bool
	ran       bool // something has ended: there is an output to look at
}

func newScope(lab *labs.Lab) *scope {
	return &scope{lab: lab, env: variables(lab), processes: map[string]bool{}, marks: map[string]bool{}}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
