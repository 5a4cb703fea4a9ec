package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// The same denial, as each tool shows it.
const (
	plainBody  = `avc:  denied  { write } for  pid=412 comm="probe" name="channel" dev="tmpfs" ino=77 scontext=system_u:system_r:reader_t:s0 tcontext=system_u:object_r:fifo_t:s0 tclass=fifo_file permissive=0`
	wordsBody  = `avc:  denied  { write } for  pid=412 comm=probe name=channel dev="tmpfs" ino=77 scontext=system_u:system_r:reader_t:s0 tcontext=system_u:object_r:fifo_t:s0 tclass=fifo_file permissive=0 `
	callBody   = `arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffe a2=801 a3=0 items=1 ppid=1 pid=412 auid=4294967295 uid=2002 gid=2002 euid=2002 suid=2002 fsuid=2002 egid=2002 sgid=2002 fsgid=2002 tty=(none) ses=4294967295 comm="probe" exe="/usr/lib/ipclab/probe" subj=system_u:system_r:reader_t:s0 key=(null)`
	callWords  = `arch=x86_64 syscall=openat success=no exit=EACCES(Permission denied) a0=AT_FDCWD a1=0x7ffe a2=O_WRONLY|O_NONBLOCK a3=0x0 items=1 ppid=1 pid=412 auid=unset uid=bob gid=bob euid=bob suid=bob fsuid=bob egid=bob sgid=bob fsgid=bob tty=(none) ses=unset comm=probe exe=/usr/lib/ipclab/probe subj=system_u:system_r:reader_t:s0 key=(null) `
	filterBody = `auid=4294967295 uid=2002 gid=2002 ses=4294967295 subj=system_u:system_r:reader_t:s0 pid=412 comm="probe" exe="/usr/lib/ipclab/probe" sig=31 arch=c000003e syscall=69 compat=0 ip=0x7f00 code=0x80000000`
	pathBody   = `item=0 name="/run/x y" inode=77 dev=00:18 mode=010640 ouid=2001 ogid=2000 rdev=00:00 obj=system_u:object_r:fifo_t:s0 nametype=NORMAL cap_fp=0`
)

