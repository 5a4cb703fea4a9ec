package api

import "time"

// TraceSpec asks the agent to watch programs: to load policies that record what
// they let through in the place of those that do not, and to count what the
// kernel records. The trace ends with the stream that asked for it.
type TraceSpec struct {
	Domains  []string       `json:"domains"` // SELinux types of those who are watched
	Policies []TracedPolicy `json:"policies"`
}

// TracedPolicy is a policy and what is loaded in its place while there is a trace.
// Both are names that policies were uploaded under.
type TracedPolicy struct {
	Plain   string `json:"plain"`
	Watched string `json:"watched"`
}

// TraceBegun answers a TraceSpec.
type TraceBegun struct {
	Missing []string `json:"missing,omitempty"` // policies that were not uploaded: nothing was begun
	Loaded  string   `json:"loaded"`            // the name of the policy that is loaded, as a plain one
	Watched bool     `json:"watched"`           // it is one of those in the spec
}

// TraceQuery asks for what has changed since an earlier answer.
type TraceQuery struct {
	Since uint64 `json:"since"` // TraceReply.Next of that answer; 0 is all
}

// TraceReply is what was counted.
type TraceReply struct {
	Rows    []TraceRow `json:"rows"` // that have changed, in the order of their first time
	Next    uint64     `json:"next"`
	Records uint64     `json:"records"`        // that were looked at
	Full    uint64     `json:"full,omitempty"` // things that were not counted, because there were too many kinds
	Unread  uint64     `json:"unread,omitempty"`
	Lost    uint32     `json:"lost,omitempty"` // records that the kernel lost since the trace began
	// Loaded and Watched are as in TraceBegun: somebody may have loaded another policy.
	Loaded  string `json:"loaded"`
	Watched bool   `json:"watched"`
}

// TraceRow counts what is alike: who did what to which object, and whether it
// was refused.
type TraceRow struct {
	ID          int       `json:"id"` // from 1
	Source      string    `json:"source"`
	Target      string    `json:"target,omitempty"` // empty where SELinux was not asked
	Class       string    `json:"class,omitempty"`
	Permissions []string  `json:"permissions,omitempty"`
	Name        string    `json:"name,omitempty"` // that a program gave the object, the last time
	Denied      bool      `json:"denied"`
	Permissive  bool      `json:"permissive,omitempty"` // denied, and let through
	Arch        uint32    `json:"arch,omitempty"`       // AUDIT_ARCH_*
	Syscall     int       `json:"syscall"`              // number; -1 if it is not known
	Exit        int64     `json:"exit,omitempty"`       // of a refused call: a negative errno
	User        string    `json:"user,omitempty"`       // number of the effective user; empty until the call has ended
	Mode        string    `json:"mode,omitempty"`       // of the object, of a call that the mode refused: octal OWNER:GROUP
	Comm        string    `json:"comm,omitempty"`       // what the program called itself the first time
	Count       uint64    `json:"count"`                // 0: it was counted elsewhere in the end
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
}

// The methods of a trace, in JSON-RPC.
const (
	CallTraceBegin = "Agent.TraceBegin"
	CallTraceAdd   = "Agent.TraceAdd"
	CallTraceRead  = "Agent.TraceRead"
	CallTraceEnd   = "Agent.TraceEnd"
)

// Traced is the agent's answer where a trace is running already: two would count
// each other's.
const Traced = "a trace of this machine is running already"
