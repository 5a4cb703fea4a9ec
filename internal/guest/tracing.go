package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"ipclab/internal/guest/api"
	"ipclab/internal/guest/tally"
)

// errTraced says that there is a trace already.
var errTraced = errors.New(api.Traced)

// errNotTraced says that there is none.
var errNotTraced = errors.New("no trace of this machine is running")

// tracing is the trace that is running, if there is one.
type tracing struct {
	mu    sync.Mutex
	tally *tally.Tally
	owner context.Context // of the stream that began it
	rules []auditRule     // that were added
	lost  uint32          // records that had been lost before
}

// traceBegin begins a trace, which ends with the stream at the latest. A
// machine is as it was before when nothing could be begun.
func (a *Agent) traceBegin(ctx context.Context, spec api.TraceSpec) (api.TraceBegun, error) {
	t := &a.tracing
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tally != nil {
		return api.TraceBegun{}, errTraced
	}
	if missing := a.policies.missing(spec.Policies); len(missing) > 0 {
		return api.TraceBegun{Missing: missing}, nil
	}
	status, err := a.audit.Query(api.RecordsQuery{Since: a.audit.last()})
	if err != nil {
		return api.TraceBegun{}, err
	}
	t.tally, t.owner, t.lost = tally.New(spec.Domains), ctx, status.Lost
	a.audit.watch(t.tally)
	if err := a.traceSet(spec); err != nil {
		return api.TraceBegun{}, errors.Join(err, a.traceUnset())
	}
	context.AfterFunc(ctx, func() {
		if err := a.traceEnd(ctx); err != nil && !errors.Is(err, errNotTraced) {
			fmt.Fprintf(os.Stderr, "ipclab agent: a trace did not end cleanly: %v\n", err)
		}
	})
	loaded, watched := a.policies.now()
	return api.TraceBegun{Loaded: loaded, Watched: watched}, nil
}

// traceSet adds the audit rules and loads the policies that record.
func (a *Agent) traceSet(spec api.TraceSpec) error {
	for _, r := range watchRules(spec.Domains) {
		if err := setRule(auditAddRule, r); err != nil {
			return err
		}
		a.tracing.rules = append(a.tracing.rules, r)
	}
	return a.policies.watch(spec.Policies)
}

// traceAdd adds policies to the trace that the stream began.
func (a *Agent) traceAdd(ctx context.Context, spec api.TraceSpec) (api.TraceBegun, error) {
	a.tracing.mu.Lock()
	defer a.tracing.mu.Unlock()
	if a.tracing.tally == nil || a.tracing.owner != ctx {
		return api.TraceBegun{}, errNotTraced
	}
	if missing := a.policies.missing(spec.Policies); len(missing) > 0 {
		return api.TraceBegun{Missing: missing}, nil
	}
	err := a.policies.watch(spec.Policies)
	loaded, watched := a.policies.now()
	return api.TraceBegun{Loaded: loaded, Watched: watched}, err
}

// traceRead gives what has changed. All that happened before has been counted.
func (a *Agent) traceRead(ctx context.Context, q api.TraceQuery) (api.TraceReply, error) {
	a.tracing.mu.Lock()
	counted, owner, lost := a.tracing.tally, a.tracing.owner, a.tracing.lost
	a.tracing.mu.Unlock()
	if counted == nil || owner != ctx {
		return api.TraceReply{}, errNotTraced
	}
	status, err := a.audit.Query(api.RecordsQuery{Since: a.audit.last()})
	if err != nil {
		return api.TraceReply{}, err
	}
	reply := counted.Since(q.Since)
	reply.Lost = status.Lost - lost
	reply.Loaded, reply.Watched = a.policies.now()
	return reply, nil
}

// traceEnd ends the trace that the stream began: the rules are taken away, and
// the policy that would be loaded without it is.
func (a *Agent) traceEnd(ctx context.Context) error {
	a.tracing.mu.Lock()
	defer a.tracing.mu.Unlock()
	if a.tracing.tally == nil || a.tracing.owner != ctx {
		return errNotTraced
	}
	return a.traceUnset()
}

// traceUnset takes away all that a trace has put there, whatever fails.
func (a *Agent) traceUnset() error {
	err := a.policies.unwatch()
	for _, r := range a.tracing.rules {
		err = errors.Join(err, setRule(auditDelRule, r))
	}
	a.audit.watch(nil)
	a.tracing.tally, a.tracing.owner, a.tracing.rules = nil, nil, nil
	return err
}
