package grader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/internal/guest/api"
	"ipclab/labs"
)

// trial is one script being run. All of it but the budget and at belongs to
// the goroutine that runs the script: a trial that has to be given up is left
// to that goroutine for good.
type trial struct {
	run    *run
	check  *labs.Check
	script *script
	parser *parser
	budget *budget
	dir    string       // private, on the host; removed by whoever began the trial
	at     atomic.Int64 // number of the statement that is being done

	means atomic.Pointer[string] // the attempt that is being made for it, where it stands for several

	running  []*process          // everything that was started
	byID     map[string]*process // spawned and not yet waited for
	last     *process            // what ended last
	marks    map[string]api.Object
	env      map[string]string // set by the command env, for testscript
	controls []attempt         // what was shown to be allowed
	evidence []Evidence
	withheld string   // why the student's policy is not in the kernel, though the script has loaded it
	done     int      // statements that were done
	end      *failure // why the script ended early
}

func newTrial(r *run, c *labs.Check, s *script) *trial {
	total := r.scaled(orDefault(c.Timeout, labs.DefaultCheckTimeout))
	tr := &trial{
		run: r, check: c, script: s,
		parser: &parser{lab: r.lab, files: s.files},
		budget: newBudget(r.ctx, total),
		byID:   make(map[string]*process),
		marks:  make(map[string]api.Object),
		env:    make(map[string]string),
	}
	tr.at.Store(-1)
	return tr
}

func orDefault(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

// step does one statement.
func (tr *trial) step(neg bool, words []string) error {
	number, err := strconv.Atoi(words[0])
	if err != nil || number != tr.done {
		return fmt.Errorf("statement %q came when it was the turn of %d", words[0], tr.done)
	}
	tr.at.Store(int64(number))
	tr.means.Store(nil)
	cmd, err := tr.parser.parse(words[1], neg, words[2:])
	if err != nil {
		return labFault("%v", err)
	}
	if tr.budget.ctx.Err() != nil {
		return tr.timeUp(failed(tr.allEvidence(), "the programs of this check took longer than its %s", seconds(tr.budget.total)))
	}
	if tr.withheld != "" && words[1] != "review" {
		return tr.withheldFault()
	}
	if err := cmd.do(tr); err != nil {
		return err
	}
	tr.done++
	return nil
}

// do is the one command that testscript knows.
func (tr *trial) do(ts *testscript.TestScript, neg bool, words []string) {
	err := tr.step(neg, words)
	if err == nil {
		tr.setVariables(ts)
		return
	}
	tr.end = tr.conclude(err)
	ts.Fatalf("the script ends here")
}

// setVariables hands what the command env has set to testscript.
func (tr *trial) setVariables(ts *testscript.TestScript) {
	for name, value := range tr.env {
		ts.Setenv(name, value)
	}
	clear(tr.env)
}

// conclude makes a failure of any error.
func (tr *trial) conclude(err error) *failure {
	var f *failure
	if !errors.As(err, &f) {
		f = machineFault("running the script", err)
	}
	if tr.run.ctx.Err() != nil {
		return machineFault("the run was broken off", context.Cause(tr.run.ctx))
	}
	if f.verdict == Fail {
		tr.addBackground(f)
	}
	return f
}

// addBackground adds to a failure what became of the student's programs that
// should still run beside the script: one that crashed is often the reason why
// the others waited in vain.
func (tr *trial) addBackground(f *failure) {
	for _, p := range slices.Collect(maps.Values(tr.byID)) {
		if p.actor || p == tr.last || !p.ended() || p.err != nil {
			continue
		}
		x := p.result()
		if x.Cause != api.CauseExit {
			if what := judgeCause(p.label, x).message; !strings.Contains(f.message, what) {
				f.message += "; before that, " + what
			}
		}
		if (x.Cause != api.CauseExit || x.Code != 0) && !f.tells(exitEvidence(p.label, x)) {
			f.evidence = append(f.evidence, p.evidence()...)
		}
	}
}

// machine does something that needs the guest, but not the student's work. It
// does not count as the check's time.
func (tr *trial) machine(doing string, f func(context.Context) error) error {
	return tr.aside(tr.run.callLimit(), func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return machineFault(doing, err)
		}
		return nil
	})
}

// aside does something that has a time limit of its own.
func (tr *trial) aside(limit time.Duration, f func(context.Context) error) error {
	ctx, back := tr.budget.aside(limit)
	defer back()
	return f(ctx)
}

func (tr *trial) stat(path string) (o api.Object, err error) {
	err = tr.machine("looking at "+oneLine(path), func(ctx context.Context) error {
		o, err = tr.run.guest.Stat(ctx, path)
		return err
	})
	return o, err
}

