package grader

import (
	"fmt"
	"slices"

	"ipclab/labs"
)

// lintScenario holds scripts against the scenario: what it forbids must be looked
// at by some check, and what a check says is denied must be in it.
func lintScenario(lab *labs.Lab, checks []*labs.Check) []*LintError {
	w := newWishes(lab)
	wishes := w.denied()
	tried := make([]bool, len(wishes))
	var errs []*LintError
	for _, c := range checks {
		denials, err := denialsOf(lab, c)
		if err != nil {
			return []*LintError{err}
		}
		for _, d := range denials {
			at := slices.IndexFunc(wishes, func(one wish) bool { return one.means(d.attempt) })
			if at >= 0 {
				tried[at] = true
			}
			if msg := judgeDenial(d, at, wishes); msg != "" {
				errs = append(errs, &LintError{Check: c.ID, File: c.Script(), Line: d.line, Msg: msg})
			}
		}
	}
	if lab.Whole() != nil {
		return errs // hidden checks are not there
	}
	for i, one := range wishes {
		if !tried[i] {
			errs = append(errs, &LintError{File: lab.ScenarioFile(), Line: one.at.Line, Msg: "no check looks at what is forbidden here: " + one.told()})
		}
	}
	return errs
}

// denialIn is a denial of a script.
type denialIn struct {
	*attempt
	line    int
	written bool // by itself, not by a statement about the scenario
}

// denialsOf lists what a script has denied.
func denialsOf(lab *labs.Lab, c *labs.Check) ([]denialIn, *LintError) {
	s, err := loadScript(lab, c)
	if err != nil {
		return nil, err
	}
	p, env := &parser{lab: lab, files: s.files}, newScope(lab).env
	var all []denialIn
	for _, st := range s.statements {
		words, err := splitWords(st.rest, expander(env))
		if err != nil || st.name != "denied" && st.name != "forbidden" {
			continue
		}
		switch cmd, _ := p.parse(st.name, st.neg, words); cmd := cmd.(type) {
		case *attempt:
			all = append(all, denialIn{cmd, st.line, true})
		case *forbidden:
			for _, d := range cmd.denials {
				all = append(all, denialIn{d, st.line, false})
			}
		}
	}
	return all, nil
}

// judgeDenial says what is wrong with a denial beside the scenario; at is the
// place among its wishes, or -1.
func judgeDenial(d denialIn, at int, wishes []wish) string {
	switch {
	case !d.written:
		return ""
	case at >= 0:
		return fmt.Sprintf("the scenario says it already: forbidden %s -> %s : %s …", wishes[at].from, wishes[at].to, wishes[at].way)
	case flows(d.op):
		return fmt.Sprintf("the scenario does not forbid that %s can %s on %s: add the flow or back channel", d.subject.Name, d.op, called(d.path))
	}
	return ""
}
