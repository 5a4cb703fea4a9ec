// Package scenarios is the model of a scenario: which flows between which
// subjects must work, and which must be impossible (what is intended). It reads
// scenario files, and holds the library of them. It does not look at what a
// policy permits (internal/permitted), nor at what a kernel lets happen
// (internal/observed); both give their answer as a View of this package.
package scenarios

import (
	"io/fs"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
	"ipclab/internal/policy"
)

// Scenario is what one scenario file says.
type Scenario struct {
	Name  string // also the folder's name in the library
	Title string // one line
	About string // a paragraph

	Policy      []string        // CIL modules, paths below the file's folder
	Booleans    map[string]bool // values that the scenario begins with
	Directories []api.Directory // made by the agent before anything else

	Subjects     []Subject
	Objects      []Object
	Flows        []Flow
	BackChannels []BackChannel
	Revocations  []Revocation
	Trusted      []Trusted
	Twins        []Twin

	extra []policy.Module // CIL that a twin adds
	dir   fs.FS           // the file's folder
	file  string          // as shown to people
	tree  *value          // what the file says
}

// Layer is what refuses an operation.
type Layer string

// The layers, in the order in which the kernel asks them.
const (
	BySeccomp   Layer = "seccomp"
	ByNamespace Layer = "namespace" // the object does not exist where the subject is
	ByDAC       Layer = "dac"       // owner, group, mode, capabilities
	BySELinux   Layer = "selinux"
	ByCgroup    Layer = "cgroup"
)

// Subject is who acts.
type Subject struct {
	Name   string
	User   string // a login name in the machine
	Domain string // an SELinux type; empty: the confined student's
	// Namespaces gives, by kind (ipc, net, pid, mnt, uts, user), the name of a
	// namespace that is not the machine's. Subjects that give the same name share it.
	Namespaces   map[string]string
	Seccomp      *Seccomp // nil: none
	Cgroup       *Cgroup  // nil: only the agent's own limits
	Capabilities []string // that it has beyond its user's, such as "net_bind_service"
	At           Position
}

// Seccomp is a filter on system calls. Exactly one of Deny and Allow is given.
type Seccomp struct {
	Deny  []string // refused; all others pass
	Allow []string // pass; all others are refused, but for those that every actor needs
	Errno string   // what a refused call gives, such as "EPERM"; empty: the process is killed
}

// Cgroup bounds a subject. Zero is no bound.
type Cgroup struct {
	Memory int64 // bytes, memory.max
	Pids   int   // tasks, pids.max
}

// Object is what subjects share. Which fields have a meaning depends on the kind.
type Object struct {
	Name string
	Kind mechanism.Kind
	// Path is where fifo, file and the Unix sockets stand, and the name ("/name") of
	// posix-mq and posix-shm.
	Path     string
	Key      api.SysV // msgq, shm, sem
	Port     int      // tcp, udp, sctp
	Protocol string   // netlink: "usersock"
	Signal   string   // signal: "USR1"
	Of       string   // descriptor: the object whose descriptor is passed
	Owner    string   // of the object; empty: its maker
	Group    string
	Mode     string // octal; of an object that has one
	Type     string // SELinux type; empty: what the maker and the policy give it
	// Maker is the subject that makes the object, or listens at it. Empty: the agent,
	// which cannot make what has its maker's type (pipe, sockets, System V).
	Maker string
	At    Position
}

// Want is what must come of a flow.
type Want string

// What may be wanted.
const (
	Allow Want = "allow"
	Deny  Want = "deny"
)

// Flow says that information must, or must not, come from one subject to another.
type Flow struct {
	From, To string // subjects
	// Via is the object; empty: any way at all. That is only computed: no play tries it.
	Via  string
	How  string // a way of using the object (mechanism.Mechanism.Ways); empty: its usual one
	Want Want

	// What must refuse it, with Deny.
	By         Layer
	Class      string // of SELinux; empty: any
	Permission string
	Syscall    string // of seccomp; empty: any
	Errno      string // what the refused call must give; empty: any
	Refused    End    // which end is refused; empty: FromEnd

	Why string // one line; may be empty
	At  Position
}

// End is one side of a flow.
type End string

// The two ends.
const (
	FromEnd End = "from"
	ToEnd   End = "to"
)

// BackChannel is a way for a few bits that the scenario accepts, or that it
// says is closed.
type BackChannel struct {
	From, To string
	Via      string
	How      string // the name of the channel in internal/flow/channels.map
	Want     Want   // Allow: accepted; Deny: must be closed
	Why      string
	Bound    float64 // bits per second that are accepted; 0: no bound is given

	// Look is the operation by which To would look, or From send if Tries says so (of
	// the trusted probe: api.Op; empty: the channel's own).
	Look  string
	Tries End // empty: ToEnd

	// What refuses it, with Deny.
	By         Layer
	Class      string
	Permission string

	At Position
}

// Trier is the subject that tries what the back channel is made of.
func (b BackChannel) Trier() string {
	if b.Tries == FromEnd {
		return b.From
	}
	return b.To
}

// Revocation says what becomes of a channel that is open when its right is
// taken away, by switching a boolean off.
type Revocation struct {
	From, To, Via string
	How           string // a way of using the object; empty: its usual one
	Boolean       string // on at first
	Held          Held
	Why           string
	At            Position
}

// Held is what an open channel does once its right is gone.
type Held string

// What it may do.
const (
	Stops     Held = "stops"
	Continues Held = "continues"
)

// Trusted names programs that pass nothing on, or objects that carry nothing;
// as flow.Trust does.
type Trusted struct {
	Type    string
	Except  string
	Private bool
	Why     string
	At      Position
}

// Twin is the scenario broken: one rule or one mode too many. The flows that are
// wanted stay the same, so what is broken must be found.
type Twin struct {
	Name  string
	Title string // what is too much
	Rules string // CIL that is added; may be empty
	Finds []Find
	At    Position

	changes *value // all that the file says of it
}

// Find is a finding that a twin must lead to: a forbidden flow or closed back
// channel that is open. Permitted and Observed say which view must show it:
// both, but where a twin says otherwise and why.
type Find struct {
	From, To, Via, How  string
	Permitted, Observed bool
	Why                 string // why not in both
	At                  Position
}

// Subject gives the subject of a name.
func (s *Scenario) Subject(name string) (Subject, bool) {
	for _, one := range s.Subjects {
		if one.Name == name {
			return one, true
		}
	}
	return Subject{}, false
}

// Object gives the object of a name.
func (s *Scenario) Object(name string) (Object, bool) {
	for _, one := range s.Objects {
		if one.Name == name {
			return one, true
		}
	}
	return Object{}, false
}
