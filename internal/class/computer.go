package class

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"ipclab/internal/host"
	"ipclab/internal/machine/qemu"
	"ipclab/labs"
)

// Computer is what grading a class needs of the computer that it runs on.
type Computer interface {
	// Prepare sees to it that machines for the lab can be had, and clears away
	// what killed graders left.
	Prepare(ctx context.Context, lab *labs.Lab) (Machine, error)
	// Stop ends a machine, if it is there, and waits until nothing of it is left.
	Stop(ctx context.Context, name string) error
}

// Machine describes what submissions are judged in.
type Machine struct {
	Digest string  // tells machines apart that could judge differently
	Pace   float64 // how much slower than the reference machine it is
	CPUs   int
}

// OnHost is this computer.
type OnHost struct{ Host *host.Host }

// Prepare makes the lab's snapshot, unless it is there.
func (o OnHost) Prepare(ctx context.Context, lab *labs.Lab) (Machine, error) {
	s, _, err := o.Host.Snapshot(ctx, lab)
	if err != nil {
		return Machine{}, err
	}
	if _, err := o.Host.Machines().Running(); err != nil { // sweeps the dead
		return Machine{}, err
	}
	o.Host.Machines().ClearAll(machinePrefix)
	return Machine{
		Digest: filepath.Base(s.Dir), Pace: o.Host.Pace(&qemu.Clone{Snapshot: s.Dir}), CPUs: max(1, s.Hardware.CPUs),
	}, nil
}

// Stop stops a clone.
func (o OnHost) Stop(ctx context.Context, name string) error {
	return o.Host.Machines().Clear(ctx, name)
}

// memoryOfMachine is what a clone needs beyond the snapshot that all share, with
// its worker and its supervisor.
const memoryOfMachine = 400 << 20

// DefaultJobs is how many machines run at a time unless somebody says it: one a
// processor, if there is memory for them.
func DefaultJobs() int {
	return jobsFor(runtime.GOMAXPROCS(0), availableMemory())
}

func jobsFor(processors int, memory uint64) int {
	return max(1, min(processors, int(memory/memoryOfMachine)))
}

// processors is how many there are for machines.
func processors() int { return runtime.GOMAXPROCS(0) }

// full makes a *FullError of a failure for want of room.
func full(dir string, err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return &FullError{Dir: dir, Err: err}
	}
	return err
}
