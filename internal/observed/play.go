package observed

import (
	"context"
	"fmt"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// Machine plays scenarios. The scenario's policy must be in its kernel.
type Machine interface {
	Play(context.Context, api.PlaySpec) (api.PlayResult, error)
}

// LostError says that audit records were lost during a play, so that no denial can
// be told from another. It is the machine's fault, and trying again may help.
type LostError struct{ Records uint32 }

func (e *LostError) Error() string {
	return fmt.Sprintf("the kernel lost %d audit records during the play, so that a denial cannot be told from another", e.Records)
}

// Hint says what to do.
func (e *LostError) Hint() string { return "try again; if it happens again, the machine is too busy" }

// SilentError says that a machine did not end a play. It is the machine's fault.
type SilentError struct{ Wait time.Duration }

func (e *SilentError) Error() string {
	return fmt.Sprintf("the machine did not end the play within %v", e.Wait)
}

// Hint says what to do.
func (e *SilentError) Hint() string {
	return "try again; `ipclab doctor` tells how fast machines are here"
}

// patience is how long a play of so many tries may take, a hundred times what it
// takes under emulation.
func patience(tries int) time.Duration { return 2*time.Minute + time.Duration(tries)*10*time.Second }

// Play has a scenario played and tells what was seen. What could not be tried is
// Unknown in the view, and says why; an error is the machine's.
func Play(ctx context.Context, s *scenarios.Scenario, m Machine) (*scenarios.View, error) {
	spec, places := Spec(s)
	wait := patience(len(spec.Tries))
	ctx, cancel := context.WithTimeoutCause(ctx, wait, &SilentError{wait})
	defer cancel()
	r, err := m.Play(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("play %s: %w", s.Name, err)
	}
	if r.Lost > 0 {
		return nil, &LostError{r.Lost}
	}
	if len(r.Tried) != len(spec.Tries) {
		return nil, fmt.Errorf("play %s: the machine tried %d of %d things", s.Name, len(r.Tried), len(spec.Tries))
	}
	return newReader(s).view(r.Tried, places), nil
}

// place says which of the scenario's a try is: the index in the list of its kind.
type place struct {
	what  string
	index int
}

// Spec is what the machine is asked to do, and for each try which entry of the
// scenario it is for.
func Spec(s *scenarios.Scenario) (api.PlaySpec, []place) {
	spec := api.PlaySpec{Directories: s.Directories, Booleans: s.Booleans}
	for _, one := range s.Subjects {
		spec.Actors = append(spec.Actors, actorOf(one))
	}
	for _, o := range s.Objects {
		spec.Objects = append(spec.Objects, objectOf(o))
	}
	var places []place
	add := func(index int, t api.Try) {
		spec.Tries = append(spec.Tries, t)
		places = append(places, place{t.What, index})
	}
	for i, f := range s.Flows {
		if f.Via != "" {
			add(i, api.Try{What: api.TryFlow, From: f.From, To: f.To, Via: f.Via, How: f.How})
		}
	}
	for i, b := range s.BackChannels {
		add(i, backChannelTry(b))
	}
	for i, r := range s.Revocations {
		add(i, api.Try{What: api.TryRevocation, From: r.From, To: r.To, Via: r.Via, How: r.How, Boolean: r.Boolean})
	}
	return spec, places
}

// backChannelTry has the end look that is to try it.
func backChannelTry(b scenarios.BackChannel) api.Try {
	t := api.Try{What: api.TryBackChannel, From: b.From, To: b.To, Via: b.Via, How: b.How, Look: b.Look}
	if b.Look != "" && b.Trier() == b.From {
		t.From, t.To = b.To, b.From
	}
	return t
}

func actorOf(one scenarios.Subject) api.ActorSpec {
	a := api.ActorSpec{Name: one.Name, Subject: api.Subject{User: one.User, Domain: one.Domain},
		Namespaces: one.Namespaces, Capabilities: one.Capabilities}
	if f := one.Seccomp; f != nil {
		a.Filter = &api.Filter{Deny: f.Deny, Errno: f.Errno}
		if f.Deny == nil {
			a.Filter.Allow = append(mechanism.Always(), f.Allow...)
		}
	}
	if c := one.Cgroup; c != nil {
		a.Memory, a.Pids = c.Memory, c.Pids
	}
	return a
}

func objectOf(o scenarios.Object) api.ObjectSpec {
	spec := api.ObjectSpec{Name: o.Name, Kind: string(o.Kind), Path: o.Path, Port: o.Port, Protocol: o.Protocol,
		Signal: o.Signal, Of: o.Of, Owner: o.Owner, Group: o.Group, Mode: o.Mode, Type: o.Type, Maker: o.Maker}
	switch o.Kind {
	case mechanism.Queue, mechanism.Segment, mechanism.Semaphores:
		spec.Path = o.Key.String()
	}
	return spec
}
