package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"ipclab/internal/bench/query"
	"ipclab/internal/bench/tracing"
	"ipclab/internal/flow"
)

// flows measures what is computed of a policy, and what is played of a scenario.
func (b *bench) flows(n int, add adder) error {
	if err := b.questions(n, add); err != nil {
		return err
	}
	prove, err := times(n, b.prove)
	if err := add("`ipclab scenario prove` of the lab `sipc`, the program's start and the matrix included", "2 s", "s", prove, err); err != nil {
		return err
	}
	play, err := times(3, func() (float64, error) { return b.do(b.cache, "scenario", "play", tenFlows) })
	if err := add("`ipclab scenario play` of ten flows, the machine's start and end included", "5 s", "s", play, err); err != nil {
		return err
	}
	return b.traced(n, add)
}

// traced measures what a trace costs those who are watched.
func (b *bench) traced(n int, add adder) error {
	if _, err := b.do(b.cache, "start", lab, "--no-shell"); err != nil {
		return err
	}
	defer b.do(b.cache, "stop", lab)
	clone, err := b.host().Machines().Find(lab)
	if err != nil {
		return err
	}
	r, err := tracing.Measure(b.ctx, b.host(), b.lab, clone, n)
	if err != nil {
		return err
	}
	return add("under `ipclab trace`, "+tracing.Transfer+", takes longer by", "10 %", "%", r.Slowdowns(), nil)
}

// prove proves a lab's scenario. Without a solution there are findings, and exit
// code 1.
func (b *bench) prove() (float64, error) {
	s, err := b.do(b.cache, "scenario", "prove", "labs/sipc/scenario.yaml")
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		err = nil
	}
	return s, err
}

// printFlows measures only that, and prints it.
func printFlows(ctx context.Context, bin string, n int) error {
	b, err := newBench(ctx, bin)
	if err != nil {
		return err
	}
	defer b.close()
	return b.flows(n, func(what, atMost, unit string, values []float64, err error) error {
		if err == nil {
			r := row{what, atMost, unit, values}
			fmt.Printf("| %s | %s | %s | %s |\n", r.what, r.atMost, r.median(), r.spread())
		}
		return err
	})
}

// tenFlows is a scenario with as many flows.
const tenFlows = "internal/bench/testdata/ten/scenario.yaml"

// questions measures reading the image's whole policy and asking it, each time in a
// process of its own.
func (b *bench) questions(n int, add adder) error {
	i, err := b.host().Image(b.ctx)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	o := query.Order{Files: []string{i.FlatPolicy(), i.BasePolicy()}, Query: flow.Query{From: "named_t", To: "cupsd_t"}, More: questions()}
	var load, asked, peak []float64
	for range n {
		t, err := query.Run(b.ctx, program, o)
		if err != nil {
			return err
		}
		load, peak = append(load, t.Read+t.Index), append(peak, t.Peak)
		for _, s := range append(t.More, t.Ask) {
			asked = append(asked, s*1000)
		}
	}
	if err := add(fmt.Sprintf("reading %s and making the graph of flows", filepath.Base(i.FlatPolicy())), "1.5 s", "s", load, nil); err != nil {
		return err
	}
	if err := add("a question to the graph", "50 ms", "ms", asked, nil); err != nil {
		return err
	}
	return add("memory of that process at most", "300 MB", "MB", peak, nil)
}

// questions are of several kinds: possible and impossible, with and without back
// channels, and with most domains trusted.
func questions() []flow.Query {
	trusted := []flow.Trust{{Name: "domain", Except: "ipclab_subject", Why: "what is asked about are students' programs"}}
	return []flow.Query{
		{From: "httpd_t", To: "sshd_t"},
		{From: "ipclab_student_t", To: "ipclab_agent_t"},
		{From: "ipclab_student_t", To: "httpd_t", Trusted: trusted},
		{From: "ipclab_student_t", To: "httpd_t", Trusted: trusted, Wide: true},
		{From: "shadow_t:file", To: "httpd_t"},
	}
}
