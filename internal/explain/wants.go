package explain

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// asked is one permission that one end of a wanted or forbidden flow asks for.
type asked struct {
	source, target, class, permission string
	flow                              *scenarios.Flow
	end                               scenarios.End
	making                            bool // of the object, by who owns it
}

// wants is what a scenario's flows ask of SELinux.
type wants struct {
	scenario *scenarios.Scenario
	all      []asked
}

// wantsOf goes over the flows of a scenario and what their mechanisms need.
func wantsOf(s *scenarios.Scenario) *wants {
	w := &wants{scenario: s}
	if s == nil {
		return w
	}
	for i := range s.Flows {
		w.flow(&s.Flows[i])
	}
	w.makers()
	return w
}

func (w *wants) flow(f *scenarios.Flow) {
	object, ok := w.scenario.Object(f.Via)
	if !ok {
		return
	}
	m, ok := mechanism.Find(object.Kind)
	if !ok {
		return
	}
	if way, ok := m.Way(f.How); ok {
		w.end(f, object, m, scenarios.FromEnd, way.From)
		w.end(f, object, m, scenarios.ToEnd, way.To)
	}
}

// makers adds what the makers of objects ask for to make them: a flow over the
// object needs that as well. Where the scenario names no maker, whoever owns the
// object and uses it may be the one.
func (w *wants) makers() {
	for i := range w.scenario.Flows {
		f := &w.scenario.Flows[i]
		object, ok := w.scenario.Object(f.Via)
		m, known := mechanism.Find(object.Kind)
		if !ok || !known || f.Want != scenarios.Allow {
			continue
		}
		for _, name := range []string{f.From, f.To} {
			s, _ := w.scenario.Subject(name)
			if object.Maker == name || object.Maker == "" && object.Owner != "" && object.Owner == s.User {
				w.make(f, object, m, s)
			}
		}
	}
}

// make adds what making and replacing an object asks for.
func (w *wants) make(f *scenarios.Flow, o scenarios.Object, m mechanism.Mechanism, who scenarios.Subject) {
	begin := len(w.all)
	w.calls(f, o, m, scenarios.FromEnd, who, m.Make)
	if m.Place == mechanism.Path {
		w.calls(f, o, m, scenarios.FromEnd, who, []mechanism.Call{{Needs: []mechanism.Need{
			{On: mechanism.OnDirectory, Class: "dir", Permissions: []string{"remove_name"}},
			{On: mechanism.OnObject, Class: m.Classes[0], Permissions: []string{"rename", "unlink"}},
		}}})
	}
	for i := begin; i < len(w.all); i++ {
		w.all[i].making = true
	}
}

// end adds what one end of a flow asks for.
func (w *wants) end(f *scenarios.Flow, o scenarios.Object, m mechanism.Mechanism, end scenarios.End, calls []mechanism.Call) {
	name := f.From
	if end == scenarios.ToEnd {
		name = f.To
	}
	if subject, ok := w.scenario.Subject(name); ok {
		w.calls(f, o, m, end, subject, calls)
	}
}

func (w *wants) calls(f *scenarios.Flow, o scenarios.Object, m mechanism.Mechanism, end scenarios.End, who scenarios.Subject, calls []mechanism.Call) {
	for _, c := range calls {
		for _, n := range c.Needs {
			class := n.Class
			if class == "object" {
				class = m.Classes[0]
			}
			for _, target := range w.targets(f, o, who, n.On) {
				for _, p := range n.Permissions {
					w.all = append(w.all, asked{source: domainOf(who), target: target, class: class, permission: p, flow: f, end: end})
				}
			}
		}
	}
}

// domainOf is the domain of a subject.
func domainOf(s scenarios.Subject) string { return cmp.Or(s.Domain, studentDomain) }

// studentDomain is that of subjects that name none.
const studentDomain = "ipclab_student_t"

// targets are the types that a need is about. None: the scenario does not say.
func (w *wants) targets(f *scenarios.Flow, o scenarios.Object, who scenarios.Subject, on mechanism.On) []string {
	other := func(name string) []string {
		s, _ := w.scenario.Subject(name)
		return []string{domainOf(s)}
	}
	switch on {
	case mechanism.OnSelf:
		return []string{domainOf(who)}
	case mechanism.OnFrom:
		return other(f.From)
	case mechanism.OnTo:
		return other(f.To)
	case mechanism.OnMaker:
		return other(o.Maker)
	case mechanism.OnDirectory:
		return w.directories(o.Path)
	case mechanism.OnObject, mechanism.OnMessage:
		if o.Type != "" {
			return []string{o.Type}
		}
		if o.Maker != "" {
			return other(o.Maker)
		}
	}
	return nil
}

