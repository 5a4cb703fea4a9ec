package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Form is how the text of an audit record was written down.
type Form string

// The forms.
const (
	FormAudit       Form = "audit"       // auditd's log, or ausearch --raw
	FormInterpreted Form = "interpreted" // ausearch -i: numbers and names in words, nothing in quotes
	FormKernel      Form = "kernel log"  // dmesg
	FormJournal     Form = "journal"     // journalctl and syslog
	FormBare        Form = "bare"        // "avc: denied …" by itself
)

// Doubt says in a line why a record of this form may not be what it seems to
// be; empty where nothing but the kernel and auditd can have written it.
func (f Form) Doubt() string {
	switch f {
	case FormInterpreted:
		return "interpreted text has names that programs chose in it, unquoted: one that is cut off at the right place can pass for fields (ausearch --raw has no such doubt)"
	case FormJournal:
		return "any program that may log can have written such lines into the journal (ausearch reads a file that only root can write)"
	case FormBare:
		return "the text does not say where it comes from"
	}
	return ""
}

// Event is one event of the audit trail: the records that carry its number.
type Event struct {
	Serial  uint64    // 0 where the text has none
	Time    time.Time // UTC; zero where the text has none that can be read
	Stamp   string    // TIME:SERIAL as written; empty where the text has none
	Form    Form
	Line    int // of its first record in the text, from 1
	AVCs    []AVC
	Syscall *Syscall // nil if there is none
	Seccomp *Seccomp // nil if there is none
	Paths   []Path
}

// Denials are those of the event's decisions that were enforced.
func (e Event) Denials() []AVC {
	return slices.DeleteFunc(slices.Clone(e.AVCs), func(a AVC) bool { return !a.Denied || a.Permissive })
}

// Refused tells whether the event's system call failed with EACCES or EPERM,
// and no denial of SELinux or seccomp is among its records: owner, group, mode or
// a capability decided. An event that has no number of its own cannot say so.
func (e Event) Refused() bool {
	return e.Syscall != nil && e.Stamp != "" && !e.Syscall.Success && (e.Syscall.Exit == -13 || e.Syscall.Exit == -1) &&
		len(e.AVCs) == 0 && e.Seccomp == nil
}

// Seccomp is an action of a filter on system calls, from a record of type
// RecordSeccomp. Comm and Exe were chosen outside the kernel.
type Seccomp struct {
	PID     int
	User    string // a number, or a name where the text has it
	Subject Context
	Comm    string
	Exe     string
	Signal  int    // 0: the process was not killed
	Arch    uint32 // AUDIT_ARCH_*; 0 where the text has it in words
	Number  int    // of the system call
	Name    string // of the system call, where the text has it
	Code    string // of the filter's answer, hexadecimal or a word
	Raw     string
}

// Path is a file that a system call was about, from a record of type
// RecordPath. Name was chosen by the program.
type Path struct {
	Name  string
	Mode  string // octal with the kind, such as 010640, or in words where the text was interpreted
	Owner string // a number or a name
	Group string
	Type  string // SELinux type; may be empty
	Kind  string // PARENT, NORMAL, CREATE, DELETE, UNKNOWN
}

// Joiner puts records together into events. Records of different events may
// come interleaved. The zero value is ready for use.
type Joiner struct {
	events []*Event
	byID   map[string]*Event
}

// Add adds a record as the kernel hands it out: its type, and its text from
// "audit(" on. Types that say nothing about denials are passed over. An error
// is a *RecordError.
func (j *Joiner) Add(kind RecordType, text string) error {
	r := record{form: FormAudit, kind: kind, text: text}
	if !r.matters() {
		return nil
	}
	clean, err := cleanRecord(text)
	if err == nil {
		r.stamp, r.body, err = splitStamp(clean)
	}
	if err == nil {
		err = j.add(r)
	}
	if err != nil {
		return &RecordError{Msg: err.Error(), Raw: text}
	}
	return nil
}

// Events gives the events in the order in which they began.
func (j *Joiner) Events() []Event {
	all := make([]Event, len(j.events))
	for i, e := range j.events {
		all[i] = *e
	}
	return all
}

