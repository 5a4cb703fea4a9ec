package permitted

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"ipclab/internal/flow"
	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// answer is what the information-flow graph says of two subjects.
type answer struct {
	from, to string // domains
	same     bool   // both are of one domain, and SELinux does not part them
	found    *flow.Answer
	direct   [][]flow.Step
	maybe    *flow.Answer // with all rules under booleans, if there is nothing without
}

// anyWay computes a flow without an object.
func (p *prover) anyWay(from, to scenarios.Subject) (scenarios.Seen, error) {
	a, err := p.answer(from, to)
	if err != nil {
		return scenarios.Seen{}, err
	}
	return a.seen(), nil
}

// pairs answers for every ordered pair of subjects.
func (p *prover) pairs(ctx context.Context) ([]scenarios.Pair, error) {
	if err := p.askAll(ctx); err != nil {
		return nil, err
	}
	var all []scenarios.Pair
	for _, from := range p.s.Subjects {
		for _, to := range p.s.Subjects {
			if from.Name == to.Name {
				continue
			}
			seen, err := p.anyWay(from, to)
			if err != nil {
				return nil, err
			}
			all = append(all, scenarios.Pair{From: from.Name, To: to.Name, Seen: seen})
		}
	}
	return all, nil
}

// askAll asks the graph about every two subjects, several at a time: most of a
// proof's time goes into it.
func (p *prover) askAll(ctx context.Context) error {
	var answers []*answer
	for _, from := range p.s.Subjects {
		for _, to := range p.s.Subjects {
			key := [2]string{p.domain(from), p.domain(to)}
			if from.Name != to.Name && p.answers[key] == nil {
				p.answers[key] = p.blank(key)
				answers = append(answers, p.answers[key])
			}
		}
	}
	asked, ctx := errgroup.WithContext(ctx)
	asked.SetLimit(runtime.GOMAXPROCS(0))
	for _, a := range answers {
		asked.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return p.ask(a)
		})
	}
	if err := asked.Wait(); err != nil {
		return err
	}
	for _, a := range answers {
		p.learn(a)
	}
	return nil
}

// answer asks the graph about two subjects, once.
func (p *prover) answer(from, to scenarios.Subject) (*answer, error) {
	key := [2]string{p.domain(from), p.domain(to)}
	if a := p.answers[key]; a != nil {
		return a, nil
	}
	a := p.blank(key)
	if err := p.ask(a); err != nil {
		return nil, err
	}
	p.answers[key] = a
	p.learn(a)
	return a, nil
}

// blank is an answer that is not known yet.
func (p *prover) blank(key [2]string) *answer {
	return &answer{from: key[0], to: key[1], same: p.m.Real(key[0]) == p.m.Real(key[1])}
}

// learn remembers which constraints an answer left out of account.
func (p *prover) learn(a *answer) {
	if a.found != nil {
		p.limits = append(p.limits, a.found.Constraints()...)
	}
}

// ask fills an answer in. That there is nothing is believed only when it was
// certified. Several may ask at a time.
func (p *prover) ask(a *answer) error {
	if a.same {
		return nil
	}
	q, err := p.query(a.from, a.to)
	if err != nil {
		return err
	}
	if a.found, err = p.graph.Ask(q); err != nil {
		return err
	}
	if !a.found.Impossible() {
		a.direct, err = p.graph.Direct(q)
		return err
	}
	if err := a.found.Certify(); err != nil {
		return err
	}
	return p.askWide(a, q)
}

// askWide asks again with all rules under all booleans.
func (p *prover) askWide(a *answer, q flow.Query) error {
	graph, err := p.wide()
	if err != nil {
		return err
	}
	wide, err := graph.Ask(q)
	if err == nil && !wide.Impossible() {
		a.maybe = wide
	}
	return err
}

// query is a question between two domains with what the scenario trusts and
// declares, and what the machine does.
func (p *prover) query(from, to string) (flow.Query, error) {
	q := flow.Query{From: from, To: to}
	trusted, declared := p.machine.grants(p.s)
	for _, t := range trusted {
		if p.known(t.Name) && (t.Except == "" || p.known(t.Except)) {
			q.Trusted = append(q.Trusted, t)
		}
	}
	for _, d := range declared {
		if p.known(d.Via) {
			q.Declared = append(q.Declared, d)
		}
	}
	for _, b := range p.s.BackChannels {
		if b.Want != scenarios.Allow {
			continue
		}
		one, err := p.declare(b)
		if err != nil {
			return q, err
		}
		q.Declared = append(q.Declared, one...)
	}
	return q, nil
}

