package vmtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"ipclab/internal/choose"
	"ipclab/internal/host"
	"ipclab/internal/image"
	client "ipclab/internal/machine"
	findings "ipclab/internal/matrix"
	"ipclab/internal/observed"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// TestScenarioLibrary proves and plays every scenario of the library and every
// broken twin. What a scenario says must be what is permitted and what is
// observed; and what a twin breaks must be found in both.
//
// One machine plays them all, with one policy: the scenarios have types of their
// own, and what a twin adds stands under a boolean that only its play switches on.
func TestScenarioLibrary(t *testing.T) {
	t.Parallel()
	base := realPolicy(t)
	whole, err := permitted.Read(base)
	if err != nil {
		t.Fatal(err)
	}
	plays := playMachine(t, libraryModules(t))
	views := choose.Views{}
	for _, s := range scenarios.Library().All() {
		t.Run(s.Name, func(t *testing.T) {
			l := look(t, s, whole, plays, "")
			l.asIntended(t)
			views[s.Name] = l.observed
			for _, twin := range s.Twins {
				t.Run(twin.Name, func(t *testing.T) {
					b := brokenTwin(t, s, twin)
					look(t, b, whole, plays, twinBoolean(s, twin)).found(t, twin)
				})
			}
		})
	}
	demonstrates(t, views)
}

// brokenTwin is a twin without what cannot tell it from its scenario: the channels that
// are accepted, which it takes time to measure, and the revocations.
func brokenTwin(t *testing.T, s *scenarios.Scenario, twin scenarios.Twin) *scenarios.Scenario {
	t.Helper()
	b, err := s.Broken(twin.Name)
	if err != nil {
		t.Fatal(err)
	}
	b.Revocations = nil
	b.BackChannels = slices.DeleteFunc(b.BackChannels, func(c scenarios.BackChannel) bool { return c.Want == scenarios.Allow })
	return b
}

// twinBoolean is under what the rules of a twin stand; empty for one without rules.
func twinBoolean(s *scenarios.Scenario, twin scenarios.Twin) string {
	if twin.Rules == "" {
		return ""
	}
	return strings.ReplaceAll("twin_"+s.Name+"_"+twin.Name, "-", "_")
}

// libraryModules are all modules of the library, each twin's rules under a boolean.
func libraryModules(t *testing.T) []policy.Module {
	t.Helper()
	var all []policy.Module
	for _, s := range scenarios.Library().All() {
		rules, err := s.Modules()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rules...)
		for _, twin := range s.Twins {
			name := twinBoolean(s, twin)
			if name == "" {
				continue
			}
			source := fmt.Sprintf("(boolean %s false)\n(booleanif %s (true %s))", name, name, twin.Rules)
			all = append(all, policy.Module{File: name + ".cil", Source: []byte(source)})
		}
	}
	return all
}

// playMachine starts a machine with the image's policy and modules on top.
func playMachine(t *testing.T, modules []policy.Module) observed.Machine {
	t.Helper()
	ctx := context.Background()
	h := testHost(t)
	i, err := h.Image(ctx)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := h.CompilePolicy(ctx, i, modules)
	if err != nil {
		t.Fatal(err)
	}
	clone, err := h.StartBase(ctx, "library")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Machines().Stop(context.Background(), "library") })
	c := client.NewClient(clone.Dial)
	t.Cleanup(func() { c.Close() })
	if err := c.LoadPolicy(ctx, binary); err != nil {
		t.Fatal(err)
	}
	return c
}