// start begins a run.
func (tr *trial) start(l launch, wall time.Duration) (*process, error) {
	p := newProcess(l)
	p.onFlood(tr.budget.ctx)
	spec := api.RunSpec{
		ID: tr.run.nextID(tr.check.ID), Argv: l.argv, Actor: l.actor, Subject: l.subject, Umask: l.umask,
		Limits: api.Limits{Wall: wall, Output: maxOutput},
	}
	err := tr.machine("starting "+l.label, func(ctx context.Context) (err error) {
		defer close(p.begun)
		p.remote, err = tr.run.guest.Start(ctx, spec, input(l.stdin), p.stdout, p.stderr)
		return err
	})
	if err != nil {
		return nil, err
	}
	tr.running = append(tr.running, p)
	go p.reap()
	return p, nil
}

func input(data []byte) io.Reader {
	if data == nil {
		return nil
	}
	return bytes.NewReader(data)
}

// foregroundWall is the limit that the guest sets to a run that is waited for:
// a little less than is left of the check's time, so that the guest, who knows
// more about it, is the one to end it.
func (tr *trial) foregroundWall(wanted time.Duration) time.Duration {
	most := tr.budget.remaining() * 9 / 10
	if wanted <= 0 {
		return most
	}
	return min(tr.run.scaled(wanted), most)
}

// backgroundWall is the limit of what runs beside the script. It is only a
// safety net: the script's end stops it.
func (tr *trial) backgroundWall() time.Duration { return 2*tr.budget.total + time.Minute }

// finish waits for the end of a run and judges it.
func (tr *trial) finish(p *process, mustFail bool) error {
	select {
	case <-p.done:
	case <-tr.budget.ctx.Done():
		return tr.hung(p)
	}
	tr.last = p
	if f := p.judge(mustFail); f != nil {
		return f
	}
	tr.evidence = append(tr.evidence, exitEvidence(p.label, p.result()))
	return nil
}

// hung is for a run that outlived the check's time. Only when the guest can
// end it now is it the run that hung, and not the guest.
func (tr *trial) hung(p *process) error {
	ctx, cancel := tr.run.closing()
	defer cancel()
	if err := p.stop(ctx); err != nil {
		return machineFault("ending "+p.label, err)
	}
	return tr.timeUp(failed(p.evidence(), "%s hung: it was still running when the check's %s were over, and was stopped",
		p.label, seconds(tr.budget.total)))
}

// timeUp gives f if it was the check's time that ended the waiting.
func (tr *trial) timeUp(f *failure) error {
	if tr.budget.up() {
		return f.forWantOfTime()
	}
	return machineFault("waiting", context.Cause(tr.budget.ctx))
}

// ready waits until an actor is set up.
func (tr *trial) ready(p *process) error {
	for {
		ended := p.ended()
		found, wake := p.stderr.contains(readyLine)
		switch {
		case found:
			return nil
		case ended:
			return p.neverReady()
		}
		select {
		case <-wake:
		case <-p.done:
		case <-tr.budget.ctx.Done():
			return tr.hung(p)
		}
	}
}

func (p *process) neverReady() error {
	if f := p.judge(false); f != nil {
		return f
	}
	return machineFault("setting up "+p.label, errors.New("it ended without having been ready"))
}

// terminate asks a run to end, then ends it.
func (tr *trial) terminate(p *process) error {
	tr.last = p
	ctx, cancel := tr.run.closing()
	defer cancel()
	// A run that has just ended cannot be signalled: stop tells whether it did.
	_ = p.remote.Signal(ctx, "TERM")
	select {
	case <-p.done:
		return nil
	case <-time.After(tr.run.termGrace()):
	case <-tr.budget.ctx.Done():
	}
	if err := p.stop(ctx); err != nil {
		return machineFault("ending "+p.label, err)
	}
	return nil
}

// take gives what was spawned under a name, and forgets the name.
func (tr *trial) take(id string) *process {
	p := tr.byID[id]
	delete(tr.byID, id)
	return p
}

// allEnded says whether nothing that the script started runs any more.
func (tr *trial) allEnded() bool {
	for _, p := range tr.running {
		if !p.ended() {
			return false
		}
	}
	return true
}

// allEvidence is what is known of everything that the script started.
func (tr *trial) allEvidence() []Evidence {
	var all []Evidence
	for _, p := range tr.running {
		all = append(all, p.evidence()...)
	}
	return all
}

// pause waits a little; false says that the check's time is over.
func (tr *trial) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-tr.budget.ctx.Done():
		return false
	}
}
