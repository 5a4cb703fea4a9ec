package labs

import "ipclab/internal/guest/api"

// Roster knows the variants of all students of a class, and so whose variant a
// submission was made from. It does not change, and may be shared by
// goroutines.
type Roster struct{ lab *Lab }

// NewRoster draws the variants of the students. The lab may be any variant.
func NewRoster(lab *Lab, secret []byte, students []string) *Roster { return &Roster{lab} }

// Whose says whose variant a submission shows.
type Whose string

// What a submission may show.
const (
	Own     Whose = "own"     // the student's
	Other   Whose = "other"   // another student's of the class
	Default Whose = "default" // the one that everybody sees who has no token
	Nobody  Whose = "nobody"  // none: what tells variants apart does not occur
	Unknown Whose = "unknown" // it cannot be told: the lab has no values that tell variants apart
)

// Origin is whose variant a submission was made from, as far as it shows.
type Origin struct {
	Whose    Whose
	Expected string // fingerprint of the student's own variant
	Found    string // fingerprint of the variant that was found; empty when none was
	Of       string // for Other: the student whose variant it is
	Note     string // one sentence: what shows it
}

// Origin tells whose variant a student's submission was made from. The
// fingerprint is that of the submission's own manifest, or empty.
func (r *Roster) Origin(student, fingerprint string, files []api.File) Origin {
	return Origin{Whose: Unknown}
}
