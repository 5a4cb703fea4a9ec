package guest

import (
	"context"

	"github.com/opencontainers/selinux/go-selinux"

	"ipclab/internal/guest/api"
)

// calls is the service "Agent" that package api describes. Its methods have the
// form that net/rpc wants.
type calls struct {
	agent *Agent
	ctx   context.Context // done when nobody listens any more
}

// Identify gives a restored clone its own identity.
func (c *calls) Identify(id api.Identity, w *api.Welcome) (err error) {
	*w, err = c.agent.identify(id)
	return err
}

// Reset ends every run and empties the lab's directories.
func (c *calls) Reset(s api.Stage, _ *api.Empty) error { return c.agent.reset(s) }

// Install replaces a directory's content.
func (c *calls) Install(t api.Tree, _ *api.Empty) error { return install(t) }

// Publish moves a build's outputs to where programs are run from.
func (c *calls) Publish(o api.Outputs, reply *api.Published) (err error) {
	*reply, err = publish(o.Names)
	return err
}

// Stat looks at an object.
func (c *calls) Stat(o api.Object, reply *api.Object) (err error) {
	*reply, err = c.agent.stat(o.Path)
	return err
}

// Probe attempts one operation as a subject.
func (c *calls) Probe(s api.ProbeSpec, reply *api.ProbeResult) (err error) {
	*reply, err = c.agent.probe(s)
	return err
}

// Records reads the audit trail.
func (c *calls) Records(q api.RecordsQuery, reply *api.RecordsReply) (err error) {
	*reply, err = c.agent.audit.Query(q)
	return err
}

// LoadPolicy puts a binary policy into the kernel.
func (c *calls) LoadPolicy(p api.Policy, reply *api.PolicyLoaded) (err error) {
	*reply, err = c.agent.policies.load(p)
	return err
}

// Play plays a scenario.
func (c *calls) Play(s api.PlaySpec, reply *api.PlayResult) (err error) {
	*reply, err = c.agent.play(c.ctx, s)
	return err
}

// SetEnforce switches enforcing on or off.
func (c *calls) SetEnforce(on bool, _ *api.Empty) error {
	mode := selinux.Permissive
	if on {
		mode = selinux.Enforcing
	}
	return selinux.SetEnforceMode(mode)
}

// TraceBegin begins to watch programs.
func (c *calls) TraceBegin(s api.TraceSpec, reply *api.TraceBegun) (err error) {
	*reply, err = c.agent.traceBegin(c.ctx, s)
	return err
}

// TraceAdd adds policies to the trace of this stream.
func (c *calls) TraceAdd(s api.TraceSpec, reply *api.TraceBegun) (err error) {
	*reply, err = c.agent.traceAdd(c.ctx, s)
	return err
}

// TraceRead gives what the trace of this stream has counted.
func (c *calls) TraceRead(q api.TraceQuery, reply *api.TraceReply) (err error) {
	*reply, err = c.agent.traceRead(c.ctx, q)
	return err
}

// TraceEnd ends the trace of this stream.
func (c *calls) TraceEnd(_ api.Empty, _ *api.Empty) error { return c.agent.traceEnd(c.ctx) }
