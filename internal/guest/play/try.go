package play

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// receiveWait is how long a receiver asks again for what was sent.
const receiveWait = 300 * time.Millisecond

// attempt is one try: an object that is made for it, and the ends that use it.
type attempt struct {
	*whole
	try      api.Try
	object   api.ObjectSpec
	from, to *player
	maker    *player                // nil: the agent
	sides    map[*player]actor.Side // the parts that the two have in using the object
	tried    *api.Tried
}

// try tries one thing. Whatever goes wrong is in the result.
func (w *whole) try(t api.Try) api.Tried {
	var tried api.Tried
	a := &attempt{whole: w, try: t, tried: &tried}
	err := a.prepare()
	if err == nil {
		switch t.What {
		case api.TryFlow:
			tried.Through, err = a.flow()
		case api.TryRevocation:
			err = a.revocation()
		case api.TryBackChannel:
			if t.Look != "" {
				err = a.look()
				break
			}
			err = a.backChannel()
		default:
			err = fmt.Errorf("nobody can try a %q", t.What)
		}
	}
	err = errors.Join(err, a.cleanUp())
	a.disperse()
	if err != nil {
		tried.Trouble = err.Error()
	}
	return tried
}

// prepare finds everybody who has a part.
func (a *attempt) prepare() (err error) {
	a.object, _ = a.whole.object(a.try.Via)
	if err = a.cast(); err != nil {
		return err
	}
	a.sides = map[*player]actor.Side{a.from: actor.FromSide, a.to: actor.ToSide}
	if a.object.Maker != "" {
		a.maker, err = a.ready(a.object.Maker)
	}
	return err
}

// cast finds the two who use the object.
func (a *attempt) cast() (err error) {
	if a.object.Kind == exitStatus {
		return a.family()
	}
	if a.from, err = a.ready(a.try.From); err == nil {
		a.to, err = a.ready(a.try.To)
	}
	return err
}

// side is the part that a player has in using the object; a third one makes it.
func (a *attempt) side(p *player) actor.Side {
	if side := a.sides[p]; side != "" {
		return side
	}
	return actor.MakerSide
}

// role is what a player is told of its part; nil is the agent.
func (a *attempt) role(p *player) (actor.Role, error) {
	r := actor.Role{Object: a.object, Side: a.side(p), How: a.how(), Makes: a.maker == p, Third: a.third(), UID: -1, GID: -1}
	if p != nil {
		r.Peer = a.number(a.other(p), p)
	}
	made := a.object
	if of, ok := a.whole.object(a.object.Of); ok {
		r.Of, made = &of, of
	}
	err := a.stage.Dress(made, &r)
	return r, err
}

// how is the way of using the object, which a back channel does not choose.
func (a *attempt) how() string {
	if a.try.What == api.TryBackChannel {
		return ""
	}
	return a.try.How
}

// other is who is at the other end.
func (a *attempt) other(p *player) *player {
	if p == a.from {
		return a.to
	}
	return a.from
}

// third tells whether a third subject made the object.
func (a *attempt) third() bool { return a.maker != nil && a.maker != a.from && a.maker != a.to }

// number is how one actor would call another one's process.
func (a *attempt) number(peer, seenBy *player) int {
	if ns := peer.spec.Namespaces["pid"]; ns != "" && ns == seenBy.spec.Namespaces["pid"] {
		return peer.own
	}
	return peer.pid()
}

// flow makes the object, opens both ends and tries one secret.
func (a *attempt) flow() (bool, error) {
	if ok, err := a.open(); err != nil || !ok {
		return false, err
	}
	return a.message()
}

// open makes the object and opens both ends. It is false when an end is refused.
// Both are tried whatever becomes of the other.
func (a *attempt) open() (bool, error) {
	made, err := a.make()
	if err != nil || !made {
		return false, err
	}
	to, err := a.step(a.to, actor.Order{Step: actor.StepOpen})
	if err != nil {
		return false, err
	}
	from, err := a.step(a.from, actor.Order{Step: actor.StepOpen})
	return from.succeeded() && to.succeeded(), err
}

// make has the object made, and looks at it.
func (a *attempt) make() (bool, error) {
	if a.maker == nil {
		return true, errors.Join(a.makeHere(), a.lookAt())
	}
	done, err := a.step(a.maker, actor.Order{Step: actor.StepMake})
	if err != nil || !done.succeeded() {
		return false, err
	}
	return true, a.lookAt()
}

