package observed

import (
	"fmt"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// reader reads what was tried of one scenario.
type reader struct{ s *scenarios.Scenario }

func newReader(s *scenarios.Scenario) *reader { return &reader{s} }

// view puts together what was seen.
func (r *reader) view(tried []api.Tried, places []place) *scenarios.View {
	v := &scenarios.View{Flows: make([]scenarios.Seen, len(r.s.Flows)), BackChannels: make([]scenarios.Seen, len(r.s.BackChannels)),
		Revocations: make([]scenarios.Seen, len(r.s.Revocations))}
	for i := range v.Flows {
		v.Flows[i] = unknown("a flow over whatever way is only computed: no play can try it")
	}
	for i, p := range places {
		switch p.what {
		case api.TryFlow:
			v.Flows[p.index] = r.flow(r.s.Flows[p.index], tried[i])
		case api.TryBackChannel:
			v.BackChannels[p.index] = r.backChannel(r.s.BackChannels[p.index], tried[i])
		case api.TryRevocation:
			v.Revocations[p.index] = r.revocation(r.s.Revocations[p.index], tried[i])
		}
	}
	return v
}

func unknown(why string) scenarios.Seen {
	return scenarios.Seen{Outcome: scenarios.Unknown, Text: why}
}

// ends are who tells, who learns, and the object between them.
type ends struct {
	from, to scenarios.Subject
	via      scenarios.Object
}

func (r *reader) ends(from, to, via string) ends {
	var e ends
	e.from, _ = r.s.Subject(from)
	e.to, _ = r.s.Subject(to)
	e.via, _ = r.s.Object(via)
	return e
}

// flow reads what was tried of a flow.
func (r *reader) flow(f scenarios.Flow, t api.Tried) scenarios.Seen {
	e := r.ends(f.From, f.To, f.Via)
	if t.Trouble != "" {
		return troubled(t)
	}
	if t.Through {
		return scenarios.Seen{Outcome: scenarios.Flows, Text: "the secret came through" + onlyLogged(t.Steps), Evidence: evidenceOf(t)}
	}
	return r.stopped(e, t, t.Steps, intent{end: endOf(f), by: f.By, class: f.Class, permission: f.Permission})
}

func endOf(f scenarios.Flow) scenarios.End {
	if f.Refused == "" {
		return scenarios.FromEnd
	}
	return f.Refused
}

// backChannel reads what was tried of a back channel.
func (r *reader) backChannel(b scenarios.BackChannel, t api.Tried) scenarios.Seen {
	if t.Trouble != "" {
		return troubled(t)
	}
	if t.Through {
		text := "bits came through"
		if b.Look != "" {
			text = b.Trier() + " may do it: " + b.Look
		} else if t.Rate > 0 {
			text = fmt.Sprintf("%.0f bits/s came through", t.Rate)
		}
		return scenarios.Seen{Outcome: scenarios.Flows, Text: text + onlyLogged(t.Steps), Rate: t.Rate, Evidence: evidenceOf(t)}
	}
	e, end := r.ends(b.From, b.To, b.Via), scenarios.ToEnd
	if b.Trier() == b.From {
		end = scenarios.FromEnd
	}
	return r.stopped(e, t, t.Steps, intent{end: end, by: b.By, class: b.Class, permission: b.Permission})
}

// revocation reads what became of a channel that was open.
func (r *reader) revocation(v scenarios.Revocation, t api.Tried) scenarios.Seen {
	switch {
	case t.Trouble != "":
		return troubled(t)
	case !t.Through:
		seen := unknown("the channel was never open: nothing came through before the right was taken away")
		seen.Evidence = evidenceOf(t)
		return seen
	case t.After:
		return scenarios.Seen{Outcome: scenarios.Flows, Evidence: evidenceOf(t),
			Text: "with " + v.Boolean + " off, what was open goes on" + onlyLogged(t.Steps)}
	}
	seen := r.stopped(r.ends(v.From, v.To, v.Via), t, afterSwitch(t.Steps), intent{end: scenarios.FromEnd})
	seen.Text = "with " + v.Boolean + " off: " + seen.Text
	return seen
}

// afterSwitch are the calls that were made when the boolean was off.
func afterSwitch(steps []api.Called) []api.Called {
	for i, s := range steps {
		if s.Actor == "" && s.Call == api.CallBoolean {
			return steps[i+1:]
		}
	}
	return steps
}

func troubled(t api.Tried) scenarios.Seen {
	seen := unknown("the machine could not try it: " + firstLine(t.Trouble))
	seen.Evidence = evidenceOf(t)
	return seen
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// namespaceOf is the kind of namespace that decides whether an object is found.
func namespaceOf(o scenarios.Object) string {
	m, _ := mechanism.Find(o.Kind)
	return m.Namespace
}
