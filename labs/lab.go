package labs

import (
	"io/fs"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/yamlfile"
	"ipclab/scenarios"
)

// DefaultDomain is the SELinux domain of a subject that names none.
const DefaultDomain = "ipclab_student_t"

// The timeouts that apply where a manifest names none. They are those of the
// reference machine; whoever runs a check scales them to the machine at hand.
const (
	DefaultCheckTimeout = 20 * time.Second
	DefaultBuildTimeout = 60 * time.Second
)

// FullPoints is what the points of a lab's checks add up to.
const FullPoints = 100

// Lab is one lab: what lab.yaml says, and the folder that it stands in.
// A Lab is not changed after it was loaded, and may be shared by goroutines.
type Lab struct {
	Name       string
	Title      string
	Order      int           // the place among the labs, smallest first
	Time       time.Duration // how long a student is expected to need
	Summary    string        // one line
	Objectives []string

	Subjects    []Subject       // in the manifest's order
	Objects     []Object        // in the manifest's order
	Directories []api.Directory // emptied and made anew before every check
	Build       Build
	Policy      Policy
	Steps       []Step

	shown   string // the folder's path, as messages name it
	file    string // the manifest's path, as messages name it
	raw     fs.FS  // the lab's folder as it was written
	dir     fs.FS  // the lab's folder, with values in place of placeholders
	digest  string // see Digest
	machine string // see MachineDigest
	student bool   // see Whole

	scenario     *scenarios.Scenario
	scenarioFile string

	parameters []Parameter
	seed       Seed
	mutants    []Mutant
}

// Subject is who acts in a check: a name, and the user and domain behind it.
type Subject struct {
	Name string
	api.Subject
}

// Object is a named object of the guest that checks look at.
type Object struct {
	Name string
	Kind string // as in api.Object: fifo, file, dir, symlink, socket, char, block, msgq, shm, sem
	Path string // absolute, in the guest; of a System V object its name, as api.SysV writes it
	Type string // SELinux type
}

// Variable is the name under which check scripts know the object's path:
// "channel" is $CHANNEL, "old-channel" is $OLD_CHANNEL.
func (o Object) Variable() string {
	return strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_"))
}

// Build says how the student's programs are made from the workspace.
type Build struct {
	Command []string      // argv, run in the guest in a copy of the workspace
	Outputs []string      // programs that it makes, names without a slash
	Timeout time.Duration // on the reference machine
}

// Policy names the CIL modules of a lab.
type Policy struct {
	Given   []string // paths in the lab's folder
	Student []string // paths in the workspace; the command "policy" loads them
	Review  Review
}

// Review bounds what the student's modules may speak about.
type Review struct {
	Subjects []string // domains
	Objects  []string // types of objects
}

// Step is one stage of a lab: a title and the checks that belong to it.
type Step struct {
	Title  string
	About  string // one sentence
	Checks []Check
}

// Check is one thing that a lab demands. Its script is checks/ID.txtar. That of
// a hidden check is hidden/ID.txtar, and hidden/ID.yaml may hold a title, expect
// and by for the instructor in place of those that students can read in lab.yaml.
type Check struct {
	ID      string
	Title   string
	Expect  string // one sentence: what must be true
	Points  int
	Hidden  bool            // only the instructor's grading runs it, and students see no more of it than that it is there
	By      scenarios.Layer // what it holds responsible for its outcome; empty: nothing in particular
	Needs   []string        // ids of checks above it that must have passed
	Inputs  []string        // globs of the workspace files that it depends on; none is every file
	Timeout time.Duration   // on the reference machine
	Hints   []string        // from the first nudge to nearly the answer

	at      yamlfile.Position   // of its id
	needsAt []yamlfile.Position // of the elements of Needs
}

// Script is the path of the check's script in the lab's folder.
func (c *Check) Script() string {
	if c.Hidden {
		return hiddenDir + "/" + c.ID + ".txtar"
	}
	return "checks/" + c.ID + ".txtar"
}

// FS is the lab's whole folder.
func (l *Lab) FS() fs.FS { return l.dir }

// Points is the sum of all checks' points.
func (l *Lab) Points() int {
	sum := 0
	for _, c := range l.Checks() {
		sum += c.Points
	}
	return sum
}

// Checks are the checks of all steps in the manifest's order. A check stands
// below every check that it needs.
func (l *Lab) Checks() []*Check {
	var all []*Check
	for s := range l.Steps {
		for c := range l.Steps[s].Checks {
			all = append(all, &l.Steps[s].Checks[c])
		}
	}
	return all
}

// Visible are the checks that students see and run themselves.
func (l *Lab) Visible() []*Check {
	return slices.DeleteFunc(l.Checks(), func(c *Check) bool { return c.Hidden })
}

// Hidden are the checks that are left to the instructor's grading.
func (l *Lab) Hidden() []*Check {
	return slices.DeleteFunc(l.Checks(), func(c *Check) bool { return !c.Hidden })
}

// Check is the check with that id, or nil.
func (l *Lab) Check(id string) *Check {
	for _, c := range l.Checks() {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Script reads the script of a check.
func (l *Lab) Script(c *Check) ([]byte, error) { return fs.ReadFile(l.dir, c.Script()) }

// Subject finds a subject by its name.
func (l *Lab) Subject(name string) (Subject, bool) {
	i := slices.IndexFunc(l.Subjects, func(s Subject) bool { return s.Name == name })
	if i < 0 {
		return Subject{}, false
	}
	return l.Subjects[i], true
}

// Object finds an object by its name.
func (l *Lab) Object(name string) (Object, bool) {
	i := slices.IndexFunc(l.Objects, func(o Object) bool { return o.Name == name })
	if i < 0 {
		return Object{}, false
	}
	return l.Objects[i], true
}

// Stage is the state that every check begins from.
func (l *Lab) Stage() api.Stage { return api.Stage{Directories: slices.Clone(l.Directories)} }

// Starter is what the student begins with.
func (l *Lab) Starter() fs.FS { return sub(l.dir, "starter") }

// Handout is the starter with the task beside it: a new workspace.
func (l *Lab) Handout() (fs.FS, error) {
	tree := fstest.MapFS{}
	if err := AddFiles(tree, l.Starter()); err != nil {
		return nil, err
	}
	if _, own := tree[taskFile]; own {
		return tree, nil
	}
	task, err := fs.ReadFile(l.dir, taskFile)
	tree[taskFile] = &fstest.MapFile{Data: task, Mode: 0o644}
	return tree, err
}

// taskFile tells the student what to do.
const taskFile = "README.md"

// Solution is the reference solution: a workspace that passes every check.
func (l *Lab) Solution() fs.FS { return sub(l.dir, solutionDir) }

// Mutants are the wrong solutions, ordered by name.
func (l *Lab) Mutants() []Mutant { return slices.Clone(l.mutants) }

// sub is fs.Sub for names that are known to be valid.
func sub(fsys fs.FS, dir string) fs.FS {
	s, err := fs.Sub(fsys, dir)
	if err != nil {
		panic("labs: " + err.Error())
	}
	return s
}
