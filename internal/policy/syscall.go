package policy

import (
	"fmt"
	"strconv"
	"time"
)

// Syscall is a system call that the audit rules caught, from a record of type
// RecordSyscall. Comm, Exe and Key were chosen outside the kernel.
type Syscall struct {
	Serial  uint64
	Time    time.Time // to the millisecond, UTC
	Arch    uint32    // AUDIT_ARCH_*, such as 0xc000003e for x86-64
	Number  int       // of the system call, in the table of Arch
	Success bool
	Exit    int64 // what the call returned; an error is a negative errno
	PID     int
	User    string    // effective user: a number, or the name where the text has it
	Args    [4]string // as written: hexadecimal, or words where the text was interpreted
	Name    string    // of the system call, where the text has it
	Subject Context   // zero where the record has none
	Comm    string
	Exe     string
	Key     string // of the audit rule; empty without one
	Raw     string
}

// ParseSyscall reads the text of a SYSCALL record. An error is a *RecordError.
func ParseSyscall(text string) (Syscall, error) {
	s, err := parseSyscall(text)
	if err != nil {
		return Syscall{}, &RecordError{Msg: err.Error(), Raw: text}
	}
	s.Raw = text
	return s, nil
}

func parseSyscall(text string) (Syscall, error) {
	text, err := cleanRecord(text)
	if err != nil {
		return Syscall{}, err
	}
	at, rest, err := cutStamp(text)
	if err != nil {
		return Syscall{}, err
	}
	s := Syscall{Serial: at.serial, Time: at.time}
	err = s.takeBody(rest)
	return s, err
}

// takeBody reads what follows the stamp, in the kernel's own form.
func (s *Syscall) takeBody(text string) error {
	f, err := parseFields(text)
	if err != nil {
		return err
	}
	return s.takeFields(f)
}

func (s *Syscall) takeFields(f fields) error {
	arch, err := strconv.ParseUint(f.bare("arch"), 16, 32)
	if err != nil {
		return fmt.Errorf("arch is not a hexadecimal number: %q", clip(f.bare("arch")))
	}
	if f.bare("syscall") == "" {
		return fmt.Errorf("no syscall number")
	}
	s.Arch = uint32(arch)
	s.Success = f.bare("success") == "yes"
	s.Comm, s.Exe = f.untrusted("comm"), f.untrusted("exe")
	if key := f["key"]; key.quoted || key.text != "(null)" {
		s.Key = f.untrusted("key")
	}
	s.takeWho(f)
	return s.takeNumbers(f)
}

// takeWho reads who called, and with what.
func (s *Syscall) takeWho(f fields) {
	s.User, s.Name = f.bare("euid"), f.bare("SYSCALL") // auditd adds names in capitals
	if name := f.untrusted("EUID"); name != "" {
		s.User = name
	}
	s.Subject, _ = f.context("subj")
	for i, key := range []string{"a0", "a1", "a2", "a3"} {
		s.Args[i] = f.bare(key)
	}
}

func (s *Syscall) takeNumbers(f fields) error {
	number, err := f.number("syscall")
	if err != nil {
		return err
	}
	pid, err := f.number("pid")
	if err != nil {
		return err
	}
	s.Number, s.PID = int(number), int(pid)
	s.Exit, err = f.number("exit")
	return err
}
