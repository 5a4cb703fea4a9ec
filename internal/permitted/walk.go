package permitted

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// side is one end of a flow, or the maker where it is neither.
type side struct {
	end     scenarios.End // empty: the maker
	subject scenarios.Subject
	domain  string
	makes   bool // it is the object's maker
}

// refusal is what stops a side.
type refusal struct {
	side     side
	call     mechanism.Call
	by       scenarios.Layer
	class    string
	missing  []string // permissions of the class
	syscall  string
	errno    string
	text     string
	evidence []string
}

// walk goes through the calls of one side, and asks each layer what the kernel
// would ask.
type walk struct {
	p      *prover
	values map[string]bool // of booleans
	side   side
	from   string // domain of the one who tells
	to     string // of the one who learns
	peer   scenarios.Subject
	thing  *thing // that the calls are about

	passed   []string // evidence for what was let through
	booleans []string // under which rules about it are
	err      error
}

// through gives the first refusal of some calls; nil if there is none.
func (w *walk) through(calls []mechanism.Call) *refusal {
	for _, c := range calls {
		if !c.Only.Applies(w.side.makes) {
			continue
		}
		if r := w.call(c); r != nil || w.err != nil {
			return r
		}
	}
	return nil
}

// call asks the layers about one call, in the kernel's order.
func (w *walk) call(c mechanism.Call) *refusal {
	if r := w.seccomp(c); r != nil {
		return r
	}
	late := w.thing.about.Namespace == "net" // the packet is sent, and arrives nowhere
	if !late {
		if r := w.namespace(c); r != nil {
			return r
		}
	}
	if r := w.asks(c); r != nil || w.err != nil || !late {
		return r
	}
	return w.namespace(c)
}

// asks asks owner and mode, and SELinux. What is the end's own comes first, then
// directories, then the object's mode, then SELinux about the object; of a port,
// SELinux comes first.
func (w *walk) asks(c mechanism.Call) *refusal {
	mode := c.Mode == "port"
	for _, n := range c.Needs {
		if !n.Only.Applies(w.side.makes) {
			continue
		}
		if n.On == mechanism.OnDirectory {
			if r := w.directories(c, n); r != nil || w.err != nil {
				return r
			}
			continue
		}
		if n.On != mechanism.OnSelf && !mode {
			mode = true
			if r := w.mode(c); r != nil || w.err != nil {
				return r
			}
		}
		if r := w.selinux(c, n); r != nil || w.err != nil {
			return r
		}
	}
	if !mode || c.Mode == "port" {
		return w.mode(c)
	}
	return nil
}

// refuse begins a refusal.
func (w *walk) refuse(c mechanism.Call, by scenarios.Layer, errno, format string, args ...any) *refusal {
	return &refusal{side: w.side, call: c, by: by, errno: errno, text: fmt.Sprintf(format, args...)}
}

// pass notes why something was let through, once.
func (w *walk) pass(line string) {
	if !slices.Contains(w.passed, line) {
		w.passed = append(w.passed, line)
	}
}

// who names the side, for people.
func (w *walk) who() string { return fmt.Sprintf("%s (%s)", w.side.subject.Name, w.side.domain) }

// seccomp asks the declared filter.
func (w *walk) seccomp(c mechanism.Call) *refusal {
	f := w.side.subject.Seccomp
	if f == nil {
		return nil
	}
	for _, call := range c.Syscalls {
		refused := slices.Contains(f.Deny, call)
		if len(f.Allow) > 0 {
			refused = !slices.Contains(f.Allow, call) && !slices.Contains(mechanism.Always(), call)
		}
		if !refused {
			continue
		}
		what := "ends the process"
		if f.Errno != "" {
			what = "gives " + f.Errno
		}
		r := w.refuse(c, scenarios.BySeccomp, f.Errno, "the filter of %s refuses %s", w.side.subject.Name, call)
		r.syscall = call
		r.evidence = []string{about(scenarios.BySeccomp, "%s is declared so: %s %s", w.side.subject.Name, call, what)}
		return r
	}
	return nil
}

// namespace asks whether the object exists where the side is.
func (w *walk) namespace(c mechanism.Call) *refusal {
	kind := w.thing.about.Namespace
	if !c.Finds || kind == "" {
		return nil
	}
	own, there := w.side.subject.Namespaces[kind], w.thing.space
	if w.thing.Kind == mechanism.Signal {
		// Of a namespace one sees all processes in it and in those below it, and
		// every one of the scenario's is below the machine's.
		if there = w.peer.Namespaces[kind]; own == "" {
			there = ""
		}
	}
	if own == there {
		return nil
	}
	r := w.refuse(c, scenarios.ByNamespace, "", "%s is in another %s namespace than %s", w.side.subject.Name, kind, w.name())
	r.errno = absent(w.thing.Kind, kind)
	r.evidence = []string{about(scenarios.ByNamespace, "%s is in %s, %s in %s", w.side.subject.Name, space(kind, own), w.name(), space(kind, there))}
	return r
}

