package policy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of a text of audit records.
const (
	maxTextLine   = 2 * maxRecord
	maxTextEvents = 100_000
)

// AuditText is what a text of audit records came to.
type AuditText struct {
	Events []Event
	Unread []Unread // lines that look like audit records and cannot be relied on
	Other  int      // lines that are about something else
}

// Unread is a line that looks like an audit record and is not one, or not a
// whole one.
type Unread struct {
	Line int
	Text string // its beginning
	Why  string
}

// ReadAudit reads what people copy and pipe: auditd's log, ausearch (with and
// without -i), dmesg, journalctl and syslog, and a record by itself. Records of
// one event are joined, interleaved ones too. A line that cannot be relied on
// is left out and told: nothing is guessed. An error is the reader's, or says
// that there is more than 100,000 events.
func ReadAudit(r io.Reader) (*AuditText, error) {
	t, j := &AuditText{}, &Joiner{}
	in := bufio.NewReaderSize(r, maxTextLine)
	for number := 1; ; number++ {
		line, whole, err := readLine(in)
		if err != nil && (!errors.Is(err, io.EOF) || line == "") {
			t.Events = j.Events()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return t, err
		}
		t.line(j, number, line, whole)
		if len(j.events) > maxTextEvents {
			return nil, fmt.Errorf("more than %d events: cut the text, as with ausearch --start recent", maxTextEvents)
		}
	}
}

// readLine gives a line without its end. A line that is too long is cut, and
// is not whole.
func readLine(in *bufio.Reader) (line string, whole bool, err error) {
	part, err := in.ReadSlice('\n')
	line, whole = strings.TrimRight(string(part), "\r\n"), true
	for errors.Is(err, bufio.ErrBufferFull) {
		whole = false
		_, err = in.ReadSlice('\n')
	}
	return line, whole, err
}

// line takes one line.
func (t *AuditText) line(j *Joiner, number int, line string, whole bool) {
	r, err := cutRecord(line)
	switch {
	case err == nil && !whole:
		err = errors.New("it is too long for an audit record")
	case err == nil && !r.matters():
		t.Other++
		return
	case err == nil:
		r.line = number
		err = j.addText(r)
	case errors.Is(err, errNoRecord):
		t.Other++
		return
	}
	if err != nil {
		t.Unread = append(t.Unread, Unread{Line: number, Text: clip(strings.TrimSpace(line)), Why: err.Error()})
	}
}

// addText adds a record that people copied: it may be cut off anywhere.
func (j *Joiner) addText(r record) error {
	if r.form != FormInterpreted {
		body, err := cleanRecord(r.body)
		if err != nil {
			return err
		}
		r.body = body
	}
	if err := r.complete(); err != nil {
		return err
	}
	return j.add(r)
}

// How a record ends. The codes of seccomp are those that the kernel knows.
var (
	endOfDenial  = pattern(` permissive=[01]( srawcon=\S+)?( trawcon=\S+)?$`)
	endOfSyscall = pattern(` key=\S`)
	endOfSeccomp = pattern(` code=(0x(0|80000000|30000|50000|7fc00000|7ff00000|7ffc0000|7fff0000)|[a-z_-]+)( SYSCALL=\S+)?$`)
	endOfPath    = pattern(` nametype=(NORMAL|PARENT|CREATE|DELETE|UNKNOWN)( |$)`)
)

// complete tells whether a record has its end: what is cut off in the middle of
// a value may look like another value, "filesystem" like "file".
func (r record) complete() error {
	body := strings.TrimRight(r.body, " ")
	whole := true
	switch r.kind {
	case RecordAVC:
		if whole = endOfDenial().MatchString(body); !whole {
			return errors.New("it does not end with permissive=0 or 1: it is cut off (or no denial, or of a kernel before 3.17)")
		}
	case RecordSyscall:
		whole = endOfSyscall().MatchString(body)
	case RecordSeccomp:
		whole = endOfSeccomp().MatchString(body)
	case RecordPath:
		whole = endOfPath().MatchString(body)
	}
	if !whole {
		return errors.New("it is cut off")
	}
	return nil
}

// errNoRecord says that a line is no audit record.
var errNoRecord = errors.New("no audit record")

