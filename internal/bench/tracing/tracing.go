// Package tracing measures by how much a trace slows down what is traced: a
// transfer through a FIFO in a lab's machine, by a watched subject, with and
// without a trace. It asserts nothing.
package tracing

import (
	"context"
	"fmt"
	"regexp"
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
const Transfer = "40 times 2 MB through a FIFO, 4 KB a call"

// script transfers again and again, and prints what dd says of each. Both ends
// share one processor: where they wake each other across two, it is chance
// that decides how long it takes.
const script = `set -e
export LC_ALL=C
taskset -p -c 0 $$ >/dev/null
f=/tmp/bench-$$
mkfifo $f
for i in $(seq 40); do
	dd if=/dev/zero of=$f bs=4096 count=512 2>/dev/null &
	dd if=$f of=/dev/null bs=4096 2>&1
	wait
done
rm -f $f
`

// Result is what was measured: for each run the fastest of its transfers, in
// seconds, which is the one that nothing else on the computer has disturbed.
// Runs with and without a trace take turns.
type Result struct{ Plain, Traced []float64 }

// Slowdowns are, for each traced run, by how many percent it took longer than the
// median plain one.
func (r Result) Slowdowns() []float64 {
	plain := median(r.Plain)
	var all []float64
	for _, traced := range r.Traced {
		all = append(all, 100*(traced-plain)/plain)
	}
	return all
}

func median(values []float64) float64 {
	all := slices.Sorted(slices.Values(values))
	return all[len(all)/2]
}

// Measure measures in a running clone of the lab, runs times.
func Measure(ctx context.Context, h *host.Host, lab *labs.Lab, clone *qemu.Clone, runs int) (Result, error) {
	m := machine.NewClient(clone.Dial)
	defer m.Close()
	var r Result
	if _, err := once(ctx, m); err != nil { // what it needs is in memory from here
		return r, err
	}
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

// once makes one run, as a watched subject.
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
	all := seconds(out.String())
	if exit.Code != 0 || len(all) == 0 {
		return 0, fmt.Errorf("the transfer ended with %s %d: %s%s", exit.Cause, exit.Code, out.String(), diag.String())
	}
	return slices.Min(all), nil
}

// copied is what dd says: "2097152 bytes (2.1 MB, 2.0 MiB) copied, 0.01 s, 170 MB/s".
var copied = regexp.MustCompile(`copied, ([0-9.e-]+) s`)

func seconds(text string) (all []float64) {
	for _, found := range copied.FindAllStringSubmatch(text, -1) {
		if s, err := strconv.ParseFloat(found[1], 64); err == nil {
			all = append(all, s)
		}
	}
	return all
}
