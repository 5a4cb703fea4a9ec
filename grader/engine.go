package grader

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/labs"
)

// Version tells engines apart that could judge the same work differently. It
// is part of what a Memory remembers results by.
const Version = "1"

// Engine runs checks in one guest. A guest can serve one run at a time; the
// caller sees to that.
type Engine struct {
	Guest  Guest
	Policy PolicyBuilder

	// Scale multiplies every time limit: 1 is the reference machine, 3 one
	// that is three times slower. Zero is 1.
	Scale float64

	// Temp is where scripts are written while they run; empty is the system's
	// place. What a killed process leaves there is the caller's to remove.
	Temp string

	// Grace is how long a script may go on after its time was over before it
	// is given up. Zero is 10 s.
	Grace time.Duration
}

// RunRequest says what to run.
type RunRequest struct {
	Lab       *labs.Lab
	Workspace []api.File

	// Only names the checks to run; what they need is run as well. Empty is
	// all of them.
	Only []string

	// Hidden runs also the checks that students do not see. Grading and
	// proving a lab set it; it takes a lab that is whole.
	Hidden bool

	// Independent runs every check whatever became of those it needs, and no
	// check that was not asked for.
	Independent bool

	// Remembered gives the result of a check whose outcome cannot have
	// changed. It may be nil. Only passes are believed.
	Remembered func(*labs.Check) (Result, bool)
}

// UnknownCheckError is a name in RunRequest.Only that is no check of the lab.
type UnknownCheckError struct {
	Lab, Check string
	Near       string // a check that may have been meant; may be empty
}

// Error says which check is not there.
func (e *UnknownCheckError) Error() string {
	return fmt.Sprintf("the lab %s has no check %q", e.Lab, e.Check)
}

// Hint names the check that may have been meant.
func (e *UnknownCheckError) Hint() string {
	if e.Near == "" {
		return "`ipclab check " + e.Lab + "` names the checks"
	}
	return "did you mean " + e.Near + "?"
}

// HiddenCheckError is a name in RunRequest.Only that is a check which only the
// instructor's grading runs.
type HiddenCheckError struct{ Lab, Check string }

// Error says that the check is not for students.
func (e *HiddenCheckError) Error() string {
	return fmt.Sprintf("the check %q of the lab %s is hidden", e.Check, e.Lab)
}

// Hint says who runs it.
func (e *HiddenCheckError) Hint() string { return "hidden checks are run when your work is graded" }

// Run runs checks in the lab's order and reports on each. Trouble with a check
// is in its result, never in the error. The error is an *UnknownCheckError, or
// a *HiddenCheckError, a *labs.EditionError, or says that the context ended; then the report holds what was done until then.
// The observer may be nil.
func (e *Engine) Run(ctx context.Context, req RunRequest, observer func(Event)) (*Report, error) {
	checks, err := selectChecks(req)
	if err != nil {
		return nil, err
	}
	if observer == nil {
		observer = func(Event) {}
	}
	s := &session{run: e.newRun(ctx, req), request: req, checks: checks, observe: observer}
	return s.all()
}

func (e *Engine) newRun(ctx context.Context, req RunRequest) *run {
	r := &run{ctx: ctx, guest: e.Guest, builder: e.Policy, lab: req.Lab, workspace: req.Workspace,
		scale: e.Scale, grace: e.Grace, temp: e.Temp, policies: map[bool]*memo[[]byte]{false: {}, true: {}}}
	if r.scale <= 0 {
		r.scale = 1
	}
	if r.grace <= 0 {
		r.grace = watchdogGrace
	}
	return r
}

// selectChecks gives the checks to run, in the lab's order.
func selectChecks(req RunRequest) ([]*labs.Check, error) {
	all, err := available(req)
	if err != nil || len(req.Only) == 0 {
		return all, err
	}
	wanted := make(map[string]bool)
	for _, id := range req.Only {
		if err := mayRun(req, id); err != nil {
			return nil, err
		}
		wanted[id] = true
	}
	if !req.Independent {
		addNeeds(all, wanted)
	}
	return slices.DeleteFunc(all, func(c *labs.Check) bool { return !wanted[c.ID] }), nil
}

// available are the checks that may be run at all, in the lab's order.
func available(req RunRequest) ([]*labs.Check, error) {
	if !req.Hidden {
		return req.Lab.Visible(), nil
	}
	return req.Lab.Checks(), req.Lab.Whole()
}

