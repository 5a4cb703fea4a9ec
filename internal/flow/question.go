package flow

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// Question is a policy and what must, and must not, be possible in it.
type Question struct {
	Base     []policy.Module // the distribution's policy and ipclab's own
	Modules  []policy.Module // a lab's, and a student's after them
	Options  Options
	Trusted  []Trust
	Declared []Declared
	Claims   []Claim
}

// Claim is a flow that must be possible, or must be impossible.
type Claim struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Possible bool   `json:"possible"`
}

// Report is what came of a Question.
type Report struct {
	Types   int      `json:"types"` // in the policy
	Rules   int      `json:"rules"`
	Results []Result `json:"results"` // one for each claim, in order
}

// Result is what came of a claim.
type Result struct {
	Claim
	Holds  bool    `json:"holds"`
	Answer *Answer `json:"answer"`
	// Back are, for a flow that is possible, the back channels that lead from
	// its end to its beginning.
	Back []BackChannel `json:"back,omitempty"`
	// Notes are channels that no permission decides, of the kinds of objects
	// that the flow goes over.
	Notes []Note `json:"notes,omitempty"`
}

// Holds tells whether all claims hold.
func (r *Report) Holds() bool {
	return !slices.ContainsFunc(r.Results, func(one Result) bool { return !one.Holds })
}

// String gives a line for each claim, and below it the steps of its path.
func (r *Report) String() string {
	var b strings.Builder
	for _, one := range r.Results {
		b.WriteString(one.String())
	}
	return b.String()
}

// String gives a line, and below it the steps of the path.
func (r Result) String() string {
	var b strings.Builder
	word := "wrong"
	if r.Holds {
		word = "right"
	}
	fmt.Fprintf(&b, "%s: %s\n", word, r.Answer)
	for _, s := range slices.Concat(r.Answer.Path, r.Answer.Leak) {
		fmt.Fprintf(&b, "    %s\n", s)
	}
	if r.Answer.Impossible() {
		fmt.Fprintf(&b, "    %s; nothing leads out\n", r.Answer.Reached)
	}
	for _, g := range grouped(r.Back) {
		if !g.declared {
			fmt.Fprintf(&b, "    brings with it, undeclared: %s → %s by the back channel %s (%s)\n", g.first.From, g.first.To, g, g.first.How)
		}
	}
	return b.String()
}

// Graph makes the graph of the policy, for other questions than the claims.
func (q Question) Graph() (*Graph, error) {
	m := model.New()
	if err := m.Read(slices.Concat(q.Base, q.Modules)); err != nil {
		return nil, err
	}
	return NewGraph(m, q.Options)
}

// Examine answers the question. Errors: *policy.SyntaxError and
// *model.UnreadError for the policy, *CoverError for what the map lacks,
// *NameError for a name in the question.
func (q Question) Examine() (*Report, error) {
	g, err := q.Graph()
	if err != nil {
		return nil, err
	}
	r := &Report{Types: len(g.model.Types), Rules: len(g.model.Rules)}
	for _, c := range q.Claims {
		one, err := q.claim(g, c)
		if err != nil {
			return nil, err
		}
		r.Results = append(r.Results, one)
	}
	return r, nil
}

// claim holds one claim against the graph. That something is impossible is
// believed only when it was certified.
func (q Question) claim(g *Graph, c Claim) (r Result, err error) {
	r.Claim = c
	if r.Answer, err = g.Ask(Query{From: c.From, To: c.To, Trusted: q.Trusted, Declared: q.Declared}); err != nil {
		return r, err
	}
	if r.Answer.Impossible() {
		r.Holds = !c.Possible
		return r, r.Answer.Certify()
	}
	if r.Holds = c.Possible && len(r.Answer.Path) > 0; r.Holds {
		r.Notes = g.notes(r.Answer.Path)
		r.Back, err = g.BackChannels(Query{From: c.To, To: c.From, Trusted: q.Trusted, Declared: q.Declared})
	}
	return r, err
}

// BackChannels lists the back channels that lead straight from one program to
// another, declared or not. An error is a *NameError.
func (g *Graph) BackChannels(q Query) ([]BackChannel, error) {
	s, err := g.prepare(q)
	if err != nil {
		return nil, err
	}
	from, to, err := g.endpoints(q)
	if err != nil || from.kind != 0 || to.kind != 0 {
		return nil, err
	}
	return s.between(from.number, to.number, q.Declared), nil
}

// notes are those about the classes of a path.
func (g *Graph) notes(path []Step) []Note {
	var notes []Note
	for _, n := range g.perms.Notes {
		if slices.ContainsFunc(path, func(s Step) bool { return s.Class == n.Class }) {
			notes = append(notes, n)
		}
	}
	return notes
}
