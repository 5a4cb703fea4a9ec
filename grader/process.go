package grader

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"ipclab/internal/guest/api"
)

// process is one run in the guest, from its start to its end.
type process struct {
	label  string
	actor  bool
	quota  *quota
	stdout *capture
	stderr *capture

	begun  chan struct{} // closed when remote is set, or the start has failed
	remote Process

	done chan struct{} // closed when it is over; exit and err are set before
	exit api.Exit
	err  error
}

func newProcess(l launch) *process {
	p := &process{label: l.label, actor: l.actor, begun: make(chan struct{}), done: make(chan struct{})}
	p.quota = &quota{left: maxOutput}
	p.stdout, p.stderr = newCapture(p.quota), newCapture(p.quota)
	return p
}

// onFlood stops the run when it printed more than is kept. The guest has the
// same limit; this one holds even if the guest's does not.
func (p *process) onFlood(ctx context.Context) {
	p.quota.flood = func() {
		go func() {
			<-p.begun
			if p.remote != nil {
				_ = p.remote.Stop(ctx)
			}
		}()
	}
}

// reap waits for the end of the run.
func (p *process) reap() {
	p.exit, p.err = p.remote.Wait()
	close(p.done)
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// result is how it ended, after it did.
func (p *process) result() api.Exit {
	x := p.exit
	if p.quota.exceeded() {
		x.Cause, x.Code = api.CauseFlood, -1
	}
	return x
}

func (p *process) lost() *failure { return machineFault("waiting for "+p.label, p.err) }

// readyLine is what an actor says first on stderr, when it is set up.
const readyLine = "ready\n"

// errors is its stderr, without the actor's line for us.
func (p *process) errors() string {
	if p.actor {
		return strings.TrimPrefix(p.stderr.String(), readyLine)
	}
	return p.stderr.String()
}

// evidence is how it ended, if it did, and what it printed.
func (p *process) evidence() []Evidence {
	var e []Evidence
	if p.ended() && p.err == nil {
		e = append(e, exitEvidence(p.label, p.result()))
	}
	e = append(e, outputEvidence(KindOutput, p.label, "stdout", p.stdout.String())...)
	return append(e, outputEvidence(KindOutput, p.label, "stderr", p.errors())...)
}

// judge says whether a run that is over ended as it must.
func (p *process) judge(mustFail bool) *failure {
	if p.err != nil {
		return p.lost()
	}
	x := p.result()
	if p.actor && x.Cause == api.CauseNotBegun {
		return machineFault("starting "+p.label, errors.New(x.Detail))
	}
	if f := judgeExit(p.label, x, mustFail); f != nil {
		return f.with(p.evidence()...)
	}
	return nil
}

// stopAll ends every run that is not over, and waits for their ends as long as
// the context allows. It gives the first error.
func stopAll(ctx context.Context, running []*process) error {
	var wg sync.WaitGroup
	errs := make([]error, len(running))
	for i, p := range running {
		wg.Go(func() { errs[i] = p.stop(ctx) })
	}
	wg.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// stop ends a run and waits until it is over.
func (p *process) stop(ctx context.Context) error {
	if p.ended() {
		return nil
	}
	err := p.remote.Stop(ctx)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}
