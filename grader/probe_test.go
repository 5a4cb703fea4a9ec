package grader

import (
	"errors"
	"fmt"
	"testing"

	"ipclab/internal/guest/api"
)

// avc is a record as the kernel writes it.
func avc(pid int, perms, source, target, class string, permissive int) api.Record {
	return api.Record{Type: 1400, Text: fmt.Sprintf("audit(1795251870.360:9): avc:  denied  { %s } for  pid=%d comm=\"probe\" name=\"c\" dev=\"tmpfs\" ino=11 "+
		"scontext=system_u:system_r:%s:s0 tcontext=system_u:object_r:%s:s0 tclass=%s permissive=%d", perms, pid, source, target, class, permissive)}
}

func answers(errno string, records ...api.Record) api.ProbeResult {
	return api.ProbeResult{PID: 7, Errno: errno, Records: records}
}

const control = "allowed writer : write $CHANNEL\n"

func TestAllowed(t *testing.T) {
	gone := api.ProbeResult{Errno: "ENOENT", Object: api.Object{Kind: "absent"}}
	tests := []struct {
		name    string
		res     api.ProbeResult
		verdict Verdict
		fault   Fault
		says    string
	}{
		{"succeeds", answers(""), Pass, NoFault, ""},
		{"no reader", answers("ENXIO"), Pass, NoFault, ""},
		{"by mode", answers("EACCES"), Fail, Student, "DAC refused it (EACCES, mode 0640 of alice:channel"},
		{"by policy", answers("EACCES", avc(7, "write", "w_t", "c_t", "fifo_file", 0)), Fail, Student, "SELinux refused it (denied { write } w_t → c_t : fifo_file"},
		{"only because permissive", answers("", avc(7, "write", "w_t", "c_t", "fifo_file", 1)), Fail, Student, "only because SELinux is permissive"},
		{"something else was logged", answers("", avc(7, "write", "w_t", "other_t", "fifo_file", 1)), Pass, NoFault, ""},
		{"nothing there", gone, Fail, Student, "there is nothing at /run/c"},
		{"another error", answers("ELOOP"), Fail, Student, "it ended with ELOOP, which is neither"},
		{"records lost", api.ProbeResult{Lost: 2}, Broken, Machine, "lost 2 audit records"},
		{"another domain", api.ProbeResult{Context: "system_u:system_r:ipclab_agent_t:s0"}, Broken, Machine, "not in w_t"},
		{"no context", api.ProbeResult{Context: "?"}, Broken, Machine, "the probe ran as"},
		{"did not run", api.ProbeResult{PID: -1}, Broken, Machine, "the probe did not run"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.probes["alice write"] = test.res
			res := try(t, g, control)
			want(t, res, test.verdict, test.fault, test.says)
			if test.verdict != Broken && (len(kinds(res)) < 2 || kinds(res)[0] != KindProbe) {
				t.Errorf("evidence: %v", kinds(res))
			}
		})
	}
}

