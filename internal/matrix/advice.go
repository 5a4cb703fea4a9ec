package matrix

import (
	"fmt"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// advice says what to look at for a finding.
func (m *Matrix) advice(f Finding) []string {
	switch f.Kind {
	case Open:
		return m.adviceOpen(f)
	case Blocked, Absent:
		return m.adviceBlocked(f)
	case Revoked:
		return m.adviceRevoked(f)
	case TooFast:
		return []string{"the bound in the scenario, or a way to make the channel slower: " + quoted(f.About.Why, "no reason is given for accepting it")}
	case Elsewhere:
		return m.adviceElsewhere(f)
	}
	return []string{"which of the two is right; the other one's account of the refusal is wrong"}
}

func (m *Matrix) adviceOpen(f Finding) []string {
	p, o := f.About.Permitted, f.About.Observed
	switch {
	case !f.In(Observed) && o != nil && o.Outcome == scenarios.Stopped:
		return []string{m.tooMuch(f.About), fmt.Sprintf("what stopped it when it was tried: %s. Only that stands between them now", quoted(Reason(*o), "unknown"))}
	case !f.In(Permitted) && p != nil && p.Outcome == scenarios.Stopped:
		return []string{
			fmt.Sprintf("why the computed answer is wrong: it says that %s stops it", quoted(Reason(*p), "something")),
			"whether the policy that is loaded is the one that was computed with",
		}
	}
	return []string{m.tooMuch(f.About)}
}

// tooMuch says where it may be that something too much is granted, by the layer
// that should have stopped it.
func (m *Matrix) tooMuch(i *Item) string {
	end := i.end(m.scenario)
	switch i.By {
	case scenarios.BySELinux:
		return fmt.Sprintf("the allow rules: %s must not have %s on %s", domain(end), quoted(strings.TrimSpace(i.Class+" "+i.Permission), "what it needs"), m.object(i))
	case scenarios.ByDAC:
		return fmt.Sprintf("owner, group and mode of %s, and the groups and capabilities of %s", m.object(i), user(end))
	case scenarios.BySeccomp:
		return fmt.Sprintf("the system-call filter of %s: does it cover %s?", end.Name, quoted(i.Syscall, "every call that it can use for this"))
	case scenarios.ByNamespace:
		return fmt.Sprintf("the namespaces of %s and %s: they must not share the one that %s lives in", i.From, i.To, m.object(i))
	case scenarios.ByCgroup:
		return fmt.Sprintf("the limits of %s's control group", end.Name)
	}
	if i.Via == "" {
		return "the path in the evidence: which of its steps should not be, or should be trusted"
	}
	return fmt.Sprintf("the rules on %s, its mode, and the rights of %s", m.object(i), i.From)
}

func (m *Matrix) adviceBlocked(f Finding) []string {
	p, o := f.About.Permitted, f.About.Observed
	var advice []string
	for _, view := range f.Views {
		if s := f.About.Seen(view); len(advice) == 0 {
			advice = append(advice, m.missing(f.About, *s))
		}
	}
	if !f.In(Permitted) && p != nil && p.Outcome == scenarios.Flows {
		advice = append(advice, "the policy permits it: look at what the actors did, not at the rules alone")
	}
	if !f.In(Observed) && o != nil && o.Outcome == scenarios.Flows {
		advice = append(advice, "it came through all the same: look at which policy was computed with, or at what the computation does not know")
	}
	return advice
}

// missing says where it may be that something is missing, by the layer that stops it.
func (m *Matrix) missing(i *Item, s scenarios.Seen) string {
	subject := refusedSubject(m.scenario, i, s.Refused)
	switch s.By {
	case scenarios.BySELinux:
		return fmt.Sprintf("a rule for %s: it lacks %s", domain(subject), quoted(strings.TrimSpace(s.Class+" "+s.Permission), "what the evidence names"))
	case scenarios.ByDAC:
		return fmt.Sprintf("owner, group and mode of %s, and the directories above it: %s is refused", m.object(i), user(subject))
	case scenarios.BySeccomp:
		return fmt.Sprintf("the system-call filter of %s: it refuses %s", subject.Name, quoted(s.Syscall, "a call that this needs"))
	case scenarios.ByNamespace:
		return fmt.Sprintf("the namespaces of %s and %s: %s is not in both", i.From, i.To, m.object(i))
	case scenarios.ByCgroup:
		return fmt.Sprintf("the limits of %s's control group", subject.Name)
	}
	return "the evidence: no layer that ipclab knows has refused it"
}

func (m *Matrix) adviceRevoked(f Finding) []string {
	i := f.About
	if i.Wants == scenarios.Stopped {
		return []string{
			fmt.Sprintf("whether each rule that the channel needs is in the branch of %s, and in no other place", i.Boolean),
			"whether the kernel asks again at all once this mechanism is open; what was mapped or attached it does not",
		}
	}
	return []string{fmt.Sprintf("which check came after the switch of %s; the scenario says there is none", i.Boolean)}
}

func (m *Matrix) adviceElsewhere(f Finding) []string {
	i, s := f.About, f.About.Seen(f.Views[0])
	switch {
	case s.By == "":
		return []string{fmt.Sprintf("the evidence: nothing shows that %s has refused it", i.By)}
	case s.By == i.By:
		return []string{fmt.Sprintf("whether %s is to be refused %s: the check that is intended was not reached, and nothing is known of what it would say",
			refusedSubject(m.scenario, i, s.Refused).Name, what(*s))}
	case i.By == scenarios.BySELinux:
		return []string{fmt.Sprintf("why %s refuses it: SELinux is asked after the others, and until they let it through its rules are not tested", s.By)}
	}
	return []string{fmt.Sprintf("whether %s would refuse it, too: %s did so first", i.By, s.By)}
}

// what is that which a layer has refused.
func what(s scenarios.Seen) string {
	if s.By == scenarios.BySELinux {
		return quoted(strings.TrimSpace(s.Class+" "+s.Permission), "it")
	}
	return quoted(s.Syscall, "it")
}

// end is the subject that must be refused.
func (i *Item) end(s *scenarios.Scenario) scenarios.Subject {
	return refusedSubject(s, i, i.Refused)
}

func refusedSubject(s *scenarios.Scenario, i *Item, end scenarios.End) scenarios.Subject {
	name := i.From
	if end == scenarios.ToEnd {
		name = i.To
	}
	if subject, ok := s.Subject(name); ok {
		return subject
	}
	return scenarios.Subject{Name: name}
}

func domain(s scenarios.Subject) string {
	if s.Domain == "" {
		return s.Name
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Domain)
}

func user(s scenarios.Subject) string {
	if s.User == "" {
		return s.Name
	}
	return fmt.Sprintf("%s (user %s)", s.Name, s.User)
}

// object names the object that an item goes through, with where it is and its
// type, as far as the scenario says.
func (m *Matrix) object(i *Item) string {
	o, ok := m.scenario.Object(i.Via)
	if !ok {
		return quoted(i.Via, "any object")
	}
	about := []string{string(o.Kind)}
	for _, part := range []string{o.Path, o.Mode, o.Type} {
		if part != "" {
			about = append(about, part)
		}
	}
	if string(o.Kind) == o.Name {
		about = about[1:]
	}
	if o.Kind == mechanism.Descriptor && o.Of != "" {
		about = append(about, "of "+o.Of)
	}
	if len(about) == 0 {
		return o.Name
	}
	return fmt.Sprintf("%s (%s)", o.Name, strings.Join(about, ", "))
}

func quoted(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
