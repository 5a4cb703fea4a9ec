package labs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ManifestError is one mistake in a lab.yaml or mutant.yaml. Load joins all
// the mistakes that it finds, ordered by their place.
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

// mistakes gathers what is wrong with one file.
type mistakes struct {
	file string
	list []*ManifestError
}

func (m *mistakes) add(at position, format string, args ...any) {
	e := &ManifestError{File: m.file, Line: at.line, Col: at.col, Msg: fmt.Sprintf(format, args...)}
	m.list = append(m.list, e)
}

// err joins the mistakes in the order of the file; nil when there are none.
func (m *mistakes) err() error {
	slices.SortStableFunc(m.list, func(a, b *ManifestError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	var all []error
	for _, e := range m.list {
		all = append(all, e)
	}
	return errors.Join(all...)
}
