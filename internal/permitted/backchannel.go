package permitted

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/flow"
	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// channels gives the back channels that a scenario's one names: of the object's
// classes, or of the machine. Where it is a channel that no permission decides,
// the second value is its note. An error is an *UnknownError.
func (p *prover) channels(b scenarios.BackChannel) ([]flow.Channel, *flow.Note, error) {
	known, err := flow.DefaultMap()
	if err != nil {
		return nil, nil, err
	}
	classes := p.classes(b.Via)
	var channels []flow.Channel
	var names []string
	for _, c := range known.Channels {
		if !concerns(c, classes) {
			continue
		}
		names = append(names, c.Name)
		if c.Name == b.How {
			channels = append(channels, c)
		}
	}
	if len(channels) > 0 {
		return channels, nil, nil
	}
	for _, n := range known.Notes {
		if slices.Contains(classes, n.Class) {
			if names = append(names, n.Name); n.Name == b.How {
				return nil, &n, nil
			}
		}
	}
	return nil, nil, &UnknownError{[]Unknown{{File: p.s.Shown(), At: b.At, Kind: "back channel of " + string(p.things[b.Via].Kind), Name: b.How, Nearest: near(b.How, names)}}}
}

// concerns tells whether a channel is about some classes: of such an object, or of
// the machine and used by who uses such objects.
func concerns(c flow.Channel, classes []string) bool {
	if c.Class != "" {
		return slices.Contains(classes, c.Class)
	}
	return slices.ContainsFunc(c.Sent, func(e flow.End) bool { return slices.Contains(classes, e.Class) })
}

// classes are those of an object, and of what a passed descriptor is open on.
func (p *prover) classes(object string) []string {
	t := p.things[object]
	if t.of != nil {
		return slices.Concat(t.about.Classes, t.of.about.Classes)
	}
	return t.about.Classes
}

// backChannel computes one back channel: whether one end may do what is seen, and
// the other one may do what sees it.
func (p *prover) backChannel(b scenarios.BackChannel) (scenarios.Seen, error) {
	channels, note, err := p.channels(b)
	if err != nil {
		return scenarios.Seen{}, err
	}
	if note != nil {
		return scenarios.Seen{Outcome: scenarios.Flows, Text: "no permission decides it: " + note.What}, nil
	}
	now, err := p.tryChannels(b, channels, p.s.Booleans)
	if err != nil {
		return scenarios.Seen{}, err
	}
	seen := scenarios.Seen{Outcome: scenarios.Flows, Text: channels[0].How, Evidence: now.passed}
	if now.refusal != nil {
		seen = seenOf(trial{thing: p.things[b.Via], want: scenarios.Flow{Want: b.Want, Class: b.Class, Permission: b.Permission}}, now)
	}
	seen.When, err = p.when(now, func(values map[string]bool) (found, error) { return p.tryChannels(b, channels, values) })
	return seen, err
}

// tryChannels asks about each channel of the name; one that is open is enough.
func (p *prover) tryChannels(b scenarios.BackChannel, channels []flow.Channel, values map[string]bool) (f found, err error) {
	for _, c := range channels {
		one, err := p.tryChannel(b, c, values)
		if err != nil {
			return f, err
		}
		one.booleans = append(one.booleans, f.booleans...)
		if f = one; f.refusal == nil {
			break
		}
	}
	return f, nil
}

// tryChannel asks whether the one who tells has any permission of those that are
// seen, and the other one any of those that see.
func (p *prover) tryChannel(b scenarios.BackChannel, c flow.Channel, values map[string]bool) (found, error) {
	from, _ := p.s.Subject(b.From)
	to, _ := p.s.Subject(b.To)
	sent, err := p.channelEnd(b, c, side{end: scenarios.FromEnd, subject: from, domain: p.domain(from)}, values)
	if err != nil {
		return sent, err
	}
	seen, err := p.channelEnd(b, c, side{end: scenarios.ToEnd, subject: to, domain: p.domain(to)}, values)
	f := found{refusal: seen.refusal, passed: append(sent.passed, seen.passed...), booleans: append(sent.booleans, seen.booleans...)}
	if sent.refusal != nil && (seen.refusal == nil || b.Trier() == b.From) {
		f.refusal = sent.refusal
	}
	return f, err
}

