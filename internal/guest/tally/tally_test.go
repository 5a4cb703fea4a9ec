package tally

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
)

func avc(serial int, verdict, perms, source, name string) string {
	return fmt.Sprintf(`audit(1795251870.%03d:%d): avc:  %s  { %s } for  pid=4 comm="prog" name=%s dev="tmpfs" ino=7 scontext=u:r:%s:s0 tcontext=u:object_r:fifo_t:s0 tclass=fifo_file`,
		serial, serial, verdict, perms, name, source)
}

func call(serial int, number, exit int, source string) string {
	success := "yes"
	if exit < 0 {
		success = "no"
	}
	return fmt.Sprintf(`audit(1795251870.%03d:%d): arch=c000003e syscall=%d success=%s exit=%d a0=0 a1=0 a2=0 a3=0 items=1 ppid=1 pid=4 auid=1 uid=2 gid=1 euid=2002 comm="prog" exe="/x" subj=u:r:%s:s0 key=(null)`,
		serial, serial, number, success, exit, source)
}

func path(serial int) string {
	return fmt.Sprintf(`audit(1795251870.%03d:%d): item=0 name="/run/x" inode=7 dev=00:18 mode=010640 ouid=2001 ogid=2000 rdev=00:00 obj=u:r:t nametype=NORMAL`, serial, serial)
}

func TestTallyCounts(t *testing.T) {
	y := New([]string{"a_t", "b_t"})
	add := func(kind policy.RecordType, text string, granted bool) {
		t.Helper()
		if got := y.Add(uint16(kind), text); got != granted {
			t.Errorf("%s: granted %v", text, got)
		}
	}
	add(policy.RecordAVC, avc(1, "granted", "open read", "a_t", `"x"`), true)
	add(policy.RecordAVC, avc(2, "denied", "write", "b_t", `"x"`), false) // between the records of another event
	add(policy.RecordSyscall, call(1, 257, 3, "a_t"), true)
	add(policy.RecordPath, path(1), true)
	add(policy.RecordSyscall, call(2, 257, -13, "b_t"), false)
	add(policy.RecordAVC, avc(3, "granted", "read open", "a_t", `"x"`), true)
	add(policy.RecordSyscall, call(4, 2, -13, "b_t"), false)
	add(policy.RecordPath, path(4), false)
	add(policy.RecordSyscall, call(5, 2, -2, "b_t"), false)                      // no refusal
	add(policy.RecordAVC, avc(6, "granted", "getattr", "other_t", `"x"`), false) // not watched
	add(policy.RecordUserAVC, "audit(1.000:7): whatever", false)
	got := y.Since(0)
	rows := slices.DeleteFunc(slices.Clone(got.Rows), func(r api.TraceRow) bool { return r.Count == 0 })
	if len(rows) != 4 || got.Unread != 0 || got.Full != 0 {
		t.Fatalf("got %+v", rows)
	}
	pending, read, write, mode := rows[0], rows[1], rows[2], rows[3]
	if pending.Count != 1 || pending.User != "" || pending.Syscall != -1 { // its call has not ended
		t.Errorf("got %+v", pending)
	}
	if read.Count != 1 || read.Denied || read.Syscall != 257 || read.User != "2002" || !slices.Equal(read.Permissions, []string{"open", "read"}) || read.Name != "x" {
		t.Errorf("got %+v", read)
	}
	if !write.Denied || write.Syscall != 257 || write.Target != "fifo_t" || write.Name != "x" {
		t.Errorf("got %+v", write)
	}
	if mode.Class != "" || mode.Exit != -13 || mode.Name != "/run/x" || mode.Mode != "0640 2001:2000" || mode.User != "2002" {
		t.Errorf("got %+v", mode)
	}
	y.Add(uint16(policy.RecordSyscall), call(3, 257, 3, "a_t"))
	if later := y.Since(got.Next); len(later.Rows) != 2 || later.Rows[0].Count != 0 || later.Rows[1].Count != 2 || later.Rows[1].Last.Sub(later.Rows[1].First).Milliseconds() != 2 {
		t.Errorf("got %+v", later)
	}
}

// What one call asks about one object is one thing, in however many questions.
func TestTallyMergesTheQuestionsOfACall(t *testing.T) {
	y := New([]string{"a_t"})
	y.Add(uint16(policy.RecordAVC), avc(1, "granted", "write", "a_t", `"x"`))
	y.Add(uint16(policy.RecordAVC), avc(1, "granted", "open write", "a_t", `"/run/x"`))
	y.Add(uint16(policy.RecordSyscall), call(1, 257, 3, "a_t"))
	rows := slices.DeleteFunc(y.Since(0).Rows, func(r api.TraceRow) bool { return r.Count == 0 })
	if len(rows) != 1 || rows[0].Count != 1 || strings.Join(rows[0].Permissions, " ") != "open write" || rows[0].Name != "/run/x" {
		t.Errorf("got %+v", rows)
	}
}

func TestTallyIsBounded(t *testing.T) {
	y := New([]string{"a_t"})
	for i := range mostRows + 10 {
		y.Add(uint16(policy.RecordAVC), avc(i%1000, "granted", fmt.Sprintf("p%d", i), "a_t", `"x"`))
	}
	if got := y.Since(0); len(got.Rows) != mostRows || got.Full != 10 {
		t.Errorf("%d rows, %d left out", len(got.Rows), got.Full)
	}
	if len(y.events) > mostEvents {
		t.Errorf("%d events are waited for", len(y.events))
	}
}

// Whatever programs call themselves and their files, it is counted where it
// belongs.
func FuzzTally(f *testing.F) {
	f.Add("x", "audit(1.000:1): ")
	f.Add("x scontext=u:r:b_t:s0 tcontext=u:object_r:evil_t:s0 tclass=file", avc(2, "denied", "write", "b_t", "0A"))
	f.Fuzz(func(t *testing.T, name, text string) {
		if strings.ContainsRune(name, 0) || name == "" {
			t.Skip()
		}
		y := New([]string{"a_t"})
		y.Add(uint16(policy.RecordAVC), avc(9, "granted", "read", "a_t", fmt.Sprintf("%X", name)))
		got := y.Since(0)
		if len(got.Rows) != 1 || got.Rows[0].Name != name || got.Rows[0].Target != "fifo_t" || got.Rows[0].Source != "a_t" {
			t.Fatalf("%q was counted as %+v", name, got)
		}
		for _, kind := range []policy.RecordType{policy.RecordAVC, policy.RecordSyscall, policy.RecordPath} {
			y.Add(uint16(kind), text)
		}
	})
}
