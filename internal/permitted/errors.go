package permitted

import (
	"fmt"
	"strings"

	"ipclab/internal/nearest"
	"ipclab/scenarios"
)

// UnknownError lists what a scenario names and the policy, or the machine, does
// not have.
type UnknownError struct{ Names []Unknown }

// Unknown is one such name.
type Unknown struct {
	File    string // of the scenario, as people know it
	At      scenarios.Position
	Kind    string // such as "type"
	Name    string
	Nearest string // that there is; may be empty
}

// Error gives a line for each.
func (e *UnknownError) Error() string {
	var lines []string
	for _, n := range e.Names {
		line := n.String()
		if n.Nearest != "" && len(e.Names) > 1 {
			line += fmt.Sprintf(" (did you mean %q?)", n.Nearest)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Hint gives the nearest name, if it is one name that there is not.
func (e *UnknownError) Hint() string {
	if len(e.Names) != 1 || e.Names[0].Nearest == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", e.Names[0].Nearest)
}

// String gives the name with its place.
func (u Unknown) String() string {
	place := u.File
	if u.At.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", u.File, u.At.Line, u.At.Column)
	}
	return fmt.Sprintf("%s: there is no %s %q", place, u.Kind, u.Name)
}

// near gives the candidate that a name was probably meant to be.
func near(name string, candidates []string) string {
	return nearest.Word(name, candidates, max(3, len(name)/3))
}
