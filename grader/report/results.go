package report

import (
	"bytes"
	"encoding/json"
	"io"

	"ipclab/grader/gradebook"
	"ipclab/internal/draft"
)

// resultsFile writes results.json while the grades go by, so that a book never
// has to be in memory as a whole.
type resultsFile struct {
	*draft.Draft
	job   *job
	tail  []byte // what comes after the grades
	count int
}

// newResults begins the file with all of the book but its grades.
func (j *job) newResults() (sink, error) {
	header := *j.book
	header.Schema, header.Grades = gradebook.Schema, []gradebook.Grade{}
	data, err := json.MarshalIndent(header, "", "  ")
	if err != nil {
		return nil, err
	}
	at := bytes.LastIndex(data, []byte("[]"))
	d, err := draft.New(gradebook.BookPath(j.dir), 0o644)
	if err != nil {
		return nil, err
	}
	f := &resultsFile{Draft: d, job: j, tail: data[at+1:]}
	_, err = f.Write(data[:at+1])
	return f, err
}

func (f *resultsFile) add(e entry) error {
	data, err := json.MarshalIndent(e.WithoutEvidence(), "    ", "  ")
	if err != nil {
		return err
	}
	separator := "\n    "
	if f.count > 0 {
		separator = ",\n    "
	}
	f.count++
	_, _ = f.WriteString(separator) // the writer keeps the error
	_, err = f.Write(data)
	return err
}

func (f *resultsFile) finish() error {
	if f.count > 0 {
		_, _ = f.WriteString("\n  ")
	}
	_, _ = f.Write(append(f.tail, '\n'))
	if err := f.Put(draft.Durable); err != nil {
		return err
	}
	return draft.Write(f.job.path("results.schema.json"), gradebook.SchemaJSON(), 0o644, draft.Derived)
}

func (f *resultsFile) drop() { f.Drop() }

// putJSON writes one value into a file of its own.
func putJSON(path string, v any) error {
	return draft.Replace(path, 0o644, draft.Derived, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}
