package grader

import (
	"cmp"
	"fmt"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
	"ipclab/labs"
	"ipclab/scenarios"
)

// wishes are what a lab's scenario wants, in operations of the trusted probe.
type wishes struct{ lab *labs.Lab }

func newWishes(lab *labs.Lab) *wishes { return &wishes{lab} }

// wish is a flow or a back channel that the scenario forbids.
type wish struct {
	from, to, via string
	way           string // of a flow, or the back channel's name
	who           string // the subject that must be refused
	op            api.Op // by which it is refused; empty: the probe has none for it
	path          string // what it is tried on
	by            scenarios.Layer
	class         string
	permission    string
	at            scenarios.Position
}

// ways are the probe's operations for the two ends of a way of using an object.
func ways() map[string][2]api.Op {
	return map[string][2]api.Op{
		"write": {api.OpWrite, api.OpRead}, "append": {api.OpAppend, api.OpRead}, "rdwr": {api.OpRdwr, api.OpRdwr},
		"msgsnd": {api.OpMsgsnd, api.OpMsgrcv}, "shmat-rw": {api.OpShmatRW, api.OpShmatRO}, "semop": {api.OpSemop, api.OpGetval},
	}
}

// sysVLists is where a back channel of this name is seen: not at the object.
const sysVLists = "sysvipc"

// denied is all that the scenario forbids over an object.
func (w *wishes) denied() []wish {
	var all []wish
	for _, f := range w.lab.Scenario().Flows {
		if f.Want == scenarios.Deny && f.Via != "" {
			all = append(all, w.flow(f))
		}
	}
	for _, b := range w.lab.Scenario().BackChannels {
		if b.Want == scenarios.Deny {
			all = append(all, w.backChannel(b))
		}
	}
	return all
}

func (w *wishes) flow(f scenarios.Flow) wish {
	one := wish{from: f.From, to: f.To, via: f.Via, way: w.way(f), who: f.From, path: w.path(f.Via),
		by: f.By, class: f.Class, permission: f.Permission, at: f.At}
	ops := ways()[one.way]
	one.op = ops[0]
	if f.Refused == scenarios.ToEnd {
		one.who, one.op = f.To, ops[1]
	}
	return one
}

// way is the flow's way, also if it is the usual one.
func (w *wishes) way(f scenarios.Flow) string {
	o, _ := w.lab.Scenario().Object(f.Via)
	m, _ := mechanism.Find(o.Kind)
	way, _ := m.Way(f.How)
	return way.Name
}

func (w *wishes) backChannel(b scenarios.BackChannel) wish {
	one := wish{from: b.From, to: b.To, via: b.Via, way: b.How, who: b.Trier(), op: api.Op(b.Look), path: w.path(b.Via),
		by: b.By, class: b.Class, permission: b.Permission, at: b.At}
	if o, _ := w.lab.Scenario().Object(b.Via); one.op == "" && b.How == sysVLists {
		one.op, one.path = api.OpRead, sysVList(o.Kind)
	}
	return one
}

// sysVList is the file that lists the objects of a kind (proc(5)).
func sysVList(k mechanism.Kind) string {
	return "/proc/sysvipc/" + map[mechanism.Kind]string{mechanism.Queue: "msg", mechanism.Segment: "shm", mechanism.Semaphores: "sem"}[k]
}

// path is how scripts name an object of the scenario.
func (w *wishes) path(name string) string {
	o, _ := w.lab.Object(name)
	return o.Path
}

// denial is the attempt that a forbidden flow or back channel means.
func (w *wishes) denial(one wish) (*attempt, error) {
	place := fmt.Sprintf("%s:%d", w.lab.ScenarioFile(), one.at.Line)
	if one.op == "" {
		return nil, fmt.Errorf("%s: the probe has no operation for %q over %s: give the back channel a look, or name one way that a check can try", place, one.way, one.via)
	}
	subject, err := w.subject(one.who)
	if err != nil {
		return nil, err
	}
	a := &attempt{subject: subject, op: one.op, path: one.path, denied: true, by: one.by, class: one.class, perm: one.permission}
	if err := a.judgeWhat(); err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	if one.by != scenarios.ByDAC && one.by != scenarios.BySELinux {
		return nil, fmt.Errorf("%s: a check can attribute a denial to dac or selinux, not to %q", place, one.by)
	}
	return a, nil
}

// wanted is what the scenario lets its subjects do with an object: what both ends of
// allowed flows do, those that may look, and that its maker can make it.
func (w *wishes) wanted(via string) []attempt {
	var all []attempt
	add := func(subject string, op api.Op, path string) {
		if s, err := w.subject(subject); err == nil && op != "" {
			all = append(all, attempt{subject: s, op: op, path: path})
		}
	}
	s := w.lab.Scenario()
	for _, f := range s.Flows {
		if ops := ways()[w.way(f)]; f.Want == scenarios.Allow && f.Via == via {
			add(f.From, ops[0], w.path(via))
			if ops[1] != ops[0] { // who opens both ways may meet one who only reads
				add(f.To, ops[1], w.path(via))
			}
		}
	}
	for _, b := range s.BackChannels {
		if one := w.backChannel(b); b.Want == scenarios.Allow && b.Via == via {
			add(one.who, one.op, one.path)
		}
	}
	if o, _ := s.Object(via); o.Maker != "" {
		add(o.Maker, api.OpCreate, w.path(via))
	}
	return all
}

// means tells whether an attempt is what the scenario's wish comes to.
func (one wish) means(a *attempt) bool {
	return a.denied && a.subject.Name == one.who && a.op == one.op && a.path == one.path
}

// flows tells whether an operation moves contents: what a scenario is about.
func flows(op api.Op) bool {
	for _, ends := range ways() {
		if op == ends[0] || op == ends[1] {
			return true
		}
	}
	return false
}

// told names a wish as a script would.
func (one wish) told() string {
	return fmt.Sprintf("%s -> %s : %s over %s", one.from, one.to, cmp.Or(one.way, "anything"), one.via)
}
