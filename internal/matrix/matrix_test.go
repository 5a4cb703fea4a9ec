package matrix

import (
	"slices"
	"strings"
	"testing"

	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// fifo is a scenario with something of every topic.
func fifo() *scenarios.Scenario {
	return &scenarios.Scenario{
		Name: "fifo", Title: "One way through a FIFO",
		Subjects: []scenarios.Subject{
			{Name: "writer", User: "alice", Domain: "s_fifo_writer_t"},
			{Name: "reader", User: "bob", Domain: "s_fifo_reader_t"},
		},
		Objects: []scenarios.Object{{Name: "fifo", Kind: mechanism.FIFO, Path: "/run/ipclab/fifo", Mode: "0660", Type: "s_fifo_t"}},
		Flows: []scenarios.Flow{
			{From: "writer", To: "reader", Via: "fifo", Want: scenarios.Allow},
			{From: "reader", To: "writer", Via: "fifo", Want: scenarios.Deny, By: scenarios.BySELinux, Class: "fifo_file", Permission: "write"},
		},
		BackChannels: []scenarios.BackChannel{
			{From: "reader", To: "writer", Via: "fifo", How: "full", Want: scenarios.Allow, Bound: 1000, Why: "a pipe fills up"},
			{From: "reader", To: "writer", Via: "fifo", How: "lock", Want: scenarios.Deny, By: scenarios.BySELinux, Class: "fifo_file", Permission: "lock"},
		},
		Revocations: []scenarios.Revocation{
			{From: "writer", To: "reader", Via: "fifo", Boolean: "ipclab_open", Held: scenarios.Stops},
		},
	}
}

// good is a view of fifo in which all is as intended.
func good() *scenarios.View {
	denied := func(permission string, end scenarios.End) scenarios.Seen {
		return scenarios.Seen{
			Outcome: scenarios.Stopped, By: scenarios.BySELinux, Class: "fifo_file", Permission: permission,
			Refused: end, Text: "no rule",
		}
	}
	return &scenarios.View{
		Flows:        []scenarios.Seen{{Outcome: scenarios.Flows, Text: "comes through"}, denied("write", scenarios.FromEnd)},
		BackChannels: []scenarios.Seen{{Outcome: scenarios.Flows, Rate: 320, Text: "blocks"}, denied("lock", scenarios.ToEnd)},
		Revocations:  []scenarios.Seen{{Outcome: scenarios.Stopped, Text: "EACCES"}},
	}
}

func TestNothingIsFoundWhereAllAgree(t *testing.T) {
	for name, views := range map[string][2]*scenarios.View{
		"both": {good(), good()}, "neither": {}, "permitted": {good(), nil}, "observed": {nil, good()},
		"cannot tell": {&scenarios.View{}, good()},
	} {
		m := New(fifo(), views[0], views[1])
		if found := m.Findings(); len(found) > 0 {
			t.Errorf("%s: found %s", name, found[0].Text)
		}
		if e := m.Expect(nil); !e.Met() {
			t.Errorf("%s: %s", name, e)
		}
	}
}

// open makes the reader's writing possible.
func open(v *scenarios.View) {
	v.Flows[1] = scenarios.Seen{Outcome: scenarios.Flows, Text: "a rule allows it", Evidence: []string{"(allow …)"}}
}

func TestDifferencesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		permitted, observed func(*scenarios.View)
		kind                Kind
		views               string
		text                string
		lookAt              string
	}{
		"open in both": {
			open, open, Open, "permitted and observed",
			"reader → writer via fifo: must be impossible, and is permitted and observed",
			"the allow rules: reader (s_fifo_reader_t) must not have fifo_file write on fifo (/run/ipclab/fifo, 0660, s_fifo_t)",
		},
		"only permitted": {
			open, nil, Open, "permitted", "must be impossible, and is permitted",
			"what stopped it when it was tried: selinux (fifo_file write)",
		},
		"only observed": {
			nil, open, Open, "observed", "must be impossible, and is observed",
			"why the computed answer is wrong",
		},
		"blocked by a mode": {
			nil, func(v *scenarios.View) {
				v.Flows[0] = scenarios.Seen{Outcome: scenarios.Stopped, By: scenarios.ByDAC, Refused: scenarios.ToEnd}
			},
			Blocked, "observed", "must work, and is not observed: stopped by dac",
			"owner, group and mode of fifo (/run/ipclab/fifo, 0660, s_fifo_t), and the directories above it: reader (user bob) is refused",
		},
		"blocked by a missing rule": {
			func(v *scenarios.View) {
				v.Flows[0] = scenarios.Seen{Outcome: scenarios.Stopped, By: scenarios.BySELinux, Class: "fifo_file", Permission: "open"}
			}, nil,
			Blocked, "permitted", "must work, and is not permitted: stopped by selinux (fifo_file open)",
			"a rule for writer (s_fifo_writer_t): it lacks fifo_file open",
		},
		"another layer": {
			nil, func(v *scenarios.View) {
				v.Flows[1] = scenarios.Seen{Outcome: scenarios.Stopped, By: scenarios.ByDAC, Errno: "EACCES"}
			},
			Elsewhere, "observed", "layer dac instead of selinux (observed)",
			"why dac refuses it: SELinux is asked after the others",
		},
		"another permission": {
			func(v *scenarios.View) { v.Flows[1].Permission = "open" }, func(v *scenarios.View) { v.Flows[1].Permission = "open" },
			Elsewhere, "permitted and observed", "permission open instead of write (permitted and observed)",
			"whether reader is to be refused fifo_file open: the check that is intended was not reached",
		},
		"another end": {
			nil, func(v *scenarios.View) { v.Flows[1].Refused = scenarios.ToEnd },
			Elsewhere, "observed", "refused end to instead of from", "whether writer is to be refused fifo_file write",
		},
		"no evidence of the layer": {
			nil, func(v *scenarios.View) { v.Flows[1] = scenarios.Seen{Outcome: scenarios.Stopped} },
			Elsewhere, "observed", "layer none instead of selinux", "nothing shows that selinux has refused it",
		},
		"above the bound": {
			nil, func(v *scenarios.View) { v.BackChannels[0].Rate = 12345 },
			TooFast, "observed", "carries 12 kbit/s, more than the 1.0 kbit/s", "a pipe fills up",
		},
		"accepted, and not there": {
			nil, func(v *scenarios.View) { v.BackChannels[0] = scenarios.Seen{Outcome: scenarios.Stopped} },
			Absent, "observed", "is accepted as a back channel, and is not there", "no layer that ipclab knows",
		},
		"a closed back channel is open": {
			func(v *scenarios.View) { v.BackChannels[1] = scenarios.Seen{Outcome: scenarios.Flows} }, nil,
			Open, "permitted", "reader → writer via fifo (lock): must be impossible",
			"writer (s_fifo_writer_t) must not have fifo_file lock",
		},
		"held though revoked": {
			nil, func(v *scenarios.View) { v.Revocations[0] = scenarios.Seen{Outcome: scenarios.Flows} },
			Revoked, "observed", "with ipclab_open switched off: what is open must stop, and goes on: observed", "in the branch of ipclab_open",
		},
	} {
		t.Run(name, func(t *testing.T) {
			permitted, observed := good(), good()
			if c.permitted != nil {
				c.permitted(permitted)
			}
			if c.observed != nil {
				c.observed(observed)
			}
			found := New(fifo(), permitted, observed).Findings()
			if len(found) != 1 {
				t.Fatalf("%d findings instead of one: %v", len(found), found)
			}
			f := found[0]
			if f.Kind != c.kind || joined(f.Views) != c.views || !strings.Contains(f.Text, c.text) {
				t.Errorf("found %s in %s: %s", f.Kind, joined(f.Views), f.Text)
			}
			if all := strings.Join(f.LookAt, "\n"); !strings.Contains(all, c.lookAt) {
				t.Errorf("look at: %s", all)
			}
			if len(f.Said) != 2 || f.About.Finding != 1 {
				t.Errorf("said %v, number %d", f.Said, f.About.Finding)
			}
		})
	}
}