// mayRun tells why a check cannot be asked for; nil when it can.
func mayRun(req RunRequest, id string) error {
	c := req.Lab.Check(id)
	switch {
	case c == nil:
		return unknownCheck(req.Lab, id)
	case c.Hidden && !req.Hidden:
		return &HiddenCheckError{Lab: req.Lab.Name, Check: id}
	}
	return nil
}

// addNeeds adds what the wanted checks need. A check stands below what it
// needs, so one walk from the end finds all.
func addNeeds(all []*labs.Check, wanted map[string]bool) {
	for _, c := range slices.Backward(all) {
		if !wanted[c.ID] {
			continue
		}
		for _, id := range c.Needs {
			wanted[id] = true
		}
	}
}

func unknownCheck(lab *labs.Lab, id string) error {
	var ids []string
	for _, c := range lab.Visible() {
		ids = append(ids, c.ID)
	}
	return &UnknownCheckError{Lab: lab.Name, Check: id, Near: nearest(id, ids)}
}

// session is a run with what it has come to so far.
type session struct {
	run     *run
	request RunRequest
	checks  []*labs.Check
	observe func(Event)
	report  Report
}

func (s *session) all() (*Report, error) {
	begin := time.Now()
	s.report.Lab, s.report.Title = s.request.Lab.Name, s.request.Lab.Title
	for i, c := range s.checks {
		if s.run.ctx.Err() != nil {
			break
		}
		res := s.one(i, c)
		s.report.Add(res)
		s.observe(CheckFinished{Check: c, Index: i, Count: len(s.checks), Result: res})
	}
	all, _ := available(s.request)
	s.report.Complete = len(s.report.Results) == len(all)
	if !s.request.Hidden {
		s.report.LeaveOut(s.request.Lab.Hidden())
	}
	s.report.Duration = time.Since(begin)
	return &s.report, context.Cause(s.run.ctx)
}

// one comes to the result of one check.
func (s *session) one(i int, c *labs.Check) Result {
	res := Result{Check: c.ID, Title: c.Title, MaxPoints: c.Points, By: string(c.By), Expected: c.Expect}
	if old, ok := s.remembered(c); ok {
		res.Verdict, res.Points, res.Unchanged = Pass, c.Points, true
		res.Evidence, res.Duration = old.Evidence, old.Duration
		return res
	}
	if res.Unmet = s.unmet(c); len(res.Unmet) > 0 {
		res.Verdict = Skipped
		res.Message = "not run, because it needs what did not pass: " + strings.Join(res.Unmet, ", ")
		return res
	}
	s.observe(CheckStarted{Check: c, Index: i, Count: len(s.checks)})
	begin := time.Now()
	s.decide(&res, c)
	res.Duration = time.Since(begin)
	return res
}

func (s *session) remembered(c *labs.Check) (Result, bool) {
	if s.request.Remembered == nil {
		return Result{}, false
	}
	old, ok := s.request.Remembered(c)
	return old, ok && old.Verdict == Pass && old.Check == c.ID
}

// unmet gives the needed checks that did not pass.
func (s *session) unmet(c *labs.Check) []string {
	var ids []string
	for _, id := range c.Needs {
		if res, ok := s.report.Result(id); !s.request.Independent && (!ok || res.Verdict != Pass) {
			ids = append(ids, id)
		}
	}
	return ids
}

// decide runs the check's script and enters what came of it.
func (s *session) decide(res *Result, c *labs.Check) {
	sc, lint := loadScript(s.request.Lab, c)
	switch {
	case lint != nil:
		f := labFault("%s", lint.Error())
		res.enter(f, nil, &Position{File: lint.File, Line: lint.Line})
	case s.run.gone != nil:
		res.enter(machineFault("not run", s.run.gone), nil, nil)
	default:
		out := s.run.try(c, sc)
		s.run.noteGone(out.end)
		res.enter(out.end, out.evidence, out.at)
	}
}

// enter writes a script's end into the result.
func (res *Result) enter(f *failure, evidence []Evidence, at *Position) {
	if f == nil {
		res.Verdict, res.Points, res.Evidence = Pass, res.MaxPoints, evidence
		return
	}
	res.Verdict, res.Fault, res.Message = f.verdict, f.fault, f.message
	res.Evidence, res.Script, res.Slow = f.evidence, at, f.slow
}
