package grader

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ipclab/internal/guest/api"
)

// waitforCommand is: waitfor ID — waits for the end of what was spawned, which
// must be as for run.
type waitforCommand struct {
	id  string
	neg bool
}

func parseWaitfor(neg bool, words []string) (command, error) {
	if len(words) != 1 {
		return nil, errors.New("usage: waitfor ID")
	}
	return &waitforCommand{words[0], neg}, nil
}

func (c *waitforCommand) check(s *scope) error { return endsProcess(s, c.id) }

func (c *waitforCommand) do(tr *trial) error { return tr.finish(tr.take(c.id), c.neg) }

// endsProcess notes that a command takes a process away.
func endsProcess(s *scope, id string) error {
	running, known := s.processes[id]
	switch {
	case !known:
		return fmt.Errorf("nothing was spawned as %q", id)
	case !running:
		return fmt.Errorf("%q was waited for or stopped already", id)
	}
	s.processes[id] = false
	s.ran = true
	return nil
}

// stopCommand is: stop ID — asks what was spawned to end, then ends it. How it
// ends does not matter.
type stopCommand struct{ id string }

func parseStop(words []string) (command, error) {
	if len(words) != 1 {
		return nil, errors.New("usage: stop ID")
	}
	return &stopCommand{words[0]}, nil
}

func (c *stopCommand) check(s *scope) error { return endsProcess(s, c.id) }

func (c *stopCommand) do(tr *trial) error { return tr.terminate(tr.take(c.id)) }

// awaitCommand is: await PATH KEY=VALUE… — until an object is there and is like
// that; or: await ID TEXT — until what was spawned has printed a text on its
// stdout.
type awaitCommand struct {
	objectCommand
	id, text string
}

const awaitUsage = "usage: await PATH KEY=VALUE…, or await ID TEXT"

func parseAwait(words []string) (command, error) {
	switch {
	case len(words) >= 1 && isObject(words[0]):
		want, err := parseAttributes(words[0], words[1:])
		if err != nil {
			err = fmt.Errorf("%w; %s", err, awaitUsage)
		}
		return &awaitCommand{objectCommand: objectCommand{path: words[0], want: want}}, err
	case len(words) == 2 && words[1] != "":
		return &awaitCommand{id: words[0], text: words[1]}, nil
	}
	return nil, errors.New(awaitUsage)
}

func (c *awaitCommand) check(s *scope) error {
	if c.id != "" && !s.processes[c.id] {
		return fmt.Errorf("nothing that is still running was spawned as %q", c.id)
	}
	return nil
}

func (c *awaitCommand) do(tr *trial) error {
	if c.path != "" {
		return tr.awaitObject(&c.objectCommand)
	}
	return tr.awaitText(tr.byID[c.id], c.text)
}

// absent is the kind of an object that is not there.
const absent = "absent"

// pollInterval is the time between two looks at an object that is awaited.
const pollInterval = 25 * time.Millisecond

// awaitObject looks again and again. When nothing of the check runs any more,
// it looks a last time and gives up: nobody is left who could make the object.
func (tr *trial) awaitObject(c *objectCommand) error {
	for {
		last := tr.allEnded()
		o, err := tr.stat(c.path)
		if err != nil {
			return err
		}
		wrong := c.differences(o)
		switch {
		case len(wrong) == 0:
			return nil
		case last:
			return failed(tr.allEvidence(), "%s, and every program of this check has ended", c.missed(o, wrong))
		}
		if !tr.pause(pollInterval) {
			return tr.timeUp(failed(tr.allEvidence(), "%s within %s", c.missed(o, wrong), seconds(tr.budget.total)))
		}
	}
}

// missed says what an object that was awaited has not become.
func (c *objectCommand) missed(o api.Object, wrong []string) string {
	if o.Kind == absent {
		return "nothing made " + called(c.path)
	}
	return strings.Join(wrong, "; ")
}

// awaitText waits for a text on a running program's stdout.
func (tr *trial) awaitText(p *process, text string) error {
	for {
		ended := p.ended()
		found, wake := p.stdout.contains(text)
		switch {
		case found:
			return nil
		case ended:
			return p.withoutText(text)
		}
		select {
		case <-wake:
		case <-p.done:
		case <-tr.budget.ctx.Done():
			return tr.timeUp(failed(p.evidence(), "%s did not print %q within %s", p.label, short(oneLine(text)), seconds(tr.budget.total)))
		}
	}
}

func (p *process) withoutText(text string) error {
	if p.err != nil {
		return p.lost()
	}
	if x := p.result(); x.Cause != api.CauseExit {
		return judgeCause(p.label, x).with(p.evidence()...)
	}
	return failed(p.evidence(), "%s ended without having printed %q", p.label, short(oneLine(text)))
}
