package yamlfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Mistake is one thing that is wrong with a file.
type Mistake struct {
	File string `json:"file"`   // path, as the person who wrote it knows it
	Line int    `json:"line"`   // from 1; 0 when the mistake has no place
	Col  int    `json:"column"` // from 1
	Msg  string `json:"message"`
}

// Error reads "lab.yaml:12:5: what is wrong".
func (e *Mistake) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// Position is a place in a file, both parts from 1. The zero Position is no place.
type Position struct{ Line, Column int }

// Mistakes gathers what is wrong with one file.
type Mistakes struct {
	File string // as people know it
	All  []*Mistake
}

// Add notes a mistake.
func (m *Mistakes) Add(at Position, format string, args ...any) {
	m.All = append(m.All, &Mistake{File: m.File, Line: at.Line, Col: at.Column, Msg: fmt.Sprintf(format, args...)})
}

// Err joins the mistakes in the order of the file, each a *Mistake; nil when
// there are none.
func (m *Mistakes) Err() error {
	slices.SortStableFunc(m.All, func(a, b *Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	var all []error
	for _, e := range m.All {
		all = append(all, e)
	}
	return errors.Join(all...)
}
