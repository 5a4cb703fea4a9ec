package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/machine"
	"ipclab/internal/policy"
	"ipclab/labs"
	"ipclab/scenarios"
)

// Trace watches the programs of a scenario's subjects in a running machine.
type Trace struct {
	Host    *host.Host
	Machine string // the clone's name
	// Scenario names the subjects and the objects that are watched.
	Scenario *scenarios.Scenario
	// Policies gives the policies that may be in the machine, each as the modules
	// on top of the machine's own. It is asked anew when another one is loaded.
	Policies func() [][]policy.Module
}

// tracePeriod is how often what was counted is asked for.
const tracePeriod = 300 * time.Millisecond

// Trace gives the trace of the lab's machine. While it runs, checks may run: the
// policies that they load are loaded so that they record, too.
func (s *Session) Trace(scenario *scenarios.Scenario) Trace {
	return Trace{Host: s.Host, Machine: s.Machine, Scenario: scenario, Policies: func() [][]policy.Module {
		given, err := host.Modules(s.Lab.FS(), s.Lab.Policy.Given)
		if err != nil {
			return nil
		}
		all := [][]policy.Module{given}
		if own, err := s.ownModules(); err == nil && len(own) > 0 && readable(own) == nil {
			all = append(all, slices.Concat(given, own))
		}
		return all
	}}
}

// Run watches until ctx ends, and tells what was counted. What it put into the
// machine is taken away at the end; if this process is killed, the machine does
// that itself.
func (t Trace) Run(ctx context.Context, observe func(api.TraceReply)) error {
	clone, err := t.Host.Machines().Find(t.Machine)
	if err != nil {
		return err
	}
	i, err := t.Host.Image(ctx)
	if err != nil {
		return err
	}
	m := machine.NewClient(clone.Dial)
	defer m.Close()
	w := &watch{trace: t, image: i, machine: m, observe: observe}
	pairs, err := w.pairs(ctx)
	if err != nil {
		return err
	}
	if err := t.begin(ctx, m, pairs); err != nil {
		return err
	}
	err = w.follow(ctx)
	return errors.Join(err, w.end())
}

// passing is how long a trace that is ending just now may take: the machine
// notices by itself that one was killed.
const passing = 3 * time.Second

