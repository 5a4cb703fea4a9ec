package class

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"ipclab/grader/gradebook"
	"ipclab/internal/intake"
)

// grading is a Run at work.
type grading struct {
	run     *Run
	folder  *folder
	machine Machine
	jobs    int
	slots   *semaphore.Weighted // one a machine
	starter *starter
	names   names

	mu   sync.Mutex
	done []string // ids of those that have their grade
}

func newGrading(r *Run, f *folder, m Machine) (*grading, error) {
	jobs := max(1, r.Jobs)
	names, err := newNames()
	return &grading{run: r, folder: f, machine: m, jobs: jobs, slots: semaphore.NewWeighted(int64(jobs)), names: names}, err
}

// all grades every submission, jobs at a time.
func (g *grading) all(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	g.starter = newStarter()
	defer g.starter.end()
	var busy sync.WaitGroup
	for _, s := range g.run.Submissions {
		if g.slots.Acquire(ctx, 1) != nil {
			break
		}
		busy.Go(func() {
			defer g.slots.Release(1)
			if err := g.one(ctx, s); err != nil {
				stop(err)
			}
		})
	}
	busy.Wait()
	return context.Cause(ctx)
}

// one gives a submission its grade. An error ends the whole run.
func (g *grading) one(ctx context.Context, s intake.Submission) error {
	grade, kept, err := g.grade(ctx, s)
	if err != nil {
		return err
	}
	if err := g.folder.keep(grade); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = append(g.done, s.ID)
	g.tell(Finished{Grade: grade.WithoutEvidence(), Kept: kept, Done: len(g.done), Total: len(g.run.Submissions)})
	return nil
}

// observe tells of an event.
func (g *grading) observe(e Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tell(e)
}

// tell tells of an event. The caller holds the lock.
func (g *grading) tell(e Event) {
	if g.run.Observe != nil {
		g.run.Observe(e)
	}
}

// finished names those that have their grade, in order.
func (g *grading) finished() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(slices.Values(g.done))
}

// grade finds the grade from an earlier run, or makes it.
func (g *grading) grade(ctx context.Context, s intake.Submission) (grade gradebook.Grade, kept bool, err error) {
	digest, unreadable := g.digest(ctx, s)
	if ctx.Err() != nil {
		return grade, false, context.Cause(ctx)
	}
	key := g.keyOf(s, digest)
	if old, ok := g.folder.kept(s.ID, key); ok {
		old.Student, old.Source, old.Late = s.Student, s.Source, s.Late
		return old, true, nil
	}
	grade = gradebook.Grade{ID: s.ID, Student: s.Student, Source: s.Source, Late: s.Late, Digest: digest, Key: key,
		MaxScore: g.run.Lab.Points(), Begun: now()}
	watch := newStopwatch()
	answer := notJudged(s, unreadable)
	if answer == nil {
		answer, err = g.settle(ctx, s, digest)
	}
	if err != nil {
		return grade, false, err
	}
	answer.enter(&grade)
	grade.Duration = watch.elapsed()
	return grade, false, nil
}

// digest is that of what was handed in. There may be none for what cannot be
// read.
func (g *grading) digest(ctx context.Context, s intake.Submission) (string, error) {
	digest, err := intake.Digest(ctx, s)
	if err != nil {
		return "", err
	}
	return digest, nil
}

// notJudged is the answer for what need not be judged; nil for what must be.
func notJudged(s intake.Submission, unreadable error) *Answer {
	switch {
	case s.Superseded != "":
		return &Answer{Status: gradebook.Superseded, Problem: "The same student handed in again: " + s.Superseded + " counts."}
	case s.Problem != nil:
		return refusal(s.Problem)
	case unreadable != nil:
		return refusal(unreadable)
	}
	return nil
}

// variants tells whether every student has a variant of the lab.
func (g *grading) variants() bool { return len(g.run.Secret) > 0 && g.run.Lab.HasVariants() }

// students are all who handed in.
func (g *grading) students() []string {
	ids := slices.Clone(g.run.Students)
	for _, s := range g.run.Submissions {
		ids = append(ids, s.Student.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