// What stands before a record. A line must begin so: anywhere else such words
// may be a program's.
var (
	auditLine   = pattern(`^(?:node=(\S+) )?type=(\S+) msg=audit\(([^()]{1,64})\)( ?): *(.*)$`)
	dmesgLine   = pattern(`^(?:<\d+>|[a-z]+ *:[a-z]+ *: )?\[[ \d.]+\] audit: type=(\d+) audit\(([^()]{1,64})\): *(.*)$`)
	dmesgDated  = pattern(`^(?:[a-z]+ *:[a-z]+ *: )?\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}\] audit: type=(\d+) audit\(([^()]{1,64})\): *(.*)$`)
	journalLine = pattern(`^(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}(?:\.\d+)?|\d{4}-\d\d-\d\dT\S+) \S+ (?:kernel|audit(?:\[\d+\])?): (.*)$`)
	inKernel    = pattern(`^(?:\[[ \d.]+\] )?audit: type=(\d+) audit\(([^()]{1,64})\): *(.*)$`)
	inJournal   = pattern(`^([A-Z_0-9]+) (.*)$`)
	bareLine    = pattern(`^(?:AVC )?(avc:  ?(?:denied|granted) .*)$`)
	looksLike   = pattern(`\bavc: +(denied|granted)\b|\btype=(AVC|SYSCALL|SECCOMP|1400|1300|1326) .*audit\(`)
)

// cutRecord tells the parts of a line. errNoRecord: it is about something else.
func cutRecord(line string) (record, error) {
	line = strings.TrimLeft(line, " \t")
	if m := auditLine().FindStringSubmatch(line); m != nil {
		r := record{node: m[1], form: FormAudit, kind: kindOf(m[2]), stamp: m[3], body: withoutNames(m[5]), text: line}
		if m[4] == " " {
			r.form, r.body = FormInterpreted, m[5]
		}
		return r, nil
	}
	for _, form := range []*regexp.Regexp{dmesgLine(), dmesgDated()} {
		if m := form.FindStringSubmatch(line); m != nil {
			return record{form: FormKernel, kind: kindOf(m[1]), stamp: m[2], body: m[3], text: line}, nil
		}
	}
	if m := journalLine().FindStringSubmatch(line); m != nil {
		return inJournalLine(line, m[1])
	}
	if m := bareLine().FindStringSubmatch(line); m != nil {
		return record{form: FormBare, kind: RecordAVC, body: m[1], text: line}, nil
	}
	return record{}, notOne(line)
}

// inJournalLine reads what kernel or journald wrote into the journal.
func inJournalLine(line, message string) (record, error) {
	if m := inKernel().FindStringSubmatch(message); m != nil {
		return record{form: FormJournal, kind: kindOf(m[1]), stamp: m[2], body: m[3], text: line}, nil
	}
	// Here records have no number. Those that mean something by themselves do.
	if m := inJournal().FindStringSubmatch(message); m != nil && (m[1] == "AVC" || m[1] == "SECCOMP") {
		return record{form: FormJournal, kind: kindOf(m[1]), body: m[2], text: line}, nil
	}
	return record{}, notOne(line)
}

// notOne tells a line that is about something else from one that has a record
// where none can stand.
func notOne(line string) error {
	if looksLike().MatchString(line) {
		return errors.New("it looks like an audit record, but does not begin as ausearch, dmesg or the journal begin a line")
	}
	return errNoRecord
}

// withoutNames takes off what auditd adds after a group separator: the same
// once more, in words. Of them the name of the system call and of the user are
// kept, which are in the fields' own form.
func withoutNames(body string) string {
	raw, names, ok := strings.Cut(body, "\x1d")
	if !ok {
		return body
	}
	f, err := parseFields(names)
	if err != nil {
		return raw
	}
	for _, key := range []string{"SYSCALL", "EUID"} {
		if v, there := f[key]; there && !strings.ContainsAny(v.text, ` "`) {
			raw += " " + key + "=" + v.text
		}
	}
	return raw
}

// kindOf is the number of a record type, by name or number; 0 for those that
// are not looked at.
func kindOf(name string) RecordType {
	if n, err := strconv.ParseUint(name, 10, 16); err == nil {
		return RecordType(n)
	}
	switch name {
	case "AVC":
		return RecordAVC
	case "SYSCALL":
		return RecordSyscall
	case "PATH":
		return RecordPath
	case "SECCOMP":
		return RecordSeccomp
	}
	return 0
}

// splitStamp cuts "audit(TIME:SERIAL): " off.
func splitStamp(text string) (stamp, body string, err error) {
	text, ok := strings.CutPrefix(text, "audit(")
	stamp, body, closed := strings.Cut(text, "):")
	if !ok || !closed {
		return "", "", errors.New("the time stamp audit(TIME:SERIAL) is not in front")
	}
	return stamp, strings.TrimLeft(body, " "), nil
}

// readStamp reads TIME:SERIAL; false if it is in no form that is known. Of an
// interpreted one the serial is read and the time only where its form leaves no doubt.
func (e *Event) readStamp(text string) bool {
	if s, err := parseStamp(text); err == nil {
		e.Time, e.Serial = s.time, s.serial
		return true
	}
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return false
	}
	serial, err := strconv.ParseUint(text[at+1:], 10, 64)
	if err != nil {
		return false
	}
	e.Serial = serial
	if when, err := time.ParseInLocation("01/02/2006 15:04:05.000", text[:at], time.UTC); err == nil && when.Day() > 12 {
		e.Time = when
	}
	return true
}
