package class

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/host"
	"ipclab/internal/intake"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/session"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// Work is a worker's life: it reads its Job, judges, and writes what it has come
// to. find finds a lab by its name.
func Work(ctx context.Context, in io.Reader, out io.Writer, h *host.Host, find func(name string) (*labs.Lab, error)) error {
	var job Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	if err := os.Setenv("TMPDIR", job.Temp); err != nil {
		return err
	}
	bench := &bench{host: h, job: job, out: json.NewEncoder(out)}
	hold, err := bench.leash()
	if err != nil {
		return err
	}
	defer hold.Close()
	return bench.out.Encode(message{Answer: bench.judge(ctx, find)})
}

// bench is where one submission is judged.
type bench struct {
	host *host.Host
	job  Job
	out  *json.Encoder
}

// leash ties machines to this process. They end when what it returns is closed,
// or with the process.
func (b *bench) leash() (hold io.Closer, err error) {
	r, w, err := os.Pipe()
	b.host.Leash = r
	return w, err
}

// judge comes to the answer.
func (b *bench) judge(ctx context.Context, find func(string) (*labs.Lab, error)) *Answer {
	lab, err := find(b.job.Lab)
	if err != nil {
		return failure(err)
	}
	if lab.Digest() != b.job.LabDigest {
		return &Answer{Status: gradebook.Ungraded, Fault: grader.Lab, Problem: "the lab's files were changed while it was graded",
			Hint: "grade again with --resume"}
	}
	if digest, err := intake.Digest(ctx, b.job.Submission); err != nil {
		return refusal(err)
	} else if digest != b.job.Digest {
		return trouble("the submission was changed while it was graded")
	}
	work, err := intake.Open(ctx, b.job.Submission, lab)
	if err != nil {
		return refusal(err)
	}
	variant, lab, err := b.variant(lab, work)
	if err != nil {
		return failure(err)
	}
	report, err := b.inClone(ctx, lab, work.Tree)
	if err != nil {
		return failure(err)
	}
	return &Answer{Status: gradebook.Graded, Report: report, Variant: variant, Notes: notes(b.job.Submission.Student, work)}
}

// notes tell where a submission and the manifest that it was packed with differ.
// They are no proof of anything: a manifest is a text that can be changed.
func notes(s gradebook.Student, w *intake.Work) []string {
	var all []string
	if w.Manifest != nil && w.Manifest.Student != "" && !strings.EqualFold(w.Manifest.Student, s.ID) {
		all = append(all, fmt.Sprintf("it was packed for %q, and handed in as %q", w.Manifest.Student, s.ID))
	}
	if n := len(w.Changed); n > 0 {
		all = append(all, fmt.Sprintf("changed since it was packed: %q, %d in all", w.Changed[0], n))
	}
	return all
}

// inClone judges in a machine of its own.
func (b *bench) inClone(ctx context.Context, lab *labs.Lab, tree *workspace.Tree) (*grader.Report, error) {
	if err := qemu.Room(b.host.Machines().Dir, roomBefore); err != nil {
		return nil, err
	}
	clone, err := b.start(ctx, lab)
	if err != nil {
		return nil, err
	}
	defer b.host.Machines().Stop(context.WithoutCancel(ctx), b.job.Machine)
	request := grader.RunRequest{Lab: lab, Workspace: tree.API("").Files, Hidden: true}
	report, err := session.JudgeSlowly(ctx, b.host, lab, clone, b.job.Slack, request, b.tell)
	if err != nil {
		return nil, err
	}
	return report, qemu.Room(clone.Dir, roomAfter)
}

// The room on the disk that holds machines, in bytes: what one may need, and
// what must be left at its end. A machine takes a full disk of this computer for
// a broken one of its own, and a submission would fail for it.
const (
	roomBefore = 64 << 20
	roomAfter  = 4 << 20
)

// start starts the clone. Only when all else has failed is the snapshot made
// anew.
func (b *bench) start(ctx context.Context, lab *labs.Lab) (*qemu.Clone, error) {
	if b.job.Last {
		return b.host.Start(ctx, lab, b.job.Machine)
	}
	return b.host.StartAsIs(ctx, lab, b.job.Machine)
}

// tell says which check begins.
func (b *bench) tell(e grader.Event) {
	if begun, ok := e.(grader.CheckStarted); ok {
		// Nobody reads any more only when this process is to die.
		_ = b.out.Encode(message{Check: begun.Check.ID, Index: begun.Index, Of: begun.Count})
	}
}

// variant gives the student's own variant of the lab, and tells from whose the
// submission was made.
func (b *bench) variant(lab *labs.Lab, work *intake.Work) (*gradebook.Variant, *labs.Lab, error) {
	if len(b.job.Secret) == 0 || !lab.HasVariants() {
		return nil, lab, nil
	}
	roster, err := labs.NewRoster(lab, b.job.Secret, b.job.Students)
	if err != nil {
		return nil, nil, err
	}
	student, claimed := b.job.Submission.Student.ID, ""
	if work.Manifest != nil {
		claimed = work.Manifest.Variant
	}
	own, err := lab.Variant(labs.NewSeed(b.job.Secret, lab.Name, student))
	o := roster.Origin(student, claimed, work.Tree.API("").Files)
	return &gradebook.Variant{
		Expected: o.Expected, Found: o.Found, Of: o.Of, Foreign: o.Whose == labs.Other, Note: o.Note,
	}, own, err
}

// failure is the answer for an error on the way.
func failure(err error) *Answer {
	a := trouble("%v", err)
	a.Hint = hintOf(err)
	var manifest *labs.ManifestError
	if errors.As(err, &manifest) {
		a.Fault = grader.Lab
	}
	var noRoom *qemu.FullError
	if errors.As(err, &noRoom) {
		a.Full, a.Problem = noRoom.Dir, noRoom.Err.Error()
	}
	return a
}