// absent is the error for what is in another namespace. A datagram of UDP is sent
// and lost.
func absent(kind mechanism.Kind, namespace string) string {
	switch {
	case namespace == "pid":
		return "ESRCH"
	case kind == mechanism.UDP:
		return ""
	case namespace == "net":
		return "ECONNREFUSED"
	}
	return "ENOENT"
}

// name is the object, for people.
func (w *walk) name() string {
	if w.thing.Kind == mechanism.Signal {
		return w.peer.Name
	}
	return w.thing.Name
}

func space(kind, name string) string {
	if name == "" {
		return "the machine's " + kind + " namespace"
	}
	return fmt.Sprintf("the %s namespace %q", kind, name)
}

// selinux asks for what a call needs of something.
func (w *walk) selinux(c mechanism.Call, n mechanism.Need) *refusal {
	class, target := w.target(n)
	if n.On == mechanism.OnPort && w.local() {
		return nil // of ports that the kernel gives out itself it is not asked
	}
	return w.permissions(c, n, w.source(n), target, class)
}

// source is who needs it.
func (w *walk) source(n mechanism.Need) string {
	if n.By == string(mechanism.OnMessage) {
		return w.message()
	}
	return w.side.domain
}

// message is the type of a message: what a transition says, else the queue's.
func (w *walk) message() string {
	made, err := w.p.m.TypeOfMade(w.from, w.thing.types[w.thing.class()], "msg", "", false)
	if err != nil {
		w.err = err
	}
	return made
}

// target is what a need is about, with its class.
func (w *walk) target(n mechanism.Need) (class, target string) {
	switch class = n.Class; n.On {
	case mechanism.OnMessage:
		return class, w.message()
	case mechanism.OnSelf:
		return class, w.side.domain
	case mechanism.OnMaker:
		return class, w.thing.makes
	case mechanism.OnFrom:
		return class, w.from
	case mechanism.OnTo:
		return class, w.to
	case mechanism.OnPort:
		return class, w.p.m.TypeOfPort(string(w.thing.Kind), w.thing.Port)
	case mechanism.OnNode:
		return class, w.p.m.Initial[w.p.machine.Node]
	}
	if class == "object" {
		class = w.thing.class()
	}
	return class, w.thing.types[class]
}

// local tells whether a port is one of those that the kernel gives out itself.
func (w *walk) local() bool {
	low, high := w.p.machine.LocalPorts[0], w.p.machine.LocalPorts[1]
	return low <= w.thing.Port && w.thing.Port <= high && w.side.makes
}

// permissions asks SELinux for several permissions at once, as the kernel does.
func (w *walk) permissions(c mechanism.Call, n mechanism.Need, source, target, class string) *refusal {
	var missing []string
	if n.On == mechanism.OnTo && class == "process" && w.thing.Signal != "" {
		n.Permissions = []string{mechanism.SignalPermission(w.thing.Signal)}
	}
	for _, perm := range n.Permissions {
		answer, err := w.p.book.ask(source, target, class, perm, w.values)
		if err != nil {
			w.err = err
			return nil
		}
		w.booleans = append(w.booleans, answer.booleans...)
		if !answer.allowed {
			missing = append(missing, perm)
			continue
		}
		w.pass(about(scenarios.BySELinux, "%s", answer.rule))
	}
	if len(missing) == 0 {
		w.p.limit(source, target, class, n.Permissions)
		return nil
	}
	r := w.refuse(c, scenarios.BySELinux, "EACCES", "%s lacks %s %s on %s", lacking(w, source), class, strings.Join(missing, ", "), target)
	r.class, r.missing = class, missing
	if n.Gives != "" {
		r.errno = strings.TrimPrefix(n.Gives, "nothing")
		r.text += ", which gives no error"
	}
	r.evidence = []string{about(scenarios.BySELinux, "no rule allows %s %s (%s (%s))", source, target, class, strings.Join(missing, " "))}
	for _, rule := range w.p.book.has(source, target, class) {
		r.evidence = append(r.evidence, about(scenarios.BySELinux, "all that it has: %s", rule))
	}
	return r
}

// lacking names who lacks something: the side, or a message.
func lacking(w *walk, source string) string {
	if source != w.side.domain {
		return "a message of type " + source
	}
	return w.who()
}
