package explain

import (
	"time"

	"ipclab/scenarios"
)

// Report is what was made of a text or a trail.
type Report struct {
	Denials []Denial `json:"denials"` // in the order of their first appearance
	// Notes say what could not be computed, and what to know about the source.
	Notes  []string `json:"notes,omitempty"`
	Unread []Unread `json:"unread,omitempty"`
}

// Unread is a line that looks like an audit record and was left out.
type Unread struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// Denial is a group of refusals that are alike.
type Denial struct {
	Layer       scenarios.Layer `json:"by"`
	Source      string          `json:"source,omitempty"` // SELinux type of who acted; empty if the text has none
	Target      string          `json:"target,omitempty"` // SELinux type of the object
	Class       string          `json:"class,omitempty"`
	Permissions []string        `json:"permissions,omitempty"`
	Syscall     string          `json:"syscall,omitempty"` // its name, or its number
	Errno       string          `json:"errno,omitempty"`
	// Permissive says that it was only recorded, and let through.
	Permissive bool `json:"permissive,omitempty"`

	Times    int       `json:"times"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Programs []string  `json:"programs,omitempty"` // what the programs called themselves, escaped
	PIDs     []int     `json:"pids,omitempty"`
	Users    []string  `json:"users,omitempty"`
	Names    []string  `json:"names,omitempty"` // of the objects, escaped
	Lines    []int     `json:"lines,omitempty"` // of the text

	Who       string `json:"who"`       // in words
	What      string `json:"what"`      // the operation, in words
	Object    string `json:"object"`    // in words
	Operation string `json:"operation"` // the system call with what is known of its arguments; may be empty

	Verdict Verdict  `json:"verdict"`
	Why     string   `json:"why"`
	Rule    *Rule    `json:"rule,omitempty"`   // nil where no rule is the answer
	Effect  *Effect  `json:"effect,omitempty"` // nil if it was not computed
	Notes   []string `json:"notes,omitempty"`

	path   *fileSeen // of a refusal by DAC
	signal int       // that seccomp sent
}

// Verdict answers the question whether the denial is the reader's problem.
type Verdict string

// The verdicts.
const (
	Goal    Verdict = "goal"    // the scenario forbids this flow: it is as it should be
	Needed  Verdict = "needed"  // a flow that must work needs this
	Neither Verdict = "neither" // no flow of the scenario asks for it
	Mixed   Verdict = "mixed"   // one operation asks for what is needed and for what is forbidden
	Unknown Verdict = "unknown" // nobody says what is wanted
)

// Rule would allow what was denied.
type Rule struct {
	CIL string `json:"cil"`
	TE  string `json:"te"` // as in a .te file

	source, target, class string
	permissions           []string
}

// Effect is what a rule would let through that the policy does not let through
// without it.
type Effect struct {
	// Within names what it was computed for: the scenario's subjects, or the
	// whole policy.
	Within   string      `json:"within"`
	Flows    []Opened    `json:"flows,omitempty"`
	Channels []Opened    `json:"channels,omitempty"` // back channels
	Partners *Partners   `json:"partners,omitempty"` // outside of scenarios
	Domains  *NewDomains `json:"domains,omitempty"`  // outside of scenarios
}

// Opened is a flow between two subjects that the rule would open.
type Opened struct {
	From   string   `json:"from"` // subjects, or types
	To     string   `json:"to"`
	Over   string   `json:"over,omitempty"`
	Name   string   `json:"name,omitempty"` // of a back channel
	Steps  []string `json:"steps,omitempty"`
	Narrow bool     `json:"narrow,omitempty"` // a few bits at a time, no contents
	// Forbidden says that the scenario forbids it, Wanted that it wants it.
	Forbidden bool `json:"forbidden,omitempty"`
	Wanted    bool `json:"wanted,omitempty"`
}

// Partners are the domains at the other end of the object: who can read what
// would be written, and who can write what would be read. Both are sorted.
type Partners struct {
	Readers []string `json:"readers,omitempty"`
	Writers []string `json:"writers,omitempty"`
}

// NewDomains counts the domains that information could come to only by the
// rule, in any number of steps.
type NewDomains struct {
	From   string   `json:"from"`
	Before int      `json:"before"`
	New    []string `json:"new,omitempty"` // sorted
}
