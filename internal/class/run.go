package class

import (
	"context"
	"time"

	"ipclab/grader/gradebook"
	"ipclab/grader/report"
	"ipclab/internal/intake"
	"ipclab/labs"
)

// Run says what to grade, and where the grades go.
type Run struct {
	Lab         *labs.Lab
	Submissions []intake.Submission // ordered by ID
	Out         string              // the folder
	Jobs        int                 // machines at a time; less than 1 is 1
	Again       Again               // what is judged again in a folder with grades
	Secret      []byte              // of the course; nil for a lab without variants, or for its default variant
	Students    []string            // more students whose variants may turn up, beside those who handed in

	Formats []string        // of reports, beside results.json
	Options []report.Option // of reports

	Computer Computer
	Worker   []string    // the command that runs Work
	Grader   string      // digest of the program that judges
	Observe  func(Event) // hears of everything, one at a time; may be nil
}

// Again says which submissions are judged again when the folder has grades
// already.
type Again string

// What is judged again.
const (
	AgainNone    Again = ""        // nothing: the folder must be empty
	AgainChanged Again = "changed" // whose key differs, or which the machine kept from being judged
	AgainFailed  Again = "failed"  // these, and all without the full score
	AgainAll     Again = "all"     // everything
)

// Grade judges what has to be judged, keeps every grade, and writes the book and
// the reports. The book that it returns is without grades, which are in the
// folder: a big class takes no more memory than a small one. When ctx ends, or
// the disk is full, the book is partial, and what was known by then is kept.
func (r *Run) Grade(ctx context.Context) (*gradebook.Book, error) {
	f, err := openFolder(r.Out, r.Again)
	if err != nil {
		return nil, err
	}
	defer f.close()
	book := &gradebook.Book{Schema: gradebook.Schema, Lab: gradebook.LabOf(r.Lab), Grader: r.Grader, Begun: now()}
	m, err := r.Computer.Prepare(ctx, r.Lab)
	if err != nil {
		return nil, err
	}
	book.Image = m.Digest
	g, err := newGrading(r, f, m)
	if err != nil {
		return nil, err
	}
	err = g.all(ctx)
	book.Ended, book.Partial = now(), err != nil
	if writeErr := r.write(book, g.finished()); err == nil {
		err = writeErr
	}
	return book, err
}

// write writes the reports over the grades that are known. Who stops a run does
// not wait for pages.
func (r *Run) write(book *gradebook.Book, ids []string) error {
	formats := r.Formats
	if book.Partial {
		formats = nil
	}
	grades := gradebook.ReadGrades(r.Out, ids)
	return full(r.Out, report.Write(r.Out, book, grades, formats, r.Options...))
}

// now is the time of day, for people to read. Nothing is decided by it.
func now() time.Time { return time.Now().UTC().Round(0) }