// Where the scenario does not say what must stop something, the two views
// must still say the same.
func TestViewsDisagreeInWhatIsLeftOpen(t *testing.T) {
	s := fifo()
	s.Flows[1].By, s.Flows[1].Class, s.Flows[1].Permission = "", "", ""
	observed := good()
	observed.Flows[1] = scenarios.Seen{Outcome: scenarios.Stopped, By: scenarios.ByDAC}
	found := New(s, good(), observed).Findings()
	if len(found) != 1 || found[0].Kind != Disagree || !strings.Contains(found[0].Text, "permitted says selinux (fifo_file write) and observed dac") {
		t.Errorf("found %v", found)
	}
}

func TestTheGravestComesFirst(t *testing.T) {
	observed := good()
	observed.Flows[0] = scenarios.Seen{Outcome: scenarios.Stopped}
	observed.BackChannels[0].Rate = 2000
	open(observed)
	var got []Kind
	for _, f := range New(fifo(), nil, observed).Findings() {
		got = append(got, f.Kind)
	}
	if want := []Kind{Open, Blocked, TooFast}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestTwinsFindExactlyWhatTheyMust(t *testing.T) {
	find := scenarios.Find{From: "reader", To: "writer", Via: "fifo", Permitted: true, Observed: true}
	permitted, observed := good(), good()
	open(permitted)
	open(observed)
	observed.Revocations[0].Outcome = scenarios.Flows // a consequence
	both := New(fifo(), permitted, observed)
	for name, c := range map[string]struct {
		m     *Matrix
		finds []scenarios.Find
		want  string
	}{
		"as it must":                 {both, []scenarios.Find{find}, ""},
		"one view was not looked at": {New(fifo(), permitted, nil), []scenarios.Find{find}, ""},
		"nothing is broken":          {New(fifo(), good(), good()), []scenarios.Find{find}, "permitted must say flows, and says stopped: no rule; observed must say"},
		"only in one":                {New(fifo(), permitted, good()), []scenarios.Find{find}, "reader → writer via fifo: observed must say flows"},
		"too much is found":          {both, nil, "found, and not expected: reader → writer via fifo"},
		"no such flow":               {both, []scenarios.Find{find, {From: "writer", To: "reader", Via: "fifo"}}, "writer → reader via fifo: no flow or back channel is forbidden there"},
		"a view that must not": {
			both, []scenarios.Find{{From: "reader", To: "writer", Via: "fifo", Permitted: true}},
			"observed must say stopped, and says flows",
		},
	} {
		e := c.m.Expect(c.finds)
		if e.Met() != (c.want == "") || !strings.Contains(e.String(), c.want) {
			t.Errorf("%s: met %v: %s", name, e.Met(), e)
		}
	}
}

func TestRates(t *testing.T) {
	for bits, want := range map[float64]string{0: "0 bit/s", 0.25: "0.2 bit/s", 37.4: "37 bit/s", 999.6: "1.0 kbit/s", 9960: "10 kbit/s", 2.5e6: "2.5 Mbit/s", 4e12: "4000 Gbit/s"} {
		if got := Rate(bits); got != want {
			t.Errorf("%v is written %q, want %q", bits, got, want)
		}
	}
}
