package vmtest

import (
	"fmt"
	"slices"
	"testing"

	"ipclab/internal/flow"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
	sipc "ipclab/sipc/policy"
)

// sipcQuestion is what SIPC promises, of a channel and of one with a pump, on
// Debian's real policy. It needs the image, and no machine.
func sipcQuestion(base []policy.Module, more string) flow.Question {
	return flow.Question{
		Base:    base,
		Modules: []policy.Module{{File: "sipc.cil", Source: sipc.Module()}, {File: "more.cil", Source: []byte(more)}},
		Trusted: []flow.Trust{
			{Name: "domain", Except: "sipc_domain", Why: "the machine's own programs, and students' that do not run beside the channel"},
			{Name: "sipc_helper_t", Why: "makes the channel, and has exited before it is used"},
			{Name: "sipc_far_helper_t", Why: "the same"},
			{Name: "sipc_destroyer_t", Why: "removes the channel after its use"},
			{Name: "null_device_t:chr_file", Why: "what is written to /dev/null is gone"},
			{Name: "zero_device_t:chr_file", Why: "what is written to /dev/zero is gone"},
			{Name: "devtty_t:chr_file", Why: "/dev/tty stands for the terminal of who opens it, which has a type of its own"},
		},
		Declared: slices.Concat(
			taker("sipc_receiver_t", "sipc_helper_t", "sipc_sender_t"), taker("sipc_pump_t", "sipc_helper_t", "sipc_sender_t"),
			taker("sipc_far_receiver_t", "sipc_far_helper_t", "sipc_pump_t"),
			locks("sipc_sender_t", "sipc_receiver_t", "sipc_pump_t", "sipc_far_receiver_t")),
		Claims: []flow.Claim{
			{From: "sipc_sender_t", To: "sipc_receiver_t", Possible: true},
			{From: "sipc_receiver_t", To: "sipc_sender_t"},
			{From: "sipc_sender_t", To: "sipc_pump_t", Possible: true},
			{From: "sipc_pump_t", To: "sipc_sender_t"},
			{From: "sipc_pump_t", To: "sipc_far_receiver_t", Possible: true},
			{From: "sipc_far_receiver_t", To: "sipc_pump_t"},
			{From: "sipc_far_receiver_t", To: "sipc_sender_t"},
		},
	}
}

// taker declares what one that takes from a channel can tell who sends.
func taker(from, queue, to string) []flow.Declared {
	return []flow.Declared{{From: from, To: to, Class: "msgq", How: "full", Via: queue,
		Why: "the back channel of SIPC; docs/sipc-leaks.md bounds it"}}
}

// locks declares what Debian's policy lets any two domains do: lock files of
// the system. It has nothing to do with the channel, and no module can take it
// away.
func locks(domains ...string) []flow.Declared {
	var all []flow.Declared
	for class, types := range map[string][]string{
		"file":     {"cpu_online_t", "ld_so_cache_t", "sysctl_crypto_t"},
		"chr_file": {"devtty_t", "null_device_t", "zero_device_t"},
		"dir":      {"device_t", "etc_t", "lib_t", "root_t", "sysctl_crypto_t", "var_run_t"},
	} {
		for _, via := range types {
			all = append(all, locksOf(class, via, "Debian lets every domain lock it", domains...)...)
		}
	}
	return all
}

// locksOf declares locks of one kind of object between any two domains.
func locksOf(class, via, why string, domains ...string) []flow.Declared {
	var all []flow.Declared
	for _, from := range domains {
		for _, to := range domains {
			all = append(all, flow.Declared{From: from, To: to, Class: class, How: "lock", Via: via, Why: why})
		}
	}
	return all
}

