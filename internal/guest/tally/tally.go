// Package tally counts audit records: who did what to which object how often,
// and when first and last. It is what a trace sends to the host in the place of
// records. It reads no trail and judges nothing.
package tally

import (
	"slices"
	"strings"
	"sync"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
)

// Bounds: of kinds of things that are counted, and of events whose records are
// still waited for.
const (
	mostRows   = 2000
	mostEvents = 256
)

// Tally counts records of some domains. It may be used by several goroutines.
type Tally struct {
	mu      sync.Mutex
	domains map[string]bool
	rows    []*row // in the order of their first time
	byKey   map[key]*row
	events  map[uint64]*event // by serial
	order   []uint64          // of events
	changes uint64
	records uint64
	full    uint64
	unread  uint64
}

// key is what makes rows alike.
type key struct {
	source, target, class, perms, user string
	denied, permissive                 bool
	syscall                            int
}

type row struct {
	api.TraceRow
	changed uint64
}

// event is one event of which more records may come.
type event struct {
	decisions []decision
	refused   *row // the call was refused without a decision
	allowed   bool // all of it was granted: the trail need not keep it
}

// decision is one AVC record of an event, and where it was counted meanwhile.
type decision struct {
	avc policy.AVC
	row *row
}

// New makes a tally for domains.
func New(domains []string) *Tally {
	t := &Tally{domains: map[string]bool{}, byKey: map[key]*row{}, events: map[uint64]*event{}}
	for _, d := range domains {
		t.domains[d] = true
	}
	return t
}

// Add counts a record. It tells whether the record is about something that was
// granted, which nobody but a trace wants to know.
func (t *Tally) Add(kind uint16, text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch policy.RecordType(kind) {
	case policy.RecordAVC:
		return t.avc(text)
	case policy.RecordSyscall:
		return t.syscall(text)
	case policy.RecordPath, policy.RecordCWD, policy.RecordProctitle:
		return t.path(policy.RecordType(kind), text)
	}
	return false
}

func (t *Tally) avc(text string) bool {
	a, err := policy.ParseAVC(text)
	if err != nil {
		t.records++
		t.unread++
		return false
	}
	if !t.domains[a.Source.Type] {
		return false
	}
	t.records++
	e := t.event(a.Serial, !a.Denied)
	e.allowed = e.allowed && !a.Denied
	e.decisions = append(e.decisions, decision{a, t.count(a, "")})
	return !a.Denied
}

// count counts a decision of SELinux.
func (t *Tally) count(a policy.AVC, user string) *row {
	perms := slices.Sorted(slices.Values(a.Perms))
	k := key{source: a.Source.Type, target: a.Target.Type, class: a.Class, perms: strings.Join(perms, " "), user: user,
		denied: a.Denied, permissive: a.Permissive}
	r := t.row(k, func() api.TraceRow {
		return api.TraceRow{Source: k.source, Target: k.target, Class: k.class, Permissions: perms, User: user,
			Denied: k.denied, Permissive: k.permissive, Syscall: -1, Comm: a.Comm, First: a.Time}
	})
	if r == nil {
		return nil
	}
	r.Count++
	r.Last = a.Time
	if name := nameOf(a); name != "" {
		r.Name = name
	}
	return r
}

func nameOf(a policy.AVC) string {
	if a.Path != "" {
		return a.Path
	}
	return a.Name
}

// syscall takes the call of an event: what asked for the permissions, or, where
// SELinux denied nothing, what was refused by somebody else.
func (t *Tally) syscall(text string) bool {
	s, err := policy.ParseSyscall(text)
	if err != nil || !t.domains[s.Subject.Type] {
		return false
	}
	t.records++
	if e := t.events[s.Serial]; e != nil {
		t.settle(e, s)
		return e.allowed
	}
	if s.Success || s.Exit != -13 && s.Exit != -1 {
		return false
	}
	k := key{source: s.Subject.Type, denied: true, syscall: s.Number, user: s.User, perms: errnoWord(s.Exit)}
	r := t.row(k, func() api.TraceRow {
		return api.TraceRow{Source: k.source, Denied: true, Arch: s.Arch, Syscall: s.Number, Exit: s.Exit, User: s.User, Comm: s.Comm, First: s.Time}
	})
	if r != nil {
		r.Count++
		r.Last = s.Time
		t.event(s.Serial, false).refused = r
	}
	return false
}

// settle counts the decisions of an event anew, now that it is known which call
// of whom they were about: those about one object in one call are one.
func (t *Tally) settle(e *event, s policy.Syscall) {
	var all []policy.AVC
	for _, d := range e.decisions {
		if d.row == nil {
			continue
		}
		d.row.Count--
		t.touch(d.row)
		all = merged(all, d.avc)
	}
	e.decisions = nil
	for _, a := range all {
		if r := t.count(a, s.User); r != nil {
			r.Syscall, r.Arch = s.Number, s.Arch
		}
	}
}

// merged adds a decision to those that it belongs to.
func merged(all []policy.AVC, a policy.AVC) []policy.AVC {
	for i, b := range all {
		if a.Target != b.Target || a.Class != b.Class || a.Denied != b.Denied || a.Permissive != b.Permissive {
			continue
		}
		all[i].Perms = slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Perms, b.Perms))))
		if nameOf(a) != "" {
			all[i].Path, all[i].Name = a.Path, a.Name
		}
		return all
	}
	return append(all, a)
}

func errnoWord(exit int64) string {
	if exit == -1 {
		return "EPERM"
	}
	return "EACCES"
}

// path takes the file of a call that was refused.
func (t *Tally) path(kind policy.RecordType, text string) bool {
	var j policy.Joiner
	e := t.events[policy.SerialOf(text)]
	if e == nil {
		return false
	}
	t.records++
	if kind != policy.RecordPath || e.refused == nil || j.Add(kind, text) != nil {
		return e.allowed
	}
	p := j.Events()[0].Paths[0]
	if len(p.Mode) > 4 {
		p.Mode = p.Mode[len(p.Mode)-4:]
	}
	if e.refused.Name = p.Name; p.Mode != "" {
		e.refused.Mode = p.Mode + " " + p.Owner + ":" + p.Group
	}
	t.touch(e.refused)
	return e.allowed
}

// row finds or makes a row; nil if there are too many.
func (t *Tally) row(k key, fresh func() api.TraceRow) *row {
	r := t.byKey[k]
	if r == nil {
		if len(t.rows) == mostRows {
			t.full++
			return nil
		}
		r = &row{TraceRow: fresh()}
		r.ID = len(t.rows) + 1
		t.rows, t.byKey[k] = append(t.rows, r), r
	}
	t.touch(r)
	return r
}

func (t *Tally) touch(r *row) {
	t.changes++
	r.changed = t.changes
}

// event finds or makes an event. The oldest ones are given up.
func (t *Tally) event(serial uint64, allowed bool) *event {
	if e := t.events[serial]; e != nil {
		return e
	}
	if len(t.order) == mostEvents {
		delete(t.events, t.order[0])
		t.order = t.order[1:]
	}
	e := &event{allowed: allowed}
	t.events[serial], t.order = e, append(t.order, serial)
	return e
}

// Since gives the rows that have changed since an earlier answer.
func (t *Tally) Since(since uint64) api.TraceReply {
	t.mu.Lock()
	defer t.mu.Unlock()
	reply := api.TraceReply{Rows: []api.TraceRow{}, Next: t.changes, Records: t.records, Full: t.full, Unread: t.unread}
	for _, r := range t.rows {
		if r.changed > since {
			reply.Rows = append(reply.Rows, r.TraceRow)
		}
	}
	return reply
}