// lookAt looks at an object that has a path, where its maker is.
func (a *attempt) lookAt() error {
	switch a.object.Kind {
	case "fifo", "file", "unix-stream", "unix-dgram", "unix-seqpacket":
	default:
		return nil
	}
	return a.stage.Inside(a.makerSpec(), func() error {
		o, err := a.stage.Look(a.object.Path)
		a.tried.Object = &o
		return err
	})
}

// makerSpec is the subject that made the object; nil: the agent.
func (a *attempt) makerSpec() *api.ActorSpec {
	if a.maker == nil {
		return nil
	}
	return &a.maker.spec
}

// makeHere has the agent make the object.
func (a *attempt) makeHere() error {
	r, err := a.role(nil)
	if err != nil {
		return err
	}
	end, err := actor.New(r)
	if err != nil {
		return err
	}
	defer end.Close()
	if err := end.Remove(); err != nil {
		return err
	}
	if err := end.Make(actor.NewTrace()); err != nil {
		return fmt.Errorf("make %s: %w", a.object.Name, err)
	}
	return a.skipRecords()
}

// message has a secret sent and received.
func (a *attempt) message() (bool, error) {
	if a.object.Kind == exitStatus {
		return a.exitMessage()
	}
	secret := make([]byte, actor.SecretSize)
	rand.Read(secret) // never fails
	sent, err := a.step(a.from, actor.Order{Step: actor.StepSend, Secret: secret})
	if err != nil || !sent.succeeded() {
		return false, err
	}
	received, err := a.receive()
	return received.succeeded() && len(sent.Data) > 0 && bytes.Equal(received.Data, sent.Data), err
}

// receive asks for what was sent until it is there. Of all attempts that found
// nothing the last one is reported.
func (a *attempt) receive() (outcome, error) {
	if seen, ok := a.noticed(); ok {
		return seen, nil
	}
	deadline := time.Now().Add(receiveWait)
	for {
		got, err := a.step(a.to, actor.Order{Step: actor.StepReceive})
		nothing := got.Errno == "EAGAIN" || got.Errno == "ENOMSG"
		if err != nil || !nothing || len(got.records) > 0 || time.Now().After(deadline) {
			return got, err
		}
		a.tried.Steps = a.tried.Steps[:len(a.tried.Steps)-1]
		time.Sleep(time.Millisecond)
	}
}

// cleanUp closes both ends and removes the object.
func (a *attempt) cleanUp() error {
	var failures []error
	for _, p := range []*player{a.from, a.to, a.maker} {
		if p.alive() {
			_, err := p.ask(actor.Order{Step: actor.StepClose}, stepWait)
			failures = append(failures, a.giveUp(p, err))
		}
		if p.alive() && p.given > 0 {
			p.end() // what it did not take must not come to the next try
		}
	}
	return errors.Join(append(failures, a.remove(), a.skipRecords())...)
}

// giveUp ends an actor that does not answer: the next try has another one.
func (a *attempt) giveUp(p *player, err error) error {
	if wait := (*WaitError)(nil); errors.As(err, &wait) {
		p.end()
	}
	return err
}

// remove removes the object, in its maker's namespaces.
func (a *attempt) remove() error {
	r, err := a.role(nil)
	if err != nil {
		return err
	}
	end, err := actor.New(r)
	if err != nil {
		return err
	}
	return a.stage.Inside(a.makerSpec(), end.Remove)
}

// revocation opens a channel, takes the right away, and tries it again.
func (a *attempt) revocation() error {
	through, err := a.flow()
	a.tried.Through = through
	if err != nil || !through {
		return err
	}
	before, err := a.stage.SetBooleans(map[string]bool{a.try.Boolean: false})
	if err != nil {
		return err
	}
	a.tried.Steps = append(a.tried.Steps, api.Called{Call: api.CallBoolean, Text: "setsebool " + a.try.Boolean + " off"})
	if err := a.skipRecords(); err != nil {
		return err
	}
	a.tried.After, err = a.message()
	_, resetErr := a.stage.SetBooleans(before)
	return errors.Join(err, resetErr)
}
