package play

import (
	"io"
	"os"
	"os/exec"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// Stage is what a play needs of the agent.
type Stage interface {
	// Directory makes a directory of the scenario's anew.
	Directory(api.Directory) error
	// Pair makes two connected sockets of type SOCK_SEQPACKET, that every subject
	// may use when it is given one.
	Pair() (ours, theirs int, err error)
	// Command prepares an actor's program with its user, groups and environment.
	Command(api.ActorSpec) (*exec.Cmd, error)
	// Start starts it in its domain, control group and namespaces.
	Start(*exec.Cmd, api.ActorSpec) error
	// Family starts two actors, of which one is a child of the other. files are the
	// parent's two sockets and the child's two. It gives the parent's command and the
	// child's process.
	Family(parent, child api.ActorSpec, files []*os.File, diag io.Writer) (*exec.Cmd, int, error)
	// Bound sets a subject's bound on tasks, once its actor is ready.
	Bound(api.ActorSpec) error
	// Counters are how often the bounds of a subject have refused something, by name.
	Counters(api.ActorSpec) map[string]int
	// Dress fills in how an object is to be dressed.
	Dress(api.ObjectSpec, *actor.Role) error
	// Inside calls do in the namespaces of an actor; of the machine for nil.
	Inside(a *api.ActorSpec, do func() error) error
	// Records asks for audit records, all of which have been read when it answers.
	Records(api.RecordsQuery) (api.RecordsReply, error)
	// SetBooleans sets booleans of the policy and gives what they were before.
	SetBooleans(map[string]bool) (before map[string]bool, err error)
	// Look looks at what stands at a path, as root.
	Look(path string) (api.Object, error)
	// Probe has the trusted probe try an operation on an object as a subject.
	Probe(api.ActorSpec, api.Op, string) (api.ProbeResult, error)
	// Clear ends every process of the play, and gives back what Start has made.
	Clear()
}
