package flow

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// channel is a small SIPC: objects have their maker's type.
const channel = `
(type helper_t) (type sender_t) (type receiver_t) (type bystander_t) (type note_t) (type tool_exec_t)
(typeattribute ends) (typeattributeset ends (sender_t receiver_t))
(boolean leaky false)
(allow helper_t self (msgq (create setattr)))
(allow helper_t self (shm (create read write)))
(allow sender_t helper_t (msgq (associate unix_write write)))
(allow sender_t helper_t (msg (send)))
(allow sender_t helper_t (shm (associate unix_read unix_write read write)))
(allow receiver_t helper_t (msgq (associate unix_read read)))
(allow receiver_t helper_t (msg (receive)))
(allow receiver_t helper_t (shm (associate unix_read read)))
(genfscon proc "/" (system_u object_r proc_t ((s0) (s0))))
`

// full is what every sender of a queue learns.
func full() Declared {
	return Declared{From: "receiver_t", To: "sender_t", Class: "msgq", How: "full", Why: "measured"}
}

func trusted() []Trust { return []Trust{{Name: "helper_t", Why: "it has exited"}} }

func graph(t testing.TB, o Options, more string) *Graph {
	t.Helper()
	base, err := os.ReadFile("../proof/testdata/base.cil")
	if err != nil {
		t.Fatal(err)
	}
	m := model.New()
	if err := m.Read([]policy.Module{{File: "base.cil", Source: base}, {File: "lab.cil", Source: []byte(channel)}, {File: "more.cil", Source: []byte(more)}}); err != nil {
		t.Fatal(err)
	}
	g, err := NewGraph(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func ask(t testing.TB, g *Graph, q Query) *Answer {
	t.Helper()
	a, err := g.Ask(q)
	if err != nil {
		t.Fatal(err)
	}
	if a.Impossible() {
		if err := a.Certify(); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	return a
}

// backwards asks for the way that must not be there.
func backwards() Query {
	return Query{From: "receiver_t", To: "sender_t", Trusted: trusted(), Declared: []Declared{full()}}
}

func TestForwardIsPossible(t *testing.T) {
	a := ask(t, graph(t, Options{}, ""), Query{From: "sender_t", To: "receiver_t", Trusted: trusted()})
	if len(a.Path) != 2 || a.Impossible() || len(a.Leak) != 0 {
		t.Fatalf("got %s", a)
	}
	s := a.Path[0]
	if s.From != "sender_t" || s.To != "helper_t:msgq" || !slices.Equal(s.Permissions, []string{"write"}) || s.Class != "msgq" ||
		s.Rule != "lab.cil:7:1: (allow sender_t helper_t (msgq (associate unix_write write)))" || !strings.Contains(s.Why, "sends a message") {
		t.Errorf("first step: %+v", s)
	}
	if s = a.Path[1]; s.To != "receiver_t" || !slices.Equal(s.Permissions, []string{"read"}) || !strings.HasPrefix(s.Rule, "lab.cil:10:1: ") {
		t.Errorf("second step: %+v", s)
	}
	if a.Certify() == nil {
		t.Error("a possible flow is certified to be impossible")
	}
}

func TestBackwardsIsImpossible(t *testing.T) {
	a := ask(t, graph(t, Options{}, ""), backwards())
	if !a.Impossible() || !slices.Equal(a.Reached.Subjects, []string{"receiver_t"}) || slices.Contains(a.Reached.Objects, "helper_t:shm") {
		t.Fatalf("got %s, %s, %v", a, a.Reached, a.Path)
	}
	if got := a.String(); got != "receiver_t → sender_t: no path by permissions; back channels: full of helper_t:msgq (declared)" {
		t.Errorf("it says %q", got)
	}
	if len(a.Undeclared()) != 0 || len(a.Back) != 1 || a.Back[0].Why != "measured" {
		t.Errorf("back channels: %+v", a.Back)
	}
}

// Each rule too many is found: as a path by permissions, or as a back channel.
func TestEachRuleTooManyIsFound(t *testing.T) {
	tests := []struct{ rule, by string }{
		{"(allow receiver_t helper_t (msgq (write)))(allow sender_t helper_t (msgq (read)))", "helper_t:msgq"},
		{"(allow receiver_t helper_t (shm (write)))", "helper_t:shm"},
		{"(allow receiver_t helper_t (shm (setattr)))", "helper_t:shm"},
		{"(allow receiver_t sender_t (process (signal)))", ""},
		{"(allow sender_t receiver_t (process (signull)))", ""},
		{"(allow sender_t receiver_t (process (getsched)))", ""},
		{"(allow receiver_t sender_t (process (sigchld)))", ""},
		{"(allow receiver_t sender_t (process (transition)))", ""},
		{"(allow ends note_t (file (read write)))", "note_t:file"},
		{"(allow ends note_t (file (getattr setattr)))", "note_t:file"},
		{"(allow ends note_t (dir (add_name search)))", "note_t:dir"},
		{"(allow receiver_t tool_exec_t (file (append)))(allow sender_t tool_exec_t (file (entrypoint)))", "tool_exec_t:file"},
		{"(allow ends helper_t (sem (read write)))", "helper_t:sem"},
		{"(allow ends helper_t (fd (use)))", "helper_t:fd"},
		{"(allow receiver_t sender_t (unix_stream_socket (connectto)))(allow sender_t self (unix_stream_socket (read)))", "sender_t:unix_stream_socket"},
		{"(allow sender_t receiver_t (unix_stream_socket (connectto)))(allow receiver_t self (unix_stream_socket (write)))", "receiver_t:unix_stream_socket.replies"},
		{"(allow receiver_t sender_t (unix_dgram_socket (sendto)))(allow sender_t self (unix_dgram_socket (read)))", "sender_t:unix_dgram_socket"},
		{"(allow receiver_t sender_t (dbus (send_msg)))", ""},
		{"(allow ends self (udp_socket (read write)))", "@network"},
		{"(allow receiver_t etc_t (tcp_socket (name_connect)))(allow sender_t self (tcp_socket (accept)))", "@network"},
		{"(allow ends self (netlink_route_socket (read write)))", "@netlink_route_socket"},
		{"(allow receiver_t sender_t (file (write)))", "sender_t:file"},
		{"(typepermissive receiver_t)", ""},
		{"(typepermissive sender_t)", ""},
		{"(booleanif leaky (false (allow ends note_t (file (read write)))))", "note_t:file"},
		// over others
		{"(allow receiver_t bystander_t (process (signal)))(allow bystander_t sender_t (process (signal)))", "bystander_t"},
		{"(allow receiver_t note_t (file (write)))(allow bystander_t note_t (file (read)))(allow bystander_t sender_t (fifo_file (write)))(allow sender_t self (fifo_file (read)))", "bystander_t"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			a := ask(t, graph(t, Options{}, tt.rule), backwards())
			if len(a.Path) == 0 || tt.by != "" && !slices.ContainsFunc(a.Path, func(s Step) bool { return s.To == tt.by }) {
				t.Errorf("%s, %v", a, a.Path)
			}
			checkPath(t, a.Path, "receiver_t", "sender_t")
		})
	}
}

// checkPath: a path hangs together, and every step has a reason.
func checkPath(t *testing.T, path []Step, from, to string) {
	t.Helper()
	for _, s := range path {
		if s.From != from || s.Why == "" || s.Rule == "" && s.Class != "" || s.Rule != "" && s.Class != "" && len(s.Permissions) == 0 {
			t.Errorf("a step from %s: %+v", from, s)
		}
		from = s.To
	}
	if from != to {
		t.Errorf("it ends at %s", from)
	}
}

func TestEachBackChannelIsFound(t *testing.T) {
	tests := []struct{ rule, name, over string }{
		{"(allow sender_t helper_t (msgq (getattr)))", "taken", "helper_t:msgq"},
		{"(allow sender_t helper_t (shm (getattr)))", "attached", "helper_t:shm"},
		{"(allow sender_t self (file (read)))", "mapped", "helper_t:shm"},
		{"(allow receiver_t helper_t (msgq (setattr)))", "refused", "helper_t:msgq"},
		{"(allow receiver_t self (msgq (create)))(allow sender_t self (process (fork signal)))", "existence", "the machine"},
		{"(allow sender_t kernel_t (system (ipc_info)))", "ipc-info", "the machine"},
		{"(allow sender_t proc_t (file (read)))", "sysvipc", "the machine"},
		{"(allow ends etc_t (file (lock)))", "lock", "etc_t:file"},
		{"(allow receiver_t tool_exec_t (file (execute)))(allow sender_t tool_exec_t (file (write)))", "busy", "tool_exec_t:file"},
		{"(allow receiver_t note_t (fifo_file (read)))(allow sender_t note_t (fifo_file (write)))", "full", "note_t:fifo_file"},
		{"(allow sender_t receiver_t (process (transition)))", "exit", "receiver_t:process"},
		{"(allow receiver_t self (unix_dgram_socket (read)))(allow sender_t receiver_t (unix_dgram_socket (sendto)))", "full", "receiver_t:unix_dgram_socket"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			g := graph(t, Options{}, tt.rule)
			a := ask(t, g, backwards())
			found := slices.ContainsFunc(a.Undeclared(), func(b BackChannel) bool {
				return b.Name == tt.name && b.Over == tt.over && b.How != ""
			})
			if len(a.Path) != 0 || len(a.Leak) != 2 || !found {
				t.Fatalf("%s\npath %v\nleak %v", a, a.Path, a.Leak)
			}
			checkPath(t, a.Leak, "receiver_t", "sender_t")
			q := backwards()
			for _, b := range a.Undeclared() {
				q.Declared = append(q.Declared, Declared{From: b.From, To: b.To, Class: cmp.Or(b.Class, "machine"), How: b.Name})
			}
			if a = ask(t, g, q); !a.Impossible() || len(a.Undeclared()) != 0 {
				t.Errorf("when all are declared: %s, %v", a, a.Leak)
			}
		})
	}
}

// A channel is declared between two domains over certain objects, and not for
// the way round over a third.
func TestDeclarationsAreExact(t *testing.T) {
	g := graph(t, Options{}, `
		(allow bystander_t self (process (signal)))
		(allow ends note_t (file (lock)))
		(allow receiver_t etc_t (file (lock)))
		(allow bystander_t etc_t (file (lock)))
		(allow bystander_t helper_t (msgq (write)))`)
	q := backwards()
	q.Declared = append(q.Declared, Declared{From: "receiver_t", To: "sender_t", Class: "file", How: "lock", Via: "etc_t"})
	if a := ask(t, g, q); a.Impossible() || a.Leak[0].To != "note_t:file" {
		t.Errorf("the lock of another file: %s", a)
	}
	q.Declared[1].Via = "note_t"
	if a := ask(t, g, q); a.Impossible() || len(a.Leak) != 4 || a.Leak[1].To != "bystander_t" || a.Leak[3].Channel != "filled" {
		t.Errorf("by way of a third: %s %v", a, a.Leak)
	}
	q.Declared = append(q.Declared, Declared{From: "receiver_t", To: "bystander_t", Class: "file", How: "lock"},
		Declared{From: "receiver_t", To: "bystander_t", Class: "msgq", How: "full"})
	if a := ask(t, g, q); !a.Impossible() {
		t.Errorf("all declared: %s %v", a, a.Leak)
	}
}

func TestTrustedPassNothingOn(t *testing.T) {
	g := graph(t, Options{}, `
		(typeattribute daemons)(typeattributeset daemons (bystander_t receiver_t))
		(allow receiver_t bystander_t (process (signal)))
		(allow bystander_t sender_t (process (signal)))
		(allow ends null_device_t (chr_file (read write)))
		(allow ends self (udp_socket (read write)))`)
	q := backwards()
	q.Trusted = append(trusted(), Trust{Name: "null_device_t:chr_file"}, Trust{Name: "@network"})
	if a := ask(t, g, q); a.Impossible() || a.Path[0].To != "bystander_t" {
		t.Errorf("got %s", a)
	}
	q.Trusted = append(q.Trusted, Trust{Name: "daemons", Except: "sender_t"})
	a := ask(t, g, q)
	if !a.Impossible() || !slices.Equal(a.Reached.Trusted, []string{"bystander_t"}) {
		t.Errorf("got %s %s", a, a.Reached)
	}
	q.Trusted = q.Trusted[1:]
	q.Trusted[len(q.Trusted)-1].Except = "bystander_t"
	if a := ask(t, g, q); a.Impossible() {
		t.Errorf("the exception is trusted: %s", a)
	}
}

// What carries nothing can still be locked; what nobody else has cannot.
func TestTrustedObjectsHaveBackChannels(t *testing.T) {
	g := graph(t, Options{}, "(allow ends null_device_t (chr_file (read write lock)))")
	q := backwards()
	q.Trusted = append(trusted(), Trust{Name: "null_device_t:chr_file"})
	if a := ask(t, g, q); len(a.Path) != 0 || len(a.Leak) != 2 || a.Leak[0].Channel != "lock" {
		t.Errorf("got %s", a)
	}
	q.Trusted[1].Private = true
	if a := ask(t, g, q); !a.Impossible() || len(a.Back) != 1 {
		t.Errorf("private: %s", a)
	}
}

func TestBooleans(t *testing.T) {
	const rule = "(booleanif (and leaky (not daemon_door)) (true (allow ends note_t (file (read write)))))"
	if a := ask(t, graph(t, Options{}, rule), backwards()); !a.Impossible() {
		t.Errorf("by default: %s", a)
	}
	if a := ask(t, graph(t, Options{Booleans: map[string]bool{"leaky": true}}, rule), backwards()); a.Impossible() || a.Path[0].When != "(and leaky (not daemon_door))" {
		t.Errorf("with leaky on: %s %v", a, a.Path)
	}
	if a := ask(t, graph(t, Options{Booleans: map[string]bool{"leaky": true, "daemon_door": true}}, rule), backwards()); !a.Impossible() {
		t.Errorf("with both on: %s", a)
	}
	if a := ask(t, graph(t, Options{AllBranches: true}, rule), backwards()); a.Impossible() {
		t.Errorf("with all branches: %s", a)
	}
	_, err := NewGraph(graph(t, Options{}, "").model, Options{Booleans: map[string]bool{"leeky": true}})
	if e, ok := errors.AsType[*NameError](err); !ok || e.Nearest != "leaky" {
		t.Errorf("a boolean that is not there: %v", err)
	}
	base, _ := os.ReadFile("../proof/testdata/base.cil")
	for _, bad := range []string{"(and leaky)", "nothing", "(nor leaky leaky)", "()"} {
		m := model.New()
		err := m.Read([]policy.Module{{Source: base}, {Source: []byte(channel)}, {File: "x", Source: []byte("(booleanif " + bad + " (true (allow ends note_t (file (read)))))")}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewGraph(m, Options{})
		if _, ok := errors.AsType[*model.UnreadError](err); !ok {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestWideLeavesOutWhatIsNarrow(t *testing.T) {
	g := graph(t, Options{}, "(allow receiver_t sender_t (process (signal)))(allow ends etc_t (file (lock)))")
	q := backwards()
	if a := ask(t, g, q); len(a.Path) != 1 || !a.Path[0].Narrow {
		t.Errorf("got %v", a.Path)
	}
	if q.Wide = true; !ask(t, g, q).Impossible() {
		t.Error("a signal is wide")
	}
	if a := ask(t, g, Query{From: "sender_t", To: "receiver_t", Wide: true}); len(a.Path) != 2 {
		t.Errorf("got %s", a)
	}
}

func TestDirect(t *testing.T) {
	g := graph(t, Options{}, "(allow sender_t receiver_t (process (signal)))")
	ways, err := g.Direct(Query{From: "sender_t", To: "receiver_t"})
	if err != nil || len(ways) != 3 || len(ways[0]) != 1 || len(ways[1]) != 2 {
		t.Fatalf("%v, %v", ways, err)
	}
	for _, way := range ways {
		checkPath(t, way, "sender_t", "receiver_t")
	}
	if ways, err := g.Direct(backwards()); err != nil || ways != nil {
		t.Errorf("back: %v, %v", ways, err)
	}
}

func TestObjectsCanBeEnds(t *testing.T) {
	g := graph(t, Options{}, "(allow sender_t note_t (file (read)))")
	if a := ask(t, g, Query{From: "note_t:file", To: "receiver_t"}); len(a.Path) != 3 {
		t.Errorf("got %s", a)
	}
	if a := ask(t, g, Query{From: "receiver_t", To: "helper_t:shm", Trusted: trusted(), Declared: []Declared{full()}}); !a.Impossible() {
		t.Errorf("got %s %v", a, a.Leak)
	}
	if a := ask(t, g, Query{From: "sender_t", To: "sender_t"}); a.Impossible() {
		t.Errorf("got %s", a)
	}
}

func TestReach(t *testing.T) {
	c, err := graph(t, Options{}, "").Reach(Query{From: "sender_t", Trusted: trusted()})
	if err != nil || !slices.Equal(c.Subjects, []string{"receiver_t", "sender_t"}) || !slices.Contains(c.Objects, "helper_t:shm") {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestUnknownNamesHaveHints(t *testing.T) {
	g := graph(t, Options{}, "")
	for _, q := range []Query{
		{From: "sendr_t", To: "receiver_t"}, {From: "sender_t", To: "receiver"}, {From: "sender_t:fil", To: "receiver_t"},
		{From: "sender_t", To: "receiver_t", Trusted: []Trust{{Name: "helpr_t"}}},
		{From: "sender_t", To: "receiver_t", Trusted: []Trust{{Name: "helper_t", Except: "endz"}}},
		{From: "sender_t", To: "receiver_t", Declared: []Declared{{From: "sender_t", To: "receiver_t", Class: "msgq", How: "ful"}}},
		{From: "sender_t", To: "receiver_t", Declared: []Declared{{From: "sender_t", To: "reciver_t", Class: "msgq", How: "full"}}},
	} {
		_, err := g.Ask(q)
		if e, ok := errors.AsType[*NameError](err); !ok || e.Nearest == "" || e.Hint() == "" {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// The longest path of genfscon says which type /proc/sysvipc has.
func TestSysvipcHasTheTypeThatThePolicyGivesIt(t *testing.T) {
	const labels = `(type ipc_list_t) (allow sender_t proc_t (file (read)))
		(genfscon proc "/sysvipc/msg" (system_u object_r ipc_list_t ((s0) (s0))))
		(genfscon proc "/sysvipc/s" (system_u object_r ipc_list_t ((s0) (s0))))
		(genfscon proc "/sys" (system_u object_r proc_t ((s0) (s0))))
		(genfscon sysfs "/sysvipc/msg" (system_u object_r proc_t ((s0) (s0))))`
	if a := ask(t, graph(t, Options{}, labels), backwards()); !a.Impossible() {
		t.Errorf("of another type: %s", a)
	}
	if a := ask(t, graph(t, Options{}, labels+"(allow sender_t ipc_list_t (file (read)))"), backwards()); a.Impossible() {
		t.Errorf("readable: %s", a)
	}
}

// What is certified is looked at anew: a search that has missed something is
// caught.
func TestCertifyCatchesAnOpenSet(t *testing.T) {
	a := ask(t, graph(t, Options{}, "(allow receiver_t bystander_t (process (signal)))"), backwards())
	number, _ := a.search.g.model.Number("bystander_t")
	a.search.procs[number/64] &^= 1 << (number % 64)
	if err := a.Certify(); err == nil || !strings.Contains(err.Error(), "bystander_t was not reached") {
		t.Errorf("got %v", err)
	}
	a = ask(t, graph(t, Options{}, "(allow bystander_t helper_t (shm (getattr)))"), backwards())
	number, _ = a.search.g.model.Number("bystander_t")
	a.search.procs[number/64] &^= 1 << (number % 64)
	if err := a.search.channelsClosed(); err == nil || !strings.Contains(err.Error(), "back channel attached") {
		t.Errorf("got %v", err)
	}
}

// A graph does not change when it is asked.
func TestQuestionsAtOnce(t *testing.T) {
	g := graph(t, Options{}, "(allow ends note_t (file (lock)))")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			q := backwards()
			q.Trusted = append(q.Trusted, Trust{Name: "note_t:key"}, Trust{Name: "note_t:process"})
			if a, err := g.Ask(q); err != nil || len(a.Leak) != 2 {
				t.Errorf("%v, %v", a, err)
			}
		})
	}
	all.Wait()
}

func TestExamine(t *testing.T) {
	base, err := os.ReadFile("../proof/testdata/base.cil")
	if err != nil {
		t.Fatal(err)
	}
	q := Question{
		Base: []policy.Module{{File: "base.cil", Source: base}}, Modules: []policy.Module{{File: "lab.cil", Source: []byte(channel)}},
		Trusted: trusted(), Declared: []Declared{full()},
		Claims: []Claim{{From: "sender_t", To: "receiver_t", Possible: true}, {From: "receiver_t", To: "sender_t"}},
	}
	r, err := q.Examine()
	if err != nil || !r.Holds() {
		t.Fatalf("%v %v", r, err)
	}
	if first := r.Results[0]; len(first.Back) != 1 || !first.Back[0].Declared {
		t.Errorf("back: %+v", first.Back)
	}
	if q.Declared = nil; q.Claims[0].Possible {
		r, err = q.Examine()
		if err != nil || r.Holds() || !strings.Contains(r.String(), "brings with it, undeclared: receiver_t → sender_t by the back channel full of helper_t:msgq") {
			t.Errorf("%v %v", r, err)
		}
	}
	q.Claims[0].Possible = false
	if r, err = q.Examine(); err != nil || r.Results[0].Holds {
		t.Errorf("%v %v", r, err)
	}
}

func TestUncoveredPermissionIsAnError(t *testing.T) {
	m := model.New()
	if err := m.Read([]policy.Module{{Source: []byte("(class file (read teleport))(class cloud (rain))")}}); err != nil {
		t.Fatal(err)
	}
	_, err := NewGraph(m, Options{})
	if e, ok := errors.AsType[*CoverError](err); !ok || !slices.Equal(e.Missing, []string{"cloud:rain", "file:teleport"}) {
		t.Errorf("got %v", err)
	}
}
