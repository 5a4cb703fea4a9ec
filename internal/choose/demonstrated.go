package choose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ipclab/scenarios"
)

// Shown is what the play of a scenario demonstrated of a mechanism.
type Shown struct {
	// Direction is "one-way" if what flowed one way was stopped by SELinux the
	// other way, between the same two subjects; else "both".
	Direction Fact `json:"direction"`
	// Revocation is what an open channel did once its right was gone: "stops",
	// "continues", or "partly" if some of its objects do the one and some the other.
	Revocation Fact `json:"revocation"`
	// Label is whose type SELinux asked about: "own" if the object has one of its
	// own, "maker" if it has that of who made it.
	Label Fact `json:"label"`
	// Open and Closed are back channels that were tried, by their names: by those
	// bits came through, by these none did.
	Open   []Fact `json:"open"`
	Closed []Fact `json:"closed"`
}

// Fact is something that was seen in a machine.
type Fact struct {
	Value string `json:"value"`
	Text  string `json:"text"` // what was seen, in one line
	File  string `json:"file"` // the scenario that says it
}

// Views are what plays came to, by the scenario's name.
type Views map[string]*scenarios.View

// Demonstrate derives what plays of the library's scenarios demonstrate of each
// mechanism. What they do not demonstrate is an error: then the scenario lacks a
// flow, or did otherwise than it says.
func Demonstrate(views Views) (map[string]Shown, error) {
	all, err := Mechanisms()
	if err != nil {
		return nil, err
	}
	shown := map[string]Shown{}
	for _, m := range all {
		s, err := scenarios.Library().Find(m.Scenario)
		if err != nil {
			return nil, err
		}
		view := views[m.Scenario]
		if view == nil {
			return nil, fmt.Errorf("the scenario %s was not played", m.Scenario)
		}
		one, err := play{m, s, view}.shown()
		if err != nil {
			return nil, fmt.Errorf("the scenario %s demonstrates %s of %s", m.Scenario, err, m.Name)
		}
		shown[m.Name] = one
	}
	return shown, nil
}

// Encode writes what was demonstrated as demonstrated.json has it.
func Encode(shown map[string]Shown) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(shown)
	return b.Bytes(), err
}

// play is what a scenario's play says of a mechanism.
type play struct {
	mechanism Mechanism
	scenario  *scenarios.Scenario
	view      *scenarios.View
}

func (p play) shown() (s Shown, err error) {
	if len(p.view.Flows) != len(p.scenario.Flows) || len(p.view.BackChannels) != len(p.scenario.BackChannels) ||
		len(p.view.Revocations) != len(p.scenario.Revocations) {
		return s, fmt.Errorf("nothing, because its view is of another scenario,")
	}
	if s.Direction, err = p.direction(); err != nil {
		return s, err
	}
	if s.Revocation, err = p.revocation(); err != nil {
		return s, err
	}
	if s.Label, err = p.label(); err != nil {
		return s, err
	}
	s.Open, s.Closed = []Fact{}, []Fact{}
	return s, p.backChannels(&s)
}

// over tells whether something goes over an object of the mechanism.
func (p play) over(via string) bool { return slices.Contains(p.mechanism.Objects, via) }

func (p play) fact(value, format string, args ...any) Fact {
	return Fact{Value: value, Text: fmt.Sprintf(format, args...), File: p.scenario.Shown()}
}

// direction looks for a flow that came through, between two subjects of
// whom the other one is stopped.
func (p play) direction() (Fact, error) {
	both := ""
	for i, forth := range p.scenario.Flows {
		if !p.over(forth.Via) || p.view.Flows[i].Outcome != scenarios.Flows {
			continue
		}
		for j, back := range p.scenario.Flows {
			if !p.over(back.Via) || back.From != forth.To || back.To != forth.From {
				continue
			}
			if seen := p.view.Flows[j]; seen.Outcome == scenarios.Stopped && seen.By == scenarios.BySELinux {
				return p.fact("one-way", "%s → %s came through; %s → %s was stopped by SELinux (%s %s)",
					forth.From, forth.To, back.From, back.To, seen.Class, seen.Permission), nil
			} else if seen.Outcome == scenarios.Flows {
				both = fmt.Sprintf("%s → %s came through, and so did %s → %s", forth.From, forth.To, back.From, back.To)
			}
		}
	}
	if both == "" {
		return Fact{}, fmt.Errorf("no direction")
	}
	return p.fact("both", "%s", both), nil
}

// revocation looks at what open channels did.
func (p play) revocation() (Fact, error) {
	var value string
	var texts []string
	for i, r := range p.scenario.Revocations {
		if !p.over(r.Via) {
			continue
		}
		one := map[scenarios.Outcome]string{scenarios.Stopped: "stops", scenarios.Flows: "continues"}[p.view.Revocations[i].Outcome]
		switch {
		case one == "":
			return Fact{}, fmt.Errorf("no outcome of a revocation")
		case value == "":
			value = one
		case value != one:
			value = "partly"
		}
		texts = append(texts, fmt.Sprintf("the open %s %s once the right is gone", r.Via, one))
	}
	if value == "" {
		return Fact{}, fmt.Errorf("no revocation")
	}
	return p.fact(value, "%s", strings.Join(texts, "; ")), nil
}

// label looks at whose type the refusal of a flow was about.
func (p play) label() (Fact, error) {
	for i, f := range p.scenario.Flows {
		seen := p.view.Flows[i]
		o, ok := p.scenario.Object(f.Via)
		if !ok || !p.over(f.Via) || seen.Outcome != scenarios.Stopped || seen.By != scenarios.BySELinux {
			continue
		}
		if o.Type != "" && about(seen, o.Type) {
			return p.fact("own", "SELinux was asked about %s, a type of the object's own: %s %s", o.Type, seen.Class, seen.Permission), nil
		}
		if maker, ok := p.scenario.Subject(o.Maker); ok && about(seen, maker.Domain) {
			return p.fact("maker", "SELinux was asked about %s, the domain of who made it: %s %s", maker.Domain, seen.Class, seen.Permission), nil
		}
	}
	return Fact{}, fmt.Errorf("no label")
}

// about tells whether a record of a refusal names a type as its target, as
// policy.AVC prints it.
func about(seen scenarios.Seen, target string) bool {
	return slices.ContainsFunc(seen.Evidence, func(line string) bool {
		return strings.Contains(line, " → "+target+" : "+seen.Class)
	})
}

// backChannels looks at the back channels that were tried.
func (p play) backChannels(s *Shown) error {
	for i, b := range p.scenario.BackChannels {
		if !p.over(b.Via) {
			continue
		}
		switch seen := p.view.BackChannels[i]; seen.Outcome {
		case scenarios.Flows:
			s.Open = append(s.Open, p.fact(b.How, "%s told %s bits by it", b.From, b.To))
		case scenarios.Stopped:
			by := string(seen.By)
			if seen.By == scenarios.BySELinux {
				by = fmt.Sprintf("SELinux (%s %s)", seen.Class, seen.Permission)
			}
			s.Closed = append(s.Closed, p.fact(b.How, "stopped by %s", by))
		default:
			return fmt.Errorf("no outcome of the back channel %s", b.How)
		}
	}
	return nil
}
