package scenarios

// View is what one way of looking at a scenario came to. Each list stands
// beside the scenario's list of the same name, one for one.
type View struct {
	Flows        []Seen `json:"flows"`
	BackChannels []Seen `json:"back_channels"`
	Revocations  []Seen `json:"revocations"`
	// Pairs answers, for every ordered pair of subjects, whether anything at all
	// can come from one to the other. Only what is computed has it.
	Pairs []Pair `json:"pairs,omitempty"`
	// Notes are what the whole view left out of account, one line each, such as
	// constraints and levels.
	Notes []string `json:"notes,omitempty"`
}

// Outcome is what became of a flow.
type Outcome string

// The outcomes.
const (
	Flows   Outcome = "flows"   // information comes through
	Stopped Outcome = "stopped" // it does not
	Unknown Outcome = "unknown" // this view cannot tell; Text says why
)

// Seen is what a view says of one flow, back channel or revocation. Of a
// revocation, Flows means that the open channel continues.
type Seen struct {
	Outcome Outcome `json:"outcome"`

	// What stops it.
	By         Layer  `json:"by,omitempty"`
	Class      string `json:"class,omitempty"`
	Permission string `json:"permission,omitempty"`
	Syscall    string `json:"syscall,omitempty"`
	Errno      string `json:"errno,omitempty"`
	Refused    End    `json:"refused,omitempty"`

	Text     string   `json:"text"`               // one line for people
	Evidence []string `json:"evidence,omitempty"` // rules, audit records, results of calls: one line each
	When     []string `json:"when,omitempty"`     // booleans that would change the answer: "flows if httpd_x is on"
	Rate     float64  `json:"rate,omitempty"`     // of a back channel, measured, bits per second
}

// Pair is the answer for two subjects, over whatever way.
type Pair struct {
	From string `json:"from"`
	To   string `json:"to"`
	Seen
}
