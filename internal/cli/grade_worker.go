package cli

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"ipclab/internal/class"
	"ipclab/internal/host"
)

const workerName = "grade-worker"

// newGradeWorker judges one submission. `ipclab grade` runs it; people do not.
func newGradeWorker(a *app) *cobra.Command {
	return &cobra.Command{
		Use: workerName, Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := confine(); err != nil {
				return err
			}
			h, err := a.host()
			if err != nil {
				return err
			}
			return class.Work(c.Context(), os.Stdin, os.NewFile(workerVoice, "voice"), h, a.lab)
		},
	}
}

// workerVoice is the descriptor on which a worker answers.
const workerVoice = 3

// The memory of a worker. What a submission may make it need is bounded where it
// is read; this is for when that has a hole.
const (
	workerMemory     = 2 << 30 // then it dies
	workerMemoryGoal = 256 << 20
)

// confine bounds this process, and lets no child have its voice.
func confine() error {
	unix.CloseOnExec(workerVoice)
	debug.SetMemoryLimit(workerMemoryGoal)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	var data unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &data); err != nil {
		return err
	}
	data.Cur = min(data.Max, workerMemory)
	return unix.Setrlimit(unix.RLIMIT_DATA, &data)
}

// unbound lifts the bounds of the worker that has started this process: they are
// not for machines.
func unbound() {
	var data unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &data) == nil {
		data.Cur = data.Max
		_ = unix.Setrlimit(unix.RLIMIT_DATA, &data) // a process may always do that
	}
}

// workerFlags are the flags that make a worker find the same labs and machines.
// It runs elsewhere, so that names of folders have to be whole.
func (a *app) workerFlags(h *host.Host) []string {
	var flags []string
	for _, dir := range a.allLabDirs() {
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
		flags = append(flags, "--labs", dir)
	}
	if h.Accel != "" {
		flags = append(flags, "--accel", string(h.Accel))
	}
	if a.patience > 0 {
		flags = append(flags, "--patience", a.patience.Round(time.Second).String())
	}
	return flags
}
