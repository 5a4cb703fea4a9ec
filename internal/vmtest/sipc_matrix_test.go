package vmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipclab/grader"
	"ipclab/internal/guest/api"
	agent "ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/policy"
	sipcpolicy "ipclab/sipc/policy"
)

// The matrix of operations of docs/sipc-policy.md is tried in the machine, three
// times. Under the policy as it is, exactly what the matrix says succeeds, and
// every denial has the AVC that it names. With a rule added for everything that
// was denied, it succeeds: so each denial was that rule's. With SELinux
// permissive exactly what SELinux denied succeeds, and is logged; what the mode
// denied is still denied.

// matrix is the table, and where its labs are.
type matrix struct {
	*sipcpolicy.Table
	dir string // of the labs, and of everything else
}

func TestSIPCMatrix(t *testing.T) {
	t.Parallel() // one machine keeps one processor busy
	table, err := sipcpolicy.Matrix()
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{table, t.TempDir()}
	m.write(t, "sipc-matrix", m.enforced())
	m.write(t, "sipc-matrix-open", m.opened())
	t.Run("enforced", func(t *testing.T) {
		defer m.start(t, "sipc-matrix")()
		seen := m.seen(m.check(t, "sipc-matrix")).Markdown()
		t.Logf("what the machine allowed:\n%s", seen)
		if seen != m.Markdown() {
			t.Errorf("that is not what the matrix says:\n%s", m.Markdown())
		}
		t.Run("permissive", m.permissive)
	})
	t.Run("opened", func(t *testing.T) {
		defer m.start(t, "sipc-matrix-open")()
		for _, r := range m.seen(m.check(t, "sipc-matrix-open")).Rows {
			for i, a := range r.Cells {
				if (a != sipcpolicy.Access{}) {
					t.Errorf("%s %s %s: %s", m.Domains[i], r.Operation, r.Object, a)
				}
			}
		}
	})
}

// ---- labs ---------------------------------------------------------------

// Where channels have their keys from.
const (
	near = "/run/ipclab/near"
	far  = "/run/ipclab/far"
)

// name is the object's name for the probe.
func objectName(object string) string {
	dir := near
	if strings.HasPrefix(object, "far-") {
		dir = far
	}
	switch class := sipcpolicy.Class(object); class {
	case "msgq":
		return "msgq:" + dir + ":Q"
	case "shm":
		return "shm:" + dir + ":S"
	case "sem":
		return "sem:" + dir + ":L"
	}
	return "/proc/sysvipc/" + strings.TrimPrefix(object, "proc-")
}

// The rules around the module: its domains are a lab's subjects and may find the
// keys' folders; the owner's other domain may do everything.
const glue = `
(typeattributeset ipclab_subject (sipc_domain))
(type sipc_matrix_dir_t)
(typeattributeset ipclab_object (sipc_matrix_dir_t))
(type sipc_matrix_any_t)
(typeattributeset ipclab_subject (sipc_matrix_any_t))
(allow sipc_domain sipc_matrix_dir_t (dir (getattr search)))
(allow sipc_matrix_any_t sipc_matrix_dir_t (dir (getattr search)))
(allow sipc_matrix_any_t proc_t (file (getattr open read)))
(allow sipc_matrix_any_t kernel_t (system (ipc_info)))
(allow sipc_matrix_any_t sipc_domain (msgq (all)))
(allow sipc_matrix_any_t sipc_domain (shm (all)))
(allow sipc_matrix_any_t sipc_domain (msg (all)))
(allow sipc_matrix_any_t self (msgq (all)))
(allow sipc_matrix_any_t self (shm (all)))
(allow sipc_matrix_any_t self (sem (all)))
`

const anyDomain = "sipc_matrix_any_t"

// scripts are the checks of a lab by their ids.
type scripts map[string]string

