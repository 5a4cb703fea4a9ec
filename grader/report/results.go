package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"ipclab/grader/gradebook"
)

// resultsFile writes results.json while the grades go by, so that a book never
// has to be in memory as a whole.
type resultsFile struct {
	out   *bufio.Writer
	tail  []byte
	count int
}

// newResults begins the file with all of the book but its grades.
func newResults(out io.Writer, book *gradebook.Book) (*resultsFile, error) {
	header := *book
	header.Schema, header.Grades = gradebook.Schema, []gradebook.Grade{}
	data, err := json.MarshalIndent(header, "", "  ")
	if err != nil {
		return nil, err
	}
	at := bytes.LastIndex(data, []byte("[]"))
	f := &resultsFile{out: bufio.NewWriter(out), tail: data[at+1:]}
	_, err = f.out.Write(data[:at+1])
	return f, err
}

func (f *resultsFile) add(g gradebook.Grade) error {
	data, err := json.MarshalIndent(g.WithoutEvidence(), "    ", "  ")
	if err != nil {
		return err
	}
	separator := "\n    "
	if f.count > 0 {
		separator = ",\n    "
	}
	f.count++
	_, _ = f.out.WriteString(separator) // the writer keeps the error
	_, err = f.out.Write(data)
	return err
}

func (f *resultsFile) finish() error {
	if f.count > 0 {
		_, _ = f.out.WriteString("\n  ")
	}
	_, _ = f.out.Write(append(f.tail, '\n'))
	return f.out.Flush()
}