func TestDenied(t *testing.T) {
	write := avc(7, "write", "r_t", "c_t", "fifo_file", 0)
	userAVC := write
	userAVC.Type = 1107
	tests := []struct {
		name, by string
		res      api.ProbeResult
		verdict  Verdict
		fault    Fault
		says     string
	}{
		{"by the rule", "selinux fifo_file write", answers("EACCES", write), Pass, NoFault, ""},
		{"by any rule", "selinux", answers("EACCES", write), Pass, NoFault, ""},
		{"among several", "selinux fifo_file write", answers("EACCES", avc(7, "read write", "r_t", "c_t", "fifo_file", 0)), Pass, NoFault, ""},
		{"by mode", "dac", answers("EACCES"), Pass, NoFault, ""},
		{"by mode, and no capability", "dac", answers("EACCES", avc(7, "dac_override", "r_t", "r_t", "capability", 0)), Pass, NoFault, ""},
		{"by mode instead", "selinux fifo_file write", answers("EACCES"), Fail, Student, "by the wrong layer: DAC refused it (EACCES, mode 0640 of alice:channel, and no record of SELinux). It must be SELinux"},
		{"by policy instead", "dac", answers("EACCES", write), Fail, Student, "by the wrong layer: SELinux refused it"},
		{"allowed", "selinux fifo_file write", answers(""), Fail, Student, "was allowed write on /run/c, and must be denied it by SELinux"},
		{"allowed without a reader", "dac", answers("ENXIO"), Fail, Student, "must be denied it by DAC"},
		{"only logged", "selinux fifo_file write", answers("", avc(7, "write", "r_t", "c_t", "fifo_file", 1)), Fail, Student, "was allowed write on /run/c: the denial was only logged"},
		{"logged, then refused by mode", "selinux fifo_file write", answers("EACCES", avc(7, "search", "r_t", "d_t", "dir", 1)), Fail, Student, "wrong layer"},
		{"another class", "selinux fifo_file write", answers("EACCES", avc(7, "write", "r_t", "c_t", "file", 0)), Fail, Student, "for another reason"},
		{"another permission", "selinux fifo_file write", answers("EACCES", avc(7, "getattr", "r_t", "c_t", "fifo_file", 0)), Fail, Student, "It must be refused { write } on fifo_file of type c_t"},
		{"another target", "selinux fifo_file write", answers("EACCES", avc(7, "search", "r_t", "d_t", "dir", 0)), Fail, Student, "for another reason"},
		{"another source", "selinux fifo_file write", answers("EACCES", avc(7, "write", "w_t", "c_t", "fifo_file", 0)), Fail, Student, "for another reason"},
		{"another process", "selinux fifo_file write", answers("EACCES", avc(8, "write", "r_t", "c_t", "fifo_file", 0)), Fail, Student, "wrong layer"},
		{"forged by user space", "selinux fifo_file write", answers("EACCES", userAVC), Fail, Student, "wrong layer"},
		{"directory", "selinux dir search", answers("EACCES", avc(7, "search", "r_t", "d_t", "dir", 0)), Pass, NoFault, ""},
		{"nothing there", "selinux", api.ProbeResult{Errno: "ENOENT", Object: api.Object{Kind: "absent"}}, Fail, Student, "there is nothing at"},
		{"another error", "dac", answers("EINVAL"), Fail, Student, "EINVAL, which is neither"},
		{"records lost", "dac", api.ProbeResult{Errno: "EACCES", Lost: 1}, Broken, Machine, "lost 1 audit record meanwhile"},
		{"unreadable record", "dac", answers("EACCES", api.Record{Type: 1400, Text: "nonsense"}), Broken, Machine, "reading the audit trail"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.probes["alice write"], g.probes["bob write"] = answers(""), test.res
			g.objects["/run"] = []api.Object{{Kind: "dir", Mode: "0750", Owner: "root", Context: "system_u:object_r:d_t:s0"}}
			want(t, try(t, g, control+"denied reader : write $CHANNEL by "+test.by+"\n"), test.verdict, test.fault, test.says)
		})
	}
}

// Modes that let everybody through cannot have refused.
func TestDeniedByNobody(t *testing.T) {
	open := channel()
	open.Mode = "0666"
	res := answers("EACCES")
	res.Object = open
	for _, test := range []struct {
		run     string
		verdict Verdict
		fault   Fault
		says    string
	}{
		{"0755", Fail, Student, "not by DAC: the modes let it through"},
		{"0750", Pass, NoFault, ""},
	} {
		g := newFake()
		g.probes["bob write"] = res
		g.objects["/run"] = []api.Object{{Kind: "dir", Mode: test.run, Owner: "root"}}
		g.objects["/"] = []api.Object{{Kind: "dir", Mode: "0755", Owner: "root"}}
		want(t, try(t, g, control+"denied reader : write $CHANNEL by dac\n"), test.verdict, test.fault, test.says)
	}
}

