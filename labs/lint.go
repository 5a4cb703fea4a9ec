package labs

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"ipclab/internal/yamlfile"
	"ipclab/scenarios"
)

// Problem is something about a lab that Load accepts and that must still be
// mended before students get the lab.
type Problem struct {
	File string // path, as the person who wrote it knows it
	Line int    // from 1; 0 when the problem has no place
	Col  int    // from 1; 0 when it is the line as a whole
	Msg  string
}

// String reads "lab.yaml:12: what is wrong", or "lab.yaml:12:5: …".
func (p Problem) String() string {
	switch {
	case p.Line == 0:
		return fmt.Sprintf("%s: %s", p.File, p.Msg)
	case p.Col > 0:
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Msg)
}

// Lint is the part of `ipclab lab check` that needs no machine: it looks at
// the lab's files and runs nothing. The problems are ordered by file and line.
func Lint(lab *Lab) []Problem {
	l := &linter{lab: lab, shown: strings.TrimSuffix(lab.file, ManifestFile)}
	if err := l.collect(); err != nil {
		l.report("", 0, "the folder cannot be read: %v", err)
		return l.problems
	}
	l.points()
	l.layout()
	l.readme()
	l.scripts()
	l.workspaces()
	l.placeholders()
	l.scenario()
	for _, m := range lab.mutants {
		l.mutant(m)
	}
	slices.SortStableFunc(l.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return l.problems
}

// linter holds what the tests of one lab share.
type linter struct {
	lab      *Lab
	shown    string                 // the folder as people know it, with a slash; may be empty
	files    map[string]fs.FileMode // everything in the folder that is not a directory
	problems []Problem
}

func (l *linter) report(file string, line int, format string, args ...any) {
	l.reportAt(file, yamlfile.Position{Line: line}, format, args...)
}

func (l *linter) reportAt(file string, at yamlfile.Position, format string, args ...any) {
	l.problems = append(l.problems, Problem{l.shown + file, at.Line, at.Column, fmt.Sprintf(format, args...)})
}

func (l *linter) collect() error {
	l.files = map[string]fs.FileMode{}
	return fs.WalkDir(l.lab.dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			l.files[name] = info.Mode()
		}
		return err
	})
}

// under are the files below a folder, relative to it, in order.
func (l *linter) under(dir string) []string {
	var names []string
	for name := range l.files {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}

// sorted are all files in order.
func (l *linter) sorted() []string { return slices.Sorted(maps.Keys(l.files)) }

func (l *linter) points() {
	if sum := l.lab.Points(); sum != FullPoints {
		l.report(ManifestFile, 0, "the points add up to %d; they must add up to %d", sum, FullPoints)
	}
	for _, c := range l.lab.Checks() {
		l.matchingInputs(c)
	}
}

// matchingInputs finds globs that mean no file: such a check would not run
// again when the file that was meant changes.
func (l *linter) matchingInputs(c *Check) {
	for _, g := range c.Inputs {
		if !slices.ContainsFunc(l.under("solution"), matches(g)) {
			l.report(ManifestFile, c.at.Line, "check %q: no file of the solution matches %q of inputs", c.ID, g)
		}
	}
}

// scenario adds what is wrong with the scenario by itself.
func (l *linter) scenario() {
	if l.lab.scenario == nil {
		return
	}
	for _, m := range scenarios.Lint(l.lab.scenario) {
		l.problems = append(l.problems, Problem{m.File, m.Line, m.Col, m.Msg})
	}
}

// readme demands a heading, and that the task speaks of every step.
func (l *linter) readme() {
	text, err := fs.ReadFile(l.lab.dir, "README.md")
	if err != nil {
		l.report("README.md", 0, "the task is missing: %v", err)
		return
	}
	if !strings.HasPrefix("\n"+string(text), "\n# ") {
		l.report("README.md", 1, "the first line must be a heading that begins with \"# \"")
	}
	for _, s := range l.lab.Steps {
		if !strings.Contains(strings.ToLower(string(text)), strings.ToLower(s.Title)) {
			l.report("README.md", 0, "the step %q is not mentioned", s.Title)
		}
	}
}
