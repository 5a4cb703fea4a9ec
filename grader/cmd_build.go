package grader

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/labs"
)

// plainCommand is: build — compiles the workspace; policy — compiles and loads
// the student's modules; review — judges what the student's modules say.
type plainCommand struct{ name string }

func parsePlain(name string, words []string) (command, error) {
	if len(words) != 0 {
		return nil, fmt.Errorf("%s takes no arguments", name)
	}
	return &plainCommand{name}, nil
}

func (c *plainCommand) check(s *scope) error {
	switch {
	case c.name == "build" && len(s.lab.Build.Outputs) == 0:
		return errors.New("the lab says nothing of what to build")
	case c.name == "build":
		s.built = true
	case len(s.lab.Policy.Student) == 0:
		return errors.New("the lab names no policy of the student's")
	}
	return nil
}

func (c *plainCommand) do(tr *trial) error {
	switch c.name {
	case "build":
		return tr.run.built.do(tr.build)
	case "policy":
		return tr.loadPolicy(true)
	}
	return tr.review()
}

// Where the parts of a build are in the guest.
const (
	sourceDir   = "/lab/src"
	buildScript = "/usr/lib/ipclab/build"
)

// build installs the workspace, compiles it as the student in the guest and
// publishes the programs.
func (tr *trial) build() error {
	guest, lab := tr.run.guest, tr.run.lab
	err := tr.machine("installing the workspace", func(ctx context.Context) error {
		return guest.Install(ctx, api.Tree{Dir: sourceDir, Files: tr.run.workspace})
	})
	if err != nil {
		return err
	}
	if err := tr.compile(); err != nil {
		return err
	}
	err = tr.machine("publishing the programs", func(ctx context.Context) error {
		return guest.Publish(ctx, lab.Build.Outputs)
	})
	if bad, ok := errors.AsType[*OutputError](err); ok {
		return failed(nil, "the build ended well, but %s", oneLine(bad.Error()))
	}
	return err
}

// compile runs the lab's build command. Its time is not the check's.
func (tr *trial) compile() error {
	wall := tr.run.scaled(orDefault(tr.run.lab.Build.Timeout, labs.DefaultBuildTimeout))
	return tr.aside(wall+tr.run.callLimit(), func(ctx context.Context) error {
		p, err := tr.compiler(ctx, wall)
		if err != nil {
			return err
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return machineFault("compiling the workspace", ctx.Err())
		}
		return tr.judgeBuild(p)
	})
}

func (tr *trial) compiler(ctx context.Context, wall time.Duration) (*process, error) {
	command := tr.run.lab.Build.Command
	p := newProcess(launch{label: strings.Join(command, " ")})
	p.onFlood(tr.budget.ctx)
	defer close(p.begun)
	spec := api.RunSpec{
		ID: tr.run.nextID("build"), Argv: append([]string{buildScript}, command...), Subject: nobody(),
		Env:    []string{"OUTPUTS=" + strings.Join(tr.run.lab.Build.Outputs, " ")},
		Limits: api.Limits{Wall: wall, Output: maxOutput},
	}
	var err error
	if p.remote, err = tr.run.guest.Start(ctx, spec, nil, p.stdout, p.stderr); err != nil {
		return nil, machineFault("starting the build", err)
	}
	tr.running = append(tr.running, p)
	go p.reap()
	return p, nil
}

func (tr *trial) judgeBuild(p *process) error {
	if p.err != nil {
		return p.lost()
	}
	x := p.result()
	if x.Cause == api.CauseExit && x.Code == 0 {
		return nil
	}
	evidence := outputEvidence(KindCompiler, p.label, "stderr", p.stderr.String())
	evidence = append(evidence, outputEvidence(KindCompiler, p.label, "stdout", p.stdout.String())...)
	if x.Cause == api.CauseExit {
		return failed(evidence, "the workspace does not compile: %q ended with exit code %d", p.label, x.Code)
	}
	return judgeCause(fmt.Sprintf("the build (%s)", p.label), x).with(evidence...)
}

