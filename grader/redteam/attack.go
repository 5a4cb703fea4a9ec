package redteam

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"

	"ipclab/grader/gradebook"
)

// File is an attack's description inside its folder.
const File = "attack.yaml"

// Attack is one hostile submission: what it tries, what must come of it, and
// how it is shown that it would work on a grader without the defence.
type Attack struct {
	Name   string `yaml:"-"`      // the folder's name, such as "04-print-pass"
	Number int    `yaml:"attack"` // from 1 to 40, as in doc.go's list
	Title  string `yaml:"title"`
	Tries  string `yaml:"tries"` // one or two sentences
	Lab    string `yaml:"lab"`

	Student string   `yaml:"student"` // handed in under this name; empty is the attack's own
	Form    Form     `yaml:"form"`    // how it is handed in; empty is Folder
	Bare    bool     `yaml:"bare"`    // it does not begin with the lab's solution
	Delete  []string `yaml:"delete"`  // files of the solution that it lacks
	Add     []Entry  `yaml:"add"`     // what cannot be a file of this repository, laid over all else
	Cut     int64    `yaml:"cut"`     // so many bytes are missing at the archive's end

	Expect Expect   `yaml:"expect"`
	Never  []string `yaml:"never"` // what students must find nowhere, besides the canaries of the lab
	Why    string   `yaml:"why"`   // why that is the honest score
	Real   Real     `yaml:"real"`

	dir fs.FS
}

// Expect is what the grader must make of an attack.
type Expect struct {
	Status gradebook.Status `yaml:"status"` // graded or refused
	Score  int              `yaml:"score"`
	Fails  []string         `yaml:"fails"` // the checks that fail; those that need them are skipped
}

// Real says how it is shown that an attack is none of straw.
type Real struct {
	How   How           `yaml:"how"`
	Shows string        `yaml:"shows"` // one sentence
	Alone bool          `yaml:"alone"` // it disturbs others, and needs a machine of its own
	Limit time.Duration `yaml:"limit"` // for each run of real.sh; zero is 2 minutes
}

// How is the defence that a proof does without.
type How string

// The ways to show that an attack is real.
const (
	Naive How = "naive" // the plain grader is put in place of ours
	Guest How = "guest" // one defence of the guest is switched off
)

// Script shows that the attack is real. It is run as root in a guest.
const Script = "real.sh"

// Error is a mistake in an attack's folder.
type Error struct {
	File      string
	Line, Col int // from 1; 0 when the mistake has no place
	Msg       string
}

// Error reads "04-print-pass/attack.yaml:3:1: what is wrong".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// LoadAll reads every attack of a folder, in the order of their names.
func LoadAll(dir fs.FS) ([]*Attack, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	var all []*Attack
	var errs []error
	for _, e := range entries {
		a, err := Load(dir, e.Name())
		all, errs = append(all, a), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Load reads one attack. The error joins all its mistakes, each an *Error.
func Load(dir fs.FS, name string) (*Attack, error) {
	a := &Attack{Name: name}
	file := path.Join(name, File)
	data, err := fs.ReadFile(dir, file)
	if err != nil {
		return nil, &Error{File: file, Msg: err.Error()}
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(a); err != nil {
		return nil, placed(file, err)
	}
	if a.dir, err = fs.Sub(dir, name); err != nil {
		return nil, err
	}
	return a, a.judge(file)
}

// placed takes place and bare message out of the parser's error.
func placed(file string, err error) *Error {
	e := &Error{File: file, Msg: err.Error()}
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &at) {
		e.Msg = at.GetMessage()
		if t := at.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Col = t.Position.Line, t.Position.Column
		}
	}
	return e
}

// folderName is what an attack's folder may be called: the number, and a word
// for each thing that tells it from its neighbours.
var folderName = regexp.MustCompile(`^([0-9]{2})-[a-z0-9]+(-[a-z0-9]+)*$`)

// judge gathers what is wrong with a description that could be read.
func (a *Attack) judge(file string) error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, &Error{File: file, Msg: fmt.Sprintf(format, args...)})
		}
	}
	m := folderName.FindStringSubmatch(a.Name)
	wrong(m == nil || m[1] != fmt.Sprintf("%02d", a.Number), "the folder's name must be %02d-, then words of small letters", a.Number)
	wrong(a.Number < 1 || a.Number > 40, "attack must be a number from 1 to 40")
	for _, text := range []struct{ key, is string }{
		{"title", a.Title}, {"tries", a.Tries}, {"lab", a.Lab}, {"why", a.Why}, {"real.shows", a.Real.Shows},
	} {
		wrong(text.is == "", "%s is missing", text.key)
	}
	wrong(a.Real.How != Naive && a.Real.How != Guest, "real.how must be naive or guest, not %q", a.Real.How)
	wrong(!a.Form.known(), "there is no form %q", a.Form)
	_, err := fs.Stat(a.dir, Script)
	wrong(err != nil, "there is no %s beside it", Script)
	a.judgeExpect(wrong)
	for i, e := range a.Add {
		if err := e.judge(a.Form); err != nil {
			wrong(true, "add, entry %d: %v", i+1, err)
		}
	}
	return errors.Join(errs...)
}

func (a *Attack) judgeExpect(wrong func(bool, string, ...any)) {
	switch a.Expect.Status {
	case gradebook.Graded:
	case gradebook.Refused:
		wrong(a.Expect.Score != 0 || len(a.Expect.Fails) > 0, "what is refused has the score 0, and fails no single check")
	default:
		wrong(true, "expect.status must be graded or refused, not %q", a.Expect.Status)
	}
}
