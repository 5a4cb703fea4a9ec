package policy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	stampText = "audit(1795251870.360:9): "
	deniedFor = stampText + "avc:  denied  { write } for  "
	contexts  = " scontext=system_u:system_r:ipclab_fifo_reader_t:s0 tcontext=system_u:object_r:ipclab_fifo_t:s0 tclass=fifo_file permissive=0"
)

func domain(typ string) Context { return Context{"system_u", "system_r", typ, "s0"} }
func object(typ string) Context { return Context{"system_u", "object_r", typ, "s0"} }

func TestParseAVC(t *testing.T) {
	base := AVC{Serial: 9, Time: time.Date(2026, 11, 21, 9, 4, 30, 360e6, time.UTC), Denied: true, Perms: []string{"write"},
		Class: "fifo_file", Source: domain("ipclab_fifo_reader_t"), Target: object("ipclab_fifo_t")}
	tests := []struct {
		name, text string
		change     func(*AVC)
	}{
		{"usual", deniedFor + `pid=412 comm="probe" name="channel" dev="tmpfs" ino=77` + contexts, func(a *AVC) {
			a.PID, a.Comm, a.Name, a.Dev, a.Ino = 412, "probe", "channel", "tmpfs", 77
		}},
		{"auditd's form, path, several permissions", "type=AVC msg=" + stampText + `avc:  denied  { read write } for  pid=1 comm="a" path="/run/x" dev="tmpfs" ino=18446744073709551615` + contexts + "\n", func(a *AVC) {
			a.Perms, a.PID, a.Comm, a.Path, a.Dev, a.Ino = []string{"read", "write"}, 1, "a", "/run/x", "tmpfs", 1<<64-1
		}},
		{"hex", deniedFor + `pid=412 comm=612062 name=0A1B22` + contexts, func(a *AVC) {
			a.PID, a.Comm, a.Name = 412, "a b", "\n\x1b\""
		}},
		{"quoted digits are no hex", deniedFor + `pid=412 comm="4142" name=(null)` + contexts, func(a *AVC) {
			a.PID, a.Comm, a.Name = 412, "4142", "(null)"
		}},
		{"granted", strings.Replace(deniedFor, "denied", "granted", 1) + "pid=1" + contexts, func(a *AVC) {
			a.PID, a.Denied = 1, false
		}},
		{"permissive", deniedFor + "pid=1" + strings.TrimSuffix(contexts, "0") + "1", func(a *AVC) {
			a.PID, a.Permissive = 1, true
		}},
		{"no permissions", stampText + "avc:  denied  null for  pid=1" + contexts, func(a *AVC) { a.PID, a.Perms = 1, nil }},
		{"fields we do not know", deniedFor + `pid=1 capability=21 ipc_key=-559038737 ioctlcmd=0x5413 laddr=::1` + contexts + ` srawcon="x"`, func(a *AVC) { a.PID = 1 }},
		{"level with colons", deniedFor + "pid=1" + strings.Replace(contexts, "reader_t:s0", "reader_t:s0-s0:c0.c1023", 1), func(a *AVC) {
			a.PID, a.Source.Level = 1, "s0-s0:c0.c1023"
		}},

		// What a program can put into its own name: the kernel writes it in hex
		// as soon as it holds a blank or a quote.
		{"injection in comm", deniedFor + "pid=1 comm=" + hexOf(`x tcontext=a:b:evil_t tclass="file`) + contexts, func(a *AVC) {
			a.PID, a.Comm = 1, `x tcontext=a:b:evil_t tclass="file`
		}},
		{"injection in path", deniedFor + "pid=1 path=" + hexOf("/run/x\" scontext=a:b:evil_t\naudit(1.1:1): avc:  granted") + contexts, func(a *AVC) {
			a.PID, a.Path = 1, "/run/x\" scontext=a:b:evil_t\naudit(1.1:1): avc:  granted"
		}},
		{"equals signs in quotes", deniedFor + `pid=1 comm="tclass=file" name="a=b=c"` + contexts, func(a *AVC) {
			a.PID, a.Comm, a.Name = 1, "tclass=file", "a=b=c"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := base
			tt.change(&want)
			want.Raw = tt.text
			got, err := ParseAVC(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func hexOf(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}

func TestParseAVCErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "is not in front"},
		{"other record", stampText + "arch=c000003e syscall=2", "no avc:"},
		{"bad stamp", strings.Replace(deniedFor, "360", "abc", 1) + contexts, "bad time stamp"},
		{"negative time", strings.Replace(deniedFor, "1795251870", "-1", 1) + contexts, "bad time stamp"},
		{"neither", stampText + "avc:  maybe  { write } for " + contexts, "neither denied nor granted"},
		{"no braces", stampText + "avc:  denied  write for " + contexts, "no permissions in braces"},
		{"empty braces", stampText + "avc:  denied  { } for " + contexts, "no permissions in braces"},
		{"no source", deniedFor + "pid=1 tcontext=a:b:c tclass=file", "no scontext"},
		{"quoted source", deniedFor + `scontext="a:b:c" tcontext=a:b:c tclass=file`, "no scontext"},
		{"no target", deniedFor + "pid=1 scontext=a:b:c tclass=file", "no tcontext"},
		{"bad context", deniedFor + "scontext=a:b tcontext=a:b:c tclass=file", "not a security context"},
		{"no class", deniedFor + "scontext=a:b:c tcontext=a:b:c", "no tclass"},
		{"twice", deniedFor + "tclass=file" + contexts, `"tclass" comes twice`},
		{"twice by a raw name", deniedFor + `comm="x" tcontext=a:b:evil_t name="y"` + contexts, `"tcontext" comes twice`},
		{"open quote", deniedFor + `comm="x` + contexts, "not quoted properly"},
		{"text after quote", deniedFor + `comm="x"y` + contexts, "not quoted properly"},
		{"quote inside", deniedFor + `comm=x"y` + contexts, "quote inside"},
		{"no value", deniedFor + `comm` + contexts, "not key=value"},
		{"no key", deniedFor + `="x"` + contexts, "not key=value"},
		{"pid", deniedFor + "pid=x" + contexts, "pid is not a number"},
		{"ino", deniedFor + "ino=-1" + contexts, "ino is not a number"},
		{"permissive", deniedFor + strings.TrimSuffix(contexts, "0") + "2", "permissive is neither"},
		{"line feed", deniedFor + "comm=\"a\nb\"" + contexts, "not printable ASCII"},
		{"UTF-8", deniedFor + "comm=\"ä\"" + contexts, "not printable ASCII"},
		{"too long", deniedFor + strings.Repeat("a", maxRecord), "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseAVC(tt.text)
			e, ok := errors.AsType[*RecordError](err)
			if !ok || !strings.Contains(e.Msg, tt.want) || e.Raw != tt.text {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if !reflect.DeepEqual(a, AVC{}) {
				t.Errorf("a value beside an error: %+v", a)
			}
		})
	}
}

func TestAVCString(t *testing.T) {
	tests := []struct{ fields, want string }{
		{`pid=412 comm="probe" name="channel" dev="tmpfs" ino=77`,
			`denied { write } ipclab_fifo_reader_t → ipclab_fifo_t : fifo_file "channel" (pid 412 probe)`},
		{`pid=412 comm="probe" path="/run/a"`,
			`denied { write } ipclab_fifo_reader_t → ipclab_fifo_t : fifo_file "/run/a" (pid 412 probe)`},
		{"", `denied { write } ipclab_fifo_reader_t → ipclab_fifo_t : fifo_file`},
		{"pid=412", `denied { write } ipclab_fifo_reader_t → ipclab_fifo_t : fifo_file (pid 412 "")`},
		{"pid=412 comm=1B5B324A0A name=E280AE22FF",
			`denied { write } ipclab_fifo_reader_t → ipclab_fifo_t : fifo_file "\u202e\"\xff" (pid 412 "\x1b[2J\n")`},
	}
	for _, tt := range tests {
		a, err := ParseAVC(deniedFor + tt.fields + contexts)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.String(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestAVCStringOfPermissive(t *testing.T) {
	a := AVC{Denied: true, Perms: []string{"open", "write"}, Class: "fifo_file", Source: domain("a_t"), Target: object("b_t"), Permissive: true}
	if got, want := a.String(), "denied { open write } a_t → b_t : fifo_file but let through: the domain or the machine is permissive"; got != want {
		t.Errorf("got %s", got)
	}
	a.Denied, a.Permissive = false, false
	if got, want := a.String(), "granted { open write } a_t → b_t : fifo_file"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestAVCHas(t *testing.T) {
	a := AVC{Perms: []string{"open", "write"}}
	if !a.Has("write") || a.Has("writ") || (AVC{}).Has("") {
		t.Error("Has is wrong")
	}
}

func TestContext(t *testing.T) {
	for _, text := range []string{"u:r:t", "u:r:t:s0", "u:r:t:s0-s15:c0.c1023"} {
		c, err := ParseContext(text)
		if err != nil || c.String() != text || c.Type != "t" {
			t.Errorf("%s: got %+v, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "u", "u:r", "u::t", ":r:t", "u:r:"} {
		if c, err := ParseContext(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, c)
		}
	}
}

func TestParseSyscall(t *testing.T) {
	text := stampText + `arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffe items=1 ppid=1 pid=412 auid=4294967295 uid=1000 tty=(none) ses=4294967295 comm="probe" exe=2F746D702F6120622028 subj=system_u:system_r:a_t:s0 key="ipclab"`
	want := Syscall{Serial: 9, Time: time.Date(2026, 11, 21, 9, 4, 30, 360e6, time.UTC), Arch: 0xc000003e, Number: 257,
		Exit: -13, PID: 412, Args: [4]string{"ffffff9c", "7ffe"}, Subject: domain("a_t"), Comm: "probe", Exe: "/tmp/a b (", Key: "ipclab", Raw: text}
	got, err := ParseSyscall(text)
	if err != nil || got != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	got, err = ParseSyscall(stampText + "arch=c00000b7 syscall=56 success=yes exit=3 pid=7 key=(null)")
	if err != nil || !got.Success || got.Exit != 3 || got.Key != "" || got.Arch != 0xc00000b7 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "x", stampText, stampText + "arch=zz syscall=1", stampText + "arch=c000003e",
		stampText + "arch=c000003e syscall=x", stampText + "arch=c000003e syscall=1 exit=x",
		stampText + "arch=c000003e syscall=1 pid=x", stampText + "arch=1 arch=2", stampText + "arch=1\x00 syscall=1"} {
		if _, err := ParseSyscall(bad); err == nil {
			t.Errorf("%q: no error", bad)
		} else if _, ok := errors.AsType[*RecordError](err); !ok {
			t.Errorf("%q: got %T", bad, err)
		}
	}
}
