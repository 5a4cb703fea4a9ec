package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// Options are what denials are explained with. Each may be missing; the report
// says what could not be told for want of it.
type Options struct {
	Scenario *scenarios.Scenario // what is wanted; nil: nobody knows
	Policy   *Policy             // what is permitted; nil: effects are not computed
	// Users are login names by number, for texts that have numbers.
	Users map[string]string
}

// Explain explains what was refused in events. An error is about the policy.
func Explain(events []policy.Event, o Options) (*Report, error) {
	words, err := operationTable()
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i] = named(events[i], o.Users)
	}
	r := &Report{Denials: group(events)}
	w := wantsOf(o.Scenario)
	for i := range r.Denials {
		d := &r.Denials[i]
		d.describe(words, o.Scenario)
		w.judge(d)
		d.rule()
	}
	r.doubts(events)
	return r, r.effects(o)
}

// Text explains a text of audit records.
func Text(t *policy.AuditText, o Options) (*Report, error) {
	r, err := Explain(t.Events, o)
	if err != nil {
		return nil, err
	}
	for _, u := range t.Unread {
		r.Unread = append(r.Unread, Unread{Line: u.Line, Why: u.Why})
	}
	return r, nil
}

// named puts login names in the place of numbers.
func named(e policy.Event, users map[string]string) policy.Event {
	if e.Syscall != nil && users[e.Syscall.User] != "" {
		s := *e.Syscall
		s.User = users[s.User]
		e.Syscall = &s
	}
	if e.Seccomp != nil && users[e.Seccomp.User] != "" {
		s := *e.Seccomp
		s.User = users[s.User]
		e.Seccomp = &s
	}
	return e
}

// doubts tells, once, why records of these forms may not be what they seem.
func (r *Report) doubts(events []policy.Event) {
	for _, e := range events {
		if doubt := e.Form.Doubt(); doubt != "" && !slices.Contains(r.Notes, doubt) {
			r.Notes = append(r.Notes, doubt)
		}
	}
}

// describe tells who, what and on which object.
func (d *Denial) describe(words *operations, s *scenarios.Scenario) {
	d.Who = d.who(s)
	switch d.Layer {
	case scenarios.BySELinux:
		d.What, d.Object = words.what(d.Class, d.Permissions), d.object(words, s)
	case scenarios.BySeccomp:
		d.What, d.Object = "make the system call "+d.Syscall, "the kernel"
		if d.signal != 0 {
			d.Notes = append(d.Notes, fmt.Sprintf("the filter ended the program (signal %d)", d.signal))
		}
	default:
		d.byMode(s)
	}
}

// byMode tells what the mode refused.
func (d *Denial) byMode(s *scenarios.Scenario) {
	if d.Class != "" { // a capability that was asked for when the mode had refused
		d.What, d.Object = "pass over a mode", "a file"
		if len(d.Names) > 0 {
			d.Object = d.Names[0]
		}
		d.Notes = append(d.Notes, "SELinux was only asked whether the program may pass over the mode: the mode had refused before. Mend owner, group or mode; do not grant "+strings.Join(d.Permissions, " "))
		return
	}
	d.What = cmp.Or(d.Operation, d.Syscall, "what it tried")
	d.Object = "an object"
	if d.path == nil {
		d.Notes = append(d.Notes, "no record of SELinux or seccomp: owner, group, mode or a missing capability decided")
		return
	}
	d.Object = escaped(d.path.name) + objectName(s, func(o scenarios.Object) bool { return o.Path == d.path.name })
	if d.path.mode == "" {
		d.Notes = append(d.Notes, "no record of SELinux or seccomp, and it was not even found: the mode of a directory on the way to it decided")
		return
	}
	d.Notes = append(d.Notes, fmt.Sprintf("no record of SELinux or seccomp: the mode %s of %s:%s decided, or one of the directories above, or a missing capability",
		modeBits(d.path.mode), d.path.owner, d.path.group))
}

// modeBits shows the permission bits of a mode as the kernel writes it.
func modeBits(mode string) string {
	if len(mode) > 4 && !strings.Contains(mode, ",") {
		return mode[len(mode)-4:]
	}
	return mode
}

// who names the subject, or the domain, with the program.
func (d *Denial) who(s *scenarios.Scenario) string {
	name := cmp.Or(d.Source, "a program")
	if s != nil {
		var subjects []string
		w := &wants{scenario: s}
		for _, one := range s.Subjects {
			if w.is(one.Name, d) {
				subjects = append(subjects, one.Name)
			}
		}
		if len(subjects) == 1 {
			name = fmt.Sprintf("%s (%s)", subjects[0], d.Source)
		}
	}
	return name + d.programs()
}

func (d *Denial) programs() string {
	var parts []string
	if len(d.Programs) > 0 {
		parts = append(parts, strings.Join(d.Programs, ", "))
	}
	if len(d.Users) > 0 {
		parts = append(parts, "as "+strings.Join(d.Users, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", " + strings.Join(parts, " ")
}

// object names what was acted on.
func (d *Denial) object(words *operations, s *scenarios.Scenario) string {
	text := words.object(d.Class)
	if len(d.Names) > 0 {
		text += " " + strings.Join(d.Names, ", ")
	}
	if d.Target == d.Source {
		return text + " of its own type " + d.Target
	}
	of := " of type " + d.Target
	if s != nil {
		for _, one := range s.Subjects {
			if domainOf(one) == d.Target {
				return text + of + " (" + one.Name + "'s)"
			}
		}
		of += objectName(s, func(o scenarios.Object) bool { return o.Type == d.Target })
	}
	return text + of
}

// objectName gives the scenario's name of an object, in brackets.
func objectName(s *scenarios.Scenario, is func(scenarios.Object) bool) string {
	if s == nil {
		return ""
	}
	for _, o := range s.Objects {
		if is(o) {
			return " (" + o.Name + ")"
		}
	}
	return ""
}

// rule gives the rule that would allow it, where a rule is the answer.
func (d *Denial) rule() {
	if d.Layer != scenarios.BySELinux || len(d.Permissions) == 0 {
		return
	}
	target := d.Target
	if d.Source == d.Target {
		target = "self"
	}
	perms := strings.Join(d.Permissions, " ")
	d.Rule = &Rule{
		CIL:    fmt.Sprintf("(allow %s %s (%s (%s)))", d.Source, target, d.Class, perms),
		TE:     fmt.Sprintf("allow %s %s:%s { %s };", d.Source, target, d.Class, perms),
		source: d.Source, target: target, class: d.Class, permissions: d.Permissions,
	}
}
