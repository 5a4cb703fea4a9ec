package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AVC is one decision of SELinux, from a record of type RecordAVC. PID, Comm,
// Path, Name, Dev and Ino are zero where the kernel did not tell. Comm, Path
// and Name were chosen by the audited program and may hold any byte but NUL.
type AVC struct {
	Serial     uint64    // of the event; its other records carry the same
	Time       time.Time // to the millisecond, UTC
	Denied     bool      // false: granted, which auditallow records
	Perms      []string  // such as read, write
	Class      string    // such as fifo_file
	Source     Context   // who acted
	Target     Context   // on what
	PID        int
	Comm       string
	Path       string
	Name       string // last component of the path
	Dev        string // device of the file system
	Ino        uint64
	Permissive bool   // denied by the policy, yet let through
	Raw        string // the record as it was read
}

// ParseAVC reads the text of an AVC record. An error is a *RecordError.
func ParseAVC(text string) (AVC, error) {
	a, err := parseAVC(text)
	if err != nil {
		return AVC{}, &RecordError{Msg: err.Error(), Raw: text}
	}
	a.Raw = text
	return a, nil
}

func parseAVC(text string) (AVC, error) {
	text, err := cleanRecord(text)
	if err != nil {
		return AVC{}, err
	}
	at, rest, err := cutStamp(text)
	if err != nil {
		return AVC{}, err
	}
	a := AVC{Serial: at.serial, Time: at.time}
	err = a.takeBody(rest, parseFields)
	return a, err
}

// takeBody reads what follows the stamp. cut parts the fields.
func (a *AVC) takeBody(text string, cut func(string) (fields, error)) error {
	rest, err := a.takeVerdict(text)
	if err != nil {
		return err
	}
	f, err := cut(rest)
	if err != nil {
		return err
	}
	return a.takeFields(f)
}

// takeVerdict reads "avc:  denied  { read write } for" and gives what follows.
func (a *AVC) takeVerdict(text string) (string, error) {
	head, rest, ok := strings.Cut(text, " for ")
	words := strings.Fields(head)
	if !ok || len(words) < 3 || words[0] != "avc:" {
		return "", fmt.Errorf("no avc: denied or granted { permissions } for")
	}
	switch words[1] {
	case "denied", "granted":
		a.Denied = words[1] == "denied"
	default:
		return "", fmt.Errorf("neither denied nor granted: %q", clip(words[1]))
	}
	perms := words[2:]
	if len(perms) == 1 && perms[0] == "null" { // an empty set, in the kernel's words
		return rest, nil
	}
	if len(perms) < 3 || perms[0] != "{" || perms[len(perms)-1] != "}" {
		return "", fmt.Errorf("no permissions in braces")
	}
	a.Perms = perms[1 : len(perms)-1]
	return rest, nil
}

func (a *AVC) takeFields(f fields) (err error) {
	if a.Source, err = f.context("scontext"); err != nil {
		return err
	}
	if a.Target, err = f.context("tcontext"); err != nil {
		return err
	}
	if a.Class = f.bare("tclass"); a.Class == "" {
		return fmt.Errorf("no tclass")
	}
	a.Comm, a.Path, a.Name = f.untrusted("comm"), f.untrusted("path"), f.untrusted("name")
	a.Dev = f.untrusted("dev")
	return a.takeNumbers(f)
}

func (a *AVC) takeNumbers(f fields) error {
	pid, err := f.number("pid")
	if err != nil {
		return err
	}
	a.PID = int(pid)
	if text := f.bare("ino"); text != "" {
		if a.Ino, err = strconv.ParseUint(text, 10, 64); err != nil {
			return fmt.Errorf("ino is not a number: %q", clip(text))
		}
	}
	switch p := f.bare("permissive"); p {
	case "1":
		a.Permissive = true
	case "0", "":
	default:
		return fmt.Errorf("permissive is neither 0 nor 1: %q", clip(p))
	}
	return nil
}

// Has reports whether perm is among the permissions of the record.
func (a AVC) Has(perm string) bool { return slices.Contains(a.Perms, perm) }

// String is the evidence in one line for people, such as
//
//	denied { write } a_t → b_t : fifo_file "channel" (pid 412 probe)
func (a AVC) String() string {
	var b strings.Builder
	b.WriteString(a.verdict())
	fmt.Fprintf(&b, " { %s } %s → %s : %s", strings.Join(a.Perms, " "), a.Source.Type, a.Target.Type, a.Class)
	if object := a.object(); object != "" {
		b.WriteString(" " + strconv.Quote(object))
	}
	if a.PID != 0 {
		fmt.Fprintf(&b, " (pid %d %s)", a.PID, word(a.Comm))
	}
	if a.Permissive {
		b.WriteString(" but let through: the domain or the machine is permissive")
	}
	return b.String()
}

func (a AVC) verdict() string {
	if a.Denied {
		return "denied"
	}
	return "granted"
}

func (a AVC) object() string {
	if a.Path != "" {
		return a.Path
	}
	return a.Name
}

// word shows a name that a program chose: bare when it is a plain word, else
// quoted with everything odd escaped.
func word(s string) string {
	plain := func(r rune) bool { return r > ' ' && r < 0x7f && !strings.ContainsRune("\"\\()'`", r) }
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return strconv.Quote(s)
	}
	return s
}
