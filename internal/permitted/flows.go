package permitted

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// trial is what is asked about one use of an object.
type trial struct {
	from, to scenarios.Subject
	thing    *thing
	way      mechanism.Way
	want     scenarios.Flow // what must refuse it, if it must be refused
}

// found is what came of a trial with certain values of booleans.
type found struct {
	refusal  *refusal // nil: it flows
	passed   []string // evidence for what was let through
	booleans []string // under which rules about it are
}

// flow computes one flow.
func (p *prover) flow(f scenarios.Flow) (scenarios.Seen, error) {
	from, _ := p.s.Subject(f.From)
	to, _ := p.s.Subject(f.To)
	if f.Via == "" {
		return p.anyWay(from, to)
	}
	t := p.things[f.Via]
	way, _ := t.about.Way(f.How)
	one := trial{from: from, to: to, thing: t, way: way, want: f}
	seen, err := p.trial(one)
	if err != nil {
		return seen, err
	}
	if seen.Outcome == scenarios.Flows && f.By == scenarios.ByCgroup {
		seen.Outcome = scenarios.Unknown
		seen.Text = "every call is let through; what the bounds of a control group hold up shows only when it is tried"
	}
	return seen, p.addInformation(&seen, one)
}

// trial asks everything about one use of an object, and which booleans would
// change the answer.
func (p *prover) trial(one trial) (scenarios.Seen, error) {
	if one.way.Receiver == mechanism.OnlyMaker && one.to.Name != one.thing.Maker {
		return scenarios.Seen{Outcome: scenarios.Stopped, Text: fmt.Sprintf("nothing comes to %s this way: only the maker of %s receives what is sent to it", one.to.Name, one.thing.Name)}, nil
	}
	now, err := p.try(one, p.s.Booleans)
	if err != nil {
		return scenarios.Seen{}, err
	}
	seen := seenOf(one, now)
	seen.When, err = p.when(now, func(values map[string]bool) (found, error) { return p.try(one, values) })
	return seen, err
}

// try goes through all calls: those of the maker, those by which both ends open
// the object, and those that are made for each message.
func (p *prover) try(one trial, values map[string]bool) (f found, err error) {
	made, err := p.making(one, values)
	if err != nil || made.refusal != nil {
		return made, err
	}
	f.booleans = made.booleans
	refusals := map[scenarios.End]*refusal{}
	for _, end := range []scenarios.End{scenarios.ToEnd, scenarios.FromEnd} {
		w := p.walk(one, end, values)
		refusals[end] = w.through(p.calls(one, end))
		if w.err != nil {
			return f, w.err
		}
		f.passed = union(f.passed, w.passed)
		f.booleans = append(f.booleans, w.booleans...)
	}
	f.refusal = first(one.want, refusals)
	return f, nil
}

// union puts two lists together, each line once.
func union(a, b []string) []string {
	for _, line := range b {
		if !slices.Contains(a, line) {
			a = append(a, line)
		}
	}
	return a
}

// first picks the refusal that counts where both ends are refused: that of the
// end which must be; otherwise the one that comes first when it is tried.
func first(want scenarios.Flow, refusals map[scenarios.End]*refusal) *refusal {
	from, to := refusals[scenarios.FromEnd], refusals[scenarios.ToEnd]
	switch {
	case from == nil:
		return to
	case to == nil:
		return from
	case want.Want == scenarios.Deny:
		return refusals[cmp.Or(want.Refused, scenarios.FromEnd)]
	case to.call.Each && !from.call.Each:
		return from
	}
	return to
}

// calls are those of one end.
func (p *prover) calls(one trial, end scenarios.End) []mechanism.Call {
	if end == scenarios.ToEnd {
		return one.way.To
	}
	if one.thing.of == nil {
		return one.way.From
	}
	opens, ok := one.thing.of.about.Way("rdwr") // what is passed is open for both
	if !ok {
		opens, _ = one.thing.of.about.Way("")
	}
	return slices.Concat(opens.From, one.way.From)
}

// walk is that of one end.
func (p *prover) walk(one trial, end scenarios.End, values map[string]bool) *walk {
	subject, peer := one.from, one.to
	if end == scenarios.ToEnd {
		subject, peer = peer, subject
	}
	w := &walk{p: p, values: values, peer: peer, thing: one.thing, from: p.domain(one.from), to: p.domain(one.to)}
	if one.thing.of != nil {
		w.thing = one.thing.of
	}
	w.side = side{end: end, subject: subject, domain: p.domain(subject), makes: subject.Name == w.thing.Maker}
	return w
}