// loadPolicy puts the lab's policy into the kernel, with the student's modules
// or without them. Modules with a finding of the review are compiled, and kept
// out of the kernel: they could reach for the grader itself.
func (tr *trial) loadPolicy(withStudent bool) error {
	if tr.run.loaded.is(withStudent) {
		return nil
	}
	tr.run.loaded.forget()
	binary, err := tr.policy(withStudent)
	if err != nil {
		return err
	}
	if found := tr.findings(withStudent); len(found) > 0 {
		tr.withheld = found[0].String()
		return nil
	}
	err = tr.machine("loading the policy", func(ctx context.Context) error {
		return tr.run.guest.LoadPolicy(ctx, binary)
	})
	if err == nil {
		tr.run.loaded.set(withStudent)
	}
	return err
}

// policy is the lab's policy in binary, with the student's modules or without
// them.
func (tr *trial) policy(withStudent bool) ([]byte, error) {
	return tr.run.policies[withStudent].get(func() ([]byte, error) { return tr.buildPolicy(withStudent) })
}

func (tr *trial) buildPolicy(withStudent bool) (binary []byte, err error) {
	given, err := tr.givenModules()
	if err != nil {
		return nil, err
	}
	var student []policy.Module
	if withStudent {
		if student, err = tr.studentModules(); err != nil {
			return nil, err
		}
		if err = policy.CheckPlain(student); err != nil {
			return nil, tr.policyFault(err, withStudent)
		}
	}
	err = tr.aside(tr.run.compileLimit(), func(ctx context.Context) error {
		binary, err = tr.run.builder.Build(ctx, given, student)
		return err
	})
	return binary, tr.policyFault(err, withStudent)
}

// policyFault says whose fault it is that a policy does not compile. Where the
// compiler complains about a rule of the lab's, or of the system's, and was
// given the student's rules as well, the student's are to blame if it is content
// without them: they may have made a rule of the lab's one that is forbidden.
func (tr *trial) policyFault(err error, withStudent bool) error {
	if err == nil {
		return nil
	}
	var pos policy.Pos
	var hint string
	if e, ok := errors.AsType[*policy.SyntaxError](err); ok {
		pos, hint = e.Pos, e.Hint
	} else if e, ok := errors.AsType[*policy.CompileError](err); ok {
		pos, hint = e.Pos, e.Hint
	} else {
		return machineFault("compiling the policy", err)
	}
	if !slices.Contains(tr.run.lab.Policy.Student, pos.File) {
		if !withStudent {
			return labFault("the lab's own policy does not compile: %s", oneLine(err.Error()))
		}
		if _, alone := tr.policy(false); alone != nil {
			return alone
		}
		return failed([]Evidence{findingEvidence(pos, oneLine(err.Error()), hint)},
			"the lab's policy compiles, but not together with the student's: %s", oneLine(err.Error()))
	}
	what := strings.TrimPrefix(err.Error(), pos.String()+": ")
	return failed([]Evidence{findingEvidence(pos, what, hint)}, "the policy does not compile: %s", oneLine(err.Error()))
}

// givenModules reads the lab's modules. Their names cannot be mistaken for
// files of the workspace.
func (tr *trial) givenModules() ([]policy.Module, error) {
	var all []policy.Module
	for _, name := range tr.run.lab.Policy.Given {
		data, err := fs.ReadFile(tr.run.lab.FS(), name)
		if err != nil {
			return nil, labFault("a policy module of the lab cannot be read: %v", err)
		}
		all = append(all, policy.Module{File: "lab " + tr.run.lab.Name + ": " + name, Source: data})
	}
	return all, nil
}

// studentModules finds the student's modules in the workspace.
func (tr *trial) studentModules() ([]policy.Module, error) {
	var all []policy.Module
	for _, name := range tr.run.lab.Policy.Student {
		i := slices.IndexFunc(tr.run.workspace, func(f api.File) bool { return f.Path == name })
		if i < 0 {
			return nil, failed(nil, "the workspace has no file %s", name)
		}
		all = append(all, policy.Module{File: name, Source: tr.run.workspace[i].Data})
	}
	return all, nil
}
