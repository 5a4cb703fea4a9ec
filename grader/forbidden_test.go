package grader

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/labs"
)

const scenarioHead = `name: pipe
title: A pipe
about: A pipe.
policy: [policy/given.cil]
subjects:
  writer: {user: alice, domain: w_t}
  reader: {user: bob, domain: r_t}
  carol: {user: carol}
  alice: {user: alice}
objects:
  channel: {kind: fifo, path: /run/c, owner: alice, type: c_t}
  queue: {kind: msgq, key: {path: /run/k, project: Q}, maker: writer}
`

const wantedFlows = `flows:
  - {from: writer, to: reader, via: channel, want: allow}
  - {from: writer, to: reader, via: queue, want: allow}
  - {from: alice, to: reader, via: channel, want: allow}
  - {from: alice, to: reader, via: channel, how: append, want: allow}
  - {from: reader, to: writer, via: channel, want: deny, by: selinux, class: fifo_file, permission: write}
  - {from: reader, to: writer, via: channel, how: append, want: deny, by: selinux, class: fifo_file, permission: append}
  - {from: writer, to: carol, via: channel, want: deny, by: dac, refused: to}
backchannels:
  - {from: reader, to: writer, via: queue, how: taken, look: stat, want: deny, by: selinux, class: msgq, permission: unix_read, why: w}
  - {from: reader, to: alice, via: queue, how: taken, look: stat, want: allow, why: w}
  - {from: reader, to: writer, via: queue, how: refused, look: rmid, tries: from, want: deny, by: selinux, class: msgq, permission: destroy, why: w}
  - {from: alice, to: writer, via: queue, how: refused, look: rmid, tries: from, want: allow, why: w}
  - {from: reader, to: writer, via: queue, how: existence, look: create, tries: from, want: deny, by: selinux, class: msgq, permission: create, why: w}
  - {from: reader, to: writer, via: queue, how: sysvipc, want: deny, by: selinux, class: file, permission: read, why: w}
`