func readText(t *testing.T, text string) *AuditText {
	t.Helper()
	got, err := ReadAudit(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReadAuditForms(t *testing.T) {
	const stamp = "1795251870.360:9"
	tests := []struct {
		name, text string
		form       Form
		stamped    bool
	}{
		{"auditd's log", "type=AVC msg=audit(" + stamp + "): " + plainBody, FormAudit, true},
		{"with a node", "node=lab type=AVC msg=audit(" + stamp + "): " + plainBody, FormAudit, true},
		{"indented", "    type=AVC msg=audit(" + stamp + "): " + plainBody + "\r", FormAudit, true},
		{"ausearch", "----\ntime->Sat Nov 21 20:04:30 2026\ntype=AVC msg=audit(" + stamp + "): " + plainBody, FormAudit, true},
		{"ausearch -i", "----\ntype=AVC msg=audit(11/21/2026 09:04:30.360:9) : " + wordsBody, FormInterpreted, true},
		{"dmesg", "[   12.345678] audit: type=1400 audit(" + stamp + "): " + plainBody, FormKernel, true},
		{"dmesg -x", "kern  :notice: [   12.345678] audit: type=1400 audit(" + stamp + "): " + plainBody, FormKernel, true},
		{"dmesg -T", "[Sat Nov 21 20:04:30 2026] audit: type=1400 audit(" + stamp + "): " + plainBody, FormKernel, true},
		{"dmesg -r", "<5>[   12.345678] audit: type=1400 audit(" + stamp + "): " + plainBody, FormKernel, true},
		{"journalctl", "Nov 21 20:04:30 lab kernel: audit: type=1400 audit(" + stamp + "): " + plainBody, FormJournal, true},
		{"syslog", "2026-11-21T20:04:30.36+00:00 lab kernel: [   12.345678] audit: type=1400 audit(" + stamp + "): " + plainBody, FormJournal, true},
		{"journald's own", "Nov 21 20:04:30 lab audit[412]: AVC " + plainBody, FormJournal, false},
		{"bare", plainBody, FormBare, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readText(t, tt.text)
			if len(got.Events) != 1 || len(got.Unread) != 0 || len(got.Events[0].AVCs) != 1 {
				t.Fatalf("got %+v", got)
			}
			e := got.Events[0]
			a := e.AVCs[0]
			if a.String() != `denied { write } reader_t → fifo_t : fifo_file "channel" (pid 412 probe)` {
				t.Errorf("got %s", a)
			}
			if e.Form != tt.form || (e.Serial == 9) != tt.stamped || (e.Time.Unix() == 1795251870) != tt.stamped {
				t.Errorf("form %q, serial %d, time %v", e.Form, e.Serial, e.Time)
			}
		})
	}
}

func TestReadAuditJoinsRecords(t *testing.T) {
	got := readText(t, strings.Join([]string{
		"type=AVC msg=audit(1795251870.360:9): " + plainBody,
		"type=SYSCALL msg=audit(1795251870.360:10): " + callBody + "\x1dARCH=x86_64 SYSCALL=openat AUID=\"unset\" UID=\"bob\" EUID=\"bob\"",
		"type=SYSCALL msg=audit(1795251870.360:9): " + callBody + "\x1dARCH=x86_64 SYSCALL=openat UID=\"bob\" EUID=\"bob\"",
		"type=CWD msg=audit(1795251870.360:10): cwd=\"/\"",
		"type=PATH msg=audit(1795251870.360:10): " + strings.Replace(pathBody, `"/run/x y"`, hexOf("/run/x y"), 1),
		"type=PROCTITLE msg=audit(1795251870.360:10): proctitle=70726F6265",
		"type=SECCOMP msg=audit(1795251871.000:11): " + filterBody,
	}, "\n"))
	if len(got.Events) != 3 || len(got.Unread) != 0 {
		t.Fatalf("got %+v", got)
	}
	selinux, dac, seccomp := got.Events[0], got.Events[1], got.Events[2]
	if len(selinux.Denials()) != 1 || selinux.Syscall.Name != "openat" || selinux.Refused() {
		t.Errorf("got %+v", selinux)
	}
	if !dac.Refused() || dac.Syscall.User != "bob" || dac.Syscall.Subject.Type != "reader_t" || len(dac.Paths) != 1 ||
		dac.Paths[0] != (Path{Name: "/run/x y", Mode: "010640", Owner: "2001", Group: "2000", Type: "fifo_t", Kind: "NORMAL"}) {
		t.Errorf("got %+v", dac)
	}
	if s := seccomp.Seccomp; s == nil || s.Number != 69 || s.Signal != 31 || s.Arch != 0xc000003e || s.Subject.Type != "reader_t" || seccomp.Refused() {
		t.Errorf("got %+v", s)
	}
}

func TestReadAuditInterpretedEvent(t *testing.T) {
	got := readText(t, "type=SYSCALL msg=audit(11/21/2026 09:04:30.360:9) : "+callWords+"\n")
	if len(got.Events) != 1 || !got.Events[0].Refused() {
		t.Fatalf("got %+v", got)
	}
	s := got.Events[0].Syscall
	if s.Name != "openat" || s.User != "bob" || s.Exit != -13 || s.PID != 412 || s.Args[2] != "O_WRONLY|O_NONBLOCK" {
		t.Errorf("got %+v", s)
	}
}

func TestReadAuditLeavesOutWhatItCannotRelyOn(t *testing.T) {
	const head, words = "type=AVC msg=audit(1795251870.360:9): ", "type=AVC msg=audit(11/21/2026 09:04:30.360:9) : "
	tests := []struct{ name, text, why string }{
		{"cut off", head + plainBody[:len(plainBody)-4], "cut off"},
		{"cut within a class", head + plainBody[:strings.Index(plainBody, "_file")], "cut off"},
		{"a syscall cut off", "type=SYSCALL msg=audit(1795251870.360:9): " + callBody[:60], "cut off"},
		{"an action cut off", "type=SECCOMP msg=audit(1795251870.360:9): " + filterBody[:len(filterBody)-3], "cut off"},
		{"an unquoted name with a field", words + strings.Replace(wordsBody, "channel", "x tclass=file permissive=1", 1), "not where the kernel"},
		{"an unquoted name with its end cut off", words + strings.Replace(wordsBody, "channel", "x permissive=0 tclass=file", 1), "not where the kernel"},
		{"a field before its place", words + strings.Replace(wordsBody, "comm=probe", "comm=x ino=1", 1), "not where the kernel"},
		{"a name within a comm", words + strings.Replace(strings.Replace(wordsBody, "name=", "path=/", 1), "comm=probe", "comm=x name=y", 1), "not where the kernel writes it"},
		{"a raw byte", head + strings.Replace(plainBody, "channel", "ch\u202eannel", 1), "not printable"},
		{"a field twice", head + strings.Replace(plainBody, "ino=77", "ino=77 tclass=file", 1), "comes twice"},
		{"in the middle of a line", "prog[7]: audit: type=1400 audit(1.000:1): " + plainBody, "does not begin"},
		{"a program's line in the journal", "Nov 21 20:04:30 lab prog[7]: " + head + plainBody, "does not begin"},
		{"too long", head + plainBody + strings.Repeat(" ", maxTextLine), "too long"},
		{"a bad stamp", "type=AVC msg=audit(x:y): " + plainBody, "bad time stamp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readText(t, tt.text+"\n")
			if len(got.Events) != 0 || len(got.Unread) != 1 || !strings.Contains(got.Unread[0].Why, tt.why) {
				t.Errorf("got %+v, want %q", got, tt.why)
			}
		})
	}
	if got := readText(t, "hello\n\ntype=USER_LOGIN msg=audit(1.000:1): pid=1\n"); len(got.Events)+len(got.Unread) != 0 || got.Other != 3 {
		t.Errorf("other lines: %+v", got)
	}
}

