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
	theirs      cost    // of seinfoflow
	theirPeak   float64 // MB
	decompiling cost    // of checkpolicy, which writes as CIL what is only there compiled
	ours        query.Took
}

// cost is what a process took, in seconds: by the clock, and of the processors.
type cost struct{ clock, processor float64 }

// costOf runs a command.
func costOf(cmd *exec.Cmd) (cost, error) {
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return cost{time.Since(begun).Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}, nil
}

// timing asks both programs for a shortest path between the ends of the lab fifo.
func timing(ctx context.Context, p *prepared, dir string) (*timed, error) {
	t := &timed{from: "ipclab_fifo_writer_t", to: "ipclab_fifo_reader_t"}
	if err := t.seinfoflow(ctx, p); err != nil {
		return nil, err
	}
	cil := filepath.Join(dir, "timed.cil")
	var err error
	if t.decompiling, err = costOf(decompiler(ctx, p.binary, cil)); err != nil {
		return nil, err
	}
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
	var err error
	if t.theirs, err = costOf(cmd); err != nil {
		return err
	}
	t.theirPeak, _ = usage(cmd.ProcessState)
	return nil
}