// enforced tries every cell as the matrix has it.
func (m *matrix) enforced() scripts {
	all := scripts{}
	for i, domain := range m.Domains {
		for _, object := range m.objects() {
			all[domain+"-"+object] = m.script(object, domain, func(r sipcpolicy.Row) string { return statement(domain, r, r.Cells[i]) })
		}
	}
	all["stranger"], all["flows"], all["pumped"] = m.strangers(), flows, pumped
	return all
}

// opened tries every cell, and wants it to succeed.
func (m *matrix) opened() scripts {
	all := scripts{}
	for _, domain := range m.Domains {
		for _, object := range m.objects() {
			all[domain+"-"+object] = m.script(object, domain, func(r sipcpolicy.Row) string { return statement(domain, r, sipcpolicy.Access{}) })
		}
	}
	return all
}

// rules grant everything that the matrix says is refused.
func (m *matrix) rules() string {
	var b strings.Builder
	for _, r := range m.Rows {
		for i, domain := range m.Domains {
			if (r.Cells[i] == sipcpolicy.Access{}) {
				continue
			}
			for _, a := range slices.Concat(r.Needs...) {
				fmt.Fprintf(&b, "(allow %s %s (%s (%s)))\n", sipcpolicy.Type(domain), r.Target(domain, a), a.Class, a.Permission)
			}
		}
	}
	return b.String()
}

