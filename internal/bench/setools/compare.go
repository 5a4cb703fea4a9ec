package main

import (
	"fmt"
	"strings"
	"time"

	"ipclab/internal/flow"
	"ipclab/internal/policy/model"
)

// outcome is what came of a set.
type outcome struct {
	set
	found, agree int
	first, rest  float64 // seconds of setools: until the first answer, and for each other one
	ours         float64 // seconds of ipclab for each answer
	differences  []difference
}

// difference is a pair of which the two do not say the same.
type difference struct {
	pair   [2]string
	theirs []string    // types
	ours   []flow.Step // by types too
	why    []string
}

// asker answers the questions of an order; a library does.
type asker interface {
	ask(order) (reply, error)
}

// comparison asks both.
type comparison struct {
	library asker
	graphs  map[bool]*flow.Graph // by set.branches
}

func compare(m *model.Model, l asker, all []set, log func(outcome)) ([]outcome, error) {
	c := comparison{library: l, graphs: map[bool]*flow.Graph{}}
	for _, branches := range []bool{false, true} {
		g, err := flow.NewGraph(m, flow.Options{ByType: true, AllBranches: branches})
		if err != nil {
			return nil, err
		}
		c.graphs[branches] = g
	}
	var outcomes []outcome
	for _, s := range all {
		o, err := c.set(s)
		if err != nil {
			return nil, err
		}
		log(o)
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// set asks both all questions of a set.
func (c comparison) set(s set) (o outcome, err error) {
	o.set = s
	r, err := c.library.ask(s.order())
	if err != nil {
		return o, err
	}
	o.first = r.First
	if len(s.pairs) > 1 {
		o.rest = (r.Seconds - r.First) / float64(len(s.pairs)-1)
	}
	begun := time.Now()
	answers := make([][]flow.Step, len(s.pairs))
	for i := range s.pairs {
		if answers[i], err = c.ours(s, s.pairs[i]); err != nil {
			return o, err
		}
	}
	o.ours = time.Since(begun).Seconds() / float64(max(1, len(s.pairs)))
	return o, c.hold(&o, r.Paths, answers)
}

func (c comparison) ours(s set, pair [2]string) ([]flow.Step, error) {
	a, err := c.graphs[s.branches].Ask(flow.Query{From: pair[0], To: pair[1], Trusted: s.trusted()})
	if err != nil {
		return nil, err
	}
	return a.Path, nil
}

// hold holds the answers against each other: whether there is a path, and how
// long the shortest one is.
func (c comparison) hold(o *outcome, theirs [][]string, ours [][]flow.Step) error {
	for i, pair := range o.pairs {
		if len(theirs[i]) > 0 {
			o.found++
		}
		if max(0, len(theirs[i])-1) == len(ours[i]) {
			o.agree++
			continue
		}
		d := difference{pair: pair, theirs: theirs[i], ours: ours[i]}
		if err := c.explain(o.set, &d); err != nil {
			return err
		}
		o.differences = append(o.differences, d)
	}
	return nil
}

// explain finds the steps that only one of the two knows.
func (c comparison) explain(s set, d *difference) error {
	for i := 1; i < len(d.theirs); i++ {
		pair := [2]string{d.theirs[i-1], d.theirs[i]}
		steps, err := c.ours(s, pair)
		if err != nil {
			return err
		}
		if len(steps) != 1 {
			d.why = append(d.why, fmt.Sprintf("setools goes from %s to %s in one step, for which ipclab has no rule", pair[0], pair[1]))
		}
	}
	if len(d.ours) == 0 {
		return nil
	}
	o := order{All: s.branches, Exclude: s.exclude}
	for _, step := range d.ours {
		o.Pairs = append(o.Pairs, [2]string{step.From, step.To})
	}
	r, err := c.library.ask(o)
	if err != nil {
		return err
	}
	for i, path := range r.Paths {
		if len(path) != 2 {
			d.why = append(d.why, fmt.Sprintf("ipclab goes from %s to %s in one step, which setools does not: %s", o.Pairs[i][0], o.Pairs[i][1], d.ours[i]))
		}
	}
	return nil
}

// String gives a difference in a few lines.
func (d difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s → %s: setools %s, ipclab in %d steps\n", d.pair[0], d.pair[1], strings.Join(d.theirs, " → "), len(d.ours))
	why := d.why
	if len(why) == 0 {
		why = []string{"NOT EXPLAINED: both know every step of both paths"}
	}
	for _, line := range why {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	return b.String()
}
