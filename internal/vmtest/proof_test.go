package vmtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/proof"
	"ipclab/labs"
)

// TestRealPolicyIsProved proves Debian's real policy with ours and each lab's,
// with everything that the lab's review lets pass; then it adds, one at a time,
// rights that must be out of reach, which the proof has to find.
func TestRealPolicyIsProved(t *testing.T) {
	base := realPolicy(t)
	for _, dir := range labDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			q := proof.Question{Base: base}
			q.Modules, q.Scope = labPolicy(t, dir)
			p, err := q.Prove()
			if err != nil {
				t.Fatal(err)
			}
			if !p.Holds() || len(p.Domains) == 0 || p.Rules < 100_000 {
				t.Errorf("not proved: %s", p)
			}
			t.Logf("%s", p)
		})
	}
}

func TestForbiddenRightsAreFoundInTheRealPolicy(t *testing.T) {
	base := realPolicy(t)
	given, _ := labPolicy(t, "../../labs/fifo")
	for rule, path := range map[string]string{
		"(allow ipclab_student_t ipclab_agent_t (process (ptrace)))":                      "",
		"(allow ipclab_student_t unconfined_t (process (sigkill)))":                       "",
		"(allow ipclab_student_t ipclab_probe_exec_t (file (write)))":                     "",
		"(allow ipclab_student_t virtio_device_t (chr_file (open)))":                      "",
		"(allow ipclab_student_t memory_device_t (chr_file (read)))":                      "",
		"(allow ipclab_student_t security_t (security (load_policy)))":                    "",
		"(allow ipclab_student_t self (capability (audit_control)))":                      "",
		"(allow ipclab_student_t self (netlink_audit_socket (create)))":                   "",
		"(allow ipclab_student_t auditd_log_t (file (read)))":                             "",
		"(allow ipclab_student_t unlabeled_t (filesystem (mount)))":                       "",
		"(allow ipclab_student_t sysctl_kernel_t (file (write)))":                         "",
		"(typeattributeset unconfined_domain_type (ipclab_fifo_writer_t))":                "",
		"(typeattributeset can_load_policy (ipclab_student_t))":                           "",
		"(typeattributeset userdomain (ipclab_student_t))":                                "",
		"(booleanif allow_execmem (true (allow ipclab_subject self (capability (all)))))": "",
		"(typepermissive ipclab_fifo_reader_t)":                                           "",
		"(allow ipclab_student_t crond_t (process (transition)))(allow ipclab_student_t crond_exec_t (file (execute)))(typetransition ipclab_student_t crond_exec_t process crond_t)": "crond_t",
		"(allow ipclab_student_t init_t (process (transition)))(allow ipclab_student_t init_exec_t (file (execute)))(typetransition ipclab_student_t init_exec_t process init_t)":     "init_t",
	} {
		q := proof.Question{Base: base, Modules: append(given[:len(given):len(given)], policy.Module{File: "s.cil", Source: []byte(rule)})}
		p, err := q.Prove()
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if p.Holds() || path != "" && (len(p.Broken[0].Path) != 1 || p.Broken[0].Path[0].Into != path) {
			t.Errorf("%s: %s", rule, p)
		}
	}
}

// realPolicy reads the policies of the image.
func realPolicy(t *testing.T) []policy.Module {
	t.Helper()
	cmd := exec.Command("ipclab", "image", "info", "--json")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var image struct{ Dir string }
	if err := json.Unmarshal(out, &image); err != nil {
		t.Fatal(err)
	}
	return []policy.Module{module(t, image.Dir, "flat.cil"), module(t, image.Dir, "base.cil")}
}

func module(t *testing.T, dir, name string) policy.Module {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Module{File: name, Source: source}
}

// labDirs are the folders of all labs: the course's and those of tests.
func labDirs(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, pattern := range []string{"../../labs/*/lab.yaml", "../../grader/redteam/labs/*/lab.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, manifest := range found {
			if dir := filepath.Dir(manifest); filepath.Base(dir) != "template" { // of new labs: proved as one, in author.txtar
				dirs = append(dirs, dir)
			}
		}
	}
	if len(dirs) < 2 {
		t.Fatalf("only these labs are there: %v", dirs)
	}
	return dirs
}

// labPolicy reads a lab's modules and its solution's.
func labPolicy(t *testing.T, dir string) ([]policy.Module, policy.Scope) {
	t.Helper()
	lab, err := labs.Load(os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
	if err != nil {
		t.Fatal(err)
	}
	var modules []policy.Module
	for _, name := range lab.Policy.Given {
		modules = append(modules, module(t, dir, name))
	}
	for _, name := range lab.Policy.Student {
		modules = append(modules, module(t, filepath.Join(dir, "solution"), name))
	}
	return modules, policy.Scope{Subjects: lab.Policy.Review.Subjects, Objects: lab.Policy.Review.Objects}
}
