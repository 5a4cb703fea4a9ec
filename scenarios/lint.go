package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/internal/policy"
	"ipclab/internal/yamlfile"
)

// Lint tells what Load accepts and what must be mended all the same. It looks at
// the scenario's own files only: what the machine's policy says is for
// internal/permitted. The problems are ordered by their place.
func Lint(s *Scenario) []*Mistake {
	l := &linter{scenario: s}
	l.File = s.file
	l.declarations()
	l.types()
	l.booleans()
	for _, f := range s.Flows {
		l.flow(f)
	}
	l.modes()
	l.unused()
	slices.SortStableFunc(l.All, func(a, b *Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return l.All
}

// linter holds what the tests of one scenario share.
type linter struct {
	yamlfile.Mistakes
	scenario *Scenario
	declared map[string][]string // names that the modules declare, by statement: "type", "boolean", …
	broken   bool                // a module cannot be read
}

// declarations reads the modules, with those of the twins.
func (l *linter) declarations() {
	l.declared = map[string][]string{}
	modules, err := l.scenario.Modules()
	if err != nil {
		l.Add(Position{}, "%v", err)
		l.broken = true
	}
	for _, t := range l.scenario.Twins {
		if t.Rules != "" {
			modules = append(modules, policy.Module{File: fmt.Sprintf("%s (rules of the twin %s)", l.scenario.file, t.Name), Source: []byte(t.Rules)})
		}
	}
	for _, m := range modules {
		l.module(m)
	}
}

// module notes what a module declares.
func (l *linter) module(m policy.Module) {
	nodes, err := policy.ParseCIL(m.File, m.Source)
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		l.All = append(l.All, &Mistake{File: m.File, Line: syntax.Pos.Line, Col: syntax.Pos.Col, Msg: syntax.Msg})
	} else if err != nil {
		l.Add(Position{}, "%v", err)
	}
	l.broken = l.broken || err != nil
	for _, n := range nodes {
		if len(n.List) > 1 && n.List[1].Kind == policy.Atom {
			l.declared[n.Keyword()] = append(l.declared[n.Keyword()], n.List[1].Text)
		}
	}
}

// types finds types that are probably meant to be declared by a module, and are not.
func (l *linter) types() {
	for _, s := range l.scenario.Subjects {
		l.declaredType(s.Domain, "subject "+s.Name, s.At)
	}
	for _, o := range l.scenario.Objects {
		l.declaredType(o.Type, "object "+o.Name, o.At)
	}
	for i, d := range l.scenario.Directories {
		l.declaredType(d.Type, "directory "+d.Path, l.scenario.tree.get("directories").list[i].at)
	}
	for _, t := range l.scenario.Trusted {
		l.declaredType(strings.Split(t.Type, ":")[0], "trusted", t.At)
	}
}

func (l *linter) declaredType(name, of string, at Position) {
	l.known(name, slices.Concat(l.declared["type"], l.declared["typeattribute"], machineTypes()), of, "type", at)
}

// machineTypes are types of ipclab's own in every machine (vagrant/guest/ipclab.cil).
func machineTypes() []string {
	return []string{"ipclab_agent_t", "ipclab_student_t", "ipclab_probe_exec_t", "ipclab_subject", "ipclab_object"}
}

// known reports a name that no module declares, if it is the scenario's own or
// near to one that is declared. Any other may be the machine's.
func (l *linter) known(name string, names []string, of, what string, at Position) {
	if name == "" || l.broken || slices.Contains(names, name) {
		return
	}
	meant := yamlfile.DidYouMean(name, names)
	if meant != "" || strings.HasPrefix(name, l.scenario.prefix()) {
		l.Add(at, "%s: no module of the scenario declares the %s %s%s", of, what, name, meant)
	}
}

// prefix begins the names of types that are the scenario's own.
func (s *Scenario) prefix() string { return "s_" + strings.ReplaceAll(s.Name, "-", "_") + "_" }

func (l *linter) booleans() {
	names := slices.Concat(l.declared["boolean"], l.declared["tunable"])
	for _, e := range l.scenario.tree.get("booleans").entries {
		l.known(e.key, names, "booleans", "boolean", e.keyAt)
	}
}

// flow looks at one flow: is it said what must stop it, can that stop it, and
// does another flow show that the object works?
func (l *linter) flow(f Flow) {
	o, ok := l.scenario.Object(f.Via)
	if f.Want != Deny || !ok {
		return
	}
	if !slices.ContainsFunc(l.scenario.Flows, func(other Flow) bool { return other.Want == Allow && other.Via == f.Via }) {
		l.Add(f.At, "no flow over %s is allowed: one that is not stopped has to show that the object works", f.Via)
	}
	who := f.From
	if f.Refused == ToEnd {
		who = f.To
	}
	refused, _ := l.scenario.Subject(who)
	switch f.By {
	case "":
		l.Add(f.At, "the flow is forbidden, and nothing says what must stop it: add by, and with selinux class and permission")
	case BySELinux:
		l.denial(f, o)
	case BySeccomp:
		l.filter(f, refused)
	case ByNamespace:
		from, _ := l.scenario.Subject(f.From)
		to, _ := l.scenario.Subject(f.To)
		if samePlace(from, to) {
			l.Add(f.At, "%s and %s are in the same namespaces, which cannot part them", f.From, f.To)
		}
	case ByCgroup:
		if refused.Cgroup == nil {
			l.Add(f.At, "%s has no bounds of a control group that could stop it", who)
		}
	}
}

// samePlace tells whether two subjects are in the same namespaces.
func samePlace(a, b Subject) bool {
	for _, kinds := range []map[string]string{a.Namespaces, b.Namespaces} {
		for kind := range kinds {
			if a.Namespaces[kind] != b.Namespaces[kind] {
				return false
			}
		}
	}
	return true
}

// filter demands that a filter could stop the flow.
func (l *linter) filter(f Flow, refused Subject) {
	switch {
	case refused.Seccomp == nil:
		l.Add(f.At, "%s has no filter on system calls that could stop it", refused.Name)
	case f.Syscall == "":
		l.Add(f.At, "the flow must be stopped by seccomp, and nothing says at which system call")
	case refused.Seccomp.Deny != nil && !slices.Contains(refused.Seccomp.Deny, f.Syscall):
		l.Add(f.At, "the filter of %s does not refuse %s%s", refused.Name, f.Syscall, yamlfile.DidYouMean(f.Syscall, refused.Seccomp.Deny))
	case slices.Contains(refused.Seccomp.Allow, f.Syscall):
		l.Add(f.At, "the filter of %s lets %s pass", refused.Name, f.Syscall)
	}
}

// denial demands class and permission, and that SELinux is asked about them.
func (l *linter) denial(f Flow, o Object) {
	if f.Class == "" || f.Permission == "" {
		l.Add(f.At, "the flow must be denied by SELinux, and nothing says at which class and permission")
		return
	}
	asked := l.questions(o, f.How)
	permissions, ok := asked[f.Class]
	if !ok {
		l.Add(f.At, "SELinux is not asked about the class %s when a %s is used in this way%s", f.Class, o.Kind, yamlfile.DidYouMean(f.Class, keysOf(asked)))
		return
	}
	if !slices.Contains(permissions, f.Permission) {
		l.Add(f.At, "SELinux is not asked about %s %s when a %s is used in this way; it is about %s", f.Class, f.Permission, o.Kind, strings.Join(permissions, ", "))
	}
}

// questions gives what SELinux is asked when an object is made and used in a way:
// permissions by class.
func (l *linter) questions(o Object, how string) map[string][]string {
	asked := map[string][]string{}
	m, _ := mechanism.Find(o.Kind)
	w, _ := m.Way(how)
	for _, c := range slices.Concat(m.Make, w.From, w.To) {
		asked["capability"] = append(asked["capability"], c.Overrides...)
		for _, n := range c.Needs {
			for _, class := range l.classes(o, n.Class) {
				asked[class] = append(asked[class], n.Permissions...)
			}
		}
	}
	for class, permissions := range asked {
		slices.Sort(permissions)
		asked[class] = slices.Compact(permissions)
	}
	return asked
}

// classes gives the classes that a need is about; "object" is that of the object
// whose descriptor is passed.
func (l *linter) classes(o Object, class string) []string {
	if class != "object" {
		return []string{class}
	}
	of, _ := l.scenario.Object(o.Of)
	m, _ := mechanism.Find(of.Kind)
	return m.Classes
}

func keysOf(asked map[string][]string) []string {
	var keys []string
	for key := range asked {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// modes finds modes that have no meaning.
func (l *linter) modes() {
	for _, o := range l.scenario.Objects {
		if strings.ContainsAny(lastThree(o.Mode), "1357") {
			l.Add(o.At, "object %s: the mode %s has bits for executing, which mean nothing here", o.Name, o.Mode)
		}
	}
}

// lastThree are the digits for owner, group and others.
func lastThree(mode string) string { return mode[max(0, len(mode)-3):] }

// unused finds subjects and objects that no flow is about.
func (l *linter) unused() {
	used := map[string]bool{}
	for _, f := range l.scenario.Flows {
		used["subject "+f.From], used["subject "+f.To], used["object "+f.Via] = true, true, true
	}
	for _, b := range l.scenario.BackChannels {
		used["subject "+b.From], used["subject "+b.To], used["object "+b.Via] = true, true, true
	}
	for _, o := range l.scenario.Objects {
		used["subject "+o.Maker], used["object "+o.Of] = true, true
	}
	for _, s := range l.scenario.Subjects {
		if !used["subject "+s.Name] {
			l.Add(s.At, "subject %s does nothing", s.Name)
		}
	}
	for _, o := range l.scenario.Objects {
		if !used["object "+o.Name] {
			l.Add(o.At, "no flow leads over object %s", o.Name)
		}
	}
}
