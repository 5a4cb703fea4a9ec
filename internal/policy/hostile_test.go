package policy

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// hostileModules are modules that reach for the grader, by every door that the
// language has. w_t, r_t, fifo_t and dir_t are the lab's.
func hostileModules() map[string]string {
	return map[string]string{
		"permissive":                     "(typepermissive w_t)",
		"permissive in a block":          "(block b (typepermissive w_t))",
		"permissive in an optional":      "(optional o (typepermissive w_t))",
		"permissive after a false end":   "(allow w_t fifo_t (fifo_file (read))); \r(typepermissive w_t)",
		"dontaudit":                      "(dontaudit w_t fifo_t (fifo_file (read)))",
		"dontaudit by a macro":           "(macro m ((type t)) (dontaudit t fifo_t (fifo_file (read))))(call m (w_t))",
		"auditallow floods the trail":    "(auditallow w_t fifo_t (fifo_file (read)))",
		"a new type":                     "(type w2_t)(typeattributeset domain (w2_t))",
		"the agent's type again":         "(type ipclab_agent_t)",
		"an alias of the agent's type":   "(typealias mine_t)(typealiasactual mine_t ipclab_agent_t)",
		"joining an attribute":           "(typeattributeset unconfined_domain_type (w_t))",
		"joining by an expression":       "(typeattributeset unconfined_domain_type (and (all) (not (r_t))))",
		"a subject that is no subject":   "(typeattributeset ipclab_object (ipclab_agent_exec_t))",
		"expanding the base's attribute": "(expandtypeattribute (domain) false)",
		"a rule by an attribute":         "(allow ipclab_subject ipclab_agent_t (process (signal)))",
		"a rule about the agent":         "(allow w_t ipclab_agent_t (process (signal)))",
		"the probe's file":               "(allow w_t ipclab_probe_exec_t (file (write)))",
		"the port":                       "(allow w_t ipclab_port_t (chr_file (open read write)))",
		"a device of one's own":          "(allow w_t fifo_t (chr_file (create open read write)))",
		"a disk of one's own":            "(allow w_t fifo_t (blk_file (open read write)))",
		"audit messages":                 "(allow w_t self (netlink_audit_socket (create nlmsg_relay write)))",
		"a door to the host":             "(allow w_t self (vsock_socket (create connect)))",
		"raw packets":                    "(allow w_t self (packet_socket (create)))",
		"capabilities":                   "(allow w_t self (capability (sys_admin)))",
		"capabilities in a namespace":    "(allow w_t self (cap_userns (sys_admin)))",
		"loading a policy":               "(allow w_t fifo_t (security (load_policy)))",
		"becoming the reader":            "(allow w_t r_t (process (transition)))(typetransition w_t fifo_t process r_t)",
		"becoming it without a program":  "(allow w_t self (process (setcurrent)))(allow w_t r_t (process (dyntransition)))",
		"running one's own object":       "(allow w_t fifo_t (file (execute entrypoint execute_no_trans)))",
		"relabelling":                    "(allow w_t fifo_t (fifo_file (relabelto relabelfrom)))",
		"mounting over it":               "(allow w_t dir_t (dir (mounton)))",
		"all permissions":                "(allow w_t fifo_t (fifo_file (all)))",
		"all but one":                    "(allow w_t fifo_t (fifo_file (not (append))))",
		"a set by name":                  "(classpermission cp)(classpermissionset cp (fifo_file (all)))(allow w_t fifo_t cp)",
		"a class of classes":             "(classmap cm (p))(classmapping cm p (fifo_file (all)))(allow w_t fifo_t (cm (p)))",
		"when a boolean says so":         "(boolean b false)(booleanif b (true (allow w_t fifo_t (fifo_file (write)))))",
		"under the base's boolean":       "(booleanif allow_execmem (true (allow w_t fifo_t (fifo_file (write)))))",
		"a tunable":                      "(tunable b true)(tunableif b (true (allow w_t fifo_t (fifo_file (write)))))",
		"into somebody's block":          "(in b (allow w_t fifo_t (fifo_file (write))))",
		"an inherited block":             "(block b (allow w_t fifo_t (fifo_file (write))))(block c (blockinherit b))",
		"a neverallow against the base":  "(neverallow domain file_type (file (read)))",
		"an initial sid":                 "(sidcontext kernel (system_u system_r w_t ((s0) (s0))))",
		"a file context":                 `(filecon "/usr/lib/ipclab/agent" file (system_u object_r fifo_t ((s0) (s0))))`,
		"a file system":                  "(fsuse xattr ext4 (system_u object_r fifo_t ((s0) (s0))))",
		"a pseudo file system":           `(genfscon proc "/" (system_u object_r fifo_t ((s0) (s0))))`,
		"a port number":                  "(portcon tcp 22 (system_u object_r fifo_t ((s0) (s0))))",
		"unknown permissions":            "(handleunknown allow)",
		"no levels":                      "(mls false)",
		"a level":                        "(sensitivity s1)(sensitivityorder (s0 s1))",
		"a range":                        "(rangetransition w_t fifo_t process ((s0) (s0)))",
		"a constraint that stops all":    "(mlsconstrain (file (read)) (eq u1 u2))",
		"a policy capability":            "(policycap always_check_network)",
		"a role":                         "(roleallow system_r sysadm_r)",
		"a user":                         "(userrole system_u sysadm_r)",
		"bounds":                         "(typebounds w_t r_t)",
		"the default context":            "(defaultrole fifo_file target)",
		"a name in quotes":               `(allow "w_t" "ipclab_agent_t" (process (signal)))`,
		"a NUL byte":                     "(allow w_t fifo_t (fifo_file (read)))\x00(typepermissive w_t)",
		"a NUL byte in a name":           "(allow w_t fifo_t\x00x (fifo_file (read)))",
		"broken UTF-8":                   "(allow w_t \xff\xfe (fifo_file (read)))",
		"a comment in a string":          `(typetransition w_t dir_t fifo_file "a;)(typepermissive w_t)" agent_t)`,
		"deeper than can be read":        strings.Repeat("(optional o ", 5000) + strings.Repeat(")", 5000),
		"larger than is read":            strings.Repeat("; nothing\n", MaxModule/10+1),
		"a keyword in quotes":            `("typepermissive" w_t)`,
		"nothing in parentheses":         "()",
	}
}