// directories are the types of the scenario's directories that a path leads
// through.
func (w *wants) directories(file string) []string {
	var types []string
	for _, d := range w.scenario.Directories {
		if strings.HasPrefix(file, strings.TrimSuffix(d.Path, "/")+"/") && d.Type != "" {
			types = append(types, d.Type)
		}
	}
	return types
}

// judgement is what the scenario says of one permission.
type judgement struct {
	verdict Verdict
	flow    *scenarios.Flow
	making  bool
}

// of tells what the scenario says of one permission. What a wanted flow needs
// is needed, also when a forbidden one would ask for it too.
func (w *wants) of(source, target, class, permission string) judgement {
	found := judgement{verdict: Neither}
	for _, a := range w.all {
		if a.source != source || a.target != target || a.class != class || a.permission != permission {
			continue
		}
		if a.flow.Want == scenarios.Allow {
			return judgement{Needed, a.flow, a.making}
		}
		refused := cmp.Or(a.flow.Refused, scenarios.FromEnd)
		if a.end == refused && (found.flow == nil || closer(a.flow, found.flow, class, permission)) {
			found = judgement{verdict: Goal, flow: a.flow}
		}
	}
	return found
}

// closer tells whether a forbidden flow names the permission itself, and the
// one that was found does not.
func closer(a, found *scenarios.Flow, class, permission string) bool {
	names := func(f *scenarios.Flow) bool { return f.Class == class && f.Permission == permission }
	return names(a) && !names(found)
}

// judge gives the verdict on a denial, and why.
func (w *wants) judge(d *Denial) {
	switch {
	case w.scenario == nil:
		d.Verdict, d.Why = Unknown, "no scenario says which flows are wanted here"
		return
	case len(w.scenario.Flows) == 0:
		d.Verdict, d.Why = Unknown, "the lab has no scenario that says which flows it wants"
		return
	case !w.hasSubject(d.Source):
		d.Verdict, d.Why = Unknown, "this is none of the scenario's subjects"
	case d.Layer == scenarios.BySELinux:
		w.selinux(d)
	default:
		w.other(d)
	}
	if d.Verdict == Goal && d.Permissive {
		d.Notes = append(d.Notes, "but it was let through: the domain or the machine is permissive")
	}
}

// uses tells whether a wanted flow of the subject leads over the object.
func (w *wants) uses(d *Denial) bool {
	return slices.ContainsFunc(w.all, func(a asked) bool {
		return a.source == d.Source && a.target == d.Target && a.class == d.Class && a.flow.Want == scenarios.Allow
	})
}

// hasSubject tells whether a subject is in a domain.
func (w *wants) hasSubject(domain string) bool {
	return slices.ContainsFunc(w.scenario.Subjects, func(s scenarios.Subject) bool { return domainOf(s) == domain })
}

func (w *wants) selinux(d *Denial) {
	by := map[Verdict][]string{}
	flows := map[Verdict]*scenarios.Flow{}
	making := false
	for _, p := range d.Permissions {
		j := w.of(d.Source, d.Target, d.Class, p)
		if j.verdict == Neither && slices.Contains(opening, p) {
			continue // stands beside one that says more
		}
		by[j.verdict] = append(by[j.verdict], p)
		making = making || j.making
		if flows[j.verdict] == nil {
			flows[j.verdict] = j.flow
		}
	}
	needed, goal := by[Needed], by[Goal]
	switch {
	case len(goal) > 0 && (len(needed) > 0 || w.halfNeeded(d)):
		d.Verdict = Mixed
		d.Why = fmt.Sprintf("%s must stay forbidden (%s); your program asked for it together with what it needs: open for one direction only",
			strings.Join(goal, " "), flowText(flows[Goal]))
	case len(goal) > 0:
		d.Verdict, d.Why = Goal, "the scenario forbids "+flowText(flows[Goal])+because(flows[Goal])
		if f := flows[Goal]; f.By != "" && f.By != scenarios.BySELinux {
			d.Notes = append(d.Notes, fmt.Sprintf("the scenario wants %s to refuse it; here SELinux did", f.By))
		}
	case making:
		d.Verdict, d.Why = Needed, flowText(flows[Needed])+" must work, and whoever makes the object needs this for it"
	case len(needed) > 0:
		d.Verdict, d.Why = Needed, flowText(flows[Needed])+" must work, and asks for this"
	case slices.Equal(d.Permissions, []string{"getattr"}) && w.uses(d):
		d.Verdict, d.Why = Neither, "the flow itself does not ask for it: your program looks at the object (stat), and sees what others do with it. Allow it only if it must look"
	default:
		d.Verdict, d.Why = Neither, "no flow of the scenario asks for this: look at what your program does there"
	}
}

