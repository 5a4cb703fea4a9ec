package gradebook

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"ipclab/internal/draft"
)

// GradeSchema names the form of submissions/ID/result.json.
const GradeSchema = "ipclab/grade/v1"

// The names in the folder that a class is kept in.
const (
	bookFile       = "results.json"
	gradeFile      = "result.json"
	submissionsDir = "submissions"
	studentDir     = "student"
)

// BookPath is the file of the folder that holds the book.
func BookPath(dir string) string { return filepath.Join(dir, bookFile) }

// GradePath is the file of the folder that holds one grade with its evidence.
func GradePath(dir, id string) string { return filepath.Join(dir, submissionsDir, id, gradeFile) }

// FormError is a file that is no book or grade that this program can read.
type FormError struct {
	Path, Why string
	Schema    string // what it says it is, if it says so
	Err       error
}

func (e *FormError) Error() string { return e.Path + ": " + e.Why }
func (e *FormError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *FormError) Hint() string {
	if e.Schema != "" {
		return "it was written by another version of ipclab: read it with that one, or grade again"
	}
	return "name a folder that `ipclab grade --out` wrote; a damaged result is made anew with --regrade"
}

// IDError is an id that cannot be the name of a folder of its own.
type IDError struct{ ID string }

func (e *IDError) Error() string {
	return fmt.Sprintf("%q cannot be the id of a submission: it takes small letters, digits, dots, dashes and underscores", e.ID)
}

var idForm = regexp.MustCompile(`^[a-z0-9_-][a-z0-9._-]{0,199}$`)

// CheckID says whether an id can be used as a file name.
func CheckID(id string) error {
	if !idForm.MatchString(id) {
		return &IDError{ID: id}
	}
	return nil
}

// storedGrade is a grade in a file of its own.
type storedGrade struct {
	Schema string `json:"schema"`
	Grade
}

// WriteGrade keeps a grade with all its evidence. The file is replaced in one
// step: after a crash it is the old one or the new one, whole.
func WriteGrade(dir string, g Grade) error {
	if err := CheckID(g.ID); err != nil {
		return err
	}
	return write(GradePath(dir, g.ID), g, draft.Durable)
}

// WriteForStudent keeps what the student may see of a grade, beside the page
// that says the same.
func WriteForStudent(dir string, g Grade, lab Lab) error {
	if err := CheckID(g.ID); err != nil {
		return err
	}
	return write(filepath.Join(dir, studentDir, g.ID, gradeFile), g.ForStudent(lab), draft.Derived)
}

func write(path string, g Grade, care draft.Care) error {
	return draft.Replace(path, 0o644, care, func(w io.Writer) error { return encode(w, storedGrade{GradeSchema, g}) })
}

// ReadGrade reads what WriteGrade kept. It is fs.ErrNotExist if there is none.
func ReadGrade(dir, id string) (Grade, error) {
	if err := CheckID(id); err != nil {
		return Grade{}, err
	}
	path := GradePath(dir, id)
	var g storedGrade
	if err := decode(path, &g); err != nil {
		return Grade{}, err
	}
	switch {
	case g.Schema != GradeSchema:
		return Grade{}, &FormError{Path: path, Schema: g.Schema, Why: fmt.Sprintf("its schema is %q, not %q", g.Schema, GradeSchema)}
	case g.ID != id:
		return Grade{}, &FormError{Path: path, Why: fmt.Sprintf("it is the grade of %q", g.ID)}
	}
	return g.Grade, nil
}

// IDs names the submissions whose grades are kept in the folder, in order.
func IDs(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, submissionsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if _, err := os.Stat(GradePath(dir, e.Name())); err == nil && CheckID(e.Name()) == nil {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// ReadGrades reads the grades of these submissions one at a time, so that a
// big class takes no more memory than a small one. It may be ranged over again.
func ReadGrades(dir string, ids []string) iter.Seq2[Grade, error] {
	return func(yield func(Grade, error) bool) {
		for _, id := range ids {
			if !yield(ReadGrade(dir, id)) {
				return
			}
		}
	}
}

// Read reads the folder's book. Its grades come without evidence.
func Read(dir string) (*Book, error) {
	path := BookPath(dir)
	var b Book
	err := decode(path, &b)
	if errors.Is(err, fs.ErrNotExist) {
		err = &FormError{Path: path, Why: "there is no such file, so this is no folder with grades", Err: err}
	}
	if err != nil {
		return nil, err
	}
	if b.Schema != Schema {
		return nil, &FormError{Path: path, Schema: b.Schema, Why: fmt.Sprintf("its schema is %q, not %q", b.Schema, Schema)}
	}
	return &b, nil
}

func decode(path string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewDecoder(bufio.NewReader(f)).Decode(v); err != nil {
		return &FormError{Path: path, Why: "it cannot be read as JSON: " + err.Error(), Err: err}
	}
	return nil
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
