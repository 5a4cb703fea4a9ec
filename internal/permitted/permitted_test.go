package permitted_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
	"ipclab/scenarios"
)

// base is a whole policy, small: the machine's own types, and two domains that
// may search its directories.
const base = `
(handleunknown deny)
(common file (read write append open create getattr setattr relabelfrom relabelto lock))
(class file (map)) (classcommon file file)
(class fifo_file ()) (classcommon fifo_file file)
(class sock_file ()) (classcommon sock_file file)
(class dir (search add_name)) (classcommon dir file)
(class process (transition signal sigkill))
(class fd (use))
(class capability (dac_override dac_read_search ipc_owner kill net_bind_service))
(common ipc (create destroy getattr setattr read write associate unix_read unix_write))
(class msgq (enqueue)) (classcommon msgq ipc)
(class msg (send receive))
(class shm (lock)) (classcommon shm ipc)
(class sem ()) (classcommon sem ipc)
(common socket (create bind connect listen accept read write name_bind))
(class unix_stream_socket (connectto)) (classcommon unix_stream_socket socket)
(class unix_dgram_socket (sendto)) (classcommon unix_dgram_socket socket)
(class tcp_socket (name_connect node_bind)) (classcommon tcp_socket socket)
(class netlink_socket ()) (classcommon netlink_socket socket)
(sidcontext node (system_u object_r node_t ((s0) (s0))))
(sidcontext port (system_u object_r port_t ((s0) (s0))))
(portcon tcp (1 1023) (system_u object_r reserved_port_t ((s0) (s0))))
(type root_t)(type var_run_t)(type ipclab_run_t)(type tmpfs_t)(type device_t)(type tmp_t)
(type node_t)(type port_t)(type reserved_port_t)
(type ipclab_agent_t)(type ipclab_student_t)(type init_t)
(typeattribute domain)(typeattributeset domain (init_t ipclab_agent_t ipclab_student_t ipclab_subject))
(typeattribute ipclab_subject)(typeattributeset ipclab_subject (ipclab_student_t a_t b_t c_t))
(type a_t)(type b_t)(type c_t)(type dir_t)(type thing_t)(type other_t)
(allow domain root_t (dir (search)))
(allow domain var_run_t (dir (search)))
(allow domain ipclab_run_t (dir (search)))
(allow domain tmpfs_t (dir (search)))
(allow domain device_t (dir (search)))
(allow domain dir_t (dir (search)))
(boolean door false)(boolean gate false)(boolean way true)
`

// both lets a_t tell and b_t learn by a FIFO.
const both = `
(allow a_t thing_t (fifo_file (open write append)))
(allow b_t thing_t (fifo_file (open read)))
`

const (
	subjects = `
subjects:
  a: {user: alice, domain: a_t}
  b: {user: bob, domain: b_t}
`
	fifo = `
directories: [{path: /run/ipclab/x, owner: root, group: channel, mode: "0750", type: dir_t}]
objects:
  o: {kind: fifo, path: /run/ipclab/x/f, owner: alice, group: channel, mode: "0660", type: thing_t}
`
	forth = `
flows: [{from: a, to: b, via: o, want: allow}]
`
)

// scene is a scenario with the rules of its module.
type scene struct{ rules, text string }

