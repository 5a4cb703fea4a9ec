package choose

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ipclab/scenarios"
)

var update = flag.Bool("update", false, "write docs/choose.md anew, from the committed data")

func load(t *testing.T) *Guide {
	t.Helper()
	g, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The page is what the data says. After `make bench-ipc`, or when a scenario
// demonstrates something else: go test ./internal/choose -update
func TestPageIsWhatTheDataSays(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "choose.md")
	want := load(t).Page()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("docs/choose.md is not what the data says (%v): go test ./internal/choose -update", err)
	}
}

// Every fact names a scenario's file that is there, and says what was seen.
func TestEveryFactHasAScenario(t *testing.T) {
	for _, r := range load(t).Rows {
		facts := slices.Concat([]Fact{r.Shown.Direction, r.Shown.Revocation, r.Shown.Label}, r.Shown.Open, r.Shown.Closed)
		for _, f := range facts {
			if _, err := os.Stat(filepath.Join("..", "..", f.File)); err != nil || f.Text == "" || f.Value == "" {
				t.Errorf("%s: %+v, %v", r.Name, f, err)
			}
		}
	}
}

func names(all []Choice, suits bool) (names []string) {
	for _, c := range all {
		if c.Suits == suits {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestChoose(t *testing.T) {
	g := load(t)
	for _, tt := range []struct {
		name  string
		needs Needs
		suits []string // sorted; nil: all
	}{
		{"nothing", Needs{}, nil},
		{"revocable", Needs{Revocable: true}, []string{"fifo", "msgq", "pipe", "sem", "unix-dgram"}},
		{"unrelated and portable", Needs{Unrelated: true, Standard: "posix"}, []string{"fifo", "posix-mq", "posix-shm", "unix-dgram", "unix-stream"}},
		{"large messages", Needs{Size: 1 << 20}, []string{"fifo", "pipe", "posix-shm", "shm", "sipc", "unix-stream"}},
		{"an own label", Needs{Label: "own"}, []string{"fifo", "posix-mq", "posix-shm"}},
		{"too much", Needs{Size: 1 << 20, Rate: 1e9}, []string{}},
	} {
		all, err := g.Choose(tt.needs)
		if err != nil {
			t.Fatal(err)
		}
		want := tt.suits
		if want == nil {
			want = names(all, true)
			if len(want) != len(g.Rows) {
				t.Errorf("%s: only %v suit", tt.name, want)
			}
		}
		if got := names(all, true); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
		for i, c := range all {
			if c.Rank != i+1 || c.Suits != (len(c.Reasons) == 0) || i > 0 && c.Suits && !all[i-1].Suits {
				t.Errorf("%s: rank %d is %+v", tt.name, i+1, c.Name)
			}
		}
	}
}

func TestBackChannelsAreToleratedByName(t *testing.T) {
	g := load(t)
	all, err := g.Choose(Needs{Accept: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Suits != (len(c.Shown.Open) == 0 && len(c.Shown.Closed) > 0) { // what was not tried is not known
			t.Errorf("%s suits: %v, with open %v", c.Name, c.Suits, c.Shown.Open)
		}
	}
	all, err = g.Choose(Needs{Accept: []string{"full"}})
	if err != nil || !slices.Contains(names(all, true), "msgq") {
		t.Errorf("with full tolerated a queue does not suit: %v, %v", names(all, true), err)
	}
}

func TestNeedsThatNobodyKnows(t *testing.T) {
	g := load(t)
	for _, n := range []Needs{{Direction: "oneway"}, {Label: "mine"}, {Standard: "posx"}, {Accept: []string{"ful"}}, {Size: -1}} {
		_, err := g.Choose(n)
		if need, ok := errors.AsType[*NeedError](err); !ok || need.Hint() == "" || need.Error() == "" {
			t.Errorf("%+v: %v", n, err)
		}
	}
	if _, err := g.Choose(Needs{Accept: []string{"ful"}}); !strings.Contains(err.(*NeedError).Hint(), `did you mean "full"`) {
		t.Errorf("got %v", err)
	}
}

func TestTextFitsATerminal(t *testing.T) {
	g := load(t)
	for _, n := range []Needs{{}, {Direction: "two-way", Size: 1 << 20, Rate: 1e9, Unrelated: true, Revocable: true, Accept: []string{}, Label: "own", Standard: "posix"}} {
		all, err := g.Choose(n)
		if err != nil {
			t.Fatal(err)
		}
		text := Text(all, n, Plain())
		for line := range strings.Lines(text) {
			if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); columns > width {
				t.Errorf("%d columns: %s", columns, line)
			}
		}
		for _, c := range all {
			if !strings.Contains(text, c.Name) {
				t.Errorf("no %s in\n%s", c.Name, text)
			}
		}
	}
}

// A mechanism's time grows with the size of its messages.
func TestSpeedBetweenTheMeasuredSizes(t *testing.T) {
	s := Speed{Small: Rate{64, 1e6}, Large: Rate{64 << 10, 1e4}, Latency: 1}
	if s.PerSecond(64) < 999e3 || s.PerSecond(8) != s.PerSecond(64) || s.PerSecond(64<<10) > 1.01e4 || s.PerSecond(32<<10) < 1.9e4 || s.PerSecond(32<<10) > 2.1e4 {
		t.Errorf("%g %g %g", s.PerSecond(64), s.PerSecond(32<<10), s.PerSecond(64<<10))
	}
}

// demonstration is a scenario of the library with the view that it says there is.
func demonstration(t *testing.T, name string) (*scenarios.Scenario, *scenarios.View) {
	t.Helper()
	s, err := scenarios.Library().Find(name)
	if err != nil {
		t.Fatal(err)
	}
	v := &scenarios.View{}
	for _, f := range s.Flows {
		one := scenarios.Seen{Outcome: scenarios.Flows}
		if f.Want == scenarios.Deny {
			o, _ := s.Object(f.Via)
			maker, _ := s.Subject(o.Maker)
			target := o.Type
			if target == "" {
				target = maker.Domain
			}
			one = scenarios.Seen{Outcome: scenarios.Stopped, By: f.By, Class: f.Class, Permission: f.Permission,
				Evidence: []string{"  denied { " + f.Permission + " } a_t → " + target + " : " + f.Class}}
		}
		v.Flows = append(v.Flows, one)
	}
	for _, b := range s.BackChannels {
		one := scenarios.Seen{Outcome: scenarios.Flows, Rate: 1}
		if b.Want == scenarios.Deny {
			one = scenarios.Seen{Outcome: scenarios.Stopped, By: b.By, Class: b.Class, Permission: b.Permission}
		}
		v.BackChannels = append(v.BackChannels, one)
	}
	for _, r := range s.Revocations {
		v.Revocations = append(v.Revocations, scenarios.Seen{Outcome: map[scenarios.Held]scenarios.Outcome{scenarios.Stops: scenarios.Stopped, scenarios.Continues: scenarios.Flows}[r.Held]})
	}
	return s, v
}

// What the kernel does otherwise is shown otherwise.
func TestDemonstrationsTellWhatWasSeen(t *testing.T) {
	views := Views{}
	all, err := Mechanisms()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		_, views[m.Scenario] = demonstration(t, m.Scenario)
	}
	shown, err := Demonstrate(views)
	if err != nil {
		t.Fatal(err)
	}
	if f := shown["fifo"]; f.Direction.Value != "one-way" || f.Revocation.Value != "stops" || f.Label.Value != "own" || len(f.Open) == 0 {
		t.Errorf("got %+v", f)
	}
	if shown["sipc"].Revocation.Value != "partly" || shown["msgq"].Label.Value != "maker" || len(shown["shm"].Closed) == 0 {
		t.Errorf("got %+v", shown)
	}
	for _, change := range []struct {
		name string
		do   func(v *scenarios.View)
		want func(s Shown, err error) bool
	}{
		{"flows back", func(v *scenarios.View) { setFlows(v, scenarios.Seen{Outcome: scenarios.Flows}) }, func(s Shown, err error) bool {
			return err != nil || s.Direction.Value == "both"
		}},
		{"stopped by the mode", func(v *scenarios.View) { setFlows(v, scenarios.Seen{Outcome: scenarios.Stopped, By: scenarios.ByDAC}) }, func(_ Shown, err error) bool { return err != nil }},
		{"goes on", func(v *scenarios.View) { v.Revocations[0].Outcome = scenarios.Flows }, func(s Shown, err error) bool {
			return err == nil && s.Revocation.Value == "continues"
		}},
		{"cannot tell", func(v *scenarios.View) { v.Revocations[0].Outcome = scenarios.Unknown }, func(_ Shown, err error) bool { return err != nil }},
		{"closed", func(v *scenarios.View) { v.BackChannels[0].Outcome = scenarios.Stopped }, func(s Shown, err error) bool {
			return err == nil && len(s.Open) == 0
		}},
		{"of another scenario", func(v *scenarios.View) { v.Flows = v.Flows[1:] }, func(_ Shown, err error) bool { return err != nil }},
	} {
		s, v := demonstration(t, "fifo")
		copied := *s // the library's own stays as it is
		v.BackChannels, copied.BackChannels = v.BackChannels[:1], s.BackChannels[:1]
		change.do(v)
		got, err := play{all[slices.IndexFunc(all, func(m Mechanism) bool { return m.Name == "fifo" })], &copied, v}.shown()
		if !change.want(got, err) {
			t.Errorf("%s: %+v, %v", change.name, got, err)
		}
	}
	delete(views, "shm")
	if _, err := Demonstrate(views); err == nil {
		t.Error("a scenario that was not played demonstrates something")
	}
}

// setFlows changes what was seen of all flows that were stopped.
func setFlows(v *scenarios.View, to scenarios.Seen) {
	for i := range v.Flows {
		if v.Flows[i].Outcome == scenarios.Stopped {
			v.Flows[i] = to
		}
	}
}
