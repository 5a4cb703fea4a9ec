package explain

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"ipclab/internal/flow"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// denial writes a record of the kernel.
func denial(serial int, perm, source, target, class, more string) string {
	return fmt.Sprintf(`type=AVC msg=audit(1795251870.360:%d): avc:  denied  { %s } for  pid=412 comm="prog" %s scontext=system_u:system_r:%s:s0 tcontext=system_u:object_r:%s:s0 tclass=%s permissive=0`,
		serial, perm, more, source, target, class)
}

// call writes the record of the system call of an event.
func call(serial int, number, exit, flags, domain string) string {
	return fmt.Sprintf(`type=SYSCALL msg=audit(1795251870.360:%d): arch=c000003e syscall=%s success=no exit=%s a0=ffffff9c a1=7f a2=%s a3=0 items=1 ppid=1 pid=412 auid=1 uid=2002 gid=1 euid=2002 suid=1 fsuid=1 egid=1 sgid=1 fsgid=1 tty=(none) ses=1 comm="prog" exe="/x" subj=system_u:system_r:%s:s0 key=(null)`,
		serial, number, exit, flags, domain)
}

func explained(t *testing.T, o Options, lines ...string) *Report {
	t.Helper()
	text, err := policy.ReadAudit(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Text(text, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func only(t *testing.T, r *Report) Denial {
	t.Helper()
	if len(r.Denials) != 1 {
		t.Fatalf("%d denials: %+v", len(r.Denials), r)
	}
	return r.Denials[0]
}

func fifoScenario(t *testing.T) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Library().Find("fifo")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerdictsOfTheScenario(t *testing.T) {
	o := Options{Scenario: fifoScenario(t), Users: map[string]string{"2002": "bob", "2001": "alice"}}
	const reader, writer, fifo = "s_fifo_reader_t", "s_fifo_writer_t", "s_fifo_t"
	tests := []struct {
		name    string
		lines   []string
		verdict Verdict
		why     string
	}{
		{"the forbidden way", []string{denial(1, "write", reader, fifo, "fifo_file", "")}, Goal, "forbids reader → writer over fifo"},
		{"another forbidden way", []string{denial(1, "append", reader, fifo, "fifo_file", "")}, Goal, "appending"},
		{"the wanted way", []string{denial(1, "write", writer, fifo, "fifo_file", "")}, Needed, "writer → reader over fifo must work"},
		{"what opening needs", []string{denial(1, "open", reader, fifo, "fifo_file", "")}, Needed, "must work"},
		{"what finding it needs", []string{denial(1, "search", reader, "s_fifo_dir_t", "dir", "")}, Needed, "must work"},
		{"nobody's flow", []string{denial(1, "setattr", reader, fifo, "fifo_file", "")}, Neither, "look at what your program does"},
		{"a look", []string{denial(1, "getattr", writer, fifo, "fifo_file", "")}, Neither, "Allow it only if it must look"},
		{"what making it needs", []string{denial(1, "create", writer, fifo, "fifo_file", "")}, Needed, "whoever makes the object"},
		{"a name for it", []string{denial(1, "add_name", writer, "s_fifo_dir_t", "dir", "")}, Needed, "whoever makes the object"},
		{"making it by who does not own it", []string{denial(1, "create", reader, fifo, "fifo_file", "")}, Neither, "no flow"},
		{"another object", []string{denial(1, "read", reader, "shadow_t", "file", "")}, Neither, "no flow of the scenario"},
		{"two at once", []string{denial(1, "read write", reader, fifo, "fifo_file", "")}, Mixed, "one direction only"},
		{"the mode", []string{call(1, "257", "-13", "1", writer)}, Neither, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := only(t, explained(t, o, tt.lines...))
			if d.Verdict != tt.verdict || !strings.Contains(d.Why, tt.why) {
				t.Errorf("got %s: %s, want %s: %s", d.Verdict, d.Why, tt.verdict, tt.why)
			}
		})
	}
	d := only(t, explained(t, Options{}, denial(1, "write", reader, fifo, "fifo_file", "")))
	if d.Verdict != Unknown || d.Rule == nil {
		t.Errorf("without a scenario: %+v", d)
	}
}

func TestWordsOfADenial(t *testing.T) {
	r := explained(t, Options{Scenario: fifoScenario(t), Users: map[string]string{"2002": "bob"}},
		denial(7, "write", "s_fifo_reader_t", "s_fifo_t", "fifo_file", `name="fifo" dev="tmpfs" ino=7`), call(7, "257", "-13", "801", "s_fifo_reader_t"),
		denial(8, "write", "s_fifo_reader_t", "s_fifo_t", "fifo_file", `name="fifo" dev="tmpfs" ino=7`), call(8, "257", "-13", "801", "s_fifo_reader_t"))
	d := only(t, r)
	want := []string{
		"reader (s_fifo_reader_t), prog as bob", "write to it, or open it for writing", "FIFO or pipe fifo of type s_fifo_t (fifo)",
		"openat(…, O_WRONLY)", "EACCES", "(allow s_fifo_reader_t s_fifo_t (fifo_file (write)))", "allow s_fifo_reader_t s_fifo_t:fifo_file { write };",
	}
	if got := []string{d.Who, d.What, d.Object, d.Operation, d.Errno, d.Rule.CIL, d.Rule.TE}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if d.Times != 2 || d.Layer != scenarios.BySELinux || d.First.IsZero() || !slices.Equal(d.Lines, []int{1, 3}) {
		t.Errorf("got %+v", d)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "no policy at hand") {
		t.Errorf("notes: %q", r.Notes)
	}
}

func TestOtherLayers(t *testing.T) {
	const stamp = "msg=audit(1795251870.360:5): "
	r := explained(t, Options{},
		"type=SECCOMP "+stamp+`auid=1 uid=2002 gid=1 ses=1 subj=u:r:a_t:s0 pid=4 comm="prog" exe="/x" sig=31 arch=c000003e syscall=69 compat=0 ip=0x7f code=0x80000000`)
	if d := only(t, r); d.Layer != scenarios.BySeccomp || d.Syscall != "msgsnd" || d.Rule != nil || !strings.Contains(d.Notes[0], "signal 31") {
		t.Errorf("seccomp: %+v", d)
	}
	r = explained(t, Options{}, call(5, "257", "-13", "241", "a_t"),
		"type=PATH "+stamp+`item=0 name="/run/x" inode=7 dev=00:18 mode=010640 ouid=2001 ogid=2000 rdev=00:00 obj=u:object_r:b_t:s0 nametype=NORMAL`)
	d := only(t, r)
	if d.Layer != scenarios.ByDAC || d.Object != "/run/x" || d.What != "openat(…, O_WRONLY|O_CREAT|O_TRUNC)" || d.Rule != nil || !strings.Contains(d.Notes[0], "mode 0640 of 2001:2000") {
		t.Errorf("the mode: %+v", d)
	}
	r = explained(t, Options{}, denial(5, "dac_override", "a_t", "a_t", "capability", "capability=1 "))
	if d := only(t, r); d.Layer != scenarios.ByDAC || d.Rule != nil {
		t.Errorf("a capability that would pass over the mode: %+v", d)
	}
}

// smallPolicy is the base of internal/proof's tests with the scenario's module.
func smallPolicy(t *testing.T, s *scenarios.Scenario, more string) *Policy {
	t.Helper()
	base, err := os.ReadFile("../proof/testdata/base.cil")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := s.Modules()
	if err != nil {
		t.Fatal(err)
	}
	p := &Policy{Name: "the test's policy", Modules: []policy.Module{{File: "base.cil", Source: base}, {File: "more.cil", Source: []byte(more)}}}
	p.Modules = append(p.Modules, modules...)
	p.Trusted = []flow.Trust{{Name: "domain", Except: "s_fifo_end", Why: "the system's"}}
	return p
}

func TestWhatElseARuleLetsThrough(t *testing.T) {
	s := fifoScenario(t)
	o := Options{Scenario: s, Policy: smallPolicy(t, s, "(type board_t)(allow s_fifo_writer_t board_t (file (open read)))")}
	r := explained(t, o,
		denial(1, "write", "s_fifo_reader_t", "s_fifo_t", "fifo_file", ""),
		denial(2, "getattr", "s_fifo_writer_t", "s_fifo_t", "fifo_file", ""),
		denial(3, "write", "s_fifo_reader_t", "board_t", "file", ""),
		denial(4, "write", "s_fifo_reader_t", "nowhere_t", "file", ""),
		denial(5, "execmem", "s_fifo_reader_t", "s_fifo_reader_t", "process", ""))
	if len(r.Denials) != 5 {
		t.Fatalf("got %+v", r)
	}
	// the writer may not read, but it may look at the FIFO, and sees how much waits
	// in it; and that it fills up is a channel
	if e := r.Denials[0].Effect; e == nil || len(e.Flows) != 1 || !e.Flows[0].Narrow || !e.Flows[0].Forbidden ||
		e.Flows[0].Steps[0] != "s_fifo_reader_t → s_fifo_t:fifo_file [by this rule]" || !slices.ContainsFunc(e.Channels, func(o Opened) bool {
		return o.From == "reader" && o.To == "writer" && o.Name == "filled" && o.Forbidden
	}) {
		t.Errorf("writing: %+v", e)
	}
	if e := r.Denials[1].Effect; e == nil || len(e.Flows) != 0 {
		t.Errorf("a look: %+v", e)
	}
	if e := r.Denials[2].Effect; e == nil || len(e.Flows) != 1 || e.Flows[0].From != "reader" || e.Flows[0].To != "writer" || !e.Flows[0].Forbidden || e.Flows[0].Over != "board_t:file" || len(e.Flows[0].Steps) != 2 {
		t.Errorf("over another object: %+v", e)
	}
	if d := r.Denials[3]; d.Effect != nil || !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "no type nowhere_t") }) {
		t.Errorf("an unknown type: %+v", d)
	}
}