func load(t testing.TB, sc scene) *scenarios.Scenario {
	t.Helper()
	text := "name: x\ntitle: t\nabout: a\npolicy: [x.cil]\n" + sc.text
	dir := fstest.MapFS{"x.cil": {Data: []byte(sc.rules)}, "scenario.yaml": {Data: []byte(text)}}
	s, err := scenarios.Load(dir, "scenario.yaml", "scenario.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

func whole(t testing.TB) *permitted.Policy {
	t.Helper()
	p, err := permitted.Read([]policy.Module{{File: "base.cil", Source: []byte(base)}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func view(t testing.TB, sc scene) *scenarios.View {
	t.Helper()
	v, err := permitted.Prove(t.Context(), load(t, sc), whole(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// short says what was seen in a few words.
func short(s scenarios.Seen) string {
	words := []string{string(s.Outcome), string(s.By), s.Class, s.Permission, s.Syscall, s.Errno, string(s.Refused)}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// ways is a table of scenes with one flow each.
type ways []struct {
	name, rules, text, want string
	when                    string
}

func (all ways) run(t *testing.T) {
	t.Helper()
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			seen := view(t, scene{tt.rules, tt.text}).Flows[0]
			if got := short(seen); got != tt.want {
				t.Errorf("%s, not %s: %s\n%s", got, tt.want, seen.Text, strings.Join(seen.Evidence, "\n"))
			}
			if got := strings.Join(seen.When, ", "); got != tt.when {
				t.Errorf("when %q, not %q", got, tt.when)
			}
		})
	}
}

// replaced is a text with one thing in it exchanged.
func replaced(t testing.TB, text, old, with string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is not in %s", old, text)
	}
	return strings.Replace(text, old, with, 1)
}

func TestOwnerAndMode(t *testing.T) {
	mode := func(m string) string { return replaced(t, fifo, `mode: "0660"`, `mode: "`+m+`"`) }
	carol := replaced(t, subjects, "bob", "carol")
	able := func(capability string) string {
		return replaced(t, subjects, "domain: b_t", "domain: b_t, capabilities: ["+capability+"]")
	}
	ways{
		{name: "group", rules: both, text: subjects + fifo + forth, want: "flows"},
		{name: "group may not", rules: both, text: subjects + mode("0620") + forth, want: "stopped dac EACCES to"},
		{name: "the owner's part counts, not the group's", rules: both, text: subjects + mode("0060") + forth, want: "stopped dac EACCES from"},
		{name: "directory", rules: both, text: carol + mode("0666") + forth, want: "stopped dac EACCES to"},
		{name: "others", rules: both, text: carol + replaced(t, mode("0666"), `"0750"`, `"0751"`) + forth, want: "flows"},
		{name: "a capability and no rule for it", rules: both, text: able("dac_override") + mode("0620") + forth, want: "stopped selinux capability dac_override EACCES to"},
		{name: "a capability", rules: both + "(allow b_t self (capability (dac_override)))", text: able("dac_override") + mode("0620") + forth, want: "flows"},
		{name: "another capability", rules: both + "(allow b_t self (capability (kill)))", text: able("kill") + mode("0620") + forth, want: "stopped dac EACCES to"},
	}.run(t)
}

func TestSELinux(t *testing.T) {
	deny := func(how string) string {
		return "flows: [{from: a, to: b, via: o, how: " + how + ", want: deny, by: selinux, class: fifo_file, permission: write}]\n"
	}
	back := "flows: [{from: b, to: a, via: o, want: deny, by: selinux, class: fifo_file, permission: write}]\n"
	ways{
		{name: "no open", rules: "(allow a_t thing_t (fifo_file (write)))(allow b_t thing_t (fifo_file (open read)))", text: subjects + fifo + forth,
			want: "stopped selinux fifo_file open EACCES from"},
		{name: "both ends lack something: the one that is meant", rules: both, text: subjects + fifo + back, want: "stopped selinux fifo_file write EACCES from"},
		{name: "append is another permission", rules: "(allow a_t thing_t (fifo_file (open append)))(allow b_t thing_t (fifo_file (open read)))",
			text: subjects + fifo + deny("append"), want: "flows"},
		{name: "of several the one that is meant", rules: "(allow a_t thing_t (fifo_file (append)))(allow b_t thing_t (fifo_file (open read)))",
			text: subjects + fifo + deny("write"), want: "stopped selinux fifo_file write EACCES from"},
		{name: "directory", rules: both + "(type shut_t)", text: subjects + replaced(t, fifo, "type: dir_t", "type: shut_t") + forth,
			want: "stopped selinux dir search EACCES to"},
		{name: "the policy gives the type", rules: both + "(typetransition ipclab_agent_t dir_t fifo_file thing_t)",
			text: subjects + replaced(t, fifo, ", type: thing_t", "") + forth, want: "flows"},
		{name: "the directory's type otherwise", rules: both, text: subjects + replaced(t, fifo, ", type: thing_t", "") + forth,
			want: "stopped selinux fifo_file read EACCES to"},
		{name: "permissive", rules: both + "(typepermissive b_t)", text: subjects + fifo + back, want: "stopped selinux fifo_file read EACCES to"},
		{name: "an attribute and self", rules: "(typeattribute ends)(typeattributeset ends (a_t b_t))(allow ends thing_t (fifo_file (all)))",
			text: subjects + fifo + back, want: "flows"},
	}.run(t)
}

func TestMakers(t *testing.T) {
	made := replaced(t, replaced(t, fifo, "owner: alice, ", ""), "kind: fifo,", "kind: fifo, maker: a,")
	maker := both + "(allow a_t dir_t (dir (write add_name)))(allow a_t dir_t (fifo_file (create relabelfrom)))(allow a_t thing_t (fifo_file (relabelto setattr)))"
	without := func(perm string) string { return replaced(t, maker, perm, "getattr") }
	text := subjects + replaced(t, made, "0750", "0770") + forth
	ways{
		{name: "makes and labels", rules: maker, text: text, want: "flows"},
		{name: "its directory's mode", rules: maker, text: subjects + made + forth, want: "stopped dac EACCES from"},
		{name: "add_name", rules: without("add_name"), text: text, want: "stopped selinux dir add_name EACCES from"},
		{name: "create", rules: without("create"), text: text, want: "stopped selinux fifo_file create EACCES from"},
		{name: "relabelfrom", rules: without("relabelfrom"), text: text, want: "stopped selinux fifo_file relabelfrom EACCES from"},
		{name: "relabelto", rules: without("relabelto"), text: text, want: "stopped selinux fifo_file relabelto EACCES from"},
		{name: "setattr", rules: without("setattr"), text: text, want: "stopped selinux fifo_file setattr EACCES from"},
	}.run(t)
}

func TestSystemV(t *testing.T) {
	object := func(kind, more string) string {
		return "objects: {o: {kind: " + kind + ", key: {path: /run/ipclab, project: Q}, maker: a" + more + "}}\n"
	}
	open := `, group: channel, mode: "0660"`
	queue := `(allow a_t self (msgq (create setattr unix_write write enqueue)))(allow a_t self (msg (send)))
(allow b_t a_t (msgq (associate unix_read read)))(allow b_t a_t (msg (receive)))`
	segment := `(allow a_t self (shm (create setattr unix_read unix_write read write)))(allow b_t a_t (shm (associate unix_read read)))`
	apart := replaced(t, subjects, "domain: b_t", "domain: b_t, namespaces: {ipc: own}")
	together := replaced(t, apart, "domain: a_t", "domain: a_t, namespaces: {ipc: own}")
	ways{
		{name: "queue", rules: queue, text: subjects + object("msgq", open) + forth, want: "flows"},
		{name: "its maker's type", rules: queue, text: replaced(t, subjects, "a_t", "c_t") + object("msgq", open) + forth, want: "stopped selinux msgq create EACCES from"},
		{name: "mode", rules: queue, text: subjects + object("msgq", "") + forth, want: "stopped dac EACCES to"},
		{name: "unix_read", rules: replaced(t, queue, "unix_read ", ""), text: subjects + object("msgq", open) + forth, want: "stopped selinux msgq unix_read EACCES to"},
		{name: "a message is passed over without an error", rules: replaced(t, queue, "receive", "send"), text: subjects + object("msgq", open) + forth,
			want: "stopped selinux msg receive to"},
		{name: "messages must be let in", rules: replaced(t, queue, " enqueue", ""), text: subjects + object("msgq", open) + forth,
			want: "stopped selinux msgq enqueue EACCES from"},
		{name: "messages of a type of their own", rules: queue + "(typetransition a_t a_t msg other_t)", text: subjects + object("msgq", open) + forth,
			want: "stopped selinux msg receive to"},
		{name: "another namespace", rules: queue, text: apart + object("msgq", open) + forth, want: "stopped namespace ENOENT to"},
		{name: "a namespace for both", rules: queue, text: together + object("msgq", open) + forth, want: "flows"},
		{name: "segment", rules: segment, text: subjects + object("shm", open) + forth, want: "flows"},
		{name: "no attaching for writing alone", rules: replaced(t, segment, "unix_write read write", "unix_write write"), text: subjects + object("shm", open) + forth,
			want: "stopped selinux shm read EACCES from"},
	}.run(t)
}

func TestSockets(t *testing.T) {
	unix := "directories: [{path: /run/ipclab/x, owner: alice, group: channel, mode: \"0750\", type: dir_t}]\n" +
		"objects: {o: {kind: unix-stream, path: /run/ipclab/x/s, maker: a, group: channel, mode: \"0660\"}}\n"
	rules := `(allow a_t self (unix_stream_socket (create bind listen accept read write)))
(allow a_t dir_t (dir (write add_name)))(allow a_t dir_t (sock_file (create setattr)))
(allow b_t self (unix_stream_socket (create connect read write)))
(allow b_t dir_t (sock_file (write)))(allow b_t a_t (unix_stream_socket (connectto)))`
	back := "flows: [{from: b, to: a, via: o, want: allow}]\n"
	tcp := func(port int) string { return fmt.Sprintf("objects: {o: {kind: tcp, port: %d, maker: a}}\n", port) }
	inet := `(allow a_t self (tcp_socket (create bind listen accept read write)))(allow a_t node_t (tcp_socket (node_bind)))
(allow b_t self (tcp_socket (create connect read write)))(allow b_t port_t (tcp_socket (name_connect)))`
	dgram := replaced(t, unix, "unix-stream", "unix-dgram")
	ways{
		{name: "stream", rules: rules, text: subjects + unix + forth, want: "flows"},
		{name: "goes both ways", rules: rules, text: subjects + unix + back, want: "flows"},
		{name: "connectto", rules: replaced(t, rules, "(connectto)", "(read)"), text: subjects + unix + back, want: "stopped selinux unix_stream_socket connectto EACCES from"},
		{name: "the name", rules: replaced(t, rules, "(sock_file (write))", "(sock_file (read))"), text: subjects + unix + forth, want: "stopped selinux sock_file write EACCES to"},
		{name: "the name's mode", rules: rules, text: subjects + replaced(t, unix, "0660", "0640") + forth, want: "stopped dac EACCES to"},
		{name: "only the bound one receives", rules: "", text: subjects + dgram + forth, want: "stopped"},
		{name: "a port that the kernel gives out itself", rules: inet, text: subjects + tcp(40000) + forth, want: "flows"},
		{name: "another port", rules: inet, text: subjects + tcp(2000) + forth, want: "stopped selinux tcp_socket name_bind EACCES from"},
		{name: "a reserved port", rules: inet + "(allow a_t reserved_port_t (tcp_socket (name_bind)))(allow b_t reserved_port_t (tcp_socket (name_connect)))",
			text: subjects + tcp(80) + forth, want: "stopped dac EACCES from"},
		{name: "other networks", rules: inet, text: replaced(t, subjects, "domain: b_t", "domain: b_t, namespaces: {net: own}") + tcp(40000) + forth, want: "stopped namespace ECONNREFUSED to"},
	}.run(t)
}

func TestSignals(t *testing.T) {
	object := "objects: {o: {kind: signal, signal: USR1}}\n"
	rules := "(allow a_t b_t (process (signal)))"
	same := replaced(t, subjects, "bob", "alice")
	in := func(who string) string {
		return replaced(t, same, "domain: "+who, "namespaces: {pid: own}, domain: "+who)
	}
	ways{
		{name: "of one user", rules: rules, text: same + object + forth, want: "flows"},
		{name: "of another user", rules: rules, text: subjects + object + forth, want: "stopped dac EPERM from"},
		{name: "no rule", rules: "", text: same + object + forth, want: "stopped selinux process signal EACCES from"},
		{name: "into a namespace below", rules: rules, text: in("b_t") + object + forth, want: "flows"},
		{name: "out of a namespace", rules: rules, text: in("a_t") + object + forth, want: "stopped namespace ESRCH from"},
		{name: "SIGKILL is another permission", rules: rules, text: same + replaced(t, object, "USR1", "KILL") + forth, want: "stopped selinux process sigkill EACCES from"},
	}.run(t)
}

func TestSeccomp(t *testing.T) {
	filter := func(f string) string { return replaced(t, subjects, "domain: a_t", "domain: a_t, seccomp: {"+f+"}") }
	ways{
		{name: "denied", rules: both, text: filter("deny: [openat], errno: EPERM") + fifo + forth, want: "stopped seccomp openat EPERM from"},
		{name: "killed", rules: both, text: filter("deny: [openat]") + fifo + forth, want: "stopped seccomp openat from"},
		{name: "another call", rules: both, text: filter("deny: [open], errno: EPERM") + fifo + forth, want: "flows"},
		{name: "all others pass not", rules: both, text: filter("allow: [getuid], errno: EPERM") + fifo + forth, want: "stopped seccomp openat EPERM from"},
		{name: "what every subject needs passes", rules: both, text: filter("allow: [openat], errno: EPERM") + fifo + forth, want: "flows"},
		{name: "the filter comes before the mode", rules: "", text: filter("deny: [openat], errno: EPERM") + replaced(t, fifo, "0660", "0000") +
			"flows: [{from: a, to: b, via: o, want: deny, by: seccomp}]\n", want: "stopped seccomp openat EPERM from"},
	}.run(t)
}

func TestDescriptors(t *testing.T) {
	objects := replaced(t, fifo, "kind: fifo", "kind: file") + "  d: {kind: descriptor, of: o}\n"
	flows := "flows: [{from: a, to: b, via: d, want: allow}]\n"
	rules := "(allow a_t thing_t (file (open read write)))(allow b_t thing_t (file (read write)))(allow b_t a_t (fd (use)))"
	ways{
		{name: "passed", rules: rules, text: subjects + objects + flows, want: "flows"},
		{name: "the receiver need not open, nor be let in", rules: rules, text: replaced(t, subjects, "bob", "carol") + objects + flows, want: "flows"},
		{name: "fd", rules: replaced(t, rules, "(allow b_t a_t (fd (use)))", ""), text: subjects + objects + flows, want: "stopped selinux fd use MSG_CTRUNC to"},
		{name: "the object", rules: replaced(t, rules, "(file (read write))", "(file (read))"), text: subjects + objects + flows, want: "stopped selinux file write MSG_CTRUNC to"},
		{name: "who passes it must open it", rules: replaced(t, rules, "open read write", "open read"), text: subjects + objects + flows, want: "stopped selinux file write EACCES from"},
	}.run(t)
}

func TestControlGroupsAreNotComputed(t *testing.T) {
	ways{{name: "pids", rules: both, text: replaced(t, subjects, "domain: a_t", "domain: a_t, cgroup: {pids: 4}") + fifo +
		"flows: [{from: a, to: b, via: o, want: deny, by: cgroup}]\n", want: "unknown"}}.run(t)
}

func TestBooleans(t *testing.T) {
	half := "(allow a_t thing_t (fifo_file (open write)))"
	read := func(condition string) string {
		return half + "(booleanif " + condition + " (true (allow b_t thing_t (fifo_file (open read)))))"
	}
	stopped := "stopped selinux fifo_file read EACCES to"
	ways{
		{name: "flows if", rules: read("door"), text: subjects + fifo + forth, want: stopped, when: "flows if door is on"},
		{name: "stopped if", rules: read("way"), text: subjects + fifo + forth, want: "flows", when: "is stopped if way is off"},
		{name: "the scenario's value", rules: read("door"), text: "booleans: {door: true}\n" + subjects + fifo + forth, want: "flows", when: "is stopped if door is off"},
		{name: "unless", rules: read("(not way)"), text: subjects + fifo + forth, want: stopped, when: "flows if way is off"},
		{name: "two together", rules: read("(and door gate)"), text: subjects + fifo + forth, want: stopped, when: "flows if door is on and gate is on"},
		{name: "a rule without condition beside it", rules: both + read("door"), text: subjects + fifo + forth, want: "flows"},
		{name: "no boolean helps", rules: half, text: subjects + fifo + forth, want: stopped},
	}.run(t)
}

func TestRevocations(t *testing.T) {
	begin := "booleans: {door: true}\n" + subjects
	again := func(held string) string {
		return forth + "revocations: [{from: a, to: b, via: o, boolean: door, held: " + held + "}]\n"
	}
	write := "(allow a_t thing_t (fifo_file (open)))(allow b_t thing_t (fifo_file (open read)))(booleanif door (true (allow a_t thing_t (fifo_file (write)))))"
	open := "(allow a_t thing_t (fifo_file (write)))(allow b_t thing_t (fifo_file (open read)))(booleanif door (true (allow a_t thing_t (fifo_file (open)))))"
	segment := `(allow a_t self (shm (create setattr unix_read unix_write read write)))(allow b_t a_t (shm (associate unix_read)))
(booleanif door (true (allow b_t a_t (shm (read)))))`
	shm := "objects: {o: {kind: shm, key: {path: /run/ipclab, project: Q}, maker: a, group: channel, mode: \"0660\"}}\n"
	for _, tt := range []struct{ name, rules, text, want, says string }{
		{"asked at every message", write, begin + fifo + again("stops"), "stopped selinux fifo_file write EACCES from", "asked again"},
		{"asked at opening", open, begin + fifo + again("continues"), "flows", "could not be opened"},
		{"in another way", both + "(booleanif door (true (allow a_t thing_t (fifo_file (read)))))", begin + fifo + replaced(t, again("continues"), "via: o, boolean", "via: o, how: rdwr, boolean"), "flows", "could not be opened"},
		{"attached", segment, begin + shm + again("continues"), "flows", "could not be opened"},
		{"nothing is gone", both, begin + fifo + again("stops"), "flows", "takes nothing away"},
		{"nothing before", "", begin + fifo + again("stops"), "stopped selinux fifo_file read EACCES to", "even before"},
	} {
		seen := view(t, scene{tt.rules, tt.text}).Revocations[0]
		if got := short(seen); got != tt.want || !strings.Contains(seen.Text, tt.says) {
			t.Errorf("%s: %s: %s", tt.name, got, seen.Text)
		}
	}
}

func TestBackChannels(t *testing.T) {
	back := func(how, more string) string {
		return forth + "backchannels: [{from: b, to: a, via: o, how: " + how + ", why: w, " + more + "}]\n"
	}
	queue := "objects: {o: {kind: msgq, key: {path: /run/ipclab, project: Q}, maker: c, group: channel, mode: \"0660\"}}\n"
	three := subjects + "  c: {user: alice, domain: c_t}\n"
	rules := "(allow c_t self (msgq (create setattr enqueue)))(allow a_t c_t (msgq (associate unix_write write)))(allow b_t c_t (msgq (associate unix_read read)))"
	proc := "(type proc_t)(genfscon proc \"/\" (u r a_t ((s0) (s0))))(genfscon proc \"/sysvipc\" (u r proc_t ((s0) (s0))))"
	for _, tt := range []struct{ name, rules, text, want, when string }{
		{"full", both, subjects + fifo + back("full", "want: allow"), "flows", ""},
		{"nobody sees it", "(allow b_t thing_t (fifo_file (open read)))", subjects + fifo + back("full", "want: deny, by: selinux"), "stopped selinux fifo_file write EACCES to", ""},
		{"nobody sends it", "(allow a_t thing_t (fifo_file (open write)))", subjects + fifo + back("full", "want: deny, by: selinux"), "stopped selinux fifo_file read EACCES from", ""},
		{"mode", both, subjects + replaced(t, fifo, "0660", "0460") + back("full", "want: deny, by: dac"), "stopped dac EACCES to", ""},
		{"what System V asks first", rules, three + queue + back("taken", "want: deny, by: selinux, class: msgq, permission: unix_read"), "stopped selinux msgq unix_read EACCES to", ""},
		{"what else it asks", rules, three + queue + back("taken", "want: deny, by: selinux, class: msgq, permission: getattr"), "stopped selinux msgq getattr EACCES to", ""},
		{"looked at without unix_read", rules + "(allow a_t c_t (msgq (getattr)))", three + queue + back("taken", "want: deny"), "flows", ""},
		{"looked at in the one way that is meant", replaced(t, rules, "unix_write write", "unix_write unix_read read write"), three + queue + back("taken", "want: deny, look: stat"), "stopped selinux msgq getattr EACCES to", ""},
		{"looked at without the mode", rules, three + queue + back("taken", "want: deny, look: index-stat-any"), "stopped selinux msgq getattr EACCES to", ""},
		{"removed by its owner", rules + "(allow b_t c_t (msgq (destroy)))", replaced(t, three, "bob", "alice") + queue + back("refused", "want: deny, look: rmid, tries: from"), "flows", ""},
		{"removed by another user", rules + "(allow b_t c_t (msgq (destroy)))", three + queue + back("refused", "want: deny, look: rmid, tries: from"), "stopped dac EPERM from", ""},
		{"a boolean", rules + "(booleanif door (true (allow a_t c_t (msgq (getattr)))))", three + queue + back("taken", "want: deny"), "stopped selinux msgq unix_read EACCES to", "flows if door is on"},
		{"of the machine", rules + "(allow b_t self (msgq (create)))", three + queue + back("existence", "want: deny"), "flows", ""},
		{"of the machine, by nobody", rules, three + queue + back("existence", "want: deny"), "stopped selinux msgq create EACCES from", ""},
		{"in a file that tells of all", rules + proc + "(allow a_t proc_t (file (read)))", three + queue + back("sysvipc", "want: deny"), "flows", ""},
		{"in a file that one may not read", rules + proc, three + queue + back("sysvipc", "want: deny"), "stopped selinux file read EACCES to", ""},
		{"no permission decides", both, subjects + fifo + back("open", "want: allow"), "flows", ""},
	} {
		seen := view(t, scene{tt.rules, tt.text}).BackChannels[0]
		if got := short(seen); got != tt.want || strings.Join(seen.When, ", ") != tt.when {
			t.Errorf("%s: %s, %v: %s", tt.name, got, seen.When, seen.Text)
		}
	}
	_, err := permitted.Prove(t.Context(), load(t, scene{both, subjects + fifo + back("fulll", "want: allow")}), whole(t))
	if unknown, ok := errors.AsType[*permitted.UnknownError](err); !ok || unknown.Hint() != `did you mean "full"?` || !strings.HasPrefix(err.Error(), "scenario.yaml:") {
		t.Errorf("a channel that there is not: %v", err)
	}
}

// Pairs go over other subjects, and over objects that no flow names; what is
// trusted is not gone through; that there is nothing is shown by what was reached.
func TestPairs(t *testing.T) {
	three := subjects + "  c: {user: carol, domain: c_t}\n"
	over := both + "(allow b_t other_t (file (open write)))(allow c_t other_t (file (open read)))"
	anyWay := "flows: [{from: a, to: c, want: deny}, {from: c, to: a, want: deny}]\n"
	tests := []struct {
		name, rules, text, forth, back string
		when                           string
	}{
		{name: "over another subject", rules: over, text: three + fifo + anyWay, forth: "flows", back: "stopped selinux"},
		{name: "that is trusted", rules: over, text: three + fifo + anyWay + "trusted: [{type: b_t, why: w}]\n", forth: "stopped selinux", back: "stopped selinux"},
		{name: "the machine's programs are", rules: "(allow a_t init_t (file (write)))(allow init_t other_t (file (write)))(allow c_t other_t (file (read)))",
			text: three + fifo + anyWay, forth: "stopped selinux", back: "stopped selinux"},
		{name: "under a boolean", rules: "(booleanif door (true (allow a_t other_t (file (write)))))(allow c_t other_t (file (read)))",
			text: three + fifo + anyWay, forth: "stopped selinux", back: "stopped selinux", when: "flows if door is on"},
		{name: "a back channel", rules: "(allow a_t other_t (file (lock)))(allow c_t other_t (file (lock)))", text: three + fifo + anyWay, forth: "flows", back: "flows"},
	}
	for _, tt := range tests {
		v := view(t, scene{tt.rules, tt.text})
		if got := []string{short(v.Flows[0]), short(v.Flows[1])}; !slices.Equal(got, []string{tt.forth, tt.back}) || strings.Join(v.Flows[0].When, "") != tt.when {
			t.Errorf("%s: %q, when %v: %s, %s", tt.name, got, v.Flows[0].When, v.Flows[0].Text, v.Flows[1].Text)
		}
		if len(v.Pairs) != 6 || v.Pairs[1].From != "a" || v.Pairs[1].To != "c" || short(v.Pairs[1].Seen) != tt.forth || len(v.Pairs[1].Evidence) == 0 {
			t.Errorf("%s: pairs %+v", tt.name, v.Pairs)
		}
	}
}

func TestOneDomainIsNotHeldApart(t *testing.T) {
	v := view(t, scene{both, replaced(t, subjects, "b_t", "a_t") + fifo + "flows: [{from: a, to: b, want: allow}]\n"})
	if short(v.Flows[0]) != "flows" || !strings.Contains(v.Flows[0].Text, "hold apart") {
		t.Errorf("%+v", v.Flows[0])
	}
}

// A scenario says where a name is that there is not, and which one was meant.
func TestNamesThatThereAreNot(t *testing.T) {
	all := subjects + fifo + forth
	for _, tt := range []struct{ text, says, hint string }{
		{replaced(t, all, "a_t", "a_tt"), `there is no type "a_tt"`, "a_t"},
		{replaced(t, all, "type: thing_t", "type: thin_t"), `there is no type "thin_t"`, "thing_t"},
		{replaced(t, all, "type: dir_t", "type: dirr_t"), `there is no type "dirr_t"`, "dir_t"},
		{replaced(t, all, "x/f", "y/f"), `there is no directory "/run/ipclab/y"`, "/run/ipclab/x"},
		{"booleans: {dor: true}\n" + all, `there is no boolean "dor"`, "door"},
		{replaced(t, all, "want: allow", "want: deny, by: selinux, class: fifo_fil"), `there is no class "fifo_fil"`, "fifo_file"},
		{replaced(t, all, "want: allow", "want: deny, by: selinux, class: fifo_file, permission: wirte"), `there is no permission of fifo_file "wirte"`, "write"},
		{all + "trusted: [{type: innit_t, why: w}]\n", `there is no type or attribute "innit_t"`, "init_t"},
	} {
		_, err := permitted.Prove(t.Context(), load(t, scene{both, tt.text}), whole(t))
		unknown, ok := errors.AsType[*permitted.UnknownError](err)
		if !ok || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), "scenario.yaml") || unknown.Hint() != fmt.Sprintf("did you mean %q?", tt.hint) {
			t.Errorf("%v", err)
		}
	}
}

func TestModulesThatCannotBeRead(t *testing.T) {
	_, err := permitted.Prove(t.Context(), load(t, scene{"(allow a_t", subjects + fifo + forth}), whole(t))
	if syntax, ok := errors.AsType[*policy.SyntaxError](err); !ok || syntax.Pos.File != "x.cil" {
		t.Errorf("%v", err)
	}
	_, err = permitted.Prove(t.Context(), load(t, scene{"(allow a_t nobody_t (file (read)))", subjects + fifo + forth}), whole(t))
	if unread, ok := errors.AsType[*model.UnreadError](err); !ok || unread.Pos.File != "x.cil" {
		t.Errorf("%v", err)
	}
}

// A running policy may hold the scenario's module already.
func TestModulesThatThePolicyHas(t *testing.T) {
	rules := both + "(type own_t)"
	p, _, err := whole(t).With([]policy.Module{{File: "loaded.cil", Source: []byte(rules)}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := permitted.Prove(t.Context(), load(t, scene{rules, subjects + fifo + forth}), p)
	if err != nil || short(v.Flows[0]) != "flows" || !strings.Contains(v.Notes[0], "in the policy already") {
		t.Errorf("%v, %+v", err, v)
	}
	if !p.Has("own_t") || whole(t).Has("own_t") {
		t.Error("the type is in the wrong policy")
	}
}

// In a compiled policy a type that gets an attribute is not in those around it, until
// the module that said so is read again.
func TestRejoin(t *testing.T) {
	flat := replaced(t, base, "ipclab_student_t ipclab_subject))", "ipclab_student_t a_t b_t c_t))")
	p, err := permitted.Read([]policy.Module{{File: "flat.cil", Source: []byte(flat)}})
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, scene{"(type new_t)(typeattributeset ipclab_subject (new_t))(allow new_t thing_t (fifo_file (open read)))" + both,
		replaced(t, subjects, "b_t", "new_t") + fifo + forth})
	module := policy.Module{File: "own.cil", Source: []byte("(type own_t)(typeattributeset domain (ipclab_subject))(typeattributeset domain (own_t))(allow a_t own_t (file (read)))")}
	joined, err := p.Rejoin(module)
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]*permitted.Policy{"stopped selinux dir search EACCES to": p, "flows": joined} {
		v, err := permitted.Prove(t.Context(), s, p)
		if err != nil || short(v.Flows[0]) != want {
			t.Errorf("%v, %+v, not %s", err, v, want)
		}
	}
	if joined.Has("own_t") {
		t.Error("more than attributes was read")
	}
	if _, err := p.Rejoin(policy.Module{File: "own.cil", Source: []byte("(")}); err == nil {
		t.Error("no error for what is no CIL")
	}
}

// What is not computed is named.
func TestNotes(t *testing.T) {
	text := replaced(t, subjects, "domain: a_t", "domain: a_t, cgroup: {pids: 4}, namespaces: {user: own}") + fifo + forth
	all := strings.Join(view(t, scene{both + "(constrain (fifo_file (read)) (eq u1 u2))", text}).Notes, "\n")
	for _, want := range []string{"bounds of control groups", "within a user namespace", "by users or levels denies anything", "constrain on fifo_file (read)", "SELinux's rules alone"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
}

// What is said rests on rules: evidence names them, with their place.
func TestEvidence(t *testing.T) {
	v := view(t, scene{both, subjects + fifo + "flows: [{from: a, to: b, via: o, want: allow}, {from: b, to: a, via: o, want: deny}]\n"})
	for i, want := range [][]string{
		{"information: a_t → thing_t:fifo_file [x.cil:2:1: (allow a_t thing_t", "dac: a (user alice) may write o of alice:channel with mode 0660, by what its owner may"},
		{"selinux: no rule allows b_t thing_t (fifo_file (write))", "selinux: all that it has: x.cil:3:1: (allow b_t", "by whatever way: no path by permissions, but by the undeclared back channel"},
	} {
		all := strings.Join(v.Flows[i].Evidence, "\n")
		for _, line := range want {
			if !strings.Contains(all, line) {
				t.Errorf("%q is not in\n%s", line, all)
			}
		}
	}
	if !slices.ContainsFunc(v.Notes, func(n string) bool {
		return strings.HasPrefix(n, "trusted to pass nothing on, in every scenario: domain but not ipclab_subject, ipclab_student_t")
	}) {
		t.Errorf("notes %q", v.Notes)
	}
}

// Whatever a module says, there is an answer or an error.
func FuzzModules(f *testing.F) {
	f.Add(both)
	f.Add("(booleanif (and door way) (true (allow a_t thing_t (fifo_file (all)))))(typetransition a_t dir_t fifo_file thing_t)")
	f.Add("(typepermissive domain)(portcon tcp 7 (u r a_t ((s0) (s0))))(constrain (fifo_file (read)) (eq u1 u2))")
	f.Fuzz(func(t *testing.T, rules string) {
		s := load(t, scene{rules, subjects + fifo + forth})
		v, err := permitted.Prove(t.Context(), s, whole(t))
		if err == nil && (len(v.Flows) != 1 || v.Flows[0].Outcome == "") {
			t.Errorf("%+v", v)
		}
	})
}
