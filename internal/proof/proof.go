package proof

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// Proof is what came of trying to prove a policy. It holds when nothing broke.
type Proof struct {
	Domains []string         `json:"domains"` // that student code can become; up to the first that breaks a claim
	Claims  []string         `json:"claims"`  // what none of them may do
	Types   int              `json:"types"`   // in the policy
	Rules   int              `json:"rules"`   // allow rules that were looked at
	Broken  []Counterexample `json:"broken,omitempty"`
}

// Holds tells whether the policy was proved.
func (p *Proof) Holds() bool { return len(p.Broken) == 0 }

// String says in one line what was proved, or what breaks first.
func (p *Proof) String() string {
	if !p.Holds() {
		return p.Broken[0].String()
	}
	return fmt.Sprintf("student code can become %s and no other domain; none may break one of %d claims (%d rules, %d types)",
		strings.Join(p.Domains, ", "), len(p.Claims), p.Rules, p.Types)
}

// Counterexample is a way to do what a claim rules out.
type Counterexample struct {
	Claim string `json:"claim"`
	Path  []Step `json:"path,omitempty"` // from a subject into Domain; empty when Domain is a subject
	// Domain may act on Target by Rule. Target is empty when the rule breaks
	// the claim whatever it is used on.
	Domain string `json:"domain"`
	Target string `json:"target,omitempty"`
	Rule   string `json:"rule"` // with its place
}

// Step is how code comes from one domain into another.
type Step struct {
	From  string   `json:"from"`
	Into  string   `json:"into"`
	How   string   `json:"how"`
	Rules []string `json:"rules"` // each with its place
}

// String gives the path, the claim and the rule in one line.
func (c Counterexample) String() string {
	var b strings.Builder
	for _, s := range c.Path {
		fmt.Fprintf(&b, "%s %s and becomes %s [%s]; ", s.From, s.How, s.Into, strings.Join(s.Rules, "; "))
	}
	fmt.Fprintf(&b, "%s may %s", c.Domain, c.Claim)
	if c.Target != "" {
		fmt.Fprintf(&b, " (on %s)", c.Target)
	}
	return b.String() + ": " + c.Rule
}

// Question is a policy to be proved.
type Question struct {
	Base    []policy.Module // the distribution's policy and ipclab's own
	Modules []policy.Module // the lab's, and a student's after them
	// Scope, if any, adds every rule that policy.Review lets a student write
	// within it. What is proved then holds for all students' modules without
	// a finding.
	Scope policy.Scope
}

// Prove tries to prove the policy. An error is a *policy.SyntaxError or an
// *model.UnreadError: then nothing is proved.
func (q Question) Prove() (*Proof, error) {
	m := rules{model.New()}
	if err := m.Read(q.Base); err != nil {
		return nil, err
	}
	own := m.ownership()
	if err := m.Read(q.Modules); err != nil {
		return nil, err
	}
	if err := m.Read([]policy.Module{m.widest(q.Scope)}); err != nil {
		return nil, err
	}
	p := &prover{model: m, came: map[int]step{}}
	if err := p.begin(); err != nil {
		return nil, err
	}
	if err := p.seized(own); err != nil {
		return nil, err
	}
	return &p.proof, p.run()
}

// rules is a policy, with what the proof asks of it.
type rules struct{ *model.Model }

// prover follows student code from domain to domain.
type prover struct {
	model rules
	reach model.Set    // the domains in came
	came  map[int]step // domain → how it was reached; a subject from itself
	queue []int
	proof Proof
}

func (p *prover) begin() error {
	roots, err := p.model.TypesOf(subjects)
	if err != nil {
		return err
	}
	p.reach = model.NewSet(len(p.model.Types))
	roots.Each(func(t int) { p.enter(step{from: t, into: t}) })
	p.proof = Proof{Types: len(p.model.Types), Rules: len(p.model.Rules)}
	claims, err := p.model.claims(p.reach)
	for _, c := range claims {
		p.proof.Claims = append(p.proof.Claims, c.title)
	}
	return err
}

// enter notes a domain that was not reached before.
func (p *prover) enter(s step) {
	if _, known := p.came[s.into]; !known {
		p.came[s.into] = s
		p.reach.Add(s.into)
		p.queue = append(p.queue, s.into)
	}
}

// run goes on until there is no new domain, or one breaks a claim.
func (p *prover) run() error {
	for len(p.queue) > 0 {
		d, err := p.model.domain(p.queue[0])
		if err != nil {
			return err
		}
		p.queue = p.queue[1:]
		p.proof.Domains = append(p.proof.Domains, d.name)
		if err := p.examine(d); err != nil || !p.proof.Holds() {
			return err
		}
		steps, err := p.model.next(d)
		if err != nil {
			return err
		}
		for _, s := range steps {
			p.enter(s)
		}
	}
	slices.Sort(p.proof.Domains)
	return nil
}

// examine holds every claim against a domain.
func (p *prover) examine(d *domain) error {
	for _, n := range p.model.Permissive {
		if len(n.List) == 2 && d.attrs[p.model.Real(n.List[1].Text)] {
			p.breaks(d, "do anything, because it is permissive", n, -1)
		}
	}
	claims, err := p.model.claims(p.reach)
	for _, c := range claims {
		if r, target := c.broken(d); r != nil {
			p.breaks(d, c.title, r.Source.Node(), target)
		}
	}
	return err
}

func (p *prover) breaks(d *domain, claim string, rule *policy.Node, target int) {
	c := Counterexample{Claim: claim, Path: p.path(d.number), Domain: d.name, Rule: located(rule)}
	if target >= 0 {
		c.Target = p.model.Types[target]
	}
	p.proof.Broken = append(p.proof.Broken, c)
}

// path is the way into a domain.
func (p *prover) path(number int) []Step {
	var path []Step
	for s := p.came[number]; s.from != s.into; s = p.came[s.from] {
		one := Step{From: p.model.Types[s.from], Into: p.model.Types[s.into], How: s.how}
		for _, n := range s.rules {
			one.Rules = append(one.Rules, located(n))
		}
		path = append(path, one)
	}
	slices.Reverse(path)
	return path
}

// maxRule bounds a rule in an answer: a module may hold very long ones.
const maxRule = 300

func located(n *policy.Node) string {
	text := []rune(n.String())
	if len(text) > maxRule {
		text = append(text[:maxRule], '…')
	}
	return n.Pos.String() + ": " + string(text)
}