// scenarioLab is a lab with one check whose cast is its scenario's.
func scenarioLab(t *testing.T, flows, script string) *labs.Lab {
	t.Helper()
	head, _, _ := strings.Cut(labHead, "subjects:\n")
	_, tail, _ := strings.Cut(labHead, "build: ")
	manifest := fmt.Sprintf(head, 1) + "scenario: scenario.yaml\nbuild: " + strings.Replace(tail, "  given: [policy/given.cil]\n", "", 1) +
		fmt.Sprintf(labCheck, "one", 100, "one", "10s")
	lab, err := labs.Load(fstest.MapFS{
		"lab.yaml": {Data: []byte(manifest)}, "scenario.yaml": {Data: []byte(scenarioHead + flows)},
		"policy/given.cil": {Data: []byte(given)}, "checks/one.txtar": {Data: []byte(script + "\n")}, "solution/x": {Data: []byte("x")},
	}, ".")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

func tryForbidden(t *testing.T, g *fakeGuest, script string) Result {
	t.Helper()
	e := &Engine{Guest: g, Policy: fakeBuilder{}, Grace: time.Second}
	return tryWith(t, e, RunRequest{Lab: scenarioLab(t, wantedFlows, script), Workspace: workspace()})
}

// forbids answers as a machine in which the scenario holds.
func forbids() *fakeGuest {
	g := newFake()
	g.probes["bob write"] = answers("EACCES", avc(7, "write", "r_t", "c_t", "fifo_file", 0))
	g.probes["bob append"] = answers("EACCES", avc(7, "append", "r_t", "c_t", "fifo_file", 0))
	g.probes["carol read"] = answers("EACCES")
	return g
}

func TestForbiddenStandsForControlsAndDenials(t *testing.T) {
	tests := []struct {
		script string
		probes []string
	}{
		{"forbidden reader -> writer : $CHANNEL", []string{"alice write", "bob write", "alice append", "bob append"}},
		{"forbidden reader -> writer : append $CHANNEL", []string{"alice append", "bob append"}},
		{"allowed alice : append $CHANNEL\nforbidden reader -> writer : append $CHANNEL", []string{"alice append", "bob append"}},
		{"forbidden reader -> writer : write $CHANNEL\nforbidden reader -> writer : $CHANNEL", []string{"alice write", "bob write", "bob write", "alice append", "bob append"}},
		{"forbidden writer -> carol : $CHANNEL", []string{"bob read", "carol read"}},
	}
	for _, test := range tests {
		g := forbids()
		res := tryForbidden(t, g, test.script)
		want(t, res, Pass, NoFault, "")
		var probes []string
		for _, c := range g.calls {
			if p, ok := strings.CutPrefix(c, "Probe "); ok {
				probes = append(probes, p)
			}
		}
		if !slices.Equal(probes, test.probes) {
			t.Errorf("%s: tried %v, want %v", test.script, probes, test.probes)
		}
		if last := len(g.more) - 1; slices.Contains(g.more[:last], false) || g.more[last] {
			t.Errorf("%s: others may run between the attempts: %v", test.script, g.more)
		}
		if n := len(slices.DeleteFunc(kinds(res), func(k EvidenceKind) bool { return k != KindProbe })); n != len(test.probes) {
			t.Errorf("%s: evidence of %d attempts", test.script, n)
		}
	}
}

func TestForbiddenIsJudgedAsADenialIs(t *testing.T) {
	const script = "forbidden reader -> writer : $CHANNEL"
	for name, test := range map[string]struct {
		who   string
		res   api.ProbeResult
		says  string
		means string
	}{
		"gets through":            {"bob append", answers(""), "reader (bob, r_t) was allowed append on /run/c, and must be denied it by SELinux", "denied reader : append /run/c by selinux fifo_file append"},
		"only logged":             {"bob write", answers("", avc(7, "write", "r_t", "c_t", "fifo_file", 1)), "only logged", "denied reader : write /run/c by selinux fifo_file write"},
		"wrong layer":             {"bob write", answers("EACCES"), "wrong layer", "fifo_file write"},
		"another permission":      {"bob append", answers("EACCES", avc(7, "write", "r_t", "c_t", "fifo_file", 0)), "for another reason", "fifo_file append"},
		"nobody can":              {"alice append", answers("EACCES"), "alice (alice, ipclab_student_t) is refused append", "allowed alice : append /run/c"},
		"the object is not there": {"alice write", api.ProbeResult{Errno: "ENOENT", Object: api.Object{Kind: "absent"}}, "there is nothing at", "allowed writer : write /run/c"},
	} {
		g := forbids()
		g.probes[test.who] = test.res
		res := tryForbidden(t, g, script)
		want(t, res, Fail, Student, test.says)
		if res.Script == nil || res.Script.Line != 1 || !strings.HasSuffix(res.Script.Means, test.means) {
			t.Errorf("%s: where: %+v", name, res.Script)
		}
	}
}

func TestLintOfForbidden(t *testing.T) {
	for _, test := range []struct{ script, says string }{
		{"forbidden reader writer : $CHANNEL", "usage: forbidden"},
		{"forbidden reader -> writer : a b $CHANNEL", "usage: forbidden"},
		{"forbidden raeder -> writer : $CHANNEL", `:1: the lab has no subject "raeder"; did you mean "reader"?`},
		{"forbidden reader -> wrtier : $CHANNEL", `did you mean "writer"?`},
		{"forbidden reader -> writer : /run/d", `the scenario has no object "/run/d" that a check could look at; did you mean "/run/c"?`},
		{"forbidden writer -> reader : $CHANNEL", "scenario.yaml does not forbid anything from writer to reader over channel; over it, it forbids reader -> writer : write, reader -> writer : append"},
		{"forbidden reader -> writer : rdwr $CHANNEL", "in the way rdwr"},
		{"forbidden reader -> writer : rmid $QUEUE", "show it above (allowed alice : rmid …)"},
		{"forbidden reader -> writer : sysvipc $QUEUE", "no positive control: the scenario lets nobody else read on /proc/sysvipc/msg"},
	} {
		errs := Lint(scenarioLab(t, wantedFlows, test.script))
		if len(errs) == 0 || !strings.Contains(errs[0].Error(), test.says) || errs[0].File != "checks/one.txtar" {
			t.Errorf("%s: got %v\nwant …%s…", test.script, errs, test.says)
		}
	}
	errs := Lint(testLab(t, "10s", [2]string{"one", "forbidden reader -> writer : $CHANNEL\n"}))
	if len(errs) != 1 || !strings.Contains(errs[0].Msg, "no scenario") {
		t.Errorf("without a scenario: %v", errs)
	}
}

// covering looks at everything that the scenario forbids.
const covering = `forbidden reader -> writer : $CHANNEL
forbidden writer -> carol : $CHANNEL
forbidden reader -> writer : taken $QUEUE
forbidden reader -> writer : existence $QUEUE
allowed alice : rmid $QUEUE
forbidden reader -> writer : rmid $QUEUE
allowed alice : read /proc/sysvipc/msg
forbidden reader -> writer : sysvipc $QUEUE
`

func TestLintHoldsScriptsAgainstTheScenario(t *testing.T) {
	for _, test := range []struct{ script, file, says string }{
		{covering, "", ""},
		{strings.Replace(covering, "forbidden writer -> carol : $CHANNEL\n", "", 1), "scenario.yaml:20", "no check looks at what is forbidden here: writer -> carol : write over channel"},
		{strings.Replace(covering, "reader -> writer : $CHANNEL", "reader -> writer : write $CHANNEL", 1), "scenario.yaml:19", "reader -> writer : append over channel"},
		{covering + "denied reader : write $CHANNEL by selinux fifo_file write", "checks/one.txtar:9", "the scenario says it already: forbidden reader -> writer : write"},
		{covering + "denied carol : write $CHANNEL by dac", "checks/one.txtar:9", "the scenario does not forbid that carol can write on /run/c"},
		{covering + "allowed alice : unlink $CHANNEL\ndenied carol : unlink $CHANNEL by dac", "", ""}, // nothing flows by it
	} {
		errs := Lint(scenarioLab(t, wantedFlows, test.script))
		switch {
		case test.says == "" && len(errs) > 0:
			t.Errorf("%v", errs)
		case test.says != "" && (len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), test.file+": ") || !strings.Contains(errs[0].Msg, test.says)):
			t.Errorf("got %v, want %s: …%s…", errs, test.file, test.says)
		}
	}
}

// What no check can try must not look as if it were.
func TestForbiddenThatCannotBeTried(t *testing.T) {
	for flows, says := range map[string]string{
		"flows:\n  - {from: reader, to: writer, via: channel, want: deny, by: seccomp, syscall: open}\n":                                                                                                                   "not to \"seccomp\"",
		"flows:\n  - {from: writer, to: reader, via: channel, want: allow}\nbackchannels:\n  - {from: reader, to: writer, via: channel, how: full, want: deny, by: selinux, class: fifo_file, permission: read, why: w}\n": "give the back channel a look",
	} {
		errs := Lint(scenarioLab(t, flows, "forbidden reader -> writer : $CHANNEL"))
		if len(errs) != 1 || !strings.Contains(errs[0].Msg, says) {
			t.Errorf("got %v, want …%s…", errs, says)
		}
	}
}
