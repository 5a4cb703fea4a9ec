package grader

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipclab/internal/guest/api"
)

// launch is what "run" and "spawn" start.
type launch struct {
	label   string // as messages name it: "writer", "@read"
	actor   bool
	argv    []string
	subject api.Subject
	umask   *uint32
	stdin   []byte
	wall    time.Duration // on the reference machine; 0 is what the check has
}

// parseLaunch reads [-as SUBJECT] [-umask MODE] [-stdin FILE] [-timeout DUR]
// PROG ARGS….
func (p *parser) parseLaunch(command string, words []string) (launch, error) {
	l := launch{subject: nobody()}
	fs := flag.NewFlagSet(command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Func("as", "", func(v string) error { s, err := p.subject(v); l.subject = s.Subject; return err })
	fs.Func("umask", "", func(v string) error { return l.setUmask(v) })
	fs.Func("stdin", "", func(v string) error { return p.setStdin(&l, v) })
	if command == "run" {
		fs.DurationVar(&l.wall, "timeout", 0, "")
	}
	if err := fs.Parse(words); err != nil {
		return l, err
	}
	if l.wall < 0 {
		return l, errors.New("-timeout must be more than nothing")
	}
	return l, l.setProgram(fs.Args())
}

func (l *launch) setUmask(text string) error {
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil || n > 0o777 {
		return errors.New("it must be octal, at most 777")
	}
	mask := uint32(n)
	l.umask = &mask
	return nil
}

func (p *parser) setStdin(l *launch, file string) error {
	data, ok := p.files[file]
	if !ok {
		return errors.New("no such file follows the script (-- NAME --)")
	}
	l.stdin = data
	return nil
}

func (l *launch) setProgram(words []string) error {
	if len(words) == 0 || words[0] == "" {
		return errors.New("no program is named")
	}
	l.label = words[0]
	name, actor := strings.CutPrefix(words[0], "@")
	if !actor {
		l.argv = append([]string{"/lab/bin/" + name}, words[1:]...)
		return nil
	}
	l.actor, l.argv = true, append([]string{name}, words[1:]...)
	return judgeActor(name, len(words)-1)
}

// judgeActor checks an actor's name and the least number of its arguments.
func judgeActor(name string, args int) error {
	least, ok := map[string]int{"read": 1, "write": 2, "hold": 2, "watch": 1,
		"mkfifo": 2, "mkfile": 3, "symlink": 2, "socket": 1,
		"slot": 2, "tell": 3, "listen": 3, "ticks": 3,
		"sipc-helper": 2, "sipc-send": 2, "sipc-recv": 2, "sipc-take": 2, "sipc-raw": 2, "sipc-gc": 2, "sipc-pump": 4}[name]
	switch {
	case !ok:
		return fmt.Errorf("there is no actor @%s", name)
	case args < least:
		return fmt.Errorf("@%s needs %s", name, count(least, "argument", "arguments"))
	}
	return nil
}

// settles says whether the actor says "ready" soon whatever others do. An
// actor that opens a FIFO to read waits for the writer first. The ends of a
// channel attach it, which has been made before.
func (l launch) settles() bool {
	return l.actor && slices.Contains([]string{"hold", "watch", "tell", "ticks",
		"sipc-send", "sipc-recv", "sipc-take", "sipc-raw", "sipc-pump"}, l.argv[0])
}

func (l launch) check(s *scope) error {
	switch {
	case l.actor:
		return nil
	case !slices.Contains(s.lab.Build.Outputs, l.label):
		return fmt.Errorf("the lab's build makes no program %q; it makes %s", l.label, strings.Join(s.lab.Build.Outputs, ", "))
	case !s.built:
		return fmt.Errorf("%s runs before the command build: it could be left from another check", l.label)
	}
	return nil
}

// runCommand is: run [-as SUBJECT] [-umask MODE] [-stdin FILE] [-timeout DUR]
// PROG ARGS… — runs a program to its end, which must be its own and with exit
// code 0, or after "!" with another one.
type runCommand struct {
	launch
	neg bool
}

func (p *parser) parseRun(neg bool, words []string) (command, error) {
	l, err := p.parseLaunch("run", words)
	return &runCommand{launch: l, neg: neg}, err
}

func (c *runCommand) check(s *scope) error {
	s.ran = true
	return c.launch.check(s)
}

func (c *runCommand) do(tr *trial) error {
	p, err := tr.start(c.launch, tr.foregroundWall(c.wall))
	if err != nil {
		return err
	}
	return tr.finish(p, c.neg)
}

// spawnCommand is: spawn ID [-as SUBJECT] [-umask MODE] [-stdin FILE] PROG
// ARGS… — starts a program in the background under a name.
type spawnCommand struct {
	launch
	id string
}

func (p *parser) parseSpawn(words []string) (command, error) {
	if len(words) < 2 || strings.HasPrefix(words[0], "-") || strings.HasPrefix(words[0], "/") {
		return nil, errors.New("usage: spawn ID [-as SUBJECT] [-umask MODE] [-stdin FILE] PROG ARGS…")
	}
	l, err := p.parseLaunch("spawn", words[1:])
	return &spawnCommand{launch: l, id: words[0]}, err
}

func (c *spawnCommand) check(s *scope) error {
	if s.processes[c.id] {
		return fmt.Errorf("%q is running already; stop it or choose another name", c.id)
	}
	s.processes[c.id] = true
	return c.launch.check(s)
}

func (c *spawnCommand) do(tr *trial) error {
	p, err := tr.start(c.launch, tr.backgroundWall())
	if err != nil {
		return err
	}
	tr.byID[c.id] = p
	if c.settles() {
		return tr.ready(p)
	}
	return nil
}

// exitedCommand is: exited CODE — the exit code of what ended last.
type exitedCommand struct{ code int }

func parseExited(words []string) (command, error) {
	if len(words) != 1 {
		return nil, errors.New("usage: exited CODE")
	}
	code, err := strconv.Atoi(words[0])
	if err != nil || code < 0 || code > 255 {
		return nil, fmt.Errorf("%q is no exit code: it must be from 0 to 255", words[0])
	}
	return &exitedCommand{code}, nil
}

func (c *exitedCommand) check(s *scope) error { return needsRun(s, "exited") }

func (c *exitedCommand) do(tr *trial) error {
	p := tr.last
	if p.err != nil {
		return p.lost()
	}
	switch x := p.result(); {
	case x.Cause == api.CauseExit && x.Code == c.code:
		return nil
	case x.Cause == api.CauseExit:
		return failed(p.evidence(), "%s ended with exit code %d, and had to end with %d", p.label, x.Code, c.code)
	case x.Cause == api.CauseKilled:
		return failed(p.evidence(), "%s did not end when it was asked to, and was killed", p.label)
	default:
		return judgeCause(p.label, x).with(p.evidence()...)
	}
}

func needsRun(s *scope, command string) error {
	if !s.ran {
		return fmt.Errorf("%s has nothing to look at: nothing has ended yet", command)
	}
	return nil
}
