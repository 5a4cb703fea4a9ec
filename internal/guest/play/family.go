package play

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// exitStatus is the kind whose ends must be a child and its parent.
const exitStatus = "exit"

// family starts two actors for one try, of which From is a child of To.
func (a *attempt) family() error {
	parent, _ := a.actor(a.try.To)
	child, _ := a.actor(a.try.From)
	to, from, err := startFamily(a.stage, parent, child, a.limit)
	if err != nil {
		return err
	}
	a.to, a.from = to, from
	return a.skipRecords()
}

// setUp asks an actor that was just started who it is.
func (p *player) setUp(filter *api.Filter) error {
	a, err := p.ask(actor.Order{Step: actor.StepSetup, Filter: filter}, startWait)
	switch {
	case err != nil:
		return err
	case p.ended != "":
		return fmt.Errorf("it ended at once (%s): %s", p.ended, p.diag)
	case a.Trouble != "":
		return errors.New(a.Trouble)
	}
	p.own, p.context = a.PID, a.Context
	return nil
}

// exitMessage has the child end with a status that its parent must learn.
func (a *attempt) exitMessage() (bool, error) {
	status := make([]byte, 1)
	rand.Read(status) // never fails
	status[0] |= 1    // 0 is what a status is that nobody chose
	o, err := a.fill(a.from, actor.Order{Step: actor.StepSend, Secret: status})
	if err != nil {
		return false, err
	}
	answer, err := a.from.ask(o, stepWait)
	if err != nil {
		return false, err
	}
	if a.from.alive() {
		return false, &TroubleError{a.from.spec.Name, o.Step, answer.Trouble}
	}
	records, err := a.recordsOf(a.from)
	a.tried.Steps = append(a.tried.Steps, api.Called{Actor: a.from.spec.Name, PID: a.from.pid(), Context: a.from.context,
		Call: "exit", Text: fmt.Sprintf("exit_group(%d)", status[0]), Records: records})
	if err != nil {
		return false, err
	}
	got, err := a.receive()
	return got.succeeded() && len(got.Data) == 1 && got.Data[0] == status[0], err
}

// disperse ends the two.
func (a *attempt) disperse() {
	if a.object.Kind == exitStatus {
		a.from.end()
		a.to.end()
	}
}

// closeFiles closes files that a child has got.
func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
