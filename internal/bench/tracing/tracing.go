// Package tracing measures by how much a trace slows down what is traced: a
// transfer through a FIFO in a lab's machine, by a watched subject, with and
// without a trace. It asserts nothing.
package tracing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/host"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/session"
	"ipclab/labs"
)

// Transfer is what goes through the FIFO in one run.
const Transfer = "32 MB through a FIFO, 4 KB a call"

// script transfers once as a warm-up and then once against the machine's clock,
// and prints nanoseconds.
const script = `set -e
f=/tmp/bench-$$
mkfifo $f
once() { dd if=/dev/zero of=$f bs=4096 count=$1 2>/dev/null & dd if=$f of=/dev/null bs=4096 2>/dev/null; wait; }
once 500
begun=$(date +%s%N)
once 8192
echo $(( $(date +%s%N) - begun ))
rm -f $f
`

// Result is what was measured, in seconds, run by run. Runs with and without a
// trace take turns, so that a computer that does other things disturbs both.
type Result struct{ Plain, Traced []float64 }

// Slowdown is the median of the pairs' slowdowns in percent: what a traced run took
// longer than the plain ones before and after it.
func (r Result) Slowdown() float64 {
	slow := r.Slowdowns()
	slices.Sort(slow)
	return slow[len(slow)/2]
}

// Slowdowns are those of each traced run, in percent.
func (r Result) Slowdowns() []float64 {
	var all []float64
	for i, traced := range r.Traced {
		beside := (r.Plain[i] + r.Plain[i+1]) / 2
		all = append(all, 100*(traced-beside)/beside)
	}
	return all
}

// Measure measures in a running clone of the lab, runs times.
func Measure(ctx context.Context, h *host.Host, lab *labs.Lab, clone *qemu.Clone, runs int) (Result, error) {
	m := machine.NewClient(clone.Dial)
	defer m.Close()
	var r Result
	plain, err := once(ctx, m)
	if err != nil {
		return r, err
	}
	r.Plain = append(r.Plain, plain)
	for range runs {
		traced, err := underTrace(ctx, h, lab, clone, m)
		if err != nil {
			return r, err
		}
		plain, err := once(ctx, m)
		if err != nil {
			return r, err
		}
		r.Traced, r.Plain = append(r.Traced, traced), append(r.Plain, plain)
	}
	return r, nil
}

// underTrace measures once while a trace is running.
func underTrace(ctx context.Context, h *host.Host, lab *labs.Lab, clone *qemu.Clone, m *machine.Client) (float64, error) {
	s, err := session.Open(h, lab, "")
	if err != nil {
		return 0, err
	}
	s.Machine = clone.Name
	tracing, stop := context.WithCancel(ctx)
	defer stop()
	begun, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- s.Trace(session.ScenarioOf(lab)).Run(tracing, func(api.TraceReply) {
			select {
			case begun <- struct{}{}:
			default:
			}
		})
	}()
	select {
	case err := <-ended:
		return 0, fmt.Errorf("the trace ended at once: %w", err)
	case <-begun:
	}
	took, err := once(ctx, m)
	stop()
	if traceErr := <-ended; err == nil {
		err = traceErr
	}
	return took, err
}

// once runs the transfer as a watched subject and gives its seconds.
func once(ctx context.Context, m *machine.Client) (float64, error) {
	var out, diag strings.Builder
	spec := api.RunSpec{ID: "bench-trace", Argv: []string{"/bin/bash", "-c", script}, Subject: api.Subject{User: machine.Student},
		Limits: api.Limits{Wall: 2 * time.Minute}}
	p, err := m.Start(ctx, spec, nil, &out, &diag)
	if err != nil {
		return 0, err
	}
	exit, err := p.Wait()
	if err != nil {
		return 0, err
	}
	nanos, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	if err != nil || exit.Code != 0 {
		return 0, fmt.Errorf("the transfer ended with %s %d: %s", exit.Cause, exit.Code, diag.String())
	}
	return nanos / 1e9, nil
}
