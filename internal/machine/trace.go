package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"ipclab/internal/guest/api"
)

// TracePair is a policy, and the one that records what it lets through.
type TracePair struct{ Plain, Watched []byte }

// policyName is what the agent knows a policy by.
func policyName(binary []byte) string {
	sum := sha256.Sum256(binary)
	return hex.EncodeToString(sum[:])
}

// TraceBegin begins to watch programs of some domains. The trace lasts as long as
// the client's stream, or until TraceEnd.
func (c *Client) TraceBegin(ctx context.Context, domains []string, pairs []TracePair) (api.TraceBegun, error) {
	return c.trace(ctx, api.CallTraceBegin, domains, pairs)
}

// TraceAdd adds policies to this client's trace.
func (c *Client) TraceAdd(ctx context.Context, pairs []TracePair) (api.TraceBegun, error) {
	return c.trace(ctx, api.CallTraceAdd, nil, pairs)
}

// trace asks, hands over the policies that the machine does not have, and asks
// again.
func (c *Client) trace(ctx context.Context, method string, domains []string, pairs []TracePair) (api.TraceBegun, error) {
	spec := api.TraceSpec{Domains: domains}
	binaries := map[string][]byte{}
	for _, p := range pairs {
		one := api.TracedPolicy{Plain: policyName(p.Plain), Watched: policyName(p.Watched)}
		binaries[one.Plain], binaries[one.Watched] = p.Plain, p.Watched
		spec.Policies = append(spec.Policies, one)
	}
	var begun api.TraceBegun
	err := c.call(ctx, method, spec, &begun)
	for _, name := range begun.Missing {
		if err == nil {
			err = c.upload(ctx, name, binaries[name])
		}
	}
	if err != nil || len(begun.Missing) == 0 {
		return begun, err
	}
	begun = api.TraceBegun{}
	err = c.call(ctx, method, spec, &begun)
	return begun, err
}

// TraceRead gives what this client's trace has counted since an earlier answer.
func (c *Client) TraceRead(ctx context.Context, since uint64) (r api.TraceReply, err error) {
	err = c.call(ctx, api.CallTraceRead, api.TraceQuery{Since: since}, &r)
	return r, err
}

// TraceEnd ends this client's trace.
func (c *Client) TraceEnd(ctx context.Context) error {
	return c.call(ctx, api.CallTraceEnd, api.Empty{}, &api.Empty{})
}