func TestEvidenceOfADenial(t *testing.T) {
	g := newFake()
	g.probes["bob write"] = answers("EACCES", avc(7, "write", "r_t", "c_t", "fifo_file", 0))
	res := try(t, g, control+"denied reader : write $CHANNEL by selinux fifo_file write\n")
	want(t, res, Pass, NoFault, "")
	if !hasEvidence(res, KindProbe, "probe as reader (bob, system_u:system_r:r_t:s0): write /run/c: EACCES") {
		t.Errorf("no probe in %+v", res.Evidence)
	}
	for _, e := range res.Evidence {
		if e.Kind == KindAVC && (e.AVC.Source != "r_t" || e.AVC.Class != "fifo_file" || !e.AVC.Denied || e.AVC.Permissive) {
			t.Errorf("avc: %+v", e.AVC)
		}
	}
	if !hasEvidence(res, KindAVC, "{ write } r_t → c_t") || !hasEvidence(res, KindObject, "fifo, mode 0640") {
		t.Errorf("evidence: %+v", res.Evidence)
	}
}

func TestCreateNeedsNoObject(t *testing.T) {
	nothing := api.Object{Path: "/run/c", Kind: "absent"}
	g := newFake()
	g.probes["alice create"] = api.ProbeResult{Object: nothing}
	g.probes["bob create"] = api.ProbeResult{Errno: "EACCES", Object: nothing, Records: []api.Record{avc(7, "add_name", "r_t", "d_t", "dir", 0)}}
	g.objects["/run"] = []api.Object{{Kind: "dir", Mode: "0777", Context: "system_u:object_r:d_t:s0"}}
	want(t, try(t, g, "allowed writer : create $CHANNEL\ndenied reader : create $CHANNEL by selinux dir add_name\n"), Pass, NoFault, "")
	want(t, try(t, g, "allowed writer : create $CHANNEL\ndenied reader : create $CHANNEL by selinux\n"), Pass, NoFault, "")
	want(t, try(t, g, "allowed writer : create $CHANNEL\ndenied reader : create $CHANNEL by selinux dir write\n"), Fail, Student, "It must be refused { write } on dir of type d_t")
}

func TestObject(t *testing.T) {
	other := channel()
	other.Inode = 12
	file := channel()
	file.Kind, file.Mode = "file", "0666"
	tests := []struct {
		name, script string
		objects      []api.Object
		verdict      Verdict
		fault        Fault
		says         string
	}{
		{"as it must be", "object $CHANNEL kind=fifo mode=640 owner=alice group=channel type=c_t links=0 size=0", []api.Object{channel()}, Pass, NoFault, ""},
		{"another kind and mode", "object $CHANNEL kind=fifo mode=0640", []api.Object{file}, Fail, Student, "the kind of /run/c is file, and must be fifo; the mode of /run/c is 0666, and must be 0640"},
		{"another type", "object $CHANNEL type=d_t", []api.Object{channel()}, Fail, Student, "the type of /run/c is c_t, and must be d_t"},
		{"nothing", "object $CHANNEL kind=fifo", nil, Fail, Student, "there is nothing at /run/c"},
		{"nothing, as it must be", "object $CHANNEL kind=absent", nil, Pass, NoFault, ""},
		{"awaited", "await $CHANNEL", []api.Object{channel()}, Pass, NoFault, ""},
		{"awaited in vain", "await $CHANNEL", nil, Fail, Student, "nothing made /run/c, and every program of this check has ended"},
		{"replaced", "mark $CHANNEL\nreplaced $CHANNEL", []api.Object{channel(), other}, Pass, NoFault, ""},
		{"not replaced", "mark $CHANNEL\nreplaced $CHANNEL", []api.Object{channel()}, Fail, Student, "it was not replaced"},
		{"same", "mark $CHANNEL\nsame $CHANNEL", []api.Object{channel()}, Pass, NoFault, ""},
		{"not the same", "mark $CHANNEL\nsame $CHANNEL", []api.Object{channel(), other}, Fail, Student, "it was replaced"},
		{"gone", "mark $CHANNEL\nsame $CHANNEL", []api.Object{channel(), {Kind: "absent"}}, Fail, Student, "there is nothing"},
		{"nothing to mark", "mark $CHANNEL", nil, Fail, Student, "there is nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.objects["/run/c"] = test.objects
			want(t, try(t, g, test.script), test.verdict, test.fault, test.says)
		})
	}
}

