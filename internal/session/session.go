package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"ipclab/grader"
	"ipclab/internal/draft"
	"ipclab/internal/host"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// SourceDir is where a workspace is in the machine.
const SourceDir = "/lab/src"

// Session is a student's work on a lab.
type Session struct {
	Host *host.Host
	Lab  *labs.Lab // the student's variant, for a lab with variants
	Dir  string    // the workspace
	// Machine names the clone; it is the lab's name unless several machines of
	// one lab are to run side by side.
	Machine string

	token string // of the variant; empty is the default one
}

// memo is what a session remembers between two commands.
type memo struct {
	Workspace string            `json:"workspace"`
	Variants  map[string]string `json:"variants,omitempty"` // tokens by workspace
}

// Open gives the session of a lab. The workspace is dir, or, when that is
// empty, the one that was used last, or the usual place. A workspace that was
// begun with a variant of the lab keeps it.
func Open(h *host.Host, lab *labs.Lab, dir string) (*Session, error) {
	s := &Session{Host: h, Lab: lab, Machine: lab.Name}
	last := s.recall()
	if dir == "" {
		dir = last.Workspace
	}
	if dir == "" {
		dir = filepath.Join(h.Dirs.Work, lab.Name)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s.Dir = abs
	if token := last.Variants[abs]; token != "" && lab.HasVariants() {
		return s, s.TakeVariant(token)
	}
	return s, nil
}

func (s *Session) stateDir() string { return filepath.Join(s.Host.Dirs.State, "labs", s.Lab.Name) }

func (s *Session) file(name string) string { return filepath.Join(s.stateDir(), name) }

func (s *Session) recall() memo {
	var m memo
	if data, err := os.ReadFile(s.file("session.json")); err == nil {
		_ = json.Unmarshal(data, &m) // a damaged memo is as good as none
	}
	return m
}

// remember notes the workspace and its variant. The folder that Reset kept was
// of the variant before it.
func (s *Session) remember(kept string) error {
	m := s.recall()
	if before := m.Variants[s.Dir]; before != "" && kept != "" {
		m.Variants[kept] = before
	}
	m.Workspace = s.Dir
	if s.token != "" {
		if m.Variants == nil {
			m.Variants = map[string]string{}
		}
		m.Variants[s.Dir] = s.token
	}
	return s.save("session.json", m)
}

// save replaces one of the session's files atomically.
func (s *Session) save(name string, value any) error {
	return draft.WriteJSON(s.file(name), value, 0o600, draft.Derived)
}

// Started says what Start did.
type Started struct {
	Clone        *qemu.Clone
	NewWorkspace bool // the starter was copied
	WasRunning   bool // the machine ran already
}

// Start makes the workspace if it is not there, starts the machine if it does
// not run, and remembers the workspace for the commands to come.
func (s *Session) Start(ctx context.Context) (Started, error) {
	handout, err := s.Lab.Handout()
	if err != nil {
		return Started{}, err
	}
	made, err := workspace.Create(s.Dir, handout)
	if err != nil {
		return Started{}, err
	}
	if err := s.remember(""); err != nil {
		return Started{}, err
	}
	st, err := s.ensure(ctx)
	st.NewWorkspace = made
	return st, err
}

// ensure starts the machine if it does not run, and copies the workspace there.
// A machine that another command starts or stops just now, or that is dying, is
// no reason to fail.
func (s *Session) ensure(ctx context.Context) (Started, error) {
	for begun := time.Now(); ; {
		st, err := s.ensureOnce(ctx)
		var already *qemu.AlreadyError
		var not *qemu.NotRunningError
		var lost *machine.LostError
		passing := errors.As(err, &already) || errors.As(err, &not) || errors.As(err, &lost)
		if !passing || ctx.Err() != nil || time.Since(begun) > meeting {
			return st, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// meeting is how long the start or stop that another command is in the middle
// of may go on.
const meeting = 5 * time.Second

func (s *Session) ensureOnce(ctx context.Context) (Started, error) {
	var st Started
	var err error
	st.Clone, err = s.Host.Machines().Find(s.Machine)
	st.WasRunning = err == nil
	if err != nil {
		st.Clone, err = s.Host.Start(ctx, s.Lab, s.Machine)
	}
	if err != nil {
		return st, err
	}
	return st, s.Push(ctx, st.Clone)
}

// Push copies the workspace into the machine.
func (s *Session) Push(ctx context.Context, c *qemu.Clone) error {
	tree, err := s.Files()
	if err != nil {
		return err
	}
	m := machine.NewClient(c.Dial)
	defer m.Close()
	return m.Install(ctx, tree.API(SourceDir))
}

// Files reads the workspace.
func (s *Session) Files() (*workspace.Tree, error) {
	return workspace.Snapshot(s.Dir, workspace.Limits{}, s.Lab.Build.Outputs...)
}

// Stop ends the machine. The workspace stays.
func (s *Session) Stop(ctx context.Context) error { return s.Host.Machines().Stop(ctx, s.Machine) }

// Reset puts the starter into the workspace again, keeping what was there in a
// dated folder beside it, forgets what the checks came to and ends the machine.
// The variant is the session's: see TakeVariant.
func (s *Session) Reset(ctx context.Context, now time.Time) (kept string, err error) {
	handout, err := s.Lab.Handout()
	if err != nil {
		return "", err
	}
	kept, err = workspace.Reset(s.Dir, handout, now)
	if err != nil {
		return "", err
	}
	if err := s.remember(kept); err != nil {
		return kept, err
	}
	return kept, s.leave(ctx)
}

// CheckOptions choose what a check run does.
type CheckOptions struct {
	Only        []string // checks by id; empty is all
	All         bool     // also what cannot have changed
	Independent bool     // whatever became of prerequisites
}

// Check judges the workspace, as far as students may: hidden checks are left out.
// It waits for another check of the same lab.
func (s *Session) Check(ctx context.Context, o CheckOptions, observe func(grader.Event)) (*grader.Report, error) {
	tree, err := s.Files()
	if err != nil {
		return nil, err
	}
	unlock, err := s.lockChecks(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	started, err := s.ensure(ctx)
	if err != nil {
		return nil, err
	}
	memory := grader.OpenMemory(s.file("memory.json"))
	image, files := filepath.Base(started.Clone.Snapshot), tree.API("").Files
	req := grader.RunRequest{Lab: s.Lab, Workspace: files, Only: o.Only, Independent: o.Independent}
	if !o.All {
		req.Remembered = memory.Remembered(s.Lab, image, files)
	}
	report, err := Judge(ctx, s.Host, s.Lab, started.Clone, req, observe)
	if err != nil {
		return report, err
	}
	memory.Learn(report, s.Lab, image, files)
	return report, errors.Join(memory.Save(), s.keep(report))
}

// keep stores a report for status and hint. A run of some checks only adds to
// the stored one.
func (s *Session) keep(report *grader.Report) error {
	if old, err := s.Report(); err == nil && !report.Complete {
		report = merge(s.Lab, old, report)
	}
	return s.save("report.json", report)
}

func merge(lab *labs.Lab, old, fresh *grader.Report) *grader.Report {
	all := &grader.Report{Lab: lab.Name, Title: lab.Title, Duration: fresh.Duration, Left: fresh.Left}
	for _, c := range lab.Visible() {
		if r, ok := fresh.Result(c.ID); ok {
			all.Add(r)
		} else if r, ok := old.Result(c.ID); ok {
			all.Add(r)
		}
	}
	all.Complete = len(all.Results) == len(lab.Visible())
	return all
}

// Report gives what the checks came to last. An error that is fs.ErrNotExist
// says that none was run.
func (s *Session) Report() (*grader.Report, error) {
	data, err := os.ReadFile(s.file("report.json"))
	if err != nil {
		return nil, err
	}
	r := &grader.Report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%w: %s is damaged", fs.ErrNotExist, s.file("report.json"))
	}
	return r, nil
}

// lockChecks lets one check run at a time use the machine.
func (s *Session) lockChecks(ctx context.Context) (func(), error) {
	if err := os.MkdirAll(s.stateDir(), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(s.file("check.lock"))
	mine, err := l.TryLock()
	if err == nil && !mine {
		s.Host.Progress.Note("another check of " + s.Lab.Name + " is running; waiting for it")
		_, err = l.TryLockContext(ctx, 50*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the checks of %s: %w", s.Lab.Name, err)
	}
	return func() { l.Unlock() }, nil
}