// making goes through the calls of the object's maker, if that is a subject.
func (p *prover) making(one trial, values map[string]bool) (f found, err error) {
	t := one.thing
	if t.of != nil {
		t = t.of
	}
	maker, ok := p.s.Subject(t.Maker)
	if !ok {
		return f, nil
	}
	fresh := *t
	fresh.Type = ""
	fresh.types = map[string]string{}
	if err := p.label(&fresh); err != nil {
		return f, err
	}
	w := &walk{p: p, values: values, thing: &fresh, from: p.domain(one.from), to: p.domain(one.to)}
	w.side = side{subject: maker, domain: p.domain(maker), makes: true}
	switch maker.Name {
	case one.from.Name:
		w.side.end = scenarios.FromEnd
	case one.to.Name:
		w.side.end = scenarios.ToEnd
	}
	f.refusal = w.through(t.about.Make)
	for _, d := range dressing(t) {
		if f.refusal != nil || w.err != nil {
			break
		}
		if d.after {
			w.thing = t
		}
		f.refusal = w.through([]mechanism.Call{d.call})
	}
	if f.refusal != nil {
		f.refusal.text = "it cannot be made: " + f.refusal.text
	}
	f.booleans = w.booleans
	return f, w.err
}

// dress is a call by which a maker gives an object what the scenario says.
type dress struct {
	call  mechanism.Call
	after bool // the object has its type already
}

// dressing are the calls by which a maker gives an object its type, its owner and
// its mode.
func dressing(t *thing) []dress {
	var all []dress
	class := t.class()
	if t.about.Place == mechanism.Path && len(t.about.Classes) > 1 {
		class = t.about.Classes[1] // of a Unix socket the name
	}
	add := func(name string, after bool, perms ...string) {
		c := mechanism.Call{Name: name, Syscalls: []string{name}}
		if t.about.Place == mechanism.Path {
			c.Directory = "x"
			c.Needs = append(c.Needs, mechanism.Need{On: mechanism.OnDirectory, Class: "dir", Permissions: []string{"search"}})
		}
		c.Needs = append(c.Needs, mechanism.Need{On: mechanism.OnObject, Class: class, Permissions: perms})
		all = append(all, dress{c, after})
	}
	file := len(t.dirs) > 0
	if file && t.Type != "" {
		add(calledBy(t, "setxattr"), false, "relabelfrom")
		add(calledBy(t, "setxattr"), true, "relabelto")
	}
	if t.Owner != "" || t.Group != "" {
		add(calledBy(t, "chown"), true, "setattr")
	}
	if file && t.Mode != "" {
		add(calledBy(t, "chmod"), true, "setattr")
	}
	return all
}

// calledBy is the system call by which an actor does something to an object.
func calledBy(t *thing, what string) string {
	switch t.about.Place {
	case mechanism.Path:
		return map[string]string{"setxattr": "lsetxattr", "chown": "lchown", "chmod": "fchmodat"}[what]
	case mechanism.Key:
		return map[mechanism.Kind]string{mechanism.Queue: "msgctl", mechanism.Segment: "shmctl", mechanism.Semaphores: "semctl"}[t.Kind]
	}
	return "f" + what
}

// seen puts what was found into the words of a view.
func seenOf(one trial, f found) scenarios.Seen {
	if f.refusal == nil {
		return scenarios.Seen{Outcome: scenarios.Flows, Text: fmt.Sprintf("every call of %s and %s is let through", one.from.Name, one.to.Name), Evidence: f.passed}
	}
	r := f.refusal
	s := scenarios.Seen{
		Outcome: scenarios.Stopped, By: r.by, Class: r.class, Syscall: r.syscall, Errno: r.errno, Refused: r.side.end,
		Text: fmt.Sprintf("%s: %s", r.call.Name, r.text), Evidence: r.evidence,
	}
	if len(r.missing) > 0 {
		s.Permission = r.missing[0]
		if one.want.Class == r.class && slices.Contains(r.missing, one.want.Permission) {
			s.Permission = one.want.Permission
		}
	}
	return s
}

// addInformation adds what the information-flow graph says: the path over the
// object, or what it says of all other ways.
func (p *prover) addInformation(seen *scenarios.Seen, one trial) error {
	a, err := p.answer(one.from, one.to)
	if err != nil {
		return err
	}
	if a.same {
		return nil
	}
	if seen.Outcome == scenarios.Stopped {
		seen.Evidence = append(seen.Evidence, "by whatever way: "+a.text())
		return nil
	}
	steps := p.over(a, one.thing)
	seen.Evidence = slices.DeleteFunc(seen.Evidence, func(line string) bool { return repeated(line, steps) })
	for i, s := range steps {
		seen.Evidence = slices.Insert(seen.Evidence, i, "information: "+s)
	}
	return nil
}

// repeated tells whether a rule is in one of the steps already.
func repeated(line string, steps []string) bool {
	rule, ok := strings.CutPrefix(line, string(scenarios.BySELinux)+": ")
	return ok && slices.ContainsFunc(steps, func(step string) bool { return strings.Contains(step, rule) })
}