// known tells whether the policy has the type or attribute of a trusted name, and
// the class, if it has one.
func (p *prover) known(name string) bool {
	typeName, class, isObject := strings.Cut(name, ":")
	return p.m.Known(p.m.Real(typeName)) && (!isObject || slices.Contains(p.m.Classes(), class))
}

func beforeColon(name string) string {
	before, _, _ := strings.Cut(name, ":")
	return before
}

// declare says a scenario's accepted back channel as the graph takes it.
func (p *prover) declare(b scenarios.BackChannel) ([]flow.Declared, error) {
	from, _ := p.s.Subject(b.From)
	to, _ := p.s.Subject(b.To)
	channels, _, err := p.channels(b)
	var all []flow.Declared
	for _, c := range channels {
		one := flow.Declared{From: p.domain(from), To: p.domain(to), Class: cmp.Or(c.Class, "machine"), How: c.Name, Why: b.Why}
		if c.Class != "" {
			one.Via = p.things[b.Via].types[c.Class]
		}
		all = append(all, one)
	}
	return all, err
}

// seen puts an answer into the words of a view.
func (a *answer) seen() scenarios.Seen {
	s := scenarios.Seen{Outcome: scenarios.Flows, Text: a.text()}
	switch {
	case a.same:
		return s
	case len(a.found.Path) > 0:
		s.Evidence = stepLines(a.found.Path)
	case len(a.found.Leak) > 0:
		s.Evidence = stepLines(a.found.Leak)
	default:
		s.Outcome, s.By = scenarios.Stopped, scenarios.BySELinux
		s.Evidence = []string{"closed: " + a.found.Reached.String() + "; no rule and no undeclared channel leads out"}
		if a.maybe != nil {
			s.When = []string{"flows if " + strings.Join(conditions(a.maybe), " and ")}
			s.Evidence = append(s.Evidence, stepLines(slices.Concat(a.maybe.Path, a.maybe.Leak))...)
		}
		return s
	}
	return s
}

// text says an answer in one line.
func (a *answer) text() string {
	switch {
	case a.same:
		return fmt.Sprintf("both are in %s, and what is of one type SELinux does not hold apart", a.from)
	case len(a.found.Path) > 0:
		return fmt.Sprintf("possible, by way of %s", over(a.found.Path))
	case len(a.found.Leak) > 0:
		return fmt.Sprintf("no path by permissions, but by the undeclared back channel %s over %s", channelOf(a.found.Leak), over(a.found.Leak))
	}
	return "none: no path and no undeclared back channel"
}

// over are the places that a path leads through.
func over(path []flow.Step) string {
	var names []string
	for _, s := range path[:len(path)-1] {
		names = append(names, s.To)
	}
	if len(names) == 0 {
		return "no object: straight from process to process"
	}
	return strings.Join(names, ", ")
}

// channelOf is the first back channel of a path.
func channelOf(path []flow.Step) string {
	for _, s := range path {
		if s.Channel != "" {
			return s.Channel
		}
	}
	return ""
}

// conditions are those of a path's rules, each once.
func conditions(a *flow.Answer) []string {
	var all []string
	for _, s := range slices.Concat(a.Path, a.Leak) {
		if text := onOrOff(s.When); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// onOrOff puts a condition of one boolean into words; any other stays as it is.
func onOrOff(condition string) string {
	bare := strings.Trim(condition, "()")
	switch {
	case condition == "":
		return ""
	case !strings.Contains(bare, " "):
		return bare + " is on"
	case strings.HasPrefix(bare, "not ") && strings.Count(bare, " ") == 1:
		return strings.Trim(strings.TrimPrefix(bare, "not "), "()") + " is off"
	}
	return condition
}

func stepLines(path []flow.Step) []string {
	var lines []string
	for _, s := range path {
		lines = append(lines, s.String())
	}
	return lines
}

// over gives the steps of the direct way that leads over an object, if there is one.
func (p *prover) over(a *answer, t *thing) []string {
	if t.of != nil {
		t = t.of
	}
	for _, way := range a.direct {
		if len(way) == 1 && t.Kind == mechanism.Signal && way[0].Class == "process" {
			return stepLines(way)
		}
		if len(way) == 2 && slices.Contains(p.nodes(t), way[0].To) {
			return stepLines(way)
		}
	}
	return nil
}

// nodes are the names that the graph has for an object.
func (p *prover) nodes(t *thing) []string {
	var all []string
	for class, typeName := range t.types {
		all = append(all, typeName+":"+class, "@"+class, "@network")
	}
	return all
}
