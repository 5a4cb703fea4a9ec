package play

import (
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// outcome is an actor's answer with what was recorded of it.
type outcome struct {
	actor.Answer
	died    string
	records []api.Record
	moved   []string // counters of the control group that went up
}

// succeeded tells whether the step was made as a whole.
func (o outcome) succeeded() bool { return o.Errno == "" && o.died == "" }

// step has a player make one step, and reports it. Its error is the machine's.
func (a *attempt) step(p *player, o actor.Order) (outcome, error) {
	if !p.alive() {
		return outcome{died: p.ended}, nil // an earlier step tells of it
	}
	o, err := a.fill(p, o)
	if err != nil {
		return outcome{}, err
	}
	return a.order(p, o)
}

// fill tells an order's player its part.
func (a *attempt) fill(p *player, o actor.Order) (actor.Order, error) {
	role, err := a.role(p)
	o.Role = role
	back := role
	back.How, back.Side = a.try.How, actor.FromSide
	switch o.Step {
	case actor.StepLook, actor.StepLooks:
		back.Side = actor.ToSide
		fallthrough
	case actor.StepSignal, actor.StepSignals, actor.StepKeep:
		o.Back = &back
	}
	return o, err
}

// order gives an order, with the records that belong to it.
func (a *attempt) order(p *player, o actor.Order) (outcome, error) {
	counted := a.counters(p)
	answer, err := p.ask(o, stepWait)
	if err != nil {
		return outcome{}, a.giveUp(p, err)
	}
	if answer.Trouble != "" {
		return outcome{}, &TroubleError{p.spec.Name, o.Step, answer.Trouble}
	}
	records, err := a.recordsOf(p)
	done := outcome{Answer: answer, died: p.ended, records: records}
	if !done.succeeded() {
		done.moved = moved(counted, a.counters(p))
	}
	a.report(p, o, done)
	if err != nil {
		return done, err
	}
	return done, a.forward(p, answer.Passed)
}

// TroubleError is a step that the actor could not even try.
type TroubleError struct {
	Actor string
	Step  actor.Step
	Text  string
}

func (e *TroubleError) Error() string {
	return "the actor of " + e.Actor + " cannot " + string(e.Step) + ": " + e.Text
}

// recordsOf are the records that the kernel wrote of the player's process since
// the last step. No actor does anything between two orders, and one order is given
// at a time: whatever is recorded of that process meanwhile belongs to its step.
func (a *attempt) recordsOf(p *player) ([]api.Record, error) {
	reply, err := a.stage.Records(api.RecordsQuery{Since: a.since, PID: p.pid()})
	if err != nil {
		return nil, err
	}
	a.since = reply.Next
	return reply.Records, nil
}

// report adds a step to the result. A step without a system call is none.
func (a *attempt) report(p *player, o actor.Order, done outcome) {
	called := api.Called{Actor: p.spec.Name, PID: p.pid(), Context: p.context, Call: done.Call, Text: done.Text,
		Errno: done.Errno, Died: done.died, Syscall: filtered(done.records), Moved: done.moved, Records: done.records}
	if called.Call == "" {
		if done.died == "" {
			return
		}
		called.Call = string(o.Step)
		called.Text = string(o.Step)
	}
	a.tried.Steps = append(a.tried.Steps, called)
}

// counters are those of a subject that has a bound.
func (a *attempt) counters(p *player) map[string]int {
	if p.spec.Memory == 0 && p.spec.Pids == 0 {
		return nil
	}
	return a.stage.Counters(p.spec)
}

// moved names the counters that have gone up.
func moved(before, after map[string]int) []string {
	var names []string
	for name, n := range after {
		if n > before[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// filtered names the system call that a filter refused, as it was recorded.
func filtered(records []api.Record) string {
	for _, r := range records {
		if r.Type != auditSeccomp {
			continue
		}
		_, rest, _ := strings.Cut(r.Text, " syscall=")
		text, _, _ := strings.Cut(rest, " ")
		if number, err := strconv.Atoi(text); err == nil {
			return actor.SyscallName(number)
		}
	}
	return ""
}

// auditSeccomp is AUDIT_SECCOMP of linux/audit.h.
const auditSeccomp = 1326

// forward carries descriptors from who passed them to whom they are for.
func (a *attempt) forward(p *player, sides []actor.Side) error {
	for range sides {
		fd, side, err := p.takeParcel()
		if err != nil {
			return err
		}
		if err := a.receiver(side).giveParcel(fd, side); err != nil {
			return err
		}
	}
	return nil
}

// receiver is whose part a descriptor is for.
func (a *attempt) receiver(side actor.Side) *player {
	if a.sides[a.from] == side {
		return a.from
	}
	return a.to
}