func TestAwaitLooksAgain(t *testing.T) {
	g := newFake()
	g.programs["writer"] = lives("", "")
	g.objects["/run/c"] = []api.Object{{Kind: "absent"}, {Kind: "absent"}, channel()}
	want(t, try(t, g, "build\nspawn w writer\nawait $CHANNEL\n"), Pass, NoFault, "")
}

// Whatever call of the guest fails, it is the machine's fault and no zero.
func TestGuestTrouble(t *testing.T) {
	script := "build\npolicy\nspawn w writer\nobject $CHANNEL kind=fifo\nallowed writer : write $CHANNEL\n"
	for _, method := range []string{"Reset", "Install", "Publish", "Start", "LoadPolicy", "Stat", "Probe"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.programs["writer"] = lives("", "")
			g.objects["/run/c"] = []api.Object{channel()}
			g.errs[method] = errors.New("no answer\x1b")
			want(t, try(t, g, script), Broken, Machine, `no answer\x1b`)
		})
	}
}

func TestWaitFails(t *testing.T) {
	g := newFake()
	g.programs["writer"] = func(r *fakeRun) api.Exit { r.err = errLost; return api.Exit{} }
	want(t, try(t, g, "build\nrun writer\n"), Broken, Machine, "waiting for writer")
}

// TestRunsStandStillUntilTheLastProbe: an attempt that another one follows says
// so, and none else does.
func TestRunsStandStillUntilTheLastProbe(t *testing.T) {
	g := newFake()
	g.probes["alice write"] = answers("")
	want(t, try(t, g, control+control+"object $CHANNEL kind=absent\n"+control), Pass, NoFault, "")
	if fmt.Sprint(g.more) != "[true false false]" {
		t.Errorf("more follows: %v", g.more)
	}
}

// queue is what the agent tells of a message queue.
func queue() api.Object {
	return api.Object{Path: queueName, Kind: "msgq", Mode: "0660", Owner: "alice", Group: "channel",
		Context: "system_u:system_r:h_t:s0", Inode: 3, Messages: 1, Bytes: 24, Capacity: 24}
}

const (
	queueName = "msgq:/run/c:Q"
	queueText = "the message queue ftok(/run/c, 'Q')"
)

func ofQueue(errno string, records ...api.Record) api.ProbeResult {
	res := answers(errno, records...)
	res.Object = queue()
	return res
}

func TestSystemVAttempts(t *testing.T) {
	read := avc(7, "read", "r_t", "h_t", "msgq", 0)
	gone := api.ProbeResult{Errno: "EINVAL", Object: api.Object{Path: queueName, Kind: "absent"}}
	tests := []struct {
		name, op, by string
		res          api.ProbeResult
		verdict      Verdict
		says         string
	}{
		{"refused", "msgsnd", "selinux msgq write", ofQueue("EACCES", avc(7, "write", "r_t", "h_t", "msgq", 0)), Pass, ""},
		{"passed over", "msgrcv", "selinux msgq read", ofQueue("ENOMSG", read), Pass, ""},
		{"passed over by nobody", "msgrcv", "selinux msgq read", ofQueue("ENOMSG"), Fail, "msgrcv on " + queueText + ": it ended with ENOMSG, which is neither"},
		{"another queue's", "msgrcv", "selinux msgq read", ofQueue("ENOMSG", avc(7, "read", "r_t", "x_t", "msgq", 0)), Fail, "It must be refused { read } on msgq of type h_t"},
		{"made", "create", "selinux msgq create", ofQueue("EACCES", avc(7, "create", "r_t", "r_t", "msgq", 0)), Pass, ""},
		{"made of another type", "create", "selinux msgq create", ofQueue("EACCES", avc(7, "create", "r_t", "h_t", "msgq", 0)), Fail, "for another reason"},
		{"sums", "info", "selinux system ipc_info", ofQueue("EACCES", avc(7, "ipc_info", "r_t", "kernel_t", "system", 0)), Pass, ""},
		{"sums of nothing", "info", "selinux system ipc_info", api.ProbeResult{Errno: "EACCES", Object: gone.Object,
			Records: []api.Record{avc(7, "ipc_info", "r_t", "kernel_t", "system", 0)}}, Pass, ""},
		{"by the owner", "rmid", "dac", ofQueue("EPERM"), Pass, ""},
		{"by the mode", "msgsnd", "dac", ofQueue("EACCES"), Pass, ""},
		{"by nobody", "msgget", "dac", ofQueue("EACCES"), Fail, "not by DAC: owner and mode let it through"},
		{"owner instead of policy", "set", "selinux msgq setattr", ofQueue("EPERM"), Fail, "by the wrong layer: DAC refused it (EPERM, mode 0660 of alice:channel"},
		{"nothing there", "stat", "selinux msgq getattr", gone, Fail, "there is nothing with the key of " + queueText},
		{"only logged", "msgsnd", "selinux msgq write", ofQueue("", avc(7, "write", "r_t", "h_t", "msgq", 1)), Fail, "the denial was only logged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.probes["alice "+test.op], g.probes["bob "+test.op] = ofQueue(""), test.res
			fault := NoFault
			if test.verdict == Fail {
				fault = Student
			}
			script := fmt.Sprintf("allowed writer : %s %s\ndenied reader : %[1]s %[2]s by %[3]s\n", test.op, queueName, test.by)
			want(t, try(t, g, script), test.verdict, fault, test.says)
		})
	}
}