func TestJoinerTakesTheKernelsForm(t *testing.T) {
	var j Joiner
	for kind, text := range map[RecordType]string{
		RecordAVC: "audit(1795251870.360:9): " + plainBody, RecordSyscall: "audit(1795251870.360:9): " + callBody,
		RecordPolicyLoad: "audit(1795251870.360:9): whatever it says",
	} {
		if err := j.Add(kind, text); err != nil {
			t.Error(err)
		}
	}
	if e := j.Events(); len(e) != 1 || e[0].Syscall == nil || len(e[0].AVCs) != 1 {
		t.Errorf("got %+v", e)
	}
	if err := j.Add(RecordAVC, "audit(1795251870.360:9): nonsense"); err == nil {
		t.Error("nonsense is read")
	}
}

// truth is a denial of the oracle.
type truth struct {
	serial               int
	source, target, comm string
	path                 string
}

// line writes it as a tool would.
func (d truth) line(form int) string {
	const raw = `avc:  denied  { write } for  pid=%d comm=%s path=%s dev="tmpfs" ino=7 scontext=u:r:%s:s0 tcontext=u:r:%s:s0 tclass=fifo_file permissive=0`
	stamp := fmt.Sprintf("1795251870.360:%d", d.serial)
	body := fmt.Sprintf(raw, d.serial, kernelString(d.comm), kernelString(d.path), d.source, d.target)
	switch form % 4 {
	case 0:
		return "type=AVC msg=audit(" + stamp + "): " + body
	case 1:
		return "[    1.000000] audit: type=1400 audit(" + stamp + "): " + body
	case 2:
		return "Nov 21 20:04:30 lab kernel: audit: type=1400 audit(" + stamp + "): " + body
	}
	body = fmt.Sprintf(raw, d.serial, shown(d.comm), shown(d.path), d.source, d.target)
	return fmt.Sprintf("type=AVC msg=audit(11/21/2026 09:04:30.360:%d) : %s ", d.serial, body)
}

