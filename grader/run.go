package grader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/labs"
)

// run is one call of Engine.Run.
type run struct {
	ctx       context.Context
	guest     Guest
	builder   PolicyBuilder
	lab       *labs.Lab
	workspace []api.File
	scale     float64
	grace     time.Duration
	temp      string

	built    once
	policies map[bool]*memo[[]byte] // by whether the student's modules are in it
	loaded   loadedPolicy
	count    atomic.Int64 // of runs in the guest
	gone     error        // why the guest will answer nothing any more
}

// The times that the machine may take on the reference machine.
const (
	callTimeout    = 10 * time.Second // one call of the guest
	compileTimeout = 2 * time.Minute  // one policy; the compiler itself has 20 s of processor time
	watchdogGrace  = 10 * time.Second // from the end of a script's time until it is given up
)

func (r *run) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) * r.scale) }
func (r *run) callLimit() time.Duration             { return r.scaled(callTimeout) }
func (r *run) compileLimit() time.Duration          { return r.scaled(compileTimeout) }
func (r *run) termGrace() time.Duration             { return r.grace / 10 }

// closing is a context for ending what runs, whatever else has ended. It ends
// well before the watchdog bites.
func (r *run) closing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.ctx), r.grace*3/10)
}

// nextID names a run in the guest.
func (r *run) nextID(what string) string { return fmt.Sprintf("%s-%d", what, r.count.Add(1)) }

// try runs a check's script and never hangs: when the script has not ended
// some time after its context has, it is given up.
func (r *run) try(c *labs.Check, s *script) *outcome {
	dir, err := os.MkdirTemp(r.temp, "check-")
	if err != nil {
		return &outcome{end: machineFault("making room for the script", err)}
	}
	defer os.RemoveAll(dir)
	tr := newTrial(r, c, s)
	tr.dir = dir
	over := make(chan struct{})
	go func() {
		defer close(over)
		tr.whole()
	}()
	select {
	case <-over:
	case <-tr.budget.ctx.Done():
		select {
		case <-over:
		case <-time.After(r.grace):
			return r.givenUp(tr)
		}
	}
	return &outcome{end: tr.end, evidence: tr.evidence, at: tr.position()}
}

// outcome is what a script came to; end is nil for a pass.
type outcome struct {
	end      *failure
	evidence []Evidence
	at       *Position
}

func (r *run) givenUp(tr *trial) *outcome {
	at := tr.position()
	where := "its begin"
	if at != nil {
		where = at.String()
	}
	f := machineFault("running the script", fmt.Errorf("the guest did not answer at %s, and the check was given up", where))
	return &outcome{end: f, at: at}
}

// position is the place of the statement that was begun last; nil before the
// first.
func (tr *trial) position() *Position {
	p := tr.script.position(int(tr.at.Load()))
	if means := tr.means.Load(); p != nil && means != nil {
		p.Means = *means
	}
	return p
}

// whole runs the script from a reset guest to the end of all that it started.
func (tr *trial) whole() {
	defer tr.budget.end()
	defer func() {
		if r := recover(); r != nil {
			tr.end = machineFault("running the script", fmt.Errorf("a mistake in the check engine: %v", r))
		}
	}()
	err := tr.prepare()
	if err == nil {
		err = tr.perform()
	}
	if err != nil && tr.end == nil {
		tr.end = tr.conclude(err)
	}
	tr.close()
	if tr.end == nil && tr.done != len(tr.script.statements) {
		tr.end = labFault("the script ended after %d of its %d commands", tr.done, len(tr.script.statements))
	}
}

// prepare makes the state that every script begins from. A script without the
// command "policy" runs under the lab's policy alone, whatever was loaded
// before; a script with it begins under whatever is loaded. A script that only
// reads the student's rules needs no guest.
func (tr *trial) prepare() error {
	if tr.script.only("review") {
		return nil
	}
	if !tr.script.has("policy") && tr.run.hasPolicy() {
		if err := tr.loadPolicy(false); err != nil {
			return err
		}
	}
	return tr.machine("resetting the guest", func(ctx context.Context) error {
		return tr.run.guest.Reset(ctx, tr.run.lab.Stage())
	})
}

// hasPolicy says whether the lab has any policy of its own.
func (r *run) hasPolicy() bool { return len(r.lab.Policy.Given)+len(r.lab.Policy.Student) > 0 }

// close stops what the script left running.
func (tr *trial) close() {
	ctx, cancel := tr.run.closing()
	defer cancel()
	if err := stopAll(ctx, tr.running); err != nil && (tr.end == nil || tr.end.verdict == Pass) {
		tr.end = machineFault("ending the programs of the check", err)
	}
}

// noteGone remembers that the guest is lost.
func (r *run) noteGone(f *failure) {
	if f != nil && errors.Is(f, ErrGuestGone) {
		r.gone = ErrGuestGone
	}
}
