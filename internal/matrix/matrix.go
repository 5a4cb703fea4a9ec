// Package matrix lays what a scenario intends, what the policy permits and what
// the kernel let happen side by side, and finds where they differ. It shows the
// result: in a terminal, as JSON, as a page, and as a graph to be drawn. It
// neither computes nor tries anything: the views come from internal/permitted and
// internal/observed.
package matrix

import (
	"slices"

	"ipclab/scenarios"
)

// Matrix is a scenario with the views of it, compared.
type Matrix struct {
	scenario            *scenarios.Scenario
	permitted, observed *scenarios.View
	items               []*Item
	findings            []Finding
}

// Topic is what an item is about.
type Topic string

// The topics.
const (
	Flow        Topic = "flow"
	BackChannel Topic = "back-channel"
	Revocation  Topic = "revocation"
)

// Item is one thing that the scenario says, with what each view says of it.
type Item struct {
	Topic    Topic
	From, To string
	Via      string // an object; empty: any way at all
	How      string // a way of using it, or the name of a back channel
	Look     string // of a back channel: the operation that is tried; empty: its own
	Boolean  string // of a revocation

	// Wants is what must come of it. Of a revocation, Flows means that what is
	// open must go on carrying.
	Wants scenarios.Outcome
	// By and the rest are what must stop it; each may be empty: anything.
	By                         scenarios.Layer
	Class, Permission, Syscall string
	Errno                      string
	Refused                    scenarios.End
	Bound                      float64 // of an accepted back channel, bits per second; 0: none given
	Why                        string
	At                         scenarios.Position

	Permitted, Observed *scenarios.Seen // nil: not looked at
	Finding             int             // the number of the finding about it; 0: all agree
}

// New compares the views of a scenario. A view that is nil was not looked at.
func New(s *scenarios.Scenario, permitted, observed *scenarios.View) *Matrix {
	m := &Matrix{scenario: s, permitted: permitted, observed: observed}
	m.collect()
	m.find()
	return m
}

// Scenario is what the matrix is about.
func (m *Matrix) Scenario() *scenarios.Scenario { return m.scenario }

// Items are all that the scenario says: flows, then back channels, then
// revocations, each in the scenario's order.
func (m *Matrix) Items() []*Item { return m.items }

// Findings are the differences, the gravest first.
func (m *Matrix) Findings() []Finding { return slices.Clone(m.findings) }

func (m *Matrix) collect() {
	for i, f := range m.scenario.Flows {
		m.add(ofFlow(f), i, flows)
	}
	for i, b := range m.scenario.BackChannels {
		m.add(ofBackChannel(b), i, backChannels)
	}
	for i, r := range m.scenario.Revocations {
		m.add(ofRevocation(r), i, revocations)
	}
}

func (m *Matrix) add(item *Item, i int, list func(*scenarios.View) []scenarios.Seen) {
	item.Permitted, item.Observed = seen(m.permitted, list, i), seen(m.observed, list, i)
	m.items = append(m.items, item)
}

func flows(v *scenarios.View) []scenarios.Seen        { return v.Flows }
func backChannels(v *scenarios.View) []scenarios.Seen { return v.BackChannels }
func revocations(v *scenarios.View) []scenarios.Seen  { return v.Revocations }

// seen is what a view says of the item at a place of its list. Of what is missing
// from the list, the view cannot tell.
func seen(v *scenarios.View, list func(*scenarios.View) []scenarios.Seen, i int) *scenarios.Seen {
	if v == nil {
		return nil
	}
	if all := list(v); i < len(all) {
		return &all[i]
	}
	return &scenarios.Seen{Outcome: scenarios.Unknown, Text: "this view says nothing of it"}
}

func ofFlow(f scenarios.Flow) *Item {
	return &Item{
		Topic: Flow, From: f.From, To: f.To, Via: f.Via, How: f.How, Wants: outcome(f.Want),
		By: f.By, Class: f.Class, Permission: f.Permission, Syscall: f.Syscall, Errno: f.Errno, Refused: refusedEnd(f),
		Why: f.Why, At: f.At,
	}
}

// refusedEnd is the end of a forbidden flow that must be refused. Where no layer
// is named, nothing is said of the end either.
func refusedEnd(f scenarios.Flow) scenarios.End {
	if f.Refused == "" && f.By != "" {
		return scenarios.FromEnd
	}
	return f.Refused
}

func ofBackChannel(b scenarios.BackChannel) *Item {
	return &Item{
		Topic: BackChannel, From: b.From, To: b.To, Via: b.Via, How: b.How, Look: b.Look, Wants: outcome(b.Want),
		By: b.By, Class: b.Class, Permission: b.Permission, Refused: triedEnd(b), Bound: b.Bound, Why: b.Why, At: b.At,
	}
}

// triedEnd is the end of a closed back channel that must be refused.
func triedEnd(b scenarios.BackChannel) scenarios.End {
	if b.Tries == "" && b.By != "" {
		return scenarios.ToEnd
	}
	return b.Tries
}

func ofRevocation(r scenarios.Revocation) *Item {
	wants := scenarios.Stopped
	if r.Held == scenarios.Continues {
		wants = scenarios.Flows
	}
	return &Item{
		Topic: Revocation, From: r.From, To: r.To, Via: r.Via, How: r.How, Boolean: r.Boolean,
		Wants: wants, Why: r.Why, At: r.At,
	}
}

func outcome(w scenarios.Want) scenarios.Outcome {
	if w == scenarios.Deny {
		return scenarios.Stopped
	}
	return scenarios.Flows
}
