package sipctest_test

import (
	"context"
	"errors"
	"testing"

	"ipclab/sipc"
)

// A pump runs in the background, in this process.
type pump struct {
	from   *sipc.Receiver
	to     *sipc.Sender
	cancel context.CancelFunc
	ended  chan error
}

func startPump(t *testing.T, from, to sipc.Descriptor, pace sipc.Pace) *pump {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &pump{cancel: cancel}
	var err, err2 error
	p.from, err = sipc.OpenReceiver(ctx, from)
	p.to, err2 = sipc.OpenSender(ctx, to)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	p.ended = in(func() error { return sipc.Pump(ctx, p.from, p.to, pace) })
	return p
}

// stop waits for the pump to have carried over everything, or breaks it off.
func (p *pump) stop(t *testing.T, complete bool) {
	t.Helper()
	if complete {
		within(t, p.ended, nil)
	} else {
		p.cancel()
		within(t, p.ended, context.Canceled)
	}
	p.cancel()
	p.from.Close()
	p.to.Close()
}
