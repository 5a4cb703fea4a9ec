package observed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"ipclab/internal/guest/api"
	"ipclab/scenarios"
)

// stage is a machine that gives what it is told.
type stage struct {
	tried []api.Tried
	lost  uint32
	spec  *api.PlaySpec
	hang  bool
}

func (s *stage) Play(ctx context.Context, spec api.PlaySpec) (api.PlayResult, error) {
	s.spec = &spec
	if s.hang {
		<-ctx.Done()
		return api.PlayResult{}, context.Cause(ctx)
	}
	return api.PlayResult{Tried: s.tried, Lost: s.lost}, nil
}

// oneFlow is a scenario with one flow.
func oneFlow() *scenarios.Scenario {
	return &scenarios.Scenario{
		Name:     "one",
		Subjects: []scenarios.Subject{{Name: "w", User: "alice", Domain: "w_t"}, {Name: "r", User: "bob", Domain: "r_t"}},
		Objects:  []scenarios.Object{{Name: "f", Kind: "fifo", Path: "/run/ipclab/f"}},
		Flows: []scenarios.Flow{{From: "w", To: "r", Via: "f", Want: scenarios.Deny, By: scenarios.BySELinux,
			Class: "fifo_file", Permission: "write"}},
	}
}

const (
	stamp    = "audit(1795251870.360:9): "
	contexts = " scontext=system_u:system_r:w_t:s0 tcontext=system_u:object_r:f_t:s0 tclass=fifo_file permissive=0"
)

func avc(perms, comm string, pid int) api.Record {
	return api.Record{Type: 1400, Text: fmt.Sprintf("%savc:  denied  { %s } for  pid=%d comm=%s name=\"f\" dev=\"tmpfs\" ino=3%s", stamp, perms, pid, comm, contexts)}
}

func filterRecord(pid, number int) api.Record {
	return api.Record{Type: 1326, Text: fmt.Sprintf("%sauid=4294967295 uid=2001 gid=2001 ses=4294967295 subj=system_u:system_r:w_t:s0 pid=%d comm=\"x\" exe=\"/x\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x1 code=0x50000", stamp, pid, number)}
}

// opened is the writer's open, as pid 7 in w_t.
func opened(errno string, records ...api.Record) api.Called {
	return api.Called{Actor: "w", PID: 7, Context: "system_u:system_r:w_t:s0", Call: "open", Text: "open(f)", Errno: errno, Records: records}
}

func TestLayers(t *testing.T) {
	died := opened("", filterRecord(7, 1))
	died.Died, died.Syscall = "SIGSYS", "write"
	bounded := opened("EAGAIN")
	bounded.Moved = []string{"pids.events max"}
	killed := opened("")
	killed.Died, killed.Moved = "SIGKILL", []string{"memory.events oom_kill"}
	tests := map[string]struct {
		step    api.Called
		outcome scenarios.Outcome
		by      scenarios.Layer
		text    string
	}{
		"SELinux":                            {opened("EACCES", avc("write open", `"x"`, 7)), scenarios.Stopped, scenarios.BySELinux, "SELinux denied"},
		"DAC":                                {opened("EACCES"), scenarios.Stopped, scenarios.ByDAC, "no record"},
		"DAC's other answer":                 {opened("EPERM"), scenarios.Stopped, scenarios.ByDAC, "no record"},
		"another process's denial is DAC":    {opened("EACCES", avc("write", `"x"`, 8)), scenarios.Stopped, scenarios.ByDAC, "no record"},
		"a name that claims another pid":     {opened("EACCES", avc("write", "207069643D37", 8)), scenarios.Stopped, scenarios.ByDAC, "no record"},
		"seccomp":                            {opened("EPERM", filterRecord(7, 257)), scenarios.Stopped, scenarios.BySeccomp, "seccomp refused"},
		"another's filter":                   {opened("EPERM", filterRecord(8, 257)), scenarios.Stopped, scenarios.ByDAC, "no record"},
		"a filter that kills":                {died, scenarios.Stopped, scenarios.BySeccomp, "seccomp refused write"},
		"a bound":                            {bounded, scenarios.Stopped, scenarios.ByCgroup, "pids.events max"},
		"a bound that kills":                 {killed, scenarios.Stopped, scenarios.ByCgroup, "oom_kill"},
		"a record that is none":              {opened("EACCES", api.Record{Type: 1400, Text: "avc: denied { write } for pid=7"}), scenarios.Unknown, "", "cannot be read"},
		"a user's own record proves nothing": {opened("EACCES", api.Record{Type: 1107, Text: avc("write", `"x"`, 7).Text}), scenarios.Stopped, scenarios.ByDAC, "no record"},
		"what nobody knows":                  {opened("EIO"), scenarios.Unknown, "", "EIO"},
		"nothing there":                      {opened("ENXIO"), scenarios.Unknown, "", "nothing arrived"},
		"not there":                          {opened("ENOENT"), scenarios.Unknown, "", "ENOENT"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			seen := play(t, oneFlow(), api.Tried{Steps: []api.Called{tt.step}})
			if seen.Outcome != tt.outcome || seen.By != tt.by || !strings.Contains(seen.Text, tt.text) {
				t.Errorf("%+v", seen)
			}
			if tt.by == scenarios.BySELinux && (seen.Class != "fifo_file" || seen.Permission != "write" || seen.Refused != scenarios.FromEnd || seen.Errno != "EACCES") {
				t.Errorf("%+v", seen)
			}
			if len(seen.Evidence) == 0 {
				t.Error("no evidence")
			}
		})
	}
}

