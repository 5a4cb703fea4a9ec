package api

// PlaySpec asks the agent to play a scenario: to start an actor for each
// subject, make the objects, and try what is listed, one after the other.
type PlaySpec struct {
	Directories []Directory     `json:"directories"`
	Booleans    map[string]bool `json:"booleans"`
	Actors      []ActorSpec     `json:"actors"`
	Objects     []ObjectSpec    `json:"objects"`
	Tries       []Try           `json:"tries"`
}

// ActorSpec is a subject of a scenario, as a process.
type ActorSpec struct {
	Name         string            `json:"name"`
	Subject      Subject           `json:"subject"`
	Namespaces   map[string]string `json:"namespaces,omitempty"` // kind → name of the shared one
	Filter       *Filter           `json:"filter,omitempty"`
	Memory       int64             `json:"memory,omitempty"` // bytes
	Pids         int               `json:"pids,omitempty"`
	Capabilities []string          `json:"capabilities,omitempty"`
}

// Filter is a seccomp filter in words. Either Deny or Allow is set.
type Filter struct {
	Deny  []string `json:"deny,omitempty"`
	Allow []string `json:"allow,omitempty"`
	Errno string   `json:"errno,omitempty"` // empty: kill
}

// ObjectSpec is an object of a scenario (scenarios.Object).
type ObjectSpec struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Path     string `json:"path,omitempty"` // of System V objects what SysV.String gives
	Port     int    `json:"port,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Signal   string `json:"signal,omitempty"`
	Of       string `json:"of,omitempty"`
	Owner    string `json:"owner,omitempty"`
	Group    string `json:"group,omitempty"`
	Mode     string `json:"mode,omitempty"`
	Type     string `json:"type,omitempty"`
	Maker    string `json:"maker,omitempty"`
}

// What a Try is about.
const (
	TryFlow        = "flow"
	TryBackChannel = "backchannel"
	TryRevocation  = "revocation"
)

// Try is one thing to try.
type Try struct {
	What    string `json:"what"` // TryFlow, …
	From    string `json:"from"`
	To      string `json:"to"`
	Via     string `json:"via"`
	How     string `json:"how,omitempty"`
	Boolean string `json:"boolean,omitempty"` // of a revocation
	// Look is an operation of the trusted probe (Op) that To tries on the object of a
	// back channel, in place of the back channel's own.
	Look string `json:"look,omitempty"`
}

// PlayResult is what came of it, one Tried for each Try.
type PlayResult struct {
	Tried []Tried `json:"tried"`
	Lost  uint32  `json:"lost"` // audit records that the kernel lost meanwhile
}

// Tried is what was seen of one Try.
type Tried struct {
	// Through says that the secret which one end was given was read at the other;
	// of a back channel that its bits were. Of a revocation: before it.
	Through bool `json:"through"`
	// After says, of a revocation, that another secret came through when the right
	// was gone.
	After   bool     `json:"after,omitempty"`
	Rate    float64  `json:"rate,omitempty"` // of a back channel, bits per second that arrived right
	Steps   []Called `json:"steps"`
	Object  *Object  `json:"object,omitempty"`  // as root sees it, of one that has a path
	Trouble string   `json:"trouble,omitempty"` // the machine could not try it, and why
}

// Called is one system call of an actor, or a few that belong together.
type Called struct {
	Actor   string   `json:"actor"` // a subject's name; empty: the agent itself
	PID     int      `json:"pid"`
	Context string   `json:"context"`           // the actor's own, as it read it
	Call    string   `json:"call"`              // such as "open"
	Text    string   `json:"text"`              // such as "open(\"/run/ipclab/x\", O_WRONLY)"
	Errno   string   `json:"errno"`             // empty when it succeeded
	Died    string   `json:"died,omitempty"`    // the signal that it ended the actor with
	Syscall string   `json:"syscall,omitempty"` // that a filter refused, as it recorded it
	Moved   []string `json:"moved,omitempty"`   // counters of the control group that went up, such as "pids.max"
	Records []Record `json:"records,omitempty"` // audit records of that call
}

// Truncated stands in the place of an errno where the kernel left out a descriptor
// that was passed (recvmsg(2), MSG_CTRUNC).
const Truncated = "MSG_CTRUNC"

// CallBoolean is the Call of a step in which the agent switches a boolean.
const CallBoolean = "boolean"