// objects are the objects of the table, each once. Those that are none of a
// channel's go together.
func (m *matrix) objects() []string {
	var all []string
	for _, r := range m.Rows {
		all = append(all, group(r.Object))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// group is the check that an object is looked at in.
func group(object string) string {
	if c := sipcpolicy.Class(object); c == "msgq" || c == "shm" {
		return object
	}
	return "others"
}

func statement(domain string, r sipcpolicy.Row, refused sipcpolicy.Access) string {
	if (refused == sipcpolicy.Access{}) {
		return fmt.Sprintf("allowed %s : %s %s\n", domain, r.Operation, objectName(r.Object))
	}
	return fmt.Sprintf("denied %s : %s %s by selinux %s\n", domain, r.Operation, objectName(r.Object), refused)
}

const (
	makeNear = "run -as helper @sipc-helper -key " + near + " -mode pipelined -slot 64\n"
	makeFar  = "run -as far-helper @sipc-helper -key " + far + " -mode pipelined -slot 64\n"
)

// script is a check of one domain and one object: that the operation can be
// done at all, then the statement. What removes the object comes last.
func (m *matrix) script(object, domain string, say func(sipcpolicy.Row) string) string {
	script := makeAgain(object)
	for _, r := range m.Rows {
		if group(r.Object) == object && r.Operation != "rmid" {
			script += "allowed anyone : " + r.Operation + " " + objectName(r.Object) + "\n" + say(r)
		}
	}
	for _, r := range m.Rows {
		if group(r.Object) == object && r.Operation == "rmid" {
			script += clear(object) + makeAgain(object) + say(r)
		}
	}
	return script
}

// clear has the one who may everything remove a channel.
func clear(object string) string {
	prefix := ""
	if strings.HasPrefix(object, "far-") {
		prefix = "far-"
	}
	return "allowed anyone : rmid " + objectName(prefix+"queue") + "\nallowed anyone : rmid " + objectName(prefix+"segment") + "\n"
}

func makeAgain(object string) string {
	if strings.HasPrefix(object, "far-") {
		return makeFar
	}
	return makeNear
}

// byMode are operations that owner and mode refuse to a stranger in the sender's
// domain, which may do them.
func byMode() [][2]string {
	return [][2]string{{"msgsnd", "queue"}, {"shmat-ro", "segment"}, {"shmat-rw", "segment"}}
}

func (m *matrix) strangers() string {
	script := makeNear
	for _, c := range byMode() {
		script += fmt.Sprintf("allowed sender : %s %s\ndenied stranger : %[1]s %[2]s by dac\n", c[0], objectName(c[1]))
	}
	return script
}

// The domains are enough for real programs: a message gets through, each part in
// its domain. Who plays another's part is refused.
const flows = `
run -as helper @sipc-helper -key /run/ipclab/near
object msgq:/run/ipclab/near:Q kind=msgq type=sipc_helper_t owner=alice mode=0600 qbytes=24 messages=0
object shm:/run/ipclab/near:S kind=shm type=sipc_helper_t owner=alice mode=0600 nattch=0
spawn r -as receiver @sipc-recv -key /run/ipclab/near
await shm:/run/ipclab/near:S nattch=1
run -as sender @sipc-send -key /run/ipclab/near hello
waitfor r
stdout ^hello$
! run -as receiver @sipc-send -key /run/ipclab/near back
exited 5
! run -as sender @sipc-recv -key /run/ipclab/near
exited 5
! run -as sender @sipc-helper -key /run/ipclab/far
exited 5
! run -as receiver @sipc-gc -key /run/ipclab/near
exited 5
mark msgq:/run/ipclab/near:Q
run -as destroyer @sipc-gc -key /run/ipclab/near
stdout ^removed$
object msgq:/run/ipclab/near:Q kind=absent
object shm:/run/ipclab/near:S kind=absent
run -as helper @sipc-helper -key /run/ipclab/near
replaced msgq:/run/ipclab/near:Q
`

const pumped = `
run -as helper @sipc-helper -key /run/ipclab/near -mode pipelined
run -as far-helper @sipc-helper -key /run/ipclab/far -mode pipelined
spawn r -as far-receiver @sipc-recv -verify -key /run/ipclab/far
spawn p -as pump @sipc-pump -from /run/ipclab/near -to /run/ipclab/far -quantum 5ms
run -as sender @sipc-send -key /run/ipclab/near -count 20 -size 1000
waitfor r
stdout '^20 messages, 20000 bytes$'
waitfor p
! run -as sender @sipc-send -key /run/ipclab/far past
exited 5
! run -as far-receiver @sipc-recv -key /run/ipclab/near
exited 5
`

// write writes a lab.
func (m *matrix) write(t *testing.T, name string, checks scripts) {
	t.Helper()
	open := ""
	if name == "sipc-matrix-open" {
		open = m.rules()
	}
	files := map[string]string{
		"lab.yaml": m.manifest(name, checks), "README.md": "# The matrix\n", "starter/Makefile": "all:\n",
		"policy/sipc.cil": string(sipcpolicy.Module()), "policy/glue.cil": glue + open,
	}
	for id, script := range checks {
		files["checks/"+id+".txtar"] = script
	}
	for file, text := range files {
		path := filepath.Join(m.dir, "labs", name, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *matrix) manifest(name string, checks scripts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\ntitle: The matrix\norder: 900\nminutes: 1\nsummary: every operation of every domain\nobjectives: [none]\n", name)
	b.WriteString("subjects:\n  anyone: {user: alice, domain: " + anyDomain + "}\n  stranger: {user: carol, domain: sipc_sender_t}\n")
	for _, domain := range m.Domains {
		fmt.Fprintf(&b, "  %s: {user: alice, domain: %s}\n", domain, sipcpolicy.Type(domain))
	}
	b.WriteString("directories:\n")
	for _, dir := range []string{near, far} {
		fmt.Fprintf(&b, "  - {path: %s, owner: alice, group: alice, mode: \"0755\", type: sipc_matrix_dir_t}\n", dir)
	}
	b.WriteString("build: {command: [make], outputs: [none]}\npolicy:\n  given: [policy/sipc.cil, policy/glue.cil]\n")
	b.WriteString("steps:\n  - title: All\n    about: All.\n    checks:\n")
	ids := make([]string, 0, len(checks))
	for id := range checks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, "      - {id: %s, title: %[1]s, expect: as the matrix says, points: 1, timeout: 60s, hints: [none]}\n", id)
	}
	return b.String()
}

// ---- the machine --------------------------------------------------------

func (m *matrix) ipclab(args ...string) *exec.Cmd {
	cmd := exec.Command("ipclab", append([]string{"--labs", filepath.Join(m.dir, "labs")}, args...)...)
	state := filepath.Join(m.dir, "state")
	cmd.Env = append(os.Environ(), "HOME="+m.dir, "XDG_STATE_HOME="+state, "XDG_RUNTIME_DIR=", "IPCLAB_WORK="+filepath.Join(m.dir, "work"))
	return cmd
}

// start starts a lab's machine; what it returns stops it.
func (m *matrix) start(t *testing.T, lab string) (stop func()) {
	t.Helper()
	if out, err := m.ipclab("start", lab, "--no-shell").CombinedOutput(); err != nil {
		t.Fatalf("start %s: %v\n%s", lab, err, out)
	}
	return func() {
		if out, err := m.ipclab("stop", lab).CombinedOutput(); err != nil {
			t.Errorf("stop %s: %v\n%s", lab, err, out)
		}
	}
}

// check runs every check; each must pass.
func (m *matrix) check(t *testing.T, lab string) grader.Report {
	t.Helper()
	cmd := m.ipclab("check", lab, "--all", "--json")
	var diag bytes.Buffer
	cmd.Stderr = &diag
	out, runErr := cmd.Output()
	var report grader.Report
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("check %s: %v, %v\n%s\n%s", lab, runErr, err, &diag, out)
	}
	for _, r := range report.Results {
		if r.Verdict != grader.Pass {
			t.Errorf("%s: %s: %s (%v)", r.Check, r.Verdict, r.Message, r.Script)
		}
	}
	if runErr != nil && !t.Failed() {
		t.Errorf("check %s: %v", lab, runErr)
	}
	return report
}

// seen is the table as the evidence has it: what no probe tried stays as "not tried".
func (m *matrix) seen(report grader.Report) *sipcpolicy.Table {
	tried := map[string]sipcpolicy.Access{}
	for _, result := range report.Results {
		for i, e := range result.Evidence {
			if e.Probe == nil {
				continue
			}
			key := e.Probe.Subject + " " + e.Probe.Op + " " + e.Probe.Path
			tried[key] = refusal(e.Probe, result.Evidence[i+1:])
		}
	}
	seen := &sipcpolicy.Table{Domains: m.Domains}
	for _, r := range m.Rows {
		row := r
		row.Cells = nil
		for _, domain := range m.Domains {
			a, ok := tried[domain+" "+r.Operation+" "+objectName(r.Object)]
			if !ok {
				a = sipcpolicy.Access{Class: "not", Permission: "tried"}
			}
			row.Cells = append(row.Cells, a)
		}
		seen.Rows = append(seen.Rows, row)
	}
	return seen
}

// refusal is what a probe was refused: the first permission of the AVC that
// follows it in the evidence.
func refusal(p *grader.Probe, evidence []grader.Evidence) sipcpolicy.Access {
	if p.Errno == "" {
		return sipcpolicy.Access{}
	}
	if len(evidence) > 0 && evidence[0].AVC != nil {
		return sipcpolicy.Access{Class: evidence[0].AVC.Class, Permission: evidence[0].AVC.Perms[0]}
	}
	return sipcpolicy.Access{Class: "dac", Permission: p.Errno}
}

// ---- permissive ---------------------------------------------------------

// prober tries cells by itself, without the check engine: that would call a denial
// that is only logged a failure, each time.
type prober struct {
	t      *testing.T
	client *agent.Client
}

func (m *matrix) permissive(t *testing.T) {
	state := filepath.Join(m.dir, "state/ipclab/machines")
	clone, err := qemu.Store{Dir: state}.Find("sipc-matrix")
	if err != nil {
		t.Fatal(err)
	}
	p := &prober{t, agent.NewClient(clone.Dial)}
	defer p.client.Close()
	p.enforce(false)
	defer p.enforce(true)
	p.reset()
	for _, c := range byMode() {
		if res := p.try("carol", "sipc_sender_t", c[0], c[1]); res.Errno != "EACCES" || len(denials(t, res)) > 0 {
			t.Errorf("stranger %s: %q, %v", c[0], res.Errno, denials(t, res))
		}
	}
	for _, r := range m.Rows {
		for i, domain := range m.Domains {
			p.cell(r, domain, r.Cells[i])
		}
	}
}

// cell tries one cell. What SELinux denied goes through, and is logged; but a
// permissive kernel logs a denial once and then takes it for granted, until
// enforcing is switched on again (avc_ss_reset in security/selinux/avc.c).
func (p *prober) cell(r sipcpolicy.Row, domain string, refused sipcpolicy.Access) {
	p.enforce(true)
	p.enforce(false)
	res := p.try("alice", sipcpolicy.Type(domain), r.Operation, r.Object)
	if r.Operation == "rmid" {
		p.reset()
	}
	logged := denials(p.t, res)
	names := func(a policy.AVC) bool { return a.Class == refused.Class && a.Has(refused.Permission) && a.Permissive }
	switch {
	case res.Errno != "":
		p.t.Errorf("permissive: %s %s %s: %s", domain, r.Operation, r.Object, res.Errno)
	case refused == sipcpolicy.Access{} && len(logged) > 0:
		p.t.Errorf("permissive: %s %s %s is allowed, and was logged: %v", domain, r.Operation, r.Object, logged)
	case refused != sipcpolicy.Access{} && !slices.ContainsFunc(logged, names):
		p.t.Errorf("permissive: %s %s %s: no record of %s: %v", domain, r.Operation, r.Object, refused, logged)
	}
}

func (p *prober) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.t.Context(), time.Minute)
}

