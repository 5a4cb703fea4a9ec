package proof

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// base is a small stand-in for Debian's policy with our own, real one on top.
func base(t testing.TB) []policy.Module {
	t.Helper()
	var all []policy.Module
	for _, name := range []string{"testdata/base.cil", "../../vagrant/guest/ipclab.cil"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, policy.Module{File: name, Source: source})
	}
	return all
}

// lab gives the types of a small lab.
const lab = `
(type w_t) (type r_t) (type fifo_t)
(typeattributeset ipclab_subject (w_t r_t))
(typeattributeset ipclab_object (fifo_t))
(allow w_t fifo_t (fifo_file (open write)))
`

func question(t testing.TB, student string) Question {
	t.Helper()
	return Question{Base: base(t), Modules: []policy.Module{{File: "lab.cil", Source: []byte(lab)}, {File: "s.cil", Source: []byte(student)}}}
}

func prove(t testing.TB, q Question) *Proof {
	t.Helper()
	p, err := q.Prove()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOurPolicyIsProved(t *testing.T) {
	q := question(t, "(allow r_t fifo_t (fifo_file (open read)))")
	q.Scope = policy.Scope{Subjects: []string{"w_t", "r_t"}, Objects: []string{"fifo_t"}}
	p := prove(t, q)
	if !p.Holds() || !slices.Equal(p.Domains, []string{"ipclab_student_t", "r_t", "w_t"}) || len(p.Claims) < 10 {
		t.Errorf("got %v", p)
	}
	if !strings.Contains(p.String(), "ipclab_student_t, r_t, w_t and no other domain") {
		t.Errorf("it says %q", p)
	}
}

// Every right that must be out of reach, granted by a module: the proof breaks,
// on the claim that rules it out, and names the rule.
func TestEachForbiddenRightBreaksTheProof(t *testing.T) {
	tests := []struct{ claim, rule string }{
		{"act on programs outside", "(allow w_t ipclab_agent_t (process (signal)))"},
		{"act on programs outside", "(allow w_t ipclab_agent_t (process (ptrace)))"},
		{"act on programs outside", "(allow w_t init_t (process (sigkill)))"},
		{"act on programs outside", "(allow ipclab_subject domain (process (all)))"},
		{"act on programs outside", "(allow w_t unconfined_t (process2 (nnp_transition)))"},
		{"change its own confinement", "(allow w_t r_t (process (dyntransition)))"},
		{"change its own confinement", "(allow w_t self (process (setexec)))"},
		{"talk to programs outside", "(allow w_t ipclab_agent_t (unix_stream_socket (connectto)))"},
		{"talk to programs outside", "(allow w_t init_t (shm (read)))"},
		{"talk to programs outside", "(allow w_t ipclab_agent_t (file (read)))"},
		{"change the agent, the probe", "(allow w_t ipclab_probe_exec_t (file (write)))"},
		{"change the agent, the probe", "(allow w_t ipclab_agent_exec_t (file (unlink)))"},
		{"change the agent, the probe", "(allow w_t ipclab_agent_exec_t (file (relabelfrom)))"},
		{"change the agent, the probe", "(allow w_t ipclab_agent_exec_t (file (entrypoint)))"},
		{"change the agent, the probe", "(allow w_t ipclab_bin_t (dir (add_name)))"},
		{"change the agent, the probe", "(allow w_t ipclab_probe_exec_t (file (execmod)))"},
		{"change any file but", "(allow w_t etc_t (file (append)))"},
		{"change any file but", "(allow w_t lib_t (dir (remove_name)))"},
		{"change labels", "(allow w_t fifo_t (fifo_file (relabelfrom)))"},
		{"open the port", "(allow w_t ipclab_port_t (chr_file (read)))"},
		{"open the port", "(allow w_t self (vsock_socket (create)))"},
		{"open devices", "(allow w_t device_t (chr_file (write)))"},
		{"open devices", "(allow w_t fifo_t (blk_file (read)))"},
		{"load a policy", "(allow w_t security_t (security (load_policy)))"},
		{"load a policy", "(allow w_t security_t (security (setenforce)))"},
		{"load a policy", "(allow w_t security_t (security (setbool)))"},
		{"load a policy", "(allow w_t security_t (security (setcheckreqprot)))"},
		{"load a policy", "(allow w_t security_t (file (write)))"},
		{"read or write the audit log", "(allow w_t self (netlink_audit_socket (nlmsg_relay)))"},
		{"read or write the audit log", "(allow w_t self (capability (audit_write)))"},
		{"read or write the audit log", "(allow w_t self (capability (audit_control)))"},
		{"read or write the audit log", "(allow w_t auditd_log_t (file (read)))"},
		{"read or write the audit log", "(allow w_t kernel_t (system (syslog_read)))"},
		{"have a capability", "(allow w_t self (capability (sys_admin)))"},
		{"have a capability", "(allow w_t self (cap_userns (sys_admin)))"},
		{"mount", "(allow w_t fs_t (filesystem (mount)))"},
		{"mount", "(allow w_t tmpfs_t (dir (mounton)))"},
		{"load kernel modules", "(allow w_t kernel_t (system (module_load)))"},
		{"load kernel modules", "(allow w_t self (bpf (prog_load)))"},
		{"command the machine", "(allow w_t init_t (system (reboot)))"},
		{"do anything, because it is permissive", "(typepermissive w_t)"},
		{"do anything, because it is permissive", "(typealias x)(typealiasactual x w_t)(typepermissive x)"},
		{"be made part of the lab", "(typeattributeset ipclab_object (etc_t))"},
		{"be made part of the lab", "(typeattributeset ipclab_object (and (all) (not (fifo_t))))"},
		{"be made part of the lab", "(typeattributeset ipclab_subject (daemon_t))"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			p := prove(t, question(t, tt.rule))
			i := slices.IndexFunc(p.Broken, func(c Counterexample) bool { return strings.HasPrefix(c.Claim, tt.claim) })
			if i < 0 || !strings.Contains(p.Broken[i].Rule, "s.cil:1:") {
				t.Errorf("broken: %v", p.Broken)
			}
		})
	}
}

