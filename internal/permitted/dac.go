package permitted

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// Bits of a mode, of one of its three parts.
const (
	execute = 1
	write   = 2
	read    = 4
)

// bits reads "r", "w", "x" and what they are together.
func bits(mode string) (all int) {
	for letter, bit := range map[string]int{"r": read, "w": write, "x": execute} {
		if strings.Contains(mode, letter) {
			all |= bit
		}
	}
	return all
}

// may tells which part of a mode is a user's, and what it allows: the owner's,
// or else the group's, or else the others'. Owners are several for System V
// objects, which have a maker beside.
func (p *prover) may(user string, owners []string, group string, mode int) (part string, allowed int) {
	switch {
	case slices.Contains(owners, user):
		return "owner", mode >> 6 & 7
	case p.machine.in(user, group):
		return "group " + group, mode >> 3 & 7
	}
	return "others", mode & 7
}

// directories asks about the directories that lead to the object: each must let
// the side search it, and the last one must allow what the call does to it.
func (w *walk) directories(c mechanism.Call, n mechanism.Need) *refusal {
	for i, d := range w.thing.dirs {
		mode, perms := "x", []string{"search"}
		if i == len(w.thing.dirs)-1 {
			mode, perms = c.Directory, n.Permissions
		}
		if r := w.directory(c, d, mode); r != nil || w.err != nil {
			return r
		}
		before := len(w.passed)
		if r := w.permissions(c, mechanism.Need{Permissions: perms}, w.side.domain, w.p.m.Real(d.Type), n.Class); r != nil || w.err != nil {
			return r
		}
		if slices.Contains(w.p.machine.Directories, d) {
			w.passed = w.passed[:before] // every subject may search those
		}
	}
	return nil
}

// directory asks a directory's mode.
func (w *walk) directory(c mechanism.Call, d directory, mode string) *refusal {
	part, allowed := w.p.may(w.side.subject.User, []string{d.Owner}, d.Group, octal(d.Mode))
	if bits(mode)&^allowed == 0 {
		return nil
	}
	overrides := []string{"dac_override"}
	if mode == "x" {
		overrides = []string{"dac_read_search", "dac_override"}
	}
	what := fmt.Sprintf("%s of %s:%s with mode %s", d.Path, d.Owner, d.Group, d.Mode)
	return w.unless(c, overrides, "EACCES", fmt.Sprintf("%s may not use %s: %s", w.user(), what, lacks(part, bits(mode)&^allowed)))
}

// mode asks the object's mode, or what stands in its place.
func (w *walk) mode(c mechanism.Call) *refusal {
	switch c.Mode {
	case "":
		return nil
	case "user":
		return w.sameUser(c)
	case "port":
		return w.port(c)
	case "owner":
		return w.owner(c)
	}
	t := w.thing
	owners := []string{t.owner}
	if t.about.Place == mechanism.Key {
		owners = append(owners, t.maker)
	}
	part, allowed := w.p.may(w.side.subject.User, owners, t.group, t.mode)
	what := fmt.Sprintf("%s of %s:%s with mode %04o", t.Name, t.owner, t.group, t.mode)
	if bits(c.Mode)&^allowed == 0 {
		w.pass(about(scenarios.ByDAC, "%s may %s %s, by what its %s may", w.user(), words(bits(c.Mode)), what, part))
		return nil
	}
	return w.unless(c, c.Overrides, "EACCES", fmt.Sprintf("%s may not %s %s: %s", w.user(), words(bits(c.Mode)), what, lacks(part, bits(c.Mode)&^allowed)))
}

// sameUser asks whether both ends are of one user.
func (w *walk) sameUser(c mechanism.Call) *refusal {
	if w.side.subject.User == w.peer.User {
		w.pass(about(scenarios.ByDAC, "both are of the user %s", w.peer.User))
		return nil
	}
	return w.unless(c, c.Overrides, "EPERM", fmt.Sprintf("%s may not signal a process of another user, %s", w.user(), w.peer.User))
}

// owner asks whether a System V object is the user's, or was made by it.
func (w *walk) owner(c mechanism.Call) *refusal {
	t := w.thing
	if user := w.side.subject.User; user == t.owner || user == t.maker {
		w.pass(about(scenarios.ByDAC, "%s is the owner of %s, or made it", w.user(), t.Name))
		return nil
	}
	return w.unless(c, []string{"sys_admin"}, "EPERM", fmt.Sprintf("%s neither owns nor made %s, which is of %s", w.user(), t.Name, t.owner))
}

// port asks whether a port is free for everybody to take.
func (w *walk) port(c mechanism.Call) *refusal {
	if w.thing.Port >= w.p.machine.ReservedPorts {
		return nil
	}
	return w.unless(c, c.Overrides, "EACCES", fmt.Sprintf("%s may not take port %d: those below %d are reserved", w.user(), w.thing.Port, w.p.machine.ReservedPorts))
}

// unless refuses by owner and mode, if the side has no capability that lets it
// pass all the same. SELinux is asked about a capability, too.
func (w *walk) unless(c mechanism.Call, overrides []string, errno, text string) *refusal {
	for _, name := range overrides {
		if !slices.Contains(w.side.subject.Capabilities, name) {
			continue
		}
		w.pass(about(scenarios.ByDAC, "%s has the capability %s", w.side.subject.Name, name))
		class := "capability"
		if w.side.subject.Namespaces["user"] != "" {
			class = "cap_userns"
		}
		return w.permissions(c, mechanism.Need{Permissions: []string{name}}, w.side.domain, w.side.domain, class)
	}
	r := w.refuse(c, scenarios.ByDAC, errno, "%s", text)
	r.evidence = []string{about(scenarios.ByDAC, "%s", text)}
	if len(overrides) > 0 {
		r.evidence = append(r.evidence, about(scenarios.ByDAC, "%s has no capability that would let it: %s", w.side.subject.Name, strings.Join(overrides, ", ")))
	}
	return r
}

// user names the side with its user.
func (w *walk) user() string {
	return fmt.Sprintf("%s (user %s)", w.side.subject.Name, w.side.subject.User)
}

// words are bits of a mode in words.
func words(of int) string {
	var all []string
	for _, one := range []struct {
		bit  int
		word string
	}{{read, "read"}, {write, "write"}, {execute, "search"}} {
		if of&one.bit != 0 {
			all = append(all, one.word)
		}
	}
	return strings.Join(all, " and ")
}

func lacks(part string, missing int) string {
	return fmt.Sprintf("as %s it may not %s", strings.Replace(part, "others", "one of the others", 1), words(missing))
}