func (p *prober) enforce(on bool) {
	ctx, cancel := p.context()
	defer cancel()
	if err := p.client.SetEnforce(ctx, on); err != nil {
		p.t.Fatal(err)
	}
}

// reset empties the lab's folders, removes all channels and makes them anew.
func (p *prober) reset() {
	ctx, cancel := p.context()
	defer cancel()
	var dirs []api.Directory
	for _, dir := range []string{near, far} {
		dirs = append(dirs, api.Directory{Path: dir, Owner: "alice", Group: "alice", Mode: "0755", Type: "sipc_matrix_dir_t"})
	}
	if err := p.client.Reset(ctx, api.Stage{Directories: dirs}); err != nil {
		p.t.Fatal(err)
	}
	p.make(ctx, "sipc_helper_t", near)
	p.make(ctx, "sipc_far_helper_t", far)
}

func (p *prober) make(ctx context.Context, domain, key string) {
	var out bytes.Buffer
	run, err := p.client.Start(ctx, api.RunSpec{
		ID: "make", Actor: true, Argv: []string{"sipc-helper", "-key", key, "-mode", "pipelined", "-slot", "64"},
		Subject: api.Subject{User: "alice", Domain: domain},
	}, nil, &out, &out)
	if err != nil {
		p.t.Fatal(err)
	}
	if exit, err := run.Wait(); err != nil || exit.Code != 0 {
		p.t.Fatalf("the helper: %+v, %v: %s", exit, err, &out)
	}
}

func (p *prober) try(user, domain, operation, object string) api.ProbeResult {
	ctx, cancel := p.context()
	defer cancel()
	res, err := p.client.Probe(ctx, api.ProbeSpec{
		Subject: api.Subject{User: user, Domain: domain}, Op: api.Op(operation), Path: objectName(object),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return res
}

// denials are the AVC records of a probe.
func denials(t *testing.T, res api.ProbeResult) []policy.AVC {
	var all []policy.AVC
	for _, r := range res.Records {
		if r.Type != uint16(policy.RecordAVC) {
			continue
		}
		avc, err := policy.ParseAVC(r.Text)
		if err != nil {
			t.Error(err)
		} else if avc.Denied && avc.Class != "capability" {
			all = append(all, avc)
		}
	}
	return all
}
