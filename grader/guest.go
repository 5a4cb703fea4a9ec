package grader

import (
	"context"
	"errors"
	"fmt"
	"io"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
)

// Guest is what the engine needs of a guest. Unless said otherwise an error
// means that the machine is in trouble, never that the student's work is bad.
// Every call must return soon after its context ends.
type Guest interface {
	// Start begins one run. The context bounds the start only: a run that
	// began lives until it ends by itself, reaches a limit of its spec, is
	// stopped, or the guest is reset. A nil stdin is an empty one. The writers
	// are called from other goroutines until Wait has returned.
	Start(ctx context.Context, spec api.RunSpec, stdin io.Reader, stdout, stderr io.Writer) (Process, error)

	// Probe attempts one operation as a subject.
	Probe(ctx context.Context, spec api.ProbeSpec) (api.ProbeResult, error)

	// Stat looks at an object. One that is not there has the kind "absent".
	Stat(ctx context.Context, path string) (api.Object, error)

	// Install replaces the content of a directory.
	Install(ctx context.Context, tree api.Tree) error

	// Publish moves what a build made from /lab/build to /lab/bin. When an
	// output is missing, or is anything but a regular file, the error is an
	// *OutputError.
	Publish(ctx context.Context, outputs []string) error

	// Reset ends every run and makes the stage's directories anew.
	Reset(ctx context.Context, stage api.Stage) error

	// Records reads the audit trail.
	Records(ctx context.Context, query api.RecordsQuery) (api.RecordsReply, error)

	// LoadPolicy puts a binary policy into the kernel. When it is the one that
	// is loaded already, nothing needs to be done.
	LoadPolicy(ctx context.Context, binary []byte) error
}

// Process is a run that was started.
type Process interface {
	// Wait returns when the run is over and its output was written. It is
	// called once.
	Wait() (api.Exit, error)

	// Signal sends a signal, named like "TERM", to the program.
	Signal(ctx context.Context, name string) error

	// Stop ends the run now, with every process that belongs to it.
	Stop(ctx context.Context) error
}

// PolicyBuilder makes the binary policy out of the lab's modules and the
// student's. A *policy.SyntaxError or *policy.CompileError is the fault of
// whoever wrote the module that it names.
type PolicyBuilder interface {
	Build(ctx context.Context, lab, student []policy.Module) (binary []byte, err error)
}

// PolicyProver is what a PolicyBuilder may be as well: it proves, by analysis of
// the whole policy, that student code cannot reach what judges it.
type PolicyProver interface {
	// Prove looks at the lab's modules, the student's, and whatever a review in
	// the scope would let pass. The text says in one line what was proved, or
	// the way by which it fails. The error says why nothing could be proved.
	Prove(ctx context.Context, lab, student []policy.Module, scope policy.Scope) (holds bool, text string, err error)
}

// ErrGuestGone says that the guest will answer nothing any more, so that
// asking on is useless. A Guest wraps it when its connection is lost.
var ErrGuestGone = errors.New("the connection to the guest is lost")

// OutputError is the answer of Publish to an output of the build that cannot
// be used. It is the student's fault.
type OutputError struct {
	Output string // its name
	Reason string // such as "is missing", "is a symbolic link"
}

// Error reads "writer is missing".
func (e *OutputError) Error() string { return fmt.Sprintf("%s %s", e.Output, e.Reason) }