// testHost is this computer with folders of the test's own, but for the cache.
func testHost(t *testing.T) *host.Host {
	t.Helper()
	home, err := os.MkdirTemp("", "ipclab-") // short: sockets lie in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	own := map[string]string{"HOME": home, "XDG_STATE_HOME": home, "XDG_RUNTIME_DIR": ""}
	dirs, err := host.FindDirs(func(name string) string {
		if value, ok := own[name]; ok {
			return value
		}
		return os.Getenv(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("ipclab")
	if err != nil {
		t.Fatal(err)
	}
	leash, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hold.Close(); leash.Close() })
	return &host.Host{Dirs: dirs, Agent: program + "-guest", Supervisor: []string{program, "supervise-machine"}, Leash: leash, Progress: image.Silent{}}
}

// looked is a scenario with both views.
type looked struct {
	scenario            *scenarios.Scenario
	permitted, observed *scenarios.View
}

// look proves and plays a scenario, both at the same time: a proof is work for this
// computer, a play for the machine. boolean is switched on for the play, unless it
// is empty.
func look(t *testing.T, s *scenarios.Scenario, p *permitted.Policy, m observed.Machine, boolean string) looked {
	t.Helper()
	l, failure := looked{scenario: s}, make(chan error, 1)
	go func() {
		var err error
		l.permitted, err = permitted.Prove(context.Background(), s, p)
		failure <- err
	}()
	var err error
	l.observed, err = observed.Play(context.Background(), withBoolean(s, boolean), m)
	if err := errors.Join(err, <-failure); err != nil {
		t.Fatal(err)
	}
	return l
}

// withBoolean is a scenario that begins with one more boolean on.
func withBoolean(s *scenarios.Scenario, boolean string) *scenarios.Scenario {
	if boolean == "" {
		return s
	}
	changed := *s
	changed.Booleans = map[string]bool{boolean: true}
	maps.Copy(changed.Booleans, s.Booleans)
	return &changed
}

// asIntended demands that both views say what the file says: no finding, and
// nothing that a view cannot tell.
func (l looked) asIntended(t *testing.T) {
	t.Helper()
	for _, f := range findings.New(l.scenario, l.permitted, l.observed).Findings() {
		t.Errorf("%s\n%s", f.Text, said(f))
	}
	l.noneUnknown(t)
}

// said is what the views of a finding said.
func said(f findings.Finding) string {
	var b strings.Builder
	for _, line := range f.Said {
		fmt.Fprintf(&b, "    %s: %s\n", line.From, line.Text)
		for _, e := range line.Evidence {
			fmt.Fprintf(&b, "        %s\n", e)
		}
	}
	return b.String()
}

// noneUnknown demands an answer to everything that can be tried.
func (l looked) noneUnknown(t *testing.T) {
	t.Helper()
	for i, f := range l.scenario.Flows {
		if f.Via != "" && l.observed.Flows[i].Outcome == scenarios.Unknown {
			t.Errorf("flow %s → %s over %s: %s", f.From, f.To, f.Via, l.observed.Flows[i].Text)
		}
	}
	for i, b := range l.scenario.BackChannels {
		if l.observed.BackChannels[i].Outcome == scenarios.Unknown {
			t.Errorf("back channel %s → %s over %s: %s", b.From, b.To, b.How, l.observed.BackChannels[i].Text)
		}
	}
	for i, r := range l.scenario.Revocations {
		if l.observed.Revocations[i].Outcome == scenarios.Unknown {
			t.Errorf("revocation %s → %s: %s", r.From, r.To, l.observed.Revocations[i].Text)
		}
	}
}

// found demands that in each view exactly those forbidden flows and closed back
// channels are open that the twin names for it.
func (l looked) found(t *testing.T, twin scenarios.Twin) {
	t.Helper()
	for name, view := range map[string]*scenarios.View{"permitted": l.permitted, "observed": l.observed} {
		want := map[scenarios.Find]bool{}
		for _, f := range twin.Finds {
			if name == "permitted" && f.Permitted || name == "observed" && f.Observed {
				want[plain(f)] = true
			}
		}
		if got := l.open(view); !maps.Equal(got, want) {
			t.Errorf("%s: open that must not be: %v\nwant %v", name, got, want)
		}
	}
	found := map[scenarios.Find]bool{}
	for _, f := range findings.New(l.scenario, l.permitted, l.observed).Findings() {
		found[scenarios.Find{From: f.About.From, To: f.About.To, Via: f.About.Via, How: f.About.How}] = true
	}
	for _, f := range twin.Finds {
		if !found[plain(f)] {
			t.Errorf("the matrix has no finding of %v", plain(f))
		}
	}
	if t.Failed() {
		l.log(t)
	}
}

// log tells what both views said of everything.
func (l looked) log(t *testing.T) {
	t.Helper()
	for i, f := range l.scenario.Flows {
		t.Logf("%+v\n    permitted: %s\n    observed: %s", f, l.permitted.Flows[i].Text, l.observed.Flows[i].Text)
	}
	for i, b := range l.scenario.BackChannels {
		t.Logf("%+v\n    permitted: %s\n    observed: %s", b, l.permitted.BackChannels[i].Text, l.observed.BackChannels[i].Text)
	}
}

// plain is what a find is about.
func plain(f scenarios.Find) scenarios.Find {
	return scenarios.Find{From: f.From, To: f.To, Via: f.Via, How: f.How}
}

// open are the forbidden flows and closed back channels that a view says are open.
func (l looked) open(v *scenarios.View) map[scenarios.Find]bool {
	all := map[scenarios.Find]bool{}
	for i, f := range l.scenario.Flows {
		if f.Want == scenarios.Deny && v.Flows[i].Outcome == scenarios.Flows {
			all[scenarios.Find{From: f.From, To: f.To, Via: f.Via, How: f.How}] = true
		}
	}
	for i, b := range l.scenario.BackChannels {
		if b.Want == scenarios.Deny && v.BackChannels[i].Outcome == scenarios.Flows {
			all[scenarios.Find{From: b.From, To: b.To, Via: b.Via, How: b.How}] = true
		}
	}
	return all
}
