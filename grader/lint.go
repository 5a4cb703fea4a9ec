package grader

import (
	"fmt"

	"ipclab/labs"
)

// LintError is a mistake in a check script. It is the lab's fault.
type LintError struct {
	Check string // id
	File  string // in the lab's folder
	Line  int    // from 1; 0 when it is the file as a whole
	Msg   string
}

// Error reads "checks/builds.txtar:3: what is wrong".
func (e *LintError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Lint judges the scripts of a lab without running them. It finds commands
// that do not exist or are not allowed, wrong arguments, unknown subjects,
// variables and programs, waiting for what was never started, and denials
// without the positive control that makes them mean something: the first mistake of
// each script. If there is none, it holds the scripts against the lab's scenario.
func Lint(lab *labs.Lab) []*LintError {
	var errs []*LintError
	checks := lab.Checks()
	if lab.Whole() != nil {
		checks = lab.Visible()
	}
	for _, c := range checks {
		if _, err := loadScript(lab, c); err != nil {
			errs = append(errs, err)
		}
	}
	if lab.Scenario() != nil && len(errs) == 0 {
		errs = lintScenario(lab, checks)
	}
	return errs
}

// loadScript reads and judges the script of a check.
func loadScript(lab *labs.Lab, c *labs.Check) (*script, *LintError) {
	data, err := lab.Script(c)
	if err != nil {
		return nil, &LintError{Check: c.ID, File: c.Script(), Msg: "the script cannot be read: " + err.Error()}
	}
	s, err := readScript(c.Script(), data)
	if err == nil {
		err = judgeScript(lab, s)
	}
	if err == nil {
		return s, nil
	}
	lint := &LintError{Check: c.ID, File: c.Script(), Msg: err.Error()}
	if at, ok := err.(*scriptError); ok {
		lint.Line, lint.Msg = at.line, at.msg
	}
	return nil, lint
}

// judgeScript walks through a script without doing anything.
func judgeScript(lab *labs.Lab, s *script) error {
	if len(s.statements) == 0 {
		return fmt.Errorf("the script has no command: it would pass whatever the student does")
	}
	p := &parser{lab: lab, files: s.files}
	sc := newScope(lab)
	for _, st := range s.statements {
		if err := judgeStatement(p, sc, st); err != nil {
			return &scriptError{s.file, st.line, err.Error()}
		}
	}
	return nil
}

func judgeStatement(p *parser, sc *scope, st statement) error {
	words, err := splitWords(st.rest, expander(sc.env))
	if err != nil {
		return err
	}
	cmd, err := p.parse(st.name, st.neg, words)
	if err != nil {
		return err
	}
	return cmd.check(sc)
}