// record is one record of a text, cut into its parts.
type record struct {
	node  string // the machine, where the text names it
	form  Form
	kind  RecordType
	stamp string // what stands in audit(…)
	body  string // what follows it
	text  string // the whole line
	line  int
}

// matters tells whether records of the type are looked at.
func (r record) matters() bool {
	switch r.kind {
	case RecordAVC, RecordSyscall, RecordSeccomp, RecordPath:
		return true
	}
	return false
}

// add reads a record and puts it into its event. A record that cannot be read
// changes nothing.
func (j *Joiner) add(r record) error {
	part := Event{Form: r.form, Line: r.line, Stamp: r.stamp}
	if r.stamp != "" && !part.readStamp(r.stamp) && r.form != FormInterpreted {
		return fmt.Errorf("bad time stamp %q", clip(r.stamp))
	}
	if err := part.take(r); err != nil {
		return err
	}
	e := j.event(r, part)
	if e.Syscall != nil && part.Syscall != nil || e.Seccomp != nil && part.Seccomp != nil {
		return fmt.Errorf("event %s has two such records", clip(r.stamp))
	}
	e.AVCs, e.Paths = append(e.AVCs, part.AVCs...), append(e.Paths, part.Paths...)
	if part.Syscall != nil {
		e.Syscall = part.Syscall
	}
	if part.Seccomp != nil {
		e.Seccomp = part.Seccomp
	}
	return nil
}

// event finds the event of a record, or begins it. Records without a stamp
// stand alone.
func (j *Joiner) event(r record, part Event) *Event {
	key := strings.Join([]string{r.node, string(r.form), r.stamp}, " ")
	if e := j.byID[key]; e != nil && r.stamp != "" {
		return e
	}
	e := &Event{Serial: part.Serial, Time: part.Time, Stamp: r.stamp, Form: r.form, Line: r.line}
	j.events = append(j.events, e)
	if j.byID == nil {
		j.byID = map[string]*Event{}
	}
	j.byID[key] = e
	return e
}

// take reads the record's body.
func (e *Event) take(r record) error {
	cut := parseFields
	if r.form == FormInterpreted {
		cut = interpretedFields(r.kind)
	}
	if r.kind == RecordAVC {
		a := AVC{Serial: e.Serial, Time: e.Time, Raw: r.text}
		err := a.takeBody(r.body, cut)
		e.AVCs = []AVC{a}
		return err
	}
	f, err := cut(r.body)
	if err != nil {
		return err
	}
	switch r.kind {
	case RecordSyscall:
		e.Syscall = &Syscall{Serial: e.Serial, Time: e.Time, Raw: r.text}
		if r.form == FormInterpreted {
			return e.Syscall.takeInterpreted(f)
		}
		return e.Syscall.takeFields(f)
	case RecordSeccomp:
		e.Seccomp = &Seccomp{Raw: r.text}
		return e.Seccomp.takeFields(f)
	}
	e.Paths = []Path{{
		Name: f.untrusted("name"), Mode: f.bare("mode"), Owner: f.bare("ouid"), Group: f.bare("ogid"),
		Type: f.typeOf("obj"), Kind: f.bare("nametype"),
	}}
	return nil
}

// takeFields reads a SECCOMP record.
func (s *Seccomp) takeFields(f fields) (err error) {
	s.Comm, s.Exe, s.Code, s.User = f.untrusted("comm"), f.untrusted("exe"), f.bare("code"), f.bare("uid")
	s.Subject, _ = f.context("subj")
	if s.PID, err = f.integer("pid"); err != nil {
		return err
	}
	s.Signal = f.wordOrNumber("sig", nil)
	call := f.bare("syscall")
	if call == "" {
		return fmt.Errorf("no syscall")
	}
	s.Number = f.wordOrNumber("syscall", &s.Name)
	if name := f.untrusted("SYSCALL"); name != "" {
		s.Name = name
	}
	s.Arch = f.hexadecimal("arch")
	return nil
}

// SerialOf gives the number of the event that a record of the kernel belongs to,
// without reading the record; 0 if it has none.
func SerialOf(text string) uint64 {
	stamp, _, err := splitStamp(text)
	if err != nil {
		return 0
	}
	s, err := parseStamp(stamp)
	if err != nil {
		return 0
	}
	return s.serial
}
