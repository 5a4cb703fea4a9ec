package play

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// whole is one play.
type whole struct {
	stage   Stage
	spec    api.PlaySpec
	players map[string]*player // by subject
	since   uint64             // records up to here are not about the next step
	lost    uint32             // at the beginning
	limit   time.Duration      // on waits for actors, for tests
}

// Play plays a scenario. What could not be tried is in the result, with the reason;
// an error is one that leaves nothing to report.
func Play(ctx context.Context, stage Stage, spec api.PlaySpec) (api.PlayResult, error) {
	w := &whole{stage: stage, spec: spec, players: map[string]*player{}}
	return w.play(ctx)
}

func (w *whole) play(ctx context.Context) (r api.PlayResult, err error) {
	stage, spec := w.stage, w.spec
	if err := check(spec); err != nil {
		return r, err
	}
	for _, d := range spec.Directories {
		if err := stage.Directory(d); err != nil {
			return r, err
		}
	}
	before, err := stage.SetBooleans(spec.Booleans)
	defer func() {
		_, resetErr := stage.SetBooleans(before)
		err = errors.Join(err, resetErr)
	}()
	if err != nil {
		return r, err
	}
	defer w.end()
	if err := w.begin(); err != nil {
		return r, err
	}
	for _, t := range spec.Tries {
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		r.Tried = append(r.Tried, w.try(t))
	}
	r.Lost, err = w.lostSince()
	return r, err
}

// begin starts all actors at the same time.
func (w *whole) begin() error {
	started := make([]*player, len(w.spec.Actors))
	failures := make([]error, len(w.spec.Actors))
	var all sync.WaitGroup
	for i, a := range w.spec.Actors {
		all.Go(func() { started[i], failures[i] = start(w.stage, a, w.limit) })
	}
	all.Wait()
	for i, p := range started {
		if p != nil {
			w.players[w.spec.Actors[i].Name] = p
		}
	}
	if err := errors.Join(failures...); err != nil {
		return err
	}
	reply, err := w.stage.Records(api.RecordsQuery{Since: ^uint64(0)})
	w.since, w.lost = reply.Next, reply.Lost
	return err
}

// end ends all actors. What is left of them goes with their control groups.
func (w *whole) end() {
	for _, p := range w.players {
		p.end()
	}
	w.stage.Clear()
}

// lostSince counts the audit records that were lost since the beginning.
func (w *whole) lostSince() (uint32, error) {
	reply, err := w.stage.Records(api.RecordsQuery{Since: ^uint64(0)})
	return reply.Lost - w.lost, err
}

// ready gives the actor of a subject, started anew if it has ended.
func (w *whole) ready(name string) (*player, error) {
	if p := w.players[name]; p.alive() {
		return p, nil
	}
	w.players[name].end()
	spec, _ := w.actor(name)
	p, err := start(w.stage, spec, w.limit)
	if err != nil {
		return nil, err
	}
	w.players[name] = p
	return p, w.skipRecords()
}

// skipRecords leaves out what was recorded until now: it belongs to no step.
func (w *whole) skipRecords() error {
	reply, err := w.stage.Records(api.RecordsQuery{Since: ^uint64(0)})
	if err == nil {
		w.since = reply.Next
	}
	return err
}

func (w *whole) actor(name string) (api.ActorSpec, bool) {
	i := slices.IndexFunc(w.spec.Actors, func(a api.ActorSpec) bool { return a.Name == name })
	if i < 0 {
		return api.ActorSpec{}, false
	}
	return w.spec.Actors[i], true
}

func (w *whole) object(name string) (api.ObjectSpec, bool) {
	i := slices.IndexFunc(w.spec.Objects, func(o api.ObjectSpec) bool { return o.Name == name })
	if i < 0 {
		return api.ObjectSpec{}, false
	}
	return w.spec.Objects[i], true
}

// Limits of what is asked for, far above any scenario.
const (
	maxActors  = 64
	maxObjects = 256
	maxTries   = 1024
)

// check finds what a play cannot even begin with.
func check(spec api.PlaySpec) error {
	if len(spec.Actors) > maxActors || len(spec.Objects) > maxObjects || len(spec.Tries) > maxTries {
		return fmt.Errorf("a play of %d actors, %d objects and %d tries: %d, %d and %d are the limits",
			len(spec.Actors), len(spec.Objects), len(spec.Tries), maxActors, maxObjects, maxTries)
	}
	w := &whole{spec: spec}
	names := map[string]bool{}
	for _, a := range spec.Actors {
		if a.Name == "" || names[a.Name] {
			return fmt.Errorf("two actors, or one without a name: %q", a.Name)
		}
		names[a.Name] = true
	}
	for _, o := range spec.Objects {
		if _, known := w.actor(o.Maker); o.Maker != "" && !known {
			return fmt.Errorf("object %s: there is no subject %q to make it", o.Name, o.Maker)
		}
		if _, err := actor.New(actor.Role{Object: o}); err != nil {
			return fmt.Errorf("object %s: %w", o.Name, err)
		}
	}
	for _, t := range spec.Tries {
		if err := w.checkTry(t); err != nil {
			return err
		}
	}
	return nil
}

func (w *whole) checkTry(t api.Try) error {
	for _, name := range []string{t.From, t.To} {
		if _, ok := w.actor(name); !ok {
			return fmt.Errorf("a try with the subject %q, which there is none of", name)
		}
	}
	if _, ok := w.object(t.Via); !ok {
		return fmt.Errorf("a try by the object %q, which there is none of", t.Via)
	}
	if t.From == t.To {
		return fmt.Errorf("a try from %s to itself", t.From)
	}
	return nil
}
