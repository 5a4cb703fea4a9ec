package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"ipclab/grader"
	"ipclab/internal/guest/api"
	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/policy"
	"ipclab/labs"
)

// Judge runs checks in a running clone.
func Judge(ctx context.Context, h *host.Host, lab *labs.Lab, c *qemu.Clone, req grader.RunRequest, observe func(grader.Event)) (*grader.Report, error) {
	return JudgeSlowly(ctx, h, lab, c, 1, req, observe)
}

// JudgeSlowly is Judge with slack times the time for everything.
func JudgeSlowly(ctx context.Context, h *host.Host, lab *labs.Lab, c *qemu.Clone, slack float64, req grader.RunRequest, observe func(grader.Event)) (*grader.Report, error) {
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	client := machine.NewClient(c.Dial)
	defer client.Close()
	build := compiler{host: h, image: i, ahead: make(chan struct{})}
	ahead, cancel := context.WithCancel(ctx)
	defer func() { cancel(); <-build.ahead }() // it has files to clear away
	go build.getAhead(ahead, lab, req.Workspace)
	// The clone's folder is swept when the clone has ended, however it ended.
	engine := &grader.Engine{Guest: guest{client}, Policy: build, Scale: slack * h.Pace(c), Temp: c.Dir}
	return engine.Run(ctx, req, observe)
}

// compiler builds policies with this computer's compiler.
type compiler struct {
	host  *host.Host
	image *image.Image
	ahead chan struct{} // closed when getAhead has done what it can
}

// getAhead compiles the student's policy into the cache while the guest
// compiles programs. Whatever goes wrong here goes wrong again, and is
// reported, when the policy is asked for.
func (c compiler) getAhead(ctx context.Context, lab *labs.Lab, workspace []api.File) {
	defer close(c.ahead)
	given, err := host.Modules(lab.FS(), lab.Policy.Given)
	if err != nil || len(lab.Policy.Student) == 0 {
		return
	}
	var student []policy.Module
	for _, f := range workspace {
		if slices.Contains(lab.Policy.Student, f.Path) {
			student = append(student, policy.Module{File: f.Path, Source: f.Data})
		}
	}
	if policy.CheckPlain(student) == nil {
		_, _ = c.host.CompilePolicy(ctx, c.image, slices.Concat(given, student))
	}
}

// Prove proves the whole policy, Debian's and ours included.
func (c compiler) Prove(ctx context.Context, lab, student []policy.Module, scope policy.Scope) (bool, string, error) {
	p, err := c.host.ProvePolicy(ctx, c.image, slices.Concat(lab, student), scope)
	if err != nil {
		return false, "", err
	}
	return p.Holds(), p.String(), nil
}

// Build compiles the lab's modules and the student's.
func (c compiler) Build(ctx context.Context, lab, student []policy.Module) ([]byte, error) {
	if len(student) > 0 {
		<-c.ahead
	}
	return c.host.CompilePolicy(ctx, c.image, append(slices.Clone(lab), student...))
}

// guest is a machine's client as the check engine wants it.
type guest struct{ *machine.Client }

// gone tells the engine that asking on is useless.
func gone(err error) error {
	var lost *machine.LostError
	var not *qemu.NotRunningError
	if errors.As(err, &lost) || errors.As(err, &not) {
		return fmt.Errorf("%w: %w", grader.ErrGuestGone, err)
	}
	return err
}

func (g guest) Start(ctx context.Context, spec api.RunSpec, in io.Reader, out, diag io.Writer) (grader.Process, error) {
	p, err := g.Client.Start(ctx, spec, in, out, diag)
	if err != nil {
		return nil, gone(err)
	}
	return process{p}, nil
}

func (g guest) Probe(ctx context.Context, spec api.ProbeSpec) (api.ProbeResult, error) {
	r, err := g.Client.Probe(ctx, spec)
	return r, gone(err)
}

func (g guest) Stat(ctx context.Context, path string) (api.Object, error) {
	o, err := g.Client.Stat(ctx, path)
	return o, gone(err)
}

func (g guest) Install(ctx context.Context, tree api.Tree) error {
	return gone(g.Client.Install(ctx, tree))
}

func (g guest) Publish(ctx context.Context, outputs []string) error {
	r, err := g.Client.Publish(ctx, outputs)
	if err == nil && r.Bad != "" {
		return &grader.OutputError{Output: r.Bad, Reason: r.Reason}
	}
	return gone(err)
}

func (g guest) Reset(ctx context.Context, stage api.Stage) error {
	return gone(g.Client.Reset(ctx, stage))
}

func (g guest) Records(ctx context.Context, q api.RecordsQuery) (api.RecordsReply, error) {
	r, err := g.Client.Records(ctx, q)
	return r, gone(err)
}

func (g guest) LoadPolicy(ctx context.Context, binary []byte) error {
	return gone(g.Client.LoadPolicy(ctx, binary))
}

// process is a run as the engine wants it.
type process struct{ *machine.Process }

func (p process) Wait() (api.Exit, error) {
	x, err := p.Process.Wait()
	return x, gone(err)
}

func (p process) Signal(ctx context.Context, name string) error {
	return gone(p.Process.Signal(ctx, name))
}

func (p process) Stop(ctx context.Context) error { return gone(p.Process.Stop(ctx)) }