// halfNeeded tells an operation for both directions at once by somebody who
// needs one of them: the kernel records only what was missing.
func (w *wants) halfNeeded(d *Denial) bool {
	if !strings.Contains(d.Operation, "O_RDWR") {
		return false
	}
	return slices.ContainsFunc(w.all, func(a asked) bool {
		return a.source == d.Source && a.target == d.Target && a.class == d.Class && a.flow.Want == scenarios.Allow &&
			(a.permission == "read" || a.permission == "write")
	}) && !slices.ContainsFunc(w.all, func(a asked) bool { return a.source == d.Source && a.flow.How == "rdwr" })
}

// other judges what the mode, seccomp or something else refused: by the flows of
// the subject over the object, as far as it can be told.
func (w *wants) other(d *Denial) {
	var goal, needed *scenarios.Flow
	for i := range w.scenario.Flows {
		f := &w.scenario.Flows[i]
		if !w.isAbout(f, d) {
			continue
		}
		switch {
		case f.Want == scenarios.Allow:
			needed = cmp.Or(needed, f)
		case f.By == d.Layer && (f.Syscall == "" || f.Syscall == d.Syscall):
			goal = cmp.Or(goal, f)
		}
	}
	switch {
	case goal != nil && (needed == nil || goal.Syscall == d.Syscall && d.Syscall != ""):
		d.Verdict, d.Why = Goal, "the scenario wants this layer to refuse "+flowText(goal)+because(goal)
	case needed != nil:
		d.Verdict, d.Why = Needed, fmt.Sprintf("%s must work, and may need this: %s must not refuse it", flowText(needed), layerWord(d.Layer))
	default:
		d.Verdict, d.Why = Neither, "no flow of the scenario is about this: look at what your program does there"
	}
}

// isAbout tells whether a flow has the refused subject at an end, over the
// refused object where that is known.
func (w *wants) isAbout(f *scenarios.Flow, d *Denial) bool {
	end := f.From
	if f.Refused == scenarios.ToEnd && f.Want == scenarios.Deny {
		end = f.To
	}
	if !w.is(end, d) && (f.Want == scenarios.Deny || !w.is(f.To, d)) {
		return false
	}
	object, _ := w.scenario.Object(f.Via)
	switch {
	case d.Layer == scenarios.BySeccomp:
		return f.By == scenarios.BySeccomp || slices.Contains(callsOf(object.Kind, f.How), d.Syscall)
	case d.path == nil || object.Path == "":
		return true
	}
	return path.Dir(d.path.name) == path.Dir(object.Path) // the object, or what is made beside it
}

// is tells whether the refused program is a subject: by domain, and by user
// where several share the domain.
func (w *wants) is(name string, d *Denial) bool {
	s, ok := w.scenario.Subject(name)
	return ok && domainOf(s) == d.Source && (len(d.Users) == 0 || isNumber(d.Users[0]) || slices.Contains(d.Users, s.User))
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// callsOf are the system calls of a way.
func callsOf(kind mechanism.Kind, how string) []string {
	m, _ := mechanism.Find(kind)
	way, _ := m.Way(how)
	var names []string
	for _, c := range slices.Concat(m.Make, way.From, way.To) {
		names = append(names, c.Syscalls...)
	}
	return names
}

// flowText names a flow.
func flowText(f *scenarios.Flow) string {
	text := f.From + " → " + f.To
	if f.Via != "" {
		text += " over " + f.Via
	}
	return text
}

func because(f *scenarios.Flow) string {
	if f.Why == "" {
		return ""
	}
	return " (" + f.Why + ")"
}

func layerWord(l scenarios.Layer) string {
	return map[scenarios.Layer]string{
		scenarios.BySELinux: "SELinux", scenarios.ByDAC: "the mode", scenarios.BySeccomp: "the seccomp filter",
		scenarios.ByNamespace: "the namespace", scenarios.ByCgroup: "the control group",
	}[l]
}
