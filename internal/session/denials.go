package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"ipclab/grader"
	"ipclab/internal/guest/api"
	"ipclab/internal/host"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/policy"
	"ipclab/labs"
	"ipclab/scenarios"
)

// Denials is what the kernel recorded in a lab's machine, or what is kept of it.
type Denials struct {
	Events []policy.Event
	From   string // where they come from, in words
	Lost   uint32 // records that the kernel lost since the machine started
	Notes  []string
	// Users are the machine's login names by number, as far as they are known.
	Users map[string]string
}

// NothingError says that there is nothing to look at.
type NothingError struct{ Lab string }

// Error says so.
func (e *NothingError) Error() string {
	return "no check of " + e.Lab + " was run, and its machine does not run: there is nothing to explain"
}

// Hint says what to do.
func (e *NothingError) Hint() string {
	return "`ipclab check " + e.Lab + "` runs the checks; or paste a denial: `ausearch -m avc --raw | ipclab explain -`"
}

// Since gives what the running machine recorded since a time.
func (s *Session) Since(ctx context.Context, since time.Time) (*Denials, error) {
	clone, err := s.Host.Machines().Find(s.Machine)
	if err != nil {
		return nil, err
	}
	return trail(ctx, clone, since)
}

// LastCheck gives what was recorded while the last check ran: from the machine
// if it still runs, else what the check's report keeps.
func (s *Session) LastCheck(ctx context.Context) (*Denials, error) {
	report, err := s.Report()
	clone, notRunning := s.Host.Machines().Find(s.Machine)
	switch {
	case err == nil && notRunning == nil:
		d, err := s.Since(ctx, s.checkBegan(report))
		if err == nil {
			d.From = "the last check of " + s.Lab.Name
		}
		return d, err
	case err == nil:
		return kept(report), nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case notRunning == nil: // no check yet: all that there is
		return trail(ctx, clone, time.Time{})
	}
	return nil, &NothingError{s.Lab.Name}
}

// checkBegan is when the last check began: its report was written at its end.
func (s *Session) checkBegan(r *grader.Report) time.Time {
	info, err := os.Stat(s.file("report.json"))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime().Add(-r.Duration - 2*time.Second)
}

// trail reads the machine's audit trail.
func trail(ctx context.Context, clone *qemu.Clone, since time.Time) (*Denials, error) {
	m := machine.NewClient(clone.Dial)
	defer m.Close()
	reply, err := m.Records(ctx, api.RecordsQuery{})
	if err != nil {
		return nil, err
	}
	d := &Denials{From: "the running machine of " + clone.Name, Lost: reply.Lost, Users: MachineUsers()}
	var j policy.Joiner
	unread := 0
	for _, r := range reply.Records {
		if err := j.Add(policy.RecordType(r.Type), r.Text); err != nil {
			unread++
		}
	}
	if unread > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d records of the machine cannot be read", unread))
	}
	d.Events = slices.DeleteFunc(j.Events(), func(e policy.Event) bool { return e.Time.Before(since) })
	return d, nil
}

// MachineUsers are the login names by number that every machine has (vagrant/provision.sh).
func MachineUsers() map[string]string {
	return map[string]string{"0": "root", "1000": "student", "2001": "alice", "2002": "bob", "2003": "carol"}
}

// kept gives the records that a report has as evidence.
func kept(r *grader.Report) *Denials {
	d := &Denials{From: "the report of the last check: the machine does not run any more, so only what the checks have as evidence is left"}
	var j policy.Joiner
	for _, result := range r.Results {
		for _, e := range result.Evidence {
			if e.AVC != nil {
				_ = j.Add(policy.RecordAVC, e.AVC.Raw) // it was read before it was kept
			}
		}
	}
	d.Events = j.Events()
	return d
}

// WholePolicy gives the policy of the lab, with the rules in the workspace if
// they are wanted and can be read; without an image there is none, and the
// error is fs.ErrNotExist. The notes say what was left out.
func (s *Session) WholePolicy(rules bool) (modules []policy.Module, notes []string, err error) {
	own, notes, err := s.Modules(rules)
	if err != nil {
		return nil, nil, err
	}
	modules, err = EveryPolicy(s.Host, own)
	return modules, notes, err
}

// Modules gives the lab's modules, with the rules in the workspace if they are
// wanted and can be read. The notes say what was left out.
func (s *Session) Modules(rules bool) (modules []policy.Module, notes []string, err error) {
	given, err := host.Modules(s.Lab.FS(), s.Lab.Policy.Given)
	if err != nil {
		return nil, nil, err
	}
	var own []policy.Module
	if rules {
		own, err = s.ownModules()
	}
	if err == nil {
		err = readable(own)
	}
	if err != nil {
		own, notes = nil, []string{"your own rules were left out: " + strings.TrimSpace(err.Error())}
	}
	return slices.Concat(given, own), notes, nil
}

// EveryPolicy gives the whole policy of the image, if there is an image, with
// modules on top. The error is fs.ErrNotExist when there is none.
func EveryPolicy(h *host.Host, modules []policy.Module) ([]policy.Module, error) {
	i, err := h.Images().Find()
	if err != nil {
		return nil, err
	}
	return host.WholePolicy(i, modules...)
}

// ownModules reads the student's rules from the workspace.
func (s *Session) ownModules() ([]policy.Module, error) {
	if len(s.Lab.Policy.Student) == 0 {
		return nil, nil
	}
	tree, err := s.Files()
	if err != nil {
		return nil, err
	}
	var own []policy.Module
	for _, f := range tree.API("").Files {
		if slices.Contains(s.Lab.Policy.Student, f.Path) {
			own = append(own, policy.Module{File: f.Path, Source: f.Data})
		}
	}
	return own, nil
}

// readable tells whether rules can be read at all.
func readable(modules []policy.Module) error {
	for _, m := range modules {
		if _, err := policy.ParseCIL(m.File, m.Source); err != nil {
			return err
		}
	}
	return policy.CheckPlain(modules)
}

// ScenarioOf gives the lab's scenario. A lab that has none is one without flows:
// its subjects and objects have names all the same.
func ScenarioOf(lab *labs.Lab) *scenarios.Scenario {
	if own := lab.Scenario(); own != nil {
		return own
	}
	s := &scenarios.Scenario{Name: lab.Name, Title: lab.Title, Policy: lab.Policy.Given, Directories: lab.Directories}
	for _, one := range lab.Subjects {
		s.Subjects = append(s.Subjects, scenarios.Subject{Name: one.Name, User: one.User, Domain: one.Domain})
	}
	for _, o := range lab.Objects {
		s.Objects = append(s.Objects, scenarios.Object{Name: o.Name, Path: path.Clean(o.Path), Type: o.Type})
	}
	return s
}
