package session

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"ipclab/grader"
	"ipclab/internal/host"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/workspace"
	"ipclab/labs"
	"ipclab/scenarios"
)

// Proof is one thing that a lab must show: that its policy keeps student code
// from what judges it; that with the solution's policy its scenario holds; and by running, that its starter fails, that its solution
// passes, that a mutant fails exactly the check it names, or that the checks of
// SELinux fail where SELinux only watches.
type Proof struct {
	What    string         `json:"what"`              // "policy", "scenario", "starter", "solution", "permissive", "mutant NAME"
	Claim   string         `json:"claim"`             // what must be so
	Problem string         `json:"problem,omitempty"` // why it is not; empty is proved
	Err     error          `json:"-"`                 // the machine failed: nothing is known
	Report  *grader.Report `json:"report,omitempty"`
}

// trial is a proof that is yet to be done.
type trial struct {
	what, claim string
	lab         *labs.Lab
	work        func() (fs.FS, error)
	permissive  bool
	judge       func(*grader.Report) string
}

// Prove runs a lab's proofs, jobs at a time, each in a machine of its own, and
// tells each when it is done. The error is a *labs.EditionError when the lab has
// nothing to be proved with.
func Prove(ctx context.Context, h *host.Host, lab *labs.Lab, jobs int, observe func(Proof)) error {
	if err := lab.Whole(); err != nil {
		return err
	}
	_, i, err := h.Snapshot(ctx, lab) // once, not by all jobs together
	if err != nil {
		return err
	}
	if len(lab.Policy.Given)+len(lab.Policy.Student) > 0 {
		observe(policyProof(ctx, h, i, lab))
	}
	if lab.Scenario() != nil {
		observe(scenarioProof(ctx, i, lab))
	}
	trials, err := trialsOf(lab)
	if err != nil {
		return err
	}
	queue := make(chan int)
	var workers sync.WaitGroup
	var telling sync.Mutex
	for w := range max(1, jobs) {
		workers.Go(func() {
			for i := range queue {
				p := trials[i].run(ctx, h, fmt.Sprintf("proof-%s-%d", lab.Name, w))
				telling.Lock()
				observe(p)
				telling.Unlock()
			}
		})
	}
	for i := range trials {
		select {
		case queue <- i:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

// provedVariants is how many variants of a lab are proved beside the default one.
const provedVariants = 2

// trialsOf lists what a lab must show. A variant's solution must pass, too, and
// its starter must not.
func trialsOf(lab *labs.Lab) ([]trial, error) {
	all := soundness(lab, "")
	if by := attributed(lab); len(by) > 0 {
		all = append(all, trial{
			what: "permissive", claim: "with SELinux permissive the solution fails exactly " + strings.Join(by, ", "),
			lab: lab, work: given(lab.Solution()), permissive: true, judge: failsExactly(by...),
		})
	}
	for _, m := range lab.Mutants() {
		all = append(all, trial{what: "mutant " + m.Name, claim: "fails exactly " + m.Fails, lab: lab, work: m.FS, judge: failsExactly(m.Fails)})
	}
	variants, err := lab.Samples(provedVariants)
	for i, v := range variants {
		all = append(all, soundness(v, fmt.Sprintf(" of variant %d", i+1))...)
	}
	return all, err
}

// soundness is what every variant must show.
func soundness(lab *labs.Lab, of string) []trial {
	return []trial{
		{what: "solution" + of, claim: "passes every check", lab: lab, work: given(lab.Solution()), judge: passesAll},
		{what: "starter" + of, claim: "does not pass", lab: lab, work: given(lab.Starter()), judge: falls},
	}
}

func given(fsys fs.FS) func() (fs.FS, error) {
	return func() (fs.FS, error) { return fsys, nil }
}

// attributed are the checks that SELinux must decide.
func attributed(lab *labs.Lab) []string {
	var ids []string
	for _, c := range lab.Checks() {
		if c.By == scenarios.BySELinux {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func passesAll(r *grader.Report) string {
	if r.Done() {
		return ""
	}
	return "not everything passes: " + describe(r)
}

func falls(r *grader.Report) string {
	if r.Done() || r.Failed == 0 {
		return "it passes every check"
	}
	return trouble(r)
}

func failsExactly(want ...string) func(*grader.Report) string {
	return func(r *grader.Report) string {
		if problem := trouble(r); problem != "" {
			return problem
		}
		var failed []string
		for _, res := range r.Results {
			if res.Verdict == grader.Fail {
				failed = append(failed, res.Check)
			}
		}
		if slices.Equal(sorted(failed), sorted(want)) {
			return ""
		}
		return fmt.Sprintf("fails %s: %s", orNone(failed), describe(r))
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func orNone(s []string) string {
	if len(s) == 0 {
		return "nothing"
	}
	return strings.Join(s, ", ")
}

// trouble is set when a check could not be judged.
func trouble(r *grader.Report) string {
	if r.Errors > 0 {
		return "not everything could be judged: " + describe(r)
	}
	return ""
}

// describe tells the first result that did not pass.
func describe(r *grader.Report) string {
	for _, res := range r.Results {
		if res.Verdict == grader.Fail || res.Verdict == grader.Broken {
			return res.Check + ": " + res.Message
		}
	}
	return "all pass"
}

func (t trial) run(ctx context.Context, h *host.Host, name string) Proof {
	p := Proof{What: t.what, Claim: t.claim}
	p.Report, p.Err = t.report(ctx, h, name)
	if machineTrouble(p) && ctx.Err() == nil {
		p.Report, p.Err = t.report(ctx, h, name) // once more, in a new machine
	}
	switch {
	case p.Err != nil:
		p.Problem = p.Err.Error()
	default:
		p.Problem = t.judge(p.Report)
	}
	return p
}

// machineTrouble tells whether a proof says nothing because the machine failed.
func machineTrouble(p Proof) bool {
	if p.Err != nil {
		return true
	}
	return slices.ContainsFunc(p.Report.Results, func(r grader.Result) bool { return r.Fault == grader.Machine })
}

// report judges the work in a fresh clone.
func (t trial) report(ctx context.Context, h *host.Host, name string) (*grader.Report, error) {
	work, err := t.work()
	if err != nil {
		return nil, err
	}
	tree, err := workspace.FromFS(work)
	if err != nil {
		return nil, err
	}
	clone, err := h.Start(ctx, t.lab, name)
	if err != nil {
		return nil, err
	}
	defer h.Machines().Stop(context.WithoutCancel(ctx), name)
	if t.permissive {
		if err := relax(ctx, clone); err != nil {
			return nil, err
		}
	}
	req := grader.RunRequest{Lab: t.lab, Workspace: tree.API("").Files, Hidden: true, Independent: t.permissive}
	return Judge(ctx, h, t.lab, clone, req, nil)
}

// relax makes SELinux only watch.
func relax(ctx context.Context, clone *qemu.Clone) error {
	m := machine.NewClient(clone.Dial)
	defer m.Close()
	return m.SetEnforce(ctx, false)
}