// The ways in which a name or a permission can be written.
func TestEveryWayToSayItIsUnderstood(t *testing.T) {
	const signals = "act on programs outside"
	for name, module := range map[string]string{
		"attribute":           "(typeattribute a)(typeattributeset a (w_t))(allow a ipclab_agent_t (process (signal)))",
		"attribute of others": "(typeattribute a)(typeattribute b)(typeattributeset b (a))(typeattributeset a (w_t))(allow b ipclab_agent_t (process (signal)))",
		"and":                 "(typeattribute a)(typeattributeset a (and (w_t) (ipclab_subject)))(allow a ipclab_agent_t (process (signal)))",
		"or":                  "(typeattribute a)(typeattributeset a (or (w_t) (init_t)))(allow a ipclab_agent_t (process (signal)))",
		"xor":                 "(typeattribute a)(typeattributeset a (xor (ipclab_subject) (r_t)))(allow a ipclab_agent_t (process (signal)))",
		"not":                 "(typeattribute a)(typeattributeset a (not (r_t ipclab_student_t)))(allow a ipclab_agent_t (process (signal)))",
		"all":                 "(typeattribute a)(typeattributeset a (all))(allow a ipclab_agent_t (process (signal)))",
		"nested":              "(typeattribute a)(typeattributeset a (and (or (w_t) (r_t)) (not (r_t))))(allow a ipclab_agent_t (process (signal)))",
		"alias":               "(typealias x)(typealiasactual x w_t)(allow x ipclab_agent_t (process (signal)))",
		"target by attribute": "(allow w_t domain (process (signal)))",
		"target by alias":     "(allow w_t old_daemon_t (process (signal)))",
		"all permissions":     "(allow w_t daemon_t (process (all)))",
		"all but":             "(allow w_t daemon_t (process (not (sigchld fork))))",
		"expression":          "(allow w_t daemon_t (process (and (all) (signal sigkill))))",
		"set of permissions":  "(classpermission cp)(classpermissionset cp (process (signal)))(allow w_t daemon_t cp)",
		"class map":           "(classmap cm (p))(classmapping cm p (process (signal)))(allow w_t daemon_t (cm (p)))",
		"boolean":             "(booleanif daemon_door (true (allow w_t daemon_t (process (signal)))))",
		"boolean's other":     "(booleanif (not daemon_door) (true) (false (allow w_t daemon_t (process (signal)))))",
	} {
		t.Run(name, func(t *testing.T) {
			if p := prove(t, question(t, module)); p.Holds() || !strings.HasPrefix(p.Broken[0].Claim, signals) {
				t.Errorf("broken: %v", p.Broken)
			}
		})
	}
}

// A domain that is entered on the way is held to the same claims, and the path
// into it is told.
func TestPathIsFollowed(t *testing.T) {
	p := prove(t, question(t, `
		(allow w_t daemon_t (process (transition)))
		(allow w_t daemon_exec_t (file (execute)))
		(typetransition w_t daemon_exec_t process daemon_t)`))
	if p.Holds() || len(p.Broken[0].Path) != 1 || !strings.HasPrefix(p.Broken[0].Claim, "change any file but") || p.Broken[0].Target != "auditd_log_t" {
		t.Fatalf("got %v", p)
	}
	s := p.Broken[0].Path[0]
	if s.From != "w_t" || s.Into != "daemon_t" || s.How != "runs a program of type daemon_exec_t" || len(s.Rules) != 4 {
		t.Errorf("path: %+v", s)
	}
	if !strings.HasPrefix(p.String(), "w_t runs a program of type daemon_exec_t and becomes daemon_t [s.cil:2:3: (allow w_t daemon_t") {
		t.Errorf("it says %s", p)
	}
}

