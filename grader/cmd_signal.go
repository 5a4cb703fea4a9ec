package grader

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// signalCommand is: signal ID NAME — sends a signal to what was spawned, which
// goes on running for all that the script cares. It does not wait until the
// signal is handled.
type signalCommand struct{ id, name string }

// signalNames are the signals that a script may send.
func signalNames() []string {
	return strings.Fields("ALRM CHLD CONT HUP INT KILL PIPE QUIT STOP TERM TSTP USR1 USR2 WINCH")
}

func parseSignal(words []string) (command, error) {
	if len(words) != 2 {
		return nil, fmt.Errorf("usage: signal ID NAME")
	}
	if !slices.Contains(signalNames(), words[1]) {
		return nil, fmt.Errorf("there is no signal %q to be sent; there are %s", words[1], strings.Join(signalNames(), ", "))
	}
	return &signalCommand{words[0], words[1]}, nil
}

func (c *signalCommand) check(s *scope) error {
	if !s.processes[c.id] {
		return fmt.Errorf("nothing that is still running was spawned as %q", c.id)
	}
	return nil
}

func (c *signalCommand) do(tr *trial) error {
	p := tr.byID[c.id]
	if p.ended() {
		return failed(p.evidence(), "%s had ended before it could be sent SIG%s", p.label, c.name)
	}
	return tr.machine("sending SIG"+c.name+" to "+p.label, func(ctx context.Context) error {
		return p.remote.Signal(ctx, c.name)
	})
}
