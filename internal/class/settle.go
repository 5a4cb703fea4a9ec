package class

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"ipclab/internal/intake"
)

// tries is how many machines a submission gets before their trouble is reported.
const tries = 3

// confirmSlack is how much more time a check gets when it ran out of it. Nothing
// else gets more than that, so that whatever passed in the first place would
// pass then.
const confirmSlack = 2

// slack is how much more time everything gets because machines share
// processors.
func (g *grading) slack() float64 {
	load := float64(g.jobs*g.machine.CPUs) / float64(processors())
	return min(confirmSlack, max(1, load))
}

// settle comes to the answer that counts. An error ends the whole run.
func (g *grading) settle(ctx context.Context, s intake.Submission, digest string) (*Answer, error) {
	job := g.job(s, digest)
	job.Slack = g.slack()
	answer, err := g.steadily(ctx, job)
	if err != nil || answer.slow() == "" {
		return answer, err
	}
	g.observe(Confirming{ID: s.ID, Check: answer.slow()})
	job.Slack = confirmSlack
	return g.alone(ctx, job)
}

// alone judges while no other machine of ours runs. Its caller has one slot.
func (g *grading) alone(ctx context.Context, job Job) (*Answer, error) {
	rest := int64(g.jobs)
	g.slots.Release(1)
	defer g.slots.Acquire(context.WithoutCancel(ctx), 1) // the caller's
	if err := g.slots.Acquire(ctx, rest); err != nil {
		return nil, context.Cause(ctx)
	}
	defer g.slots.Release(rest)
	return g.steadily(ctx, job)
}

// job is what a worker is told of a submission. It runs in another folder.
func (g *grading) job(s intake.Submission, digest string) Job {
	if abs, err := filepath.Abs(s.Path); err == nil {
		s.Path = abs
	}
	j := Job{Lab: g.run.Lab.Name, LabDigest: g.run.Lab.Digest(), Submission: s, Digest: digest, Temp: g.folder.temp}
	if g.variants() {
		j.Secret, j.Students = g.run.Secret, g.students()
	}
	return j
}

// steadily judges in one machine after the other until one is in no trouble.
func (g *grading) steadily(ctx context.Context, job Job) (*Answer, error) {
	for try := 1; ; try++ {
		job.Last = try == tries
		answer, detail := g.attempt(ctx, job)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if answer.Full != "" {
			return nil, &FullError{Dir: answer.Full, Err: errors.New(answer.Problem)}
		}
		if !answer.machineTrouble() {
			return answer, nil
		}
		g.observe(Troubled{ID: job.Submission.ID, Try: try, Of: tries, Problem: answer.Problem, Detail: detail})
		if try == tries {
			answer.tries = tries
			answer.Problem = fmt.Sprintf("None of %d machines could judge it. The last: %s", tries, answer.Problem)
			return answer, nil
		}
	}
}

// attempt judges in one machine. The second value is what the worker printed,
// when it ended badly.
func (g *grading) attempt(ctx context.Context, job Job) (*Answer, string) {
	job.Machine = g.names.next()
	w := worker{argv: g.run.Worker, start: g.starter.do, patience: g.patience(job.Slack)}
	answer, err := w.ask(ctx, job, func(m message) {
		g.observe(Checking{ID: job.Submission.ID, Check: m.Check, Index: m.Index, Of: m.Of})
	})
	// Its machine has ended with the worker, or is about to.
	if stopErr := g.run.Computer.Stop(context.WithoutCancel(ctx), job.Machine); err == nil && stopErr != nil {
		return trouble("the machine cannot be stopped: %v", stopErr), ""
	}
	if err != nil {
		return trouble("%v", err), err.said
	}
	answer = audit(answer, g.run.Lab)
	answer.tries = 1
	return answer, ""
}

// patience is how long a worker may say nothing. Between two words it does at
// most one check, which may have to build, and the engine has limits of its own
// for each part of that.
func (g *grading) patience(slack float64) time.Duration {
	longest := g.run.Lab.Build.Timeout
	for _, c := range g.run.Lab.Checks() {
		longest = max(longest, g.run.Lab.Build.Timeout+c.Timeout)
	}
	const machine = 2 * time.Minute // to start, reset, compile policies, look
	return time.Duration(float64(longest+machine) * slack * max(1, g.machine.Pace))
}

// machinePrefix begins the names of machines that submissions are judged in.
const machinePrefix = "grade-"

// names gives machines names that no other grader gives.
type names struct {
	prefix string
	last   *atomic.Int64
}

func newNames() (names, error) {
	random := make([]byte, 4)
	_, err := rand.Read(random)
	return names{machinePrefix + hex.EncodeToString(random), new(atomic.Int64)}, err
}

func (n names) next() string { return fmt.Sprintf("%s-%d", n.prefix, n.last.Add(1)) }

// stopwatch measures time by a clock that nobody can set.
type stopwatch struct{ begun time.Time }

func newStopwatch() stopwatch { return stopwatch{time.Now()} }

func (s stopwatch) elapsed() time.Duration { return time.Since(s.begun) }
