package class

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// worker is a process that judges one submission.
type worker struct {
	argv     []string
	start    func(*exec.Cmd) error
	patience time.Duration // how long it may say nothing
}

// workerError is a worker that gave no answer.
type workerError struct {
	err  error
	said string // the end of what it printed
}

func (e *workerError) Error() string {
	return "the process that judges the submission failed: " + e.err.Error()
}
func (e *workerError) Unwrap() error { return e.err }

// errSilent is a worker that was given up.
var errSilent = errors.New("it fell silent and was stopped")

// ask gives a worker its job and waits for its answer and its end. When ctx
// ends, or when the worker is silent for too long, it is killed with all that
// it started.
func (w worker) ask(ctx context.Context, job Job, heard func(message)) (*Answer, *workerError) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	said := &tail{most: 4 << 10}
	cmd, voice, err := w.command(ctx, job, said)
	if err != nil {
		return nil, &workerError{err: err}
	}
	defer voice.Close()
	watchdog := time.AfterFunc(w.patience, func() { stop(errSilent) })
	defer watchdog.Stop()
	answer, err := listen(voice, func(m message) {
		watchdog.Reset(w.patience)
		heard(m)
	})
	if err != nil && !errors.Is(err, errNoAnswer) {
		stop(err)
	}
	waitErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, &workerError{context.Cause(ctx), said.String()}
	case err != nil:
		return nil, &workerError{fmt.Errorf("%w (%s)", err, endOf(waitErr)), said.String()}
	}
	return answer, nil
}

// command starts the worker. What it says on descriptor 3 is to be read from
// the file.
func (w worker) command(ctx context.Context, job Job, said *tail) (*exec.Cmd, *os.File, error) {
	order, err := json.Marshal(job)
	if err != nil {
		return nil, nil, err
	}
	r, out, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, w.argv[0], w.argv[1:]...)
	cmd.Stdin, cmd.Stderr, cmd.Dir = bytes.NewReader(order), said, "/"
	cmd.Env = cleaned(os.Environ())
	cmd.ExtraFiles = []*os.File{out}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := w.start(cmd); err != nil {
		r.Close()
		return nil, nil, err
	}
	return cmd, r, nil
}

// passedOn are the variables that a worker has use for. Tokens and the like of
// whoever grades are not among them.
func passedOn() []string {
	return []string{
		"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "IPCLAB_SCRATCH", "IPCLAB_WORK", "GORACE", "GOCOVERDIR",
	}
}

func cleaned(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains(passedOn(), name)
	})
}

// endOf says how a process ended.
func endOf(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// tail keeps the last bytes that were written to it.
type tail struct {
	most int
	data []byte
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if extra := len(t.data) - t.most; extra > 0 {
		t.data = append(t.data[:0], t.data[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.data)) }