func TestEffectOutsideOfScenarios(t *testing.T) {
	s := fifoScenario(t)
	p := smallPolicy(t, s, "(type board_t)(type loud_t)(type quiet_t)(allow quiet_t board_t (file (open read)))(allow loud_t self (fd (use)))")
	d := only(t, explained(t, Options{Policy: p}, denial(1, "write", "loud_t", "board_t", "file", "")))
	e := d.Effect
	if e == nil || e.Partners == nil || !slices.Equal(e.Partners.Readers, []string{"quiet_t"}) || e.Domains == nil || !slices.Contains(e.Domains.New, "quiet_t") {
		t.Errorf("got %+v", e)
	}
}

// Every class and permission that has words is one of the permission map, but
// for the word for all classes.
func TestOperationsAreThoseOfTheKernel(t *testing.T) {
	words, err := operationTable()
	if err != nil {
		t.Fatal(err)
	}
	perms, err := flow.DefaultMap()
	if err != nil {
		t.Fatal(err)
	}
	for class, all := range words.perms {
		for name := range all {
			if _, ok := perms.Permission(class, name); !ok && class != anyClass {
				t.Errorf("there is no %s %s", class, name)
			}
		}
	}
	if len(words.classes) < 20 || len(callTable()[archX86]) < 300 || callName(archARM64, 189) != "msgsnd" || callName(1, 2) != "system call 2" {
		t.Error("data is missing")
	}
	for _, bad := range []string{"class a", "class a: x\nclass a: y", "class a: x\n  p: y\n  p: z"} {
		if _, err := parseOperations(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// Whatever a text says, what is shown of it can be shown: no line of ours holds
// a control character or changes the direction of writing.
func FuzzExplain(f *testing.F) {
	f.Add(denial(1, "write", "s_fifo_reader_t", "s_fifo_t", "fifo_file", `name=0A1BE280AE`), "257")
	f.Add(call(1, "257", "-13", "zz", "a_t"), "x")
	s, err := scenarios.Library().Find("fifo")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, user string) {
		read, err := policy.ReadAudit(strings.NewReader(text))
		if err != nil {
			t.Skip()
		}
		r, err := Text(read, Options{Scenario: s, Users: map[string]string{user: "bob"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range r.Denials {
			shown := []string{d.Who, d.What, d.Object, d.Operation, d.Why, strings.Join(d.Notes, " ")}
			if d.Rule != nil {
				shown = append(shown, d.Rule.CIL, d.Rule.TE)
			}
			for _, line := range shown {
				if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Fatalf("%q cannot be shown", line)
				}
			}
		}
	})
}
