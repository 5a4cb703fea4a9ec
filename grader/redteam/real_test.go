package redteam

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipclab/labs"
)

// proofs is where everything for the proofs is in the guest.
const proofs = "/opt/redteam"

// prove runs the proofs of attacks on one lab, one after the other in one
// machine, and gives what is wrong with each.
func prove(t *testing.T, lab *labs.Lab, attacks []*Attack) map[string]string {
	t.Helper()
	p := newPlace(t)
	p.must(t, nil, "start", lab.Name, "--no-shell")
	inside := func(stdin io.Reader, args ...string) *exec.Cmd {
		return p.ipclab(stdin, append([]string{"vm", "exec", "--lab", lab.Name, "--root", "--"}, args...)...)
	}
	out, err := inside(pack(t, luggage(t, p, lab, attacks)), "sh", "-c", "mkdir -p "+proofs+" && tar -C "+proofs+" -x --no-same-owner").CombinedOutput()
	if err != nil {
		t.Fatalf("carrying the proofs into the machine: %v\n%s", err, out)
	}
	wrong := map[string]string{}
	for _, a := range attacks {
		begun := time.Now()
		wrong[a.Name] = a.prove(inside)
		t.Logf("%s: %s (%.1f s)", a.Name, orElse(wrong[a.Name], "is real"), time.Since(begun).Seconds())
	}
	p.must(t, nil, "stop", lab.Name)
	return wrong
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// luggage is what the machine is given: the plain grader, and for each attack
// its script, its submission and an innocent one.
func luggage(t *testing.T, p *place, lab *labs.Lab, attacks []*Attack) string {
	t.Helper()
	dir := p.in("luggage")
	naive, err := exec.LookPath("naive")
	check(t, err)
	copyFile(t, naive, filepath.Join(dir, "bin", "naive"))
	for _, a := range attacks {
		at := filepath.Join(dir, a.Name)
		for _, run := range []string{attack, innocent} {
			check(t, os.MkdirAll(filepath.Join(at, run), 0o755))
		}
		check(t, a.Write(filepath.Join(at, attack, a.submissionName()), lab))
		check(t, honest(t, a.Form).Write(filepath.Join(at, innocent, a.submissionName()), lab))
		copyFile(t, filepath.Join("attacks", a.Name, Script), filepath.Join(at, Script))
	}
	return dir
}

// honest is the lab's solution, handed in as an attack is.
func honest(t *testing.T, form Form) *Attack {
	return &Attack{Name: innocent, Form: form, dir: os.DirFS(t.TempDir())}
}

// submissionName is a file name with the extension that the form has.
func (a *Attack) submissionName() string {
	if a.Form.folder() {
		return "submission"
	}
	return "submission." + string(a.Form)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(to), 0o755))
	data, err := os.ReadFile(from)
	check(t, err)
	check(t, os.WriteFile(to, data, 0o755))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The two trials of a proof: the folders that they run in.
const (
	attack   = "attack"
	innocent = "innocent"
)

// The exit codes of a proof.
const (
	itWorked = 0
	itDidNot = 1
)

func expected(trial string) int {
	if trial == attack {
		return itWorked
	}
	return itDidNot
}

// tries is how often an attack may be tried without the defence. Some race with
// what they attack, and that it works once is what is to be shown.
const tries = 3

// prove says what is wrong with an attack's proof; empty is that it is real.
func (a *Attack) prove(inside func(io.Reader, ...string) *exec.Cmd) string {
	code, out := a.trial(inside, attack)
	for n := 1; n < tries && code == itDidNot; n++ {
		code, out = a.trial(inside, attack)
	}
	if code != itWorked {
		return fmt.Sprintf("real.sh ended with %d, so the attack is not shown to be real:\n%s", code, out)
	}
	if code, out := a.trial(inside, innocent); code != itDidNot {
		return fmt.Sprintf("real.sh ended with %d for the innocent solution, so that it proves nothing:\n%s", code, out)
	}
	return ""
}

// defaultLimit ends a proof that hangs. It is no measure of speed.
const defaultLimit = 2 * time.Minute

// trial runs real.sh with one submission.
func (a *Attack) trial(inside func(io.Reader, ...string) *exec.Cmd, which string) (code int, out string) {
	limit := cmp.Or(a.Real.Limit, defaultLimit)
	cmd := inside(nil, "env", "-C", proofs+"/"+a.Name+"/"+which, "LAB="+a.Lab, "TMPDIR="+proofs+"/"+a.Name+"/"+which,
		"PATH="+proofs+"/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"timeout", "-s", "KILL", fmt.Sprint(int(limit.Seconds())), "sh", "-eu", "../"+Script, a.submissionName(), "../"+innocent+"/"+a.submissionName())
	printed, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err.Error()
	}
	if code = cmd.ProcessState.ExitCode(); code == expected(which) {
		return code, ""
	}
	log, _ := inside(nil, "sh", "-c", "tail -c 3000 "+proofs+"/"+a.Name+"/"+which+"/log").CombinedOutput()
	return code, tail(string(printed), 4000) + "\nlog: " + string(log)
}

// tail is the end of a long text.
func tail(s string, n int) string {
	return strings.ToValidUTF8(s[max(0, len(s)-n):], "?")
}

// proveAll shows that every attack works where the defence is off. Some machines
// share the work; attacks that disturb others get one of their own.
func proveAll(t *testing.T, byLab map[string]*labs.Lab, attacks []*Attack, rows map[string]*row) {
	for _, shift := range shifts(attacks, machines()) {
		t.Run(shift[0].Name, func(t *testing.T) {
			t.Parallel()
			for name, wrong := range prove(t, byLab[shift[0].Lab], shift) {
				rows[name].real = "yes"
				if wrong != "" {
					rows[name].real = "NOT SHOWN"
					t.Errorf("%s: %s", name, wrong)
				}
			}
		})
	}
}

// shifts are the attacks that share a machine, and each that must be alone. Those on
// one lab are dealt out in turn, for neighbours in the list take about as long.
func shifts(attacks []*Attack, machines int) [][]*Attack {
	var all [][]*Attack
	together := map[string][]*Attack{}
	for _, a := range attacks {
		if a.Real.Alone {
			all = append(all, []*Attack{a})
			continue
		}
		together[a.Lab] = append(together[a.Lab], a)
	}
	for _, lab := range sortedKeys(together) {
		dealt := make([][]*Attack, min(machines, len(together[lab])))
		for i, a := range together[lab] {
			dealt[i%len(dealt)] = append(dealt[i%len(dealt)], a)
		}
		all = append(all, dealt...)
	}
	return all
}

// TestAttacksAreReal proves without grading, for whoever writes an attack.
func TestAttacksAreReal(t *testing.T) {
	needsMachines(t)
	attacks := corpus(t)
	if os.Getenv("RED_TEAM") == "" {
		t.Skip("TestRedTeam does it for all; RED_TEAM=PATTERN names some")
	}
	rows := map[string]*row{}
	for _, a := range attacks {
		rows[a.Name] = &row{}
	}
	proveAll(t, labsOf(t, attacks), attacks, rows)
}