// What is entered and breaks nothing is within the proof.
func TestHarmlessDomainIsEntered(t *testing.T) {
	p := prove(t, question(t, `
		(type box_t) (type box_exec_t) (typeattributeset domain (box_t))
		(allow r_t box_t (process (transition signal)))
		(allow r_t self (process (fork)))
		(allow r_t box_exec_t (file (execute)))
		(allow box_t box_exec_t (file (entrypoint)))
		(allow box_t w_t (process (signal)))
		(typetransition r_t box_exec_t process box_t)`))
	if !slices.Contains(p.Domains, "r_t") {
		t.Errorf("got %v", p)
	}
	if p.Holds() || p.Broken[0].Domain != "r_t" || !strings.Contains(p.Broken[0].Rule, "transition signal") {
		t.Errorf("a domain outside may be signalled: %v", p)
	}
	p = prove(t, question(t, `
		(type box_t) (type box_exec_t)
		(allow r_t box_t (process (transition)))
		(allow r_t box_exec_t (file (execute)))
		(allow box_t box_exec_t (file (entrypoint)))
		(allow box_t w_t (process (signal)))
		(allow box_t self (process (all)))
		(typetransition r_t box_exec_t process box_t)`))
	if p.Holds() || p.Broken[0].Domain != "box_t" || !strings.HasPrefix(p.Broken[0].Claim, "change its own") {
		t.Errorf("got %v", p)
	}
}

func number(m rules, name string) int {
	i, _ := m.Number(name)
	return i
}

func (q Question) all() []policy.Module { return slices.Concat(q.Base, q.Modules) }

// A transition needs all of its parts.
func TestHalfATransitionLeadsNowhere(t *testing.T) {
	parts := []string{"(allow w_t daemon_t (process (transition)))", "(allow w_t daemon_exec_t (file (execute)))", "(typetransition w_t daemon_exec_t process daemon_t)"}
	for leave := range parts {
		m := rules{model.New()}
		rest := slices.Delete(slices.Clone(parts), leave, leave+1)
		if err := m.Read(question(t, strings.Join(rest, "")).all()); err != nil {
			t.Fatal(err)
		}
		d, err := m.domain(number(m, "w_t"))
		if err != nil {
			t.Fatal(err)
		}
		if steps, err := m.next(d); err != nil || len(steps) != 0 {
			t.Errorf("without %s: %v, %v", parts[leave], steps, err)
		}
	}
}

func TestWhatCannotBeReadIsNotProved(t *testing.T) {
	for _, module := range []string{
		"(block b (allow w_t daemon_t (process (signal))))",
		"(optional o (allow w_t daemon_t (process (signal))))",
		"(macro m ())", "(call m ())", "(in b)", "(blockinherit b)", "(tunableif t (true))", "(deny w_t daemon_t (process (signal)))",
		"(allow nobody_t daemon_t (process (signal)))", "(allow w_t daemon_t (nothing (signal)))", "(allow w_t daemon_t (process (flies)))",
		"(allow w_t daemon_t cp)", "(allow w_t)", "(typeattribute a)(typeattributeset a (a))(allow a daemon_t (process (signal)))",
		"(typeattribute a)(typeattributeset a (range w_t r_t))(allow a daemon_t (process (signal)))", "(booleanif b (maybe))", "(type)",
		// what would change the meaning of rules and claims that were read before
		"(type etc_t)", "(typealias ipclab_home_t)(typealiasactual ipclab_home_t etc_t)", "(typeattribute etc_t)",
		"(class process (one two))", "(common file (one two))", "(classcommon process file)(classcommon process ipc)", "(classmap process (one))",
	} {
		_, err := question(t, module).Prove()
		if _, ok := errors.AsType[*model.UnreadError](err); !ok {
			t.Errorf("%s: got %T %v", module, err, err)
		}
	}
	if _, err := question(t, "(allow").Prove(); err == nil {
		t.Error("broken CIL is proved")
	}
}

// The scope's rules are in the proof: a scope that the review must not have
// breaks it.
func TestScopeIsPartOfTheProof(t *testing.T) {
	q := question(t, "")
	q.Scope = policy.Scope{Subjects: []string{"w_t"}, Objects: []string{"daemon_t"}}
	if p := prove(t, q); p.Holds() {
		t.Error("a lab may let its students write rules about a daemon")
	}
}

func FuzzProve(f *testing.F) {
	ground := base(f)
	f.Add("(typeattribute a)(typeattributeset a (not (w_t)))(allow a self (process (all)))")
	f.Add("(classmap cm (p))(classmapping cm p (process (signal)))(booleanif x (true (allow w_t r_t (cm (p)))))")
	f.Add("(typetransition w_t fifo_t process r_t)")
	f.Fuzz(func(t *testing.T, module string) {
		_, _ = Question{Base: ground[1:], Modules: []policy.Module{{File: "s.cil", Source: []byte(lab + module)}}}.Prove()
		m := rules{model.New()}
		if m.Read(append(slices.Clone(ground), policy.Module{File: "s.cil", Source: []byte(lab + module)})) != nil {
			return
		}
		if d, err := m.domain(number(m, "w_t")); err == nil {
			_, _ = m.next(d)
		}
	})
}
