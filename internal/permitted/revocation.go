package permitted

import (
	"fmt"
	"maps"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// revocation computes what an open channel does when a boolean is switched off:
// what is asked again at every message may be refused then; what was asked at
// opening only is not.
func (p *prover) revocation(r scenarios.Revocation) (scenarios.Seen, error) {
	from, _ := p.s.Subject(r.From)
	to, _ := p.s.Subject(r.To)
	t := p.things[r.Via]
	way, _ := t.about.Way(r.How)
	one := trial{from: from, to: to, thing: t, way: way}
	before, err := p.try(one, p.s.Booleans)
	if err != nil {
		return scenarios.Seen{}, err
	}
	if before.refusal != nil {
		seen := seenOf(one, before)
		seen.Text = "nothing flows even before: " + seen.Text
		return seen, nil
	}
	off := maps.Clone(p.s.Booleans)
	off[r.Boolean] = false
	held, err := p.held(one, off)
	if err != nil {
		return scenarios.Seen{}, err
	}
	if held.refusal != nil {
		seen := seenOf(one, held)
		seen.Text = fmt.Sprintf("it is asked again at every message, and with %s off %s", r.Boolean, seen.Text)
		return seen, nil
	}
	anew, err := p.try(one, off)
	if err != nil {
		return scenarios.Seen{}, err
	}
	seen := scenarios.Seen{Outcome: scenarios.Flows, Evidence: held.passed}
	if anew.refusal == nil {
		seen.Text = fmt.Sprintf("%s takes nothing away that the channel needs: it could even be opened anew", r.Boolean)
		return seen, nil
	}
	seen.Text = fmt.Sprintf("with %s off it could not be opened any more, but what is open is not asked about it again", r.Boolean)
	seen.Evidence = append(anew.refusal.evidence, seen.Evidence...)
	return seen, nil
}

// held goes through the calls that are made for every message on what is open.
func (p *prover) held(one trial, values map[string]bool) (f found, err error) {
	for _, end := range []scenarios.End{scenarios.FromEnd, scenarios.ToEnd} {
		w := p.walk(one, end, values)
		r := w.through(repeatedCalls(p.calls(one, end)))
		if w.err != nil {
			return f, w.err
		}
		f.passed = union(f.passed, w.passed)
		if r != nil {
			f.refusal = r
			return f, nil
		}
	}
	return f, nil
}

func repeatedCalls(calls []mechanism.Call) []mechanism.Call {
	var again []mechanism.Call
	for _, c := range calls {
		if c.Each {
			again = append(again, c)
		}
	}
	return again
}
