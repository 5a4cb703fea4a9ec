package labs

import "fmt"

// ManifestError is one mistake in a lab.yaml or mutant.yaml.
type ManifestError struct {
	File string // path, as the person who wrote it knows it
	Line int    // from 1; 0 when the mistake has no place
	Col  int    // from 1
	Msg  string
}

// Error reads "lab.yaml:12:5: what is wrong".
func (e *ManifestError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// position is a place in a manifest; both parts count from 1.
type position struct{ line, col int }