// begin begins, once a trace that is ending has ended.
func (t Trace) begin(ctx context.Context, m *machine.Client, pairs []machine.TracePair) error {
	for begun := time.Now(); ; {
		_, err := m.TraceBegin(ctx, t.domains(), pairs)
		err = traceError(err)
		var traced *TracedError
		if !errors.As(err, &traced) || time.Since(begun) > passing || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TracedError says that a trace of the machine is running already.
type TracedError struct{ Err error }

// Error says so.
func (e *TracedError) Error() string { return e.Err.Error() }

// Unwrap gives the agent's answer.
func (e *TracedError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *TracedError) Hint() string { return "end the other one with Ctrl-C" }

func traceError(err error) error {
	var lost *machine.LostError
	if err != nil && !errors.As(err, &lost) && err.Error() == api.Traced {
		return &TracedError{err}
	}
	return err
}

// watch is a trace that is running.
type watch struct {
	trace   Trace
	image   *image.Image
	machine *machine.Client
	observe func(api.TraceReply)
	tried   string // the policy for which no other was found
	next    uint64
}

// pairs compiles the policies that may be in the machine, and those that
// record. Rules of the student's that do not compile are in no machine.
func (w *watch) pairs(ctx context.Context) ([]machine.TracePair, error) {
	var pairs []machine.TracePair
	module := policy.Module{File: "trace.cil", Source: []byte(w.trace.rules())}
	for i, modules := range w.trace.Policies() {
		plain, err := w.trace.Host.CompilePolicy(ctx, w.image, modules)
		if err != nil && i > 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(pairs, func(p machine.TracePair) bool { return bytes.Equal(p.Plain, plain) }) {
			continue
		}
		watched, err := w.trace.Host.CompilePolicy(ctx, w.image, append(slices.Clone(modules), module))
		if err != nil {
			return nil, fmt.Errorf("the rules that record what is let through: %w", err)
		}
		pairs = append(pairs, machine.TracePair{Plain: plain, Watched: watched})
	}
	return pairs, nil
}

// follow asks again and again what was counted.
func (w *watch) follow(ctx context.Context) error {
	tick := time.NewTicker(tracePeriod)
	defer tick.Stop()
	for {
		reply, err := w.read(ctx)
		if err != nil || ctx.Err() != nil {
			return ignoreEnd(ctx, err)
		}
		if err := w.mend(ctx, reply); err != nil {
			return ignoreEnd(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// ignoreEnd takes the end of the context for no error.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (w *watch) read(ctx context.Context) (api.TraceReply, error) {
	reply, err := w.machine.TraceRead(ctx, w.next)
	if err == nil {
		w.next = reply.Next
		w.observe(reply)
	}
	return reply, err
}

// mend looks for the rules of a policy that is not watched: they may have
// changed in the workspace.
func (w *watch) mend(ctx context.Context, reply api.TraceReply) error {
	if reply.Watched || reply.Loaded == w.tried {
		return nil
	}
	w.tried = reply.Loaded
	pairs, err := w.pairs(ctx)
	if err != nil {
		return err
	}
	_, err = w.machine.TraceAdd(ctx, pairs)
	return err
}

// endWait bounds how long the end of a trace may take.
const endWait = 30 * time.Second

// end reads the last of what was counted, and takes away what the trace put into
// the machine.
func (w *watch) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	_, err := w.read(ctx)
	return errors.Join(err, w.machine.TraceEnd(ctx))
}

// domains are those of the subjects.
func (t Trace) domains() []string {
	var all []string
	for _, s := range t.Scenario.Subjects {
		domain := s.Domain
		if domain == "" {
			domain = labs.DefaultDomain
		}
		if !slices.Contains(all, domain) {
			all = append(all, domain)
		}
	}
	return all
}

// rules make the kernel record what is let through: on the scenario's objects by
// all subjects, and between the subjects that have domains of their own. What
// only leads to an object says nothing (search, getattr of a directory).
func (t Trace) rules() string {
	var b strings.Builder
	var own, objects []string
	for _, d := range t.domains() {
		if d != labs.DefaultDomain {
			own = append(own, d)
		}
	}
	for _, o := range t.Scenario.Objects {
		if o.Type != "" && !slices.Contains(objects, o.Type) && !slices.Contains(own, o.Type) {
			objects = append(objects, o.Type)
		}
	}
	for _, d := range t.Scenario.Directories {
		if d.Type != "" && !slices.Contains(objects, d.Type) {
			objects = append(objects, d.Type)
		}
	}
	set(&b, "ipclab_trace_who", t.domains())
	if len(objects) > 0 {
		set(&b, "ipclab_trace_object", objects)
		b.WriteString(objectRules)
	}
	if len(own) > 0 {
		set(&b, "ipclab_trace_own", own)
		b.WriteString(ownRules)
	}
	return b.String()
}

func set(b *strings.Builder, name string, types []string) {
	fmt.Fprintf(b, "(typeattribute %s)\n(typeattributeset %s (%s))\n", name, name, strings.Join(types, " "))
}

const objectRules = `
(auditallow ipclab_trace_who ipclab_trace_object (fifo_file (all)))
(auditallow ipclab_trace_who ipclab_trace_object (sock_file (all)))
(auditallow ipclab_trace_who ipclab_trace_object (file (not (getattr))))
(auditallow ipclab_trace_who ipclab_trace_object (dir (not (search getattr open read ioctl lock))))
(auditallow ipclab_trace_who ipclab_trace_object (lnk_file (not (getattr))))
(auditallow ipclab_trace_who ipclab_trace_object (msgq (all)))
(auditallow ipclab_trace_who ipclab_trace_object (shm (all)))
(auditallow ipclab_trace_who ipclab_trace_object (sem (all)))
(auditallow ipclab_trace_who ipclab_trace_object (msg (all)))
`

const ownRules = `
(auditallow ipclab_trace_own ipclab_trace_own (fifo_file (all)))
(auditallow ipclab_trace_own ipclab_trace_own (msgq (all)))
(auditallow ipclab_trace_own ipclab_trace_own (shm (all)))
(auditallow ipclab_trace_own ipclab_trace_own (sem (all)))
(auditallow ipclab_trace_own ipclab_trace_own (msg (all)))
(auditallow ipclab_trace_own ipclab_trace_own (unix_stream_socket (all)))
(auditallow ipclab_trace_own ipclab_trace_own (unix_dgram_socket (all)))
(auditallow ipclab_trace_own ipclab_trace_own (netlink_socket (all)))
(auditallow ipclab_trace_own ipclab_trace_own (tcp_socket (all)))
(auditallow ipclab_trace_own ipclab_trace_own (udp_socket (all)))
(auditallow ipclab_trace_own ipclab_trace_own (sctp_socket (all)))
(auditallow ipclab_trace_own ipclab_trace_own (process (sigkill sigstop signal signull)))
(auditallow ipclab_trace_own ipclab_trace_own (fd (use)))
`