func examine(t *testing.T, q flow.Question) *flow.Report {
	t.Helper()
	r, err := q.Examine()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSipcFlowsOneWay proves, from all rules of the real policy and sipc's,
// that nothing flows back but by the declared channels.
func TestSipcFlowsOneWay(t *testing.T) {
	r := examine(t, sipcQuestion(realPolicy(t), ""))
	t.Logf("%s", r)
	if !r.Holds() || r.Rules < 100_000 {
		t.Error("not proved")
	}
	for _, one := range r.Results {
		if !one.Possible {
			continue
		}
		if len(one.Answer.Path) != 2 || one.Answer.Path[0].Class != "msgq" && one.Answer.Path[0].Class != "shm" {
			t.Errorf("%s → %s does not flow over the channel: %v", one.From, one.To, one.Answer.Path)
		}
		for _, b := range one.Back {
			if !b.Declared {
				t.Errorf("undeclared: %+v", b)
			}
		}
	}
}

// In the teaching machine the ends are a lab's subjects, which adds pipes to
// the agent, their own files in /proc, and one more channel: who has a segment
// mapped sees in /proc/self/smaps whether others have.
func teachingMachine(q flow.Question, receiver, segment, sender string) flow.Question {
	q.Trusted = append(q.Trusted,
		flow.Trust{Name: "ipclab_agent_t:fifo_file", Private: true, Why: "each pipe leads between the agent and one run"},
		flow.Trust{Name: "ipclab_control_t:unix_stream_socket", Private: true, Why: "each socket leads between the agent and one actor"},
		flow.Trust{Name: "ipclab_agent_t:fd", Why: "no descriptor is given to two runs"},
		flow.Trust{Name: "urandom_device_t:chr_file", Why: "what is written to it cannot be told from what it gives"})
	q.Declared = append(q.Declared, flow.Declared{From: receiver, To: sender, Class: "shm", How: "mapped", Via: segment,
		Why: "SELinux cannot part smaps from maps: docs/sipc-policy.md"})
	return q
}

func TestSipcFlowsOneWayInTheTeachingMachine(t *testing.T) {
	q := teachingMachine(sipcQuestion(realPolicy(t), "(typeattributeset ipclab_subject (sipc_domain))"), "sipc_receiver_t", "sipc_helper_t", "sipc_sender_t")
	q.Claims, q.Trusted = q.Claims[:2], append(q.Trusted, flow.Trust{Name: "sipc_pump_t", Why: "takes from another channel"})
	if r := examine(t, q); !r.Holds() {
		t.Errorf("not proved: %s", r)
	}
	q.Declared = q.Declared[:len(q.Declared)-1]
	if r := examine(t, q); r.Holds() || r.Results[1].Answer.Leak[0].Channel != "mapped" {
		t.Errorf("mapped pages are not found: %s", r)
	}
}

// The lab's own policy with the reference solution says the same.
func TestLabSipcFlowsOneWay(t *testing.T) {
	modules, _ := labPolicy(t, "../../labs/sipc")
	const receiver, segment, sender = "ipclab_sipc_receiver_t", "ipclab_sipc_helper_t", "ipclab_sipc_sender_t"
	q := teachingMachine(flow.Question{
		Base: realPolicy(t), Modules: modules,
		Trusted: []flow.Trust{
			{Name: "domain", Except: "ipclab_subject", Why: "the machine's own programs"},
			{Name: "ipclab_student_t", Why: "in no run beside the channel"},
			{Name: segment, Why: "makes the channel, and has exited before it is used"},
			{Name: "ipclab_sipc_destroyer_t", Why: "removes the channel after its use"},
			{Name: "null_device_t:chr_file", Why: "what is written to /dev/null is gone"},
			{Name: "zero_device_t:chr_file", Why: "what is written to /dev/zero is gone"},
			{Name: "devtty_t:chr_file", Why: "/dev/tty stands for the terminal of who opens it, which has a type of its own"},
		},
		Declared: append(taker(receiver, segment, sender), locks(receiver, sender)...),
		Claims:   []flow.Claim{{From: sender, To: receiver, Possible: true}, {From: receiver, To: sender}},
	}, receiver, segment, sender)
	r := examine(t, q)
	t.Logf("%s", r)
	if !r.Holds() {
		t.Error("not proved")
	}
}

// One boolean opens a way back: global_ssp lets every domain use, and lock,
// /dev/urandom. No other one does.
func TestBooleansThatOpenAWayBackInSipcAreFound(t *testing.T) {
	q := sipcQuestion(realPolicy(t), "")
	q.Claims, q.Options.AllBranches = q.Claims[1:2], true
	if r := examine(t, q); r.Holds() || r.Results[0].Answer.Path[0].When != "global_ssp" {
		t.Errorf("global_ssp is not found: %s", r)
	}
	q.Trusted = append(q.Trusted, flow.Trust{Name: "urandom_device_t:chr_file", Why: "what is written to it cannot be told from what it gives"})
	q.Declared = append(q.Declared, locksOf("chr_file", "urandom_device_t", "global_ssp", "sipc_receiver_t", "sipc_sender_t", "sipc_pump_t", "sipc_far_receiver_t")...)
	if r := examine(t, q); !r.Holds() {
		t.Errorf("another boolean: %s", r)
	}
}

// What is sent goes straight over the channel's two objects and over no other
// object, when what carries nothing is left out.
func TestSipcUsesItsTwoObjectsOnly(t *testing.T) {
	q := sipcQuestion(realPolicy(t), "")
	g, err := q.Graph()
	if err != nil {
		t.Fatal(err)
	}
	ways, err := g.Direct(flow.Query{From: "sipc_sender_t", To: "sipc_receiver_t", Trusted: q.Trusted})
	if err != nil {
		t.Fatal(err)
	}
	var over []string
	for _, way := range ways {
		over = append(over, way[0].To)
	}
	if slices.Sort(over); !slices.Equal(over, []string{"sipc_helper_t:msgq", "sipc_helper_t:shm"}) {
		t.Errorf("it goes over %v", over)
	}
	if ways, err = g.Direct(flow.Query{From: "sipc_receiver_t", To: "sipc_sender_t", Trusted: q.Trusted}); err != nil || len(ways) != 0 {
		t.Errorf("and back: %v, %v", ways, err)
	}
}

// Each rule too many breaks the proof, by the path or the back channel that it
// opens. Each is under a boolean of its own, so that the policy is read once.
// Without the declaration, the declared channel does.
func TestRulesThatOpenAWayBackInSipcAreFound(t *testing.T) {
	tests := []struct{ rule, channel, over string }{
		{"(allow sipc_receiver_t sipc_helper_t (msgq (unix_write write)))", "filled", "sipc_helper_t:msgq"},
		{"(allow sipc_sender_t sipc_helper_t (msgq (unix_read read)))", "taken", "sipc_helper_t:msgq"},
		{"(allow sipc_receiver_t sipc_helper_t (msgq (write))) (allow sipc_sender_t sipc_helper_t (msgq (read)))", "", "sipc_helper_t:msgq"},
		{"(allow sipc_receiver_t sipc_helper_t (shm (unix_write write)))", "", "sipc_helper_t:shm"},
		{"(allow sipc_sender_t sipc_helper_t (msgq (getattr)))", "taken", "sipc_helper_t:msgq"},
		{"(allow sipc_sender_t sipc_helper_t (shm (getattr)))", "attached", "sipc_helper_t:shm"},
		{"(allow sipc_receiver_t sipc_helper_t (msgq (setattr)))", "refused", "sipc_helper_t:msgq"},
		{"(allow sipc_receiver_t sipc_helper_t (shm (destroy)))", "", "sipc_helper_t:shm"},
		{"(allow sipc_receiver_t self (msgq (create)))", "existence", "the machine"},
		{"(allow sipc_sender_t proc_t (file (open read)))", "sysvipc", "the machine"},
		{"(allow sipc_receiver_t sipc_sender_t (process (signal)))", "", "sipc_sender_t"},
		{"(allow sipc_sender_t sipc_receiver_t (process (signull)))", "", "sipc_sender_t"},
		{"(allow sipc_domain tried_t (file (open read write)))", "", "tried_t:file"},
		{"(allow sipc_domain tried_t (file (open read lock)))", "lock", "tried_t:file"},
		{"(allow sipc_domain sipc_helper_t (sem (unix_read unix_write read write)))", "", "sipc_helper_t:sem"},
		{"(allow sipc_sender_t self (file (open read)))", "mapped", "sipc_helper_t:shm"},
	}
	more := "(type tried_t)"
	for i, tt := range tests {
		more += fmt.Sprintf("(boolean try%d false)(booleanif try%d (true %s))", i, i, tt.rule)
	}
	q := sipcQuestion(realPolicy(t), more)
	m := model.New()
	if err := m.Read(slices.Concat(q.Base, q.Modules)); err != nil {
		t.Fatal(err)
	}
	back := flow.Query{From: "sipc_receiver_t", To: "sipc_sender_t", Trusted: q.Trusted, Declared: q.Declared}
	for i, tt := range tests {
		a := ask(t, m, back, map[string]bool{fmt.Sprintf("try%d", i): true})
		way := a.Path
		if tt.channel != "" {
			way = a.Leak
		}
		if a.Impossible() || !slices.ContainsFunc(way, func(s flow.Step) bool { return s.Channel == tt.channel && s.To == tt.over }) {
			t.Errorf("%s: %s\npath %v\nleak %v", tt.rule, a, a.Path, a.Leak)
		}
	}
	if a := ask(t, m, back, nil); !a.Impossible() {
		t.Errorf("with no rule added: %s", a)
	}
	back.Declared = back.Declared[1:]
	if a := ask(t, m, back, nil); len(a.Leak) == 0 || a.Leak[0].Channel != "full" {
		t.Errorf("the full queue is not found when it is not declared: %s", a)
	}
}

// ask asks with some booleans switched.
func ask(t *testing.T, m *model.Model, q flow.Query, booleans map[string]bool) *flow.Answer {
	t.Helper()
	g, err := flow.NewGraph(m, flow.Options{Booleans: booleans})
	if err != nil {
		t.Fatal(err)
	}
	a, err := g.Ask(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