func TestHostileModulesHaveFindings(t *testing.T) {
	for name, source := range hostileModules() {
		found := Review([]Module{{File: "s.cil", Source: []byte(source)}}, testScope())
		if len(found) == 0 {
			t.Errorf("%s: no finding", name)
		}
	}
}

// A finding is one line for a person: a hostile module must not make thousands.
func TestReviewOfVeryManyMistakesEnds(t *testing.T) {
	wide := "(allow w_t fifo_t (fifo_file (" + strings.Repeat("all ", 200_000) + ")))"
	long := strings.Repeat("(type x)\n", 100_000)
	for _, source := range []string{wide, long} {
		found := Review([]Module{{File: "s.cil", Source: []byte(source)}}, testScope())
		if len(found) != maxFindings || len(found[0].Rule) > 300 {
			t.Errorf("%d findings, the first with a rule of %d bytes", len(found), len(found[0].Rule))
		}
	}
}

// What Grantable says is what Review does.
func TestGrantable(t *testing.T) {
	for _, tt := range []struct{ class, perm string }{
		{"fifo_file", "write"}, {"chr_file", "write"}, {"process", "signal"}, {"process", "ptrace"}, {"capability", "chown"}, {"file", "relabelto"},
	} {
		source := "(allow w_t fifo_t (" + tt.class + " (" + tt.perm + ")))"
		clean := len(Review([]Module{{File: "s.cil", Source: []byte(source)}}, testScope())) == 0
		if clean != Grantable(tt.class, tt.perm) {
			t.Errorf("%s %s: review lets it pass: %v", tt.class, tt.perm, clean)
		}
	}
}

// A module that asks for too much work is its author's fault, not the machine's.
func TestCompileGivesUpOnEndlessWork(t *testing.T) {
	slow := slowCompiler(t)
	_, err := slow.Compile(t.Context(), "testdata/flat.cil", []Module{{File: "given.cil"}, {File: "s.cil"}})
	bad, ok := errors.AsType[*CompileError](err)
	if !ok || bad.Pos.File != "s.cil" || bad.Hint == "" {
		t.Errorf("got %T %v", err, err)
	}
}

// slowCompiler ends as secilc does when its time is used up.
func slowCompiler(t *testing.T) Compiler {
	t.Helper()
	script := t.TempDir() + "/secilc"
	if out, err := exec.Command("/bin/sh", "-c", "printf '#!/bin/sh\\nkill -XCPU $$\\n' >"+script+" && chmod 755 "+script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return Compiler{Secilc: script}
}

// What can keep the compiler busy, or break it, does not reach it.
func TestOnlyPlainModulesAreCompiled(t *testing.T) {
	for _, source := range []string{
		"(block b)", "(optional o)", "(macro m ())", "(call m ())", "(in b)", "(blockinherit b)", "(booleanif b (true))", "(tunableif b (true))",
		"(classpermission cp)", "(classmap cm (p))", "(neverallow w_t w_t (file (read)))", "(expandtypeattribute (domain) true)",
		"(sidcontext kernel (u r t ((s0) (s0))))", "(mls false)", "(role r)", "(allow w_t fifo_t (fifo_file (read)))(optional o)",
	} {
		bad, ok := errors.AsType[*CompileError](CheckPlain([]Module{{File: "s.cil", Source: []byte(source)}}))
		if !ok || bad.Pos.File != "s.cil" || bad.Hint == "" {
			t.Errorf("%s: %+v", source, bad)
		}
	}
	for _, source := range []string{"", "(typepermissive w_t)", "(dontaudit w_t fifo_t (fifo_file (read)))(allow w_t fifo_t (fifo_file (read)))"} {
		if err := CheckPlain([]Module{{File: "s.cil", Source: []byte(source)}}); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
	if _, ok := errors.AsType[*SyntaxError](CheckPlain([]Module{{File: "s.cil", Source: []byte("(allow")}})); !ok {
		t.Error("a missing bracket is not told")
	}
}