// shown is a name as ausearch -i writes it: without quotes, control characters
// as \ooo.
func shown(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsControl(r) {
			fmt.Fprintf(&b, "\\%03o", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Whatever programs call themselves and their files, in whatever form, between
// other records and cut off anywhere: what is read of an event is what happened,
// or nothing is. Only in interpreted text a name can pass for the end of its
// record where the true end was cut off; there the form has a doubt.
func FuzzReadAudit(f *testing.F) {
	f.Add("probe", "/run/x", 0, 1000)
	f.Add("a b", "/run/x scontext=u:r:evil_t:s0 tcontext=u:r:evil_t:s0 tclass=file permissive=0", 3, 150)
	f.Add("x tclass=file", "/run/\ntype=AVC msg=audit(1795251870.360:2): avc:  denied", 1, 333)
	f.Add("\u202e\"", "): avc:  denied  { read } for  pid=1", 2, 90)
	f.Add("kernel: audit:", "\x1dSYSCALL=x", 7, 280)
	f.Fuzz(func(t *testing.T, comm, path string, form, cut int) {
		if len(comm) > 15 || len(path) > 1000 || strings.ContainsRune(comm+path, 0) || form < 0 || cut < 0 {
			t.Skip()
		}
		all := []truth{{1, "first_t", "one_t", comm, path}, {2, "second_t", "two_t", path[:min(15, len(path))], comm}, {3, "third_t", "three_t", "plain", "/run/plain"}}
		lines := []string{all[0].line(form), all[1].line(form / 4), all[2].line(0)}
		at := cut % (len(lines[0]) + 1)
		interpreted := form%4 == 3
		lines[0] = lines[0][:at]
		got := readText(t, strings.Join(lines, "\n")+"\n")
		for _, e := range got.Events {
			if e.Form == FormInterpreted && interpreted && e.Serial == 1 && e.Form.Doubt() != "" && at < len(all[0].line(form)) {
				continue
			}
			for _, a := range e.AVCs {
				checkTruth(t, e, a, all)
			}
		}
		if !slices.ContainsFunc(got.Events, func(e Event) bool { return e.Serial == 3 }) {
			t.Fatal("the last record is not read")
		}
	})
}

func checkTruth(t *testing.T, e Event, a AVC, all []truth) {
	t.Helper()
	i := slices.IndexFunc(all, func(d truth) bool { return uint64(d.serial) == e.Serial })
	if i < 0 {
		t.Fatalf("there was no event %d: %+v", e.Serial, a)
	}
	d := all[i]
	if a.Source.Type != d.source || a.Target.Type != d.target || a.Class != "fifo_file" || !slices.Equal(a.Perms, []string{"write"}) ||
		a.PID != d.serial || a.Permissive || !a.Denied {
		t.Fatalf("%+v was read as %+v", d, a)
	}
	if e.Form == FormInterpreted {
		return
	}
	if a.Comm != d.comm || a.Path != d.path {
		t.Fatalf("%+v was read as %q %q", d, a.Comm, a.Path)
	}
}

// Nothing that is pasted makes the reader fail, and what it shows of it is printable.
func FuzzReadAuditText(f *testing.F) {
	f.Add("type=SYSCALL msg=audit(1.000:1): " + callBody + "\ntype=PATH msg=audit(1.000:1): " + pathBody)
	f.Add("type=SYSCALL msg=audit(11/21/2026 09:04:30.360:9) : " + callWords)
	f.Add("type=SECCOMP msg=audit(1.000:1): " + filterBody + "\n----\n" + plainBody)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ReadAudit(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got.Events {
			for _, a := range e.AVCs {
				checkEvidence(t, a)
			}
			if e.Line < 1 || len(e.AVCs) == 0 && e.Syscall == nil && e.Seccomp == nil && len(e.Paths) == 0 {
				t.Fatalf("an event of nothing: %+v", e)
			}
		}
	})
}