// play plays a scenario with one flow.
func play(t *testing.T, s *scenarios.Scenario, tried api.Tried) scenarios.Seen {
	t.Helper()
	v, err := Play(context.Background(), s, &stage{tried: []api.Tried{tried}})
	if err != nil {
		t.Fatal(err)
	}
	return v.Flows[0]
}

// A silent refusal: no descriptor, no errno, and a denial.
func TestDescriptorThatIsHeldBack(t *testing.T) {
	s := oneFlow()
	s.Flows[0].Refused = scenarios.ToEnd
	step := opened(api.Truncated, avc("write", `"x"`, 7))
	step.Actor, step.Call = "r", "recvmsg"
	seen := play(t, s, api.Tried{Steps: []api.Called{step}})
	if seen.By != scenarios.BySELinux || seen.Refused != scenarios.ToEnd {
		t.Errorf("%+v", seen)
	}
}

func TestNamespaces(t *testing.T) {
	s := oneFlow()
	s.Subjects[0].Namespaces = map[string]string{"mnt": "own"}
	for _, steps := range [][]api.Called{{opened("ENOENT")}, {opened("")}} {
		if seen := play(t, s, api.Tried{Steps: steps}); seen.By != scenarios.ByNamespace || !strings.Contains(seen.Text, "different mnt") {
			t.Errorf("%+v", seen)
		}
	}
}

// Where both ends are refused, the one that the scenario means is told.
func TestTheMeantEndIsTold(t *testing.T) {
	s := oneFlow()
	other := opened("EACCES")
	other.Actor, other.PID = "r", 8
	tried := api.Tried{Steps: []api.Called{other, opened("EACCES", avc("append", `"x"`, 7))}}
	if seen := play(t, s, tried); seen.Refused != scenarios.FromEnd || seen.Permission != "append" {
		t.Errorf("%+v", seen)
	}
	s.Flows[0].Refused = scenarios.ToEnd
	if seen := play(t, s, tried); seen.Refused != scenarios.ToEnd || seen.By != scenarios.ByDAC {
		t.Errorf("%+v", seen)
	}
}

func TestWhatComesThrough(t *testing.T) {
	logged := avc("write", `"x"`, 7)
	logged.Text = strings.Replace(logged.Text, "permissive=0", "permissive=1", 1)
	if seen := play(t, oneFlow(), api.Tried{Through: true, Steps: []api.Called{opened("", logged)}}); seen.Outcome != scenarios.Flows || !strings.Contains(seen.Text, "permissive") {
		t.Errorf("%+v", seen)
	}
	if seen := play(t, oneFlow(), api.Tried{Trouble: "no air\nat all"}); seen.Outcome != scenarios.Unknown || !strings.HasSuffix(seen.Text, "no air") {
		t.Errorf("%+v", seen)
	}
}

func TestRevocations(t *testing.T) {
	s := oneFlow()
	s.Flows = nil
	s.Revocations = []scenarios.Revocation{{From: "w", To: "r", Via: "f", Boolean: "b"}}
	off := api.Called{Call: api.CallBoolean, Text: "setsebool b off"}
	for outcome, tried := range map[scenarios.Outcome]api.Tried{
		scenarios.Unknown: {Steps: []api.Called{opened("EACCES", avc("write", `"x"`, 7))}},
		scenarios.Flows:   {Through: true, After: true, Steps: []api.Called{opened(""), off, opened("")}},
		scenarios.Stopped: {Through: true, Steps: []api.Called{opened(""), off, opened("EACCES", avc("write", `"x"`, 7))}},
	} {
		v, err := Play(context.Background(), s, &stage{tried: []api.Tried{tried}})
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Revocations[0]; got.Outcome != outcome || (outcome == scenarios.Stopped) != (got.By == scenarios.BySELinux) {
			t.Errorf("want %s: %+v", outcome, got)
		}
	}
}

func TestMachineTrouble(t *testing.T) {
	lost := &stage{tried: make([]api.Tried, 1), lost: 3}
	if _, err := Play(context.Background(), oneFlow(), lost); !isA[*LostError](err) {
		t.Errorf("%v", err)
	}
	if _, err := Play(context.Background(), oneFlow(), &stage{}); err == nil {
		t.Error("a try without result is taken")
	}
	synctest.Test(t, func(t *testing.T) {
		if _, err := Play(context.Background(), oneFlow(), &stage{hang: true}); !isA[*SilentError](err) {
			t.Errorf("%v", err)
		}
	})
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// A flow over whatever way is not tried, and the results of the others stay beside
// their flows.
func TestPlacesOfResults(t *testing.T) {
	s := oneFlow()
	s.Flows = append([]scenarios.Flow{{From: "r", To: "w", Want: scenarios.Deny}}, s.Flows...)
	v, err := Play(context.Background(), s, &stage{tried: []api.Tried{{Through: true}}})
	if err != nil || v.Flows[0].Outcome != scenarios.Unknown || v.Flows[1].Outcome != scenarios.Flows {
		t.Errorf("%v %+v", err, v)
	}
}

// Whatever a play reports, reading it ends, and nothing is SELinux's doing without a
// denial of that very process.
func FuzzRecords(f *testing.F) {
	f.Add("EACCES", uint16(1400), avc("write", `"x"`, 7).Text)
	f.Add("EACCES", uint16(1400), avc("write", "2070", 8).Text)
	f.Add("EPERM", uint16(1326), filterRecord(7, 1).Text)
	f.Fuzz(func(t *testing.T, errno string, kind uint16, text string) {
		seen := play(t, oneFlow(), api.Tried{Steps: []api.Called{opened(errno, api.Record{Type: kind, Text: text})}})
		if seen.By == scenarios.BySELinux && (!strings.Contains(text, "pid=7") || !strings.Contains(text, "denied") || kind != 1400) {
			t.Errorf("%+v", seen)
		}
	})
}
