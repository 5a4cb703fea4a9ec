package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"ipclab/internal/bench/query"
	"ipclab/internal/flow"
)

// timed is one question, asked of both programs from the start: each begins
// with the compiled policy, as a user does.
type timed struct {
	from, to    string
	theirs      float64 // seconds of seinfoflow by the clock
	theirPeak   float64 // MB
	decompiling float64 // seconds of checkpolicy, which ipclab needs first
	ours        query.Took
}

// whole is what ipclab needs from the compiled policy to the answer, in seconds.
func (t *timed) whole() float64 { return t.decompiling + t.ours.Whole }

// ratio is how many times faster ipclab is.
func (t *timed) ratio() float64 { return t.theirs / t.whole() }

// timing asks both programs for a shortest path between the ends of the lab fifo.
func timing(ctx context.Context, p *prepared, dir string) (*timed, error) {
	t := &timed{from: "ipclab_fifo_writer_t", to: "ipclab_fifo_reader_t"}
	if err := t.seinfoflow(ctx, p); err != nil {
		return nil, err
	}
	begun := time.Now()
	cil := filepath.Join(dir, "timed.cil")
	if err := decompile(ctx, p.binary, cil); err != nil {
		return nil, err
	}
	t.decompiling = time.Since(begun).Seconds()
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	t.ours, err = query.Run(ctx, program, query.Order{Files: []string{cil}, Query: flow.Query{From: t.from, To: t.to}})
	return t, err
}

// seinfoflow runs seinfoflow as one calls it: shortest paths, all of the
// policy, one flow of them.
func (t *timed) seinfoflow(ctx context.Context, p *prepared) error {
	cmd := exec.CommandContext(ctx, "seinfoflow", "-p", p.binary, "-m", p.perms, "-w", "1", "-s", t.from, "-t", t.to, "-S", "-l", "1")
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("seinfoflow: %w\n%s", err, out)
	}
	t.theirs = time.Since(begun).Seconds()
	if u, ok := usage(cmd.ProcessState); ok {
		t.theirPeak = u
	}
	return nil
}
