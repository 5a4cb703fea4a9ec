package redteam

import (
	"bytes"
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
		for _, run := range []string{"attack", "innocent"} {
			check(t, os.MkdirAll(filepath.Join(at, run), 0o755))
		}
		check(t, a.Write(filepath.Join(at, "attack", a.submissionName()), lab))
		innocent := &Attack{Name: "innocent", Form: a.Form, dir: os.DirFS(t.TempDir())}
		check(t, innocent.Write(filepath.Join(at, "innocent", innocent.submissionName()), lab))
		copyFile(t, filepath.Join("attacks", a.Name, Script), filepath.Join(at, Script))
	}
	return dir
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

// The exit codes of a proof.
const (
	itWorked = 0
	itDidNot = 1
)

// prove says what is wrong with an attack's proof; empty is that it is real.
func (a *Attack) prove(inside func(io.Reader, ...string) *exec.Cmd) string {
	code, out := a.trial(inside, "attack")
	if code != itWorked {
		return fmt.Sprintf("real.sh ended with %d, so the attack is not shown to be real:\n%s", code, out)
	}
	code, out = a.trial(inside, "innocent")
	if code != itDidNot {
		return fmt.Sprintf("real.sh ended with %d for the innocent solution, so that it proves nothing:\n%s", code, out)
	}
	return ""
}

// trial runs real.sh with one submission.
func (a *Attack) trial(inside func(io.Reader, ...string) *exec.Cmd, which string) (int, string) {
	limit := cmp.Or(a.Real.Limit, 30*time.Second)
	x := inside(nil, "env", "-C", proofs+"/"+a.Name+"/"+which, "LAB="+a.Lab, "TMPDIR="+proofs+"/"+a.Name+"/"+which,
		"PATH="+proofs+"/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"timeout", "-s", "KILL", fmt.Sprint(int(limit.Seconds())), "sh", "-eu", "../"+Script, a.submissionName())
	var out bytes.Buffer
	x.Stdout, x.Stderr = &out, &out
	err := x.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err.Error()
	}
	return x.ProcessState.ExitCode(), tail(out.String(), 4000)
}

// tail is the end of a long text.
func tail(s string, n int) string {
	return strings.ToValidUTF8(s[max(0, len(s)-n):], "?")
}

// TestAttacksAreReal shows that every attack works where the defence is off.
func TestAttacksAreReal(t *testing.T) {
	needsMachines(t)
	attacks := corpus(t)
	for name, lab := range labsOf(t, attacks) {
		var together []*Attack
		for _, a := range attacks {
			switch {
			case a.Lab != name:
			case a.Real.Alone:
				t.Run(a.Name, func(t *testing.T) { report(t, prove(t, lab, []*Attack{a})) })
			default:
				together = append(together, a)
			}
		}
		if len(together) > 0 {
			t.Run(name, func(t *testing.T) { report(t, prove(t, lab, together)) })
		}
	}
}

func report(t *testing.T, wrong map[string]string) {
	for name, what := range wrong {
		if what != "" {
			t.Errorf("%s: %s", name, what)
		}
	}
}
