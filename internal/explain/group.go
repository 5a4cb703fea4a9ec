package explain

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// fileSeen is what a PATH record says of the file that was refused.
type fileSeen struct{ name, mode, owner, group string }

// groups puts refusals that are alike together.
type groups struct {
	all   []*Denial
	byKey map[string]*Denial
}

// group gives the refusals of events.
func group(events []policy.Event) []Denial {
	g := &groups{byKey: map[string]*Denial{}}
	for _, e := range events {
		g.event(e)
	}
	all := make([]Denial, len(g.all))
	for i, d := range g.all {
		all[i] = *d
	}
	return all
}

func (g *groups) event(e policy.Event) {
	for _, a := range e.AVCs {
		if a.Denied {
			g.avc(e, a)
		}
	}
	switch {
	case e.Seccomp != nil:
		g.seccomp(e)
	case e.Refused():
		g.dac(e)
	}
}

func (g *groups) avc(e policy.Event, a policy.AVC) {
	d := Denial{
		Layer: scenarios.BySELinux, Source: a.Source.Type, Target: a.Target.Type, Class: a.Class,
		Permissions: slices.Sorted(slices.Values(a.Perms)), Permissive: a.Permissive,
	}
	if overridesMode(a) {
		d.Layer = scenarios.ByDAC
	}
	d.call(e.Syscall)
	key := fmt.Sprintln("avc", d.Source, d.Target, d.Class, d.Permissions, d.Permissive, d.Operation)
	one := g.add(key, d, e)
	name := a.Path
	if name == "" {
		name = a.Name
	}
	one.saw(a.PID, a.Comm, userOf(e.Syscall), name)
}

// overridesMode tells the question "may it pass over the mode?", which the
// kernel asks only after the mode has refused.
func overridesMode(a policy.AVC) bool {
	return (a.Class == "capability" || a.Class == "cap_userns") && (a.Has("dac_override") || a.Has("dac_read_search"))
}

func (g *groups) seccomp(e policy.Event) {
	s := e.Seccomp
	d := Denial{Layer: scenarios.BySeccomp, Source: s.Subject.Type, signal: s.Signal}
	if d.Syscall = s.Name; d.Syscall == "" {
		d.Syscall = callName(s.Arch, s.Number)
	}
	one := g.add(fmt.Sprintln("seccomp", d.Source, d.Syscall, s.Signal), d, e)
	one.saw(s.PID, s.Comm, s.User, "")
}

func (g *groups) dac(e policy.Event) {
	s := e.Syscall
	d := Denial{Layer: scenarios.ByDAC, Source: s.Subject.Type}
	d.call(s)
	d.path = fileOf(e.Paths)
	name := ""
	if d.path != nil {
		name = d.path.name
	}
	one := g.add(fmt.Sprintln("dac", d.Source, s.User, d.Syscall, d.Operation, d.Errno, name), d, e)
	one.saw(s.PID, s.Comm, s.User, name)
}

// fileOf picks the file itself among the paths of a call, or its directory if
// nothing else was found.
func fileOf(paths []policy.Path) *fileSeen {
	if len(paths) == 0 {
		return nil
	}
	p := paths[len(paths)-1]
	return &fileSeen{name: p.Name, mode: p.Mode, owner: p.Owner, group: p.Group}
}

// call notes the system call.
func (d *Denial) call(s *policy.Syscall) {
	if s == nil {
		return
	}
	if d.Syscall = s.Name; d.Syscall == "" {
		d.Syscall = callName(s.Arch, s.Number)
	}
	d.Operation = callText(d.Syscall, s.Args)
	if !s.Success {
		d.Errno = map[int64]string{-1: "EPERM", -13: "EACCES"}[s.Exit]
	}
}

func userOf(s *policy.Syscall) string {
	if s == nil {
		return ""
	}
	return s.User
}

// add puts a refusal into its group.
func (g *groups) add(key string, d Denial, e policy.Event) *Denial {
	one := g.byKey[key]
	if one == nil {
		one = &d
		one.First = e.Time
		g.byKey[key] = one
		g.all = append(g.all, one)
	}
	one.Times++
	if e.Time.After(one.Last) {
		one.Last = e.Time
	}
	if e.Line > 0 && len(one.Lines) < mostShown {
		one.Lines = append(one.Lines, e.Line)
	}
	return one
}

// mostShown bounds lists of names: they tell who it was, not everything.
const mostShown = 8

// saw notes who it was this time, and on what.
func (d *Denial) saw(pid int, comm, user, name string) {
	if pid != 0 && !slices.Contains(d.PIDs, pid) && len(d.PIDs) < mostShown {
		d.PIDs = append(d.PIDs, pid)
	}
	d.Programs = addWord(d.Programs, comm)
	d.Users = addWord(d.Users, user)
	d.Names = addWord(d.Names, name)
}

func addWord(all []string, word string) []string {
	if word = escaped(word); word == "" || slices.Contains(all, word) || len(all) >= mostShown {
		return all
	}
	return append(all, word)
}

// escaped shows a name that a program chose: bare where it is a plain word,
// else in quotes with everything odd escaped.
func escaped(s string) string {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"\\'`", r) }
	if strings.ContainsFunc(s, odd) {
		return fmt.Sprintf("%+q", s)
	}
	return s
}