func TestSystemVPermissive(t *testing.T) {
	g := newFake()
	g.probes["alice create"] = ofQueue("", avc(7, "create", "w_t", "w_t", "msgq", 1))
	want(t, try(t, g, "allowed writer : create "+queueName+"\n"), Fail, Student, "only because SELinux is permissive")
}

func TestSystemVObject(t *testing.T) {
	filled := queue()
	filled.Messages = 2
	for _, test := range []struct {
		name, script string
		objects      []api.Object
		verdict      Verdict
		fault        Fault
		says         string
	}{
		{"as it must be", "object %s kind=msgq mode=660 owner=alice group=channel type=h_t qbytes=24 messages=1 bytes=24", []api.Object{queue()}, Pass, NoFault, ""},
		{"capacity", "object %s qbytes=16384", []api.Object{queue()}, Fail, Student, "the qbytes of " + queueText + " is 24, and must be 16384"},
		{"nothing", "object %s kind=msgq", nil, Fail, Student, "there is nothing with the key of " + queueText},
		{"nothing, as it must be", "object %s kind=absent", nil, Pass, NoFault, ""},
		{"awaited", "await %s messages=2", []api.Object{{Kind: "absent"}, queue(), filled}, Pass, NoFault, ""},
		{"awaited in vain", "await %s messages=2", []api.Object{queue()}, Fail, Student, "the messages of " + queueText + " is 1, and must be 2, and every program"},
		{"same", "mark %[1]s\nsame %[1]s", []api.Object{queue(), filled}, Pass, NoFault, ""},
		{"no such attribute", "object %s nattch=1", nil, Broken, Lab, `such an object has no "nattch"`},
		{"no letter", "object %s:x kind=shm", nil, Broken, Lab, "is not one letter"},
		{"no such operation", "allowed writer : shmget %s", nil, Broken, Lab, `there is no operation "shmget" on such an object`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newFake()
			g.programs["writer"] = lives("", "")
			g.objects[queueName] = test.objects
			script := fmt.Sprintf(test.script, queueName) + "\n"
			if test.name == "awaited" {
				script = "build\nspawn w writer\n" + script
			}
			want(t, try(t, g, script), test.verdict, test.fault, test.says)
		})
	}
}

// What differs from run to run is no part of a result's message or evidence text.
func TestSystemVEvidence(t *testing.T) {
	g := newFake()
	g.objects[queueName] = []api.Object{queue()}
	res := try(t, g, "object "+queueName+" kind=msgq\n")
	if !hasEvidence(res, KindObject, queueText+": msgq, mode 0660, owner alice, group channel, type h_t, 1 message (24 of 24 bytes)") {
		t.Errorf("evidence: %+v", res.Evidence)
	}
}
