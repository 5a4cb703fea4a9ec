package class

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/intake"
)

// Job is what a worker is told, as JSON on its stdin.
type Job struct {
	Lab        string            `json:"lab"`
	LabDigest  string            `json:"lab_digest"`
	Submission intake.Submission `json:"submission"`
	Digest     string            `json:"digest"`  // what Digest must still say of the submission
	Machine    string            `json:"machine"` // the clone's name
	Slack      float64           `json:"slack"`   // how much more time everything gets
	Temp       string            `json:"temp"`    // a folder for what nobody needs afterwards
	Last       bool              `json:"last"`    // no other try follows

	// For a lab with variants: the course's secret, and who is in the class.
	Secret   []byte   `json:"secret,omitempty"`
	Students []string `json:"students,omitempty"`
}

// Answer is what judging a submission came to.
type Answer struct {
	Status  gradebook.Status   `json:"status"`
	Fault   grader.Fault       `json:"fault,omitempty"`
	Problem string             `json:"problem,omitempty"`
	Hint    string             `json:"hint,omitempty"`
	Full    string             `json:"full,omitempty"` // a folder whose disk is full
	Variant *gradebook.Variant `json:"variant,omitempty"`
	Notes   []string           `json:"notes,omitempty"`
	Report  *grader.Report     `json:"report,omitempty"`

	tries int // machines that it rests on
}

// message is one of the values that a worker writes: a check that begins, or,
// last of all, the answer.
type message struct {
	Check  string  `json:"check,omitempty"`
	Index  int     `json:"index,omitempty"`
	Of     int     `json:"of,omitempty"`
	Answer *Answer `json:"answer,omitempty"`
}

// The most that a worker may say. An honest one says far less: the engine bounds
// what it keeps of a program's output.
const (
	maxSaid     = 64 << 20 // bytes
	maxMessages = 10_000
)

// errNoAnswer is a worker that ended without one.
var errNoAnswer = errors.New("it ended without an answer")

// listen reads a worker's messages until its answer.
func listen(r io.Reader, heard func(message)) (*Answer, error) {
	limited := &io.LimitedReader{R: r, N: maxSaid}
	d := json.NewDecoder(limited)
	for range maxMessages {
		var m message
		err := d.Decode(&m)
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("it said more than %d MB", maxSaid>>20)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errNoAnswer
		case err != nil:
			return nil, errors.New("its answer is not understood")
		case m.Answer != nil:
			return m.Answer, nil
		}
		heard(m)
	}
	return nil, fmt.Errorf("it said more than %d things", maxMessages)
}