// channelEnd asks about one end: it needs any one of the channel's permissions.
func (p *prover) channelEnd(b scenarios.BackChannel, c flow.Channel, s side, values map[string]bool) (f found, err error) {
	ends := c.Sent
	if s.end == scenarios.ToEnd {
		ends = c.Seen
	}
	var refused []*refusal
	if s.subject.Name == b.Trier() {
		ends = p.looked(b, ends)
	}
	for _, e := range p.own(b, ends) {
		r, passed, booleans, err := p.mayDo(b, c, e, s, values)
		if err != nil {
			return f, err
		}
		f.booleans = append(f.booleans, booleans...)
		if r == nil {
			f.passed = append(f.passed, passed...)
			return f, nil
		}
		refused = append(refused, r)
	}
	f.refusal = refused[0]
	for _, r := range refused {
		if r.by == b.By && (b.Class == "" || r.class == b.Class) && (b.Permission == "" || slices.Contains(r.missing, b.Permission)) {
			f.refusal = r
			break
		}
	}
	return f, nil
}

// looked leaves those ends that the scenario's own way of looking is about, if it
// names one.
func (p *prover) looked(b scenarios.BackChannel, ends []flow.End) []flow.End {
	perm := p.machine.Looks[b.Look]
	about := slices.DeleteFunc(slices.Clone(ends), func(e flow.End) bool { return e.Perm != perm })
	if len(about) == 0 {
		return ends
	}
	return about
}

// own leaves out what is about other kinds of objects, if anything is about the
// channel's own: the channels of the machine are common to all of System V.
func (p *prover) own(b scenarios.BackChannel, ends []flow.End) []flow.End {
	classes := p.classes(b.Via)
	var own []flow.End
	for _, e := range ends {
		if slices.Contains(classes, e.Class) {
			own = append(own, e)
		}
	}
	if len(own) == 0 {
		return ends
	}
	return own
}

// mayDo asks whether one end may do one of the things that a channel is made of.
func (p *prover) mayDo(b scenarios.BackChannel, channel flow.Channel, e flow.End, s side, values map[string]bool) (*refusal, []string, []string, error) {
	t := p.things[b.Via]
	if t.of != nil {
		t = t.of
	}
	s.makes = s.subject.Name == t.Maker
	w := &walk{p: p, values: values, side: s, thing: t}
	c := mechanism.Call{Name: fmt.Sprintf("%s %s", e.Class, e.Perm)}
	if e.Perm == "anyone" || e.Perm == "owner" {
		return w.freely(c, e), w.passed, nil, nil
	}
	if channel.Class != "" {
		c.Finds, c.Mode, c.Overrides = true, t.modeFor(e.Perm), overrides(t)
	}
	if b.Look == string(api.OpIndexAny) {
		c.Mode = "" // it asks for no mode
	}
	r := w.namespace(c)
	if r == nil {
		r = w.mode(c)
	}
	if r == nil {
		r = p.channelPermission(w, c, b, channel, e)
	}
	if r == nil && e.OwnPerm != "" {
		r = w.permissions(c, mechanism.Need{Permissions: []string{e.OwnPerm}}, s.domain, s.domain, e.OwnClass)
	}
	return r, w.passed, w.booleans, w.err
}

// freely is an end that needs no permission: everybody's, or that of the process
// which has the object's type.
func (w *walk) freely(c mechanism.Call, e flow.End) *refusal {
	if e.Perm == "owner" && w.thing.types[e.Class] != w.side.domain {
		return w.refuse(c, scenarios.BySELinux, "", "%s is not of the type of %s", w.side.domain, w.thing.Name)
	}
	w.pass(fmt.Sprintf("channel: %s needs no permission", w.side.subject.Name))
	return nil
}

