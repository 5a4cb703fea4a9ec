package guest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"ipclab/internal/guest/api"
)

// ProbePath is the trusted probe, a small C program (vagrant/guest/probe.c).
const ProbePath = "/usr/lib/ipclab/probe"

// probeWait bounds one probe. Every operation of it is non-blocking.
const probeWait = 20 * time.Second

// moreWait is how long the runs stand still for a probe that was announced and
// does not come.
const moreWait = 5 * time.Second

// probe attempts one operation as a subject and collects what the kernel
// recorded about it. Meanwhile the programs of the runs stand still, and if more
// probes follow, until the last has ended: one that runs as the same subject
// could kill the probe, and any could behave as long as it is looked at.
func (a *Agent) probe(spec api.ProbeSpec) (api.ProbeResult, error) {
	a.runs.groups.freeze()
	if spec.More {
		defer a.runs.groups.thawIn(moreWait)
	} else {
		defer a.runs.groups.thaw()
	}
	t, err := a.prepare(spec)
	if err != nil {
		return api.ProbeResult{}, err
	}
	p, err := startProbe(spec, t.args)
	if err != nil {
		return api.ProbeResult{}, err
	}
	defer p.end()
	return a.observe(p, t)
}

// observe lets the probe go and gives its answer with what was recorded of it.
func (a *Agent) observe(p *prober, t *attempt) (api.ProbeResult, error) {
	if err := t.before(); err != nil {
		return api.ProbeResult{}, err
	}
	before, err := a.audit.Query(api.RecordsQuery{Since: a.audit.last()})
	if err != nil {
		return api.ProbeResult{}, err
	}
	result, err := p.attempt()
	if err := errors.Join(err, t.after()); err != nil {
		return result, err
	}
	result.Object = t.object
	after, err := a.audit.Query(api.RecordsQuery{Since: before.Next, PID: result.PID})
	result.Records, result.Lost = after.Records, after.Lost-before.Lost
	return result, err
}

// prober is the probe's process. It waits, when it is set up, for the word to
// go: what its own start was denied is not evidence of anything.
type prober struct {
	spec  api.ProbeSpec
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	diag  *strings.Builder
	timer *time.Timer
}

// Words between the agent and the probe.
const (
	probeReady = "ready\n"
	probeGo    = "go\n"
	probeDone  = "-" // in the place of an errno
)

func startProbe(spec api.ProbeSpec, args []string) (*prober, error) {
	cmd, err := subjectCommand(api.RunSpec{Subject: spec.Subject, Argv: []string{ProbePath}})
	if err != nil {
		return nil, err
	}
	cmd.Args = append([]string{"probe"}, args...)
	p := &prober{spec: spec, cmd: cmd, diag: &strings.Builder{}}
	cmd.Stderr = p.diag
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := startLabelled(cmd, contextOf(spec.Subject), (*exec.Cmd).Start); err != nil {
		return nil, err
	}
	p.timer = time.AfterFunc(probeWait, func() { cmd.Process.Kill() })
	if line, err := p.out.ReadString('\n'); err != nil || line != probeReady {
		p.end()
		return nil, p.mute(err)
	}
	return p, nil
}

// attempt lets the probe go and reads its answer.
func (p *prober) attempt() (api.ProbeResult, error) {
	if _, err := io.WriteString(p.in, probeGo); err != nil {
		return api.ProbeResult{}, p.mute(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return api.ProbeResult{}, p.mute(err)
	}
	errno, context, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if !ok {
		return api.ProbeResult{}, p.mute(fmt.Errorf("it said %q", line))
	}
	return api.ProbeResult{PID: p.cmd.Process.Pid, Errno: strings.TrimPrefix(errno, probeDone), Context: context}, nil
}

// end reaps the probe.
func (p *prober) end() {
	p.in.Close()
	p.cmd.Wait()
	p.timer.Stop()
}

// mute is the error of a probe that gave no answer.
func (p *prober) mute(err error) error {
	return fmt.Errorf("probe as %s in %s gave no answer (%v): %s",
		p.spec.Subject.User, contextOf(p.spec.Subject), err, strings.TrimSpace(p.diag.String()))
}
