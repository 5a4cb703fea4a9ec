package permitted

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/flow"
	"ipclab/scenarios"
)

// limit notes the constraints that may deny what the rules allow, and that are
// not looked at.
func (p *prover) limit(source, target, class string, permissions []string) {
	if found, err := p.graph.Constraints(source, target, class, permissions...); err == nil { // a type or class that there is not was refused before
		p.limits = append(p.limits, found...)
	}
}

// allNotes are what the view leaves out of account.
func (p *prover) allNotes() ([]string, error) {
	q, err := p.query("", "")
	if err != nil {
		return nil, err
	}
	notes := append(p.notes, p.graph.Notes()...)
	if limits := flow.ConstraintNotes(p.limits); len(limits) > 0 {
		notes = append(notes, "in the teaching machine every subject and object is of system_u and of level s0, so that no constraint by users or levels denies anything")
		notes = append(notes, limits...)
	}
	if len(p.s.Subjects) > 1 {
		notes = append(notes, "pairs, and flows without an object, are computed from SELinux's rules alone: modes, namespaces and filters may stop more")
		notes = append(notes, p.trusted(q.Trusted))
	}
	if slices.ContainsFunc(p.s.Subjects, func(s scenarios.Subject) bool { return s.Cgroup != nil }) {
		notes = append(notes, "bounds of control groups are not computed")
	}
	if slices.ContainsFunc(p.s.Subjects, func(s scenarios.Subject) bool { return s.Namespaces["user"] != "" }) {
		notes = append(notes, "users and capabilities within a user namespace are taken for the machine's")
	}
	return notes, nil
}

// trusted names who is trusted: in short what every scenario trusts, and with its
// reason what this one adds.
func (p *prover) trusted(all []flow.Trust) string {
	var machine, own []string
	for _, t := range all {
		name := t.Name
		if t.Except != "" {
			name += " but not " + t.Except
		}
		if slices.ContainsFunc(p.machine.Trusted, func(m trust) bool { return m.Name == t.Name && m.Except == t.Except }) {
			machine = append(machine, name)
		} else {
			own = append(own, fmt.Sprintf("%s (%s)", name, t.Why))
		}
	}
	text := "trusted to pass nothing on, in every scenario: " + strings.Join(machine, ", ")
	if len(own) > 0 {
		text += "; and in this one: " + strings.Join(own, ", ")
	}
	return text
}
