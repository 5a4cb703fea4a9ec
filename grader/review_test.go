package grader

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
)

// fakeProver proves what it is told to.
type fakeProver struct {
	fakeBuilder
	clean, actual bool // whether all clean modules, and the student's, are proved
	err           error
}

func (p fakeProver) Prove(_ context.Context, _, student []policy.Module, _ policy.Scope) (bool, string, error) {
	if student == nil {
		return p.clean, "clean modules", p.err
	}
	return p.actual, "these modules", p.err
}

// judgePolicy runs a script on a workspace with a policy.
func judgePolicy(t *testing.T, builder PolicyBuilder, script, source string) (Result, *fakeGuest) {
	t.Helper()
	g := newFake()
	g.programs["writer"] = exits(0)
	var files []api.File
	for _, f := range workspace() {
		if strings.HasSuffix(f.Path, ".cil") {
			f.Data = []byte(source)
		}
		files = append(files, f)
	}
	e := &Engine{Guest: g, Policy: builder, Grace: time.Second}
	return tryWith(t, e, RunRequest{Lab: testLab(t, "10s", [2]string{"one", script}), Workspace: files}), g
}

// hostilePolicy compiles, and must not be in the kernel.
const hostilePolicy = "(typepermissive ipclab_fifo_writer_t)"

func TestPolicyWithFindingsIsNotLoaded(t *testing.T) {
	r, g := judgePolicy(t, fakeBuilder{}, "policy\n", hostilePolicy)
	if r.Verdict != Pass || g.count("LoadPolicy") != 0 {
		t.Errorf("%s, loaded %d times", r.Verdict, g.count("LoadPolicy"))
	}
	r, g = judgePolicy(t, fakeBuilder{}, "build\npolicy\nrun writer\n", hostilePolicy)
	if r.Verdict != Fail || r.Fault != Student || !strings.Contains(r.Message, "was not loaded") || g.count("Start writer") != 0 {
		t.Errorf("%s by %s: %s", r.Verdict, r.Fault, r.Message)
	}
}

func TestPolicyWithoutFindingsIsLoaded(t *testing.T) {
	r, g := judgePolicy(t, fakeBuilder{}, "build\npolicy\nrun writer\n", "")
	if r.Verdict != Pass || g.count("LoadPolicy all") != 1 {
		t.Errorf("%s: %s, calls %v", r.Verdict, r.Message, g.calls)
	}
}

func TestReviewTellsWhatIsProved(t *testing.T) {
	for name, tt := range map[string]struct {
		builder  PolicyBuilder
		source   string
		verdict  Verdict
		fault    Fault
		evidence string // part of the last
	}{
		"clean":                   {builder: fakeProver{clean: true}, verdict: Pass, evidence: "proof: clean modules"},
		"these, if not all":       {builder: fakeProver{actual: true}, verdict: Pass, evidence: "proof: these modules"},
		"the bounds are too wide": {builder: fakeProver{}, verdict: Broken, fault: Lab},
		"nothing can be proved":   {builder: fakeProver{err: errors.New("no")}, verdict: Pass, evidence: "nothing could be proved: no"},
		"no prover":               {builder: fakeBuilder{}, verdict: Pass},
		"hostile":                 {builder: fakeProver{}, source: hostilePolicy, verdict: Fail, fault: Student, evidence: "with this policy in the kernel, these modules"},
		"wrong, but not hostile":  {builder: fakeProver{actual: true}, source: hostilePolicy, verdict: Fail, fault: Student, evidence: "turns enforcement off"},
		"hostile, and not read":   {builder: fakeProver{err: errors.New("no")}, source: hostilePolicy, verdict: Fail, fault: Student, evidence: "nothing could be proved: no"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := judgePolicy(t, tt.builder, "review\n", tt.source)
			if r.Verdict != tt.verdict || tt.fault != "" && r.Fault != tt.fault {
				t.Fatalf("%s by %s: %s", r.Verdict, r.Fault, r.Message)
			}
			if tt.evidence != "" && (len(r.Evidence) == 0 || !strings.Contains(r.Evidence[len(r.Evidence)-1].Text, tt.evidence)) {
				t.Errorf("evidence %v", r.Evidence)
			}
		})
	}
}