// channelPermission asks SELinux for the permission of a channel's end: on the
// object, on a file that the policy labels by its place, or on any object.
func (p *prover) channelPermission(w *walk, c mechanism.Call, b scenarios.BackChannel, channel flow.Channel, e flow.End) *refusal {
	target := ""
	switch {
	case e.Place != "":
		target = p.placed(e.Place)
	case channel.Class != "":
		target = w.thing.types[e.Class]
	}
	if target != "" {
		r := w.permissions(c, mechanism.Need{Permissions: []string{e.Perm}}, w.side.domain, target, e.Class)
		if channel.Class == "" {
			return r
		}
		if b.Look == string(api.OpIndexAny) {
			return r
		}
		return w.afterMode(c, e, target, r)
	}
	answer, err := p.book.anywhere(w.side.domain, e.Class, e.Perm, w.values)
	if w.err = err; err != nil {
		return nil
	}
	w.booleans = append(w.booleans, answer.booleans...)
	if answer.allowed {
		w.pass(about(scenarios.BySELinux, "%s", answer.rule))
		return nil
	}
	r := w.refuse(c, scenarios.BySELinux, "EACCES", "%s lacks %s %s on anything", w.who(), e.Class, e.Perm)
	r.class, r.missing = e.Class, []string{e.Perm}
	r.evidence = []string{about(scenarios.BySELinux, "no rule allows %s any (%s (%s))", w.side.domain, e.Class, e.Perm)}
	return r
}

// afterMode adds what System V asks before it: with an object's mode goes a
// permission, unix_read or unix_write. Without the right to look at the state in
// that way there is another call, *_STAT_ANY, that does without.
func (w *walk) afterMode(c mechanism.Call, e flow.End, target string, r *refusal) *refusal {
	asked := map[string]string{"read": "unix_read", "getattr": "unix_read", "write": "unix_write"}[e.Perm]
	if w.thing.about.Place != mechanism.Key || asked == "" || w.err != nil {
		return r
	}
	before := w.permissions(c, mechanism.Need{Permissions: []string{asked}}, w.side.domain, target, e.Class)
	switch {
	case before == nil, r == nil && e.Perm == "getattr":
		return r
	case r != nil:
		before.missing = append(before.missing, r.missing...)
		before.evidence = append(before.evidence, r.evidence[0])
	}
	return before
}

// placed is the type of a file that genfscon labels: FILESYSTEM/PATH. The longest
// path decides.
func (p *prover) placed(place string) string {
	fs, file, _ := strings.Cut(place, "/")
	file = "/" + file
	label, longest := "", -1
	for _, g := range p.m.Genfs {
		if g.FS == fs && strings.HasPrefix(file, g.Path) && len(g.Path) > longest {
			label, longest = g.Type, len(g.Path)
		}
	}
	return label
}

// modeFor is what an object's mode must allow for what a permission of SELinux
// is about: System V asks for reading before it tells anything.
func (t *thing) modeFor(perm string) string {
	switch perm {
	case "read", "execute", "map", "watch", "watch_reads":
		return t.unlessSocket("r")
	case "getattr":
		if t.about.Place == mechanism.Key {
			return "r"
		}
	case "write", "append", "sendto", "connectto":
		return t.unlessSocket("w")
	case "setattr", "destroy":
		if t.about.Place == mechanism.Key {
			return "owner"
		}
	}
	return ""
}

// unlessSocket gives a mode where the object has one that is asked for it: of
// sockets without a name, pipes and processes nothing is asked.
func (t *thing) unlessSocket(mode string) string {
	switch {
	case t.about.Place == mechanism.Path && len(t.about.Classes) > 1:
		return "" // each end reads and writes its own socket
	case len(t.dirs) > 0, t.about.Place == mechanism.Key:
		return mode
	}
	return ""
}

// overrides are the capabilities that let one pass an object's mode.
func overrides(t *thing) []string {
	if t.about.Place == mechanism.Key {
		return []string{"ipc_owner"}
	}
	return []string{"dac_override"}
}
