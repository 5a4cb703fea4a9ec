package labs

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ipclab/internal/yamlfile"
)

// scripts demands that every script does something, and that it names only
// subjects that the lab has. The rest of a script is the grader's to judge.
func (l *linter) scripts() {
	for _, c := range l.lab.Checks() {
		text, err := l.lab.Script(c)
		if err != nil {
			continue // Load has seen it; the layout test reports it if it is odd
		}
		l.script(c, strings.Split(string(text), "\n"))
	}
}

func (l *linter) script(c *Check, lines []string) {
	empty := true
	for i, line := range lines {
		words := strings.Fields(line)
		if strings.HasPrefix(line, "-- ") {
			break // the files of the archive follow
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		empty = false
		if name := actor(words); name != "" {
			l.knownSubject(c, i+1, name)
		}
	}
	if empty {
		l.report(c.Script(), 0, "the script has no commands")
	}
}

func (l *linter) knownSubject(c *Check, line int, name string) {
	if _, ok := l.lab.Subject(name); ok {
		return
	}
	var names []string
	for _, s := range l.lab.Subjects {
		names = append(names, s.Name)
	}
	l.report(c.Script(), line, "the lab has no subject %q%s", name, yamlfile.DidYouMean(name, names))
}

// actor is the subject that a command names; empty when it names none.
func actor(words []string) string {
	if words[0] == "!" {
		words = words[1:]
	}
	if len(words) < 2 {
		return ""
	}
	switch words[0] {
	case "allowed", "denied":
		return words[1]
	case "run", "spawn":
		if i := slices.Index(words, "-as"); i >= 0 && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}

// workspaces compares the starter with the solution.
func (l *linter) workspaces() {
	starter, solution := l.under("starter"), l.under("solution")
	l.lacking("starter", starter, solution)
	l.lacking("solution", solution, starter)
	if len(solution) > 0 && slices.Equal(starter, solution) && l.sameContent(solution) {
		l.report("starter", 0, "it is the same as the solution")
	}
	for _, module := range l.lab.Policy.Student {
		if !slices.Contains(solution, module) {
			l.report("solution/"+module, 0, "policy.student of %s names it, but it is missing", ManifestFile)
		}
	}
	for _, output := range l.lab.Build.Outputs {
		if slices.Contains(solution, output) {
			l.report("solution/"+output, 0, "stray file: it is an output of build")
		}
	}
}

func (l *linter) lacking(side string, has, other []string) {
	if len(has) == 0 {
		l.report(side, 0, "the folder is missing or empty")
		return
	}
	for _, name := range other {
		if !slices.Contains(has, name) {
			l.report(side+"/"+name, 0, "it is missing here: starter and solution must have the same files")
		}
	}
}

func (l *linter) sameContent(names []string) bool {
	for _, name := range names {
		if !l.same(path.Join("starter", name), path.Join("solution", name)) {
			return false
		}
	}
	return true
}

func (l *linter) same(a, b string) bool {
	one, err1 := fs.ReadFile(l.lab.dir, a)
	two, err2 := fs.ReadFile(l.lab.dir, b)
	return err1 == nil && err2 == nil && bytes.Equal(one, two)
}

// mutant demands that a mutant's folder holds what its description says, and
// that every file of it changes something.
func (l *linter) mutant(m Mutant) {
	dir := path.Join(mutantsDir, m.Name)
	solution, own := l.under("solution"), l.under(dir)
	for _, name := range own {
		l.overlay(m, dir, name, solution)
	}
	for _, name := range m.Add {
		if !slices.Contains(own, name) {
			l.report(path.Join(dir, MutantFile), 0, "add names %s, which the folder does not have", name)
		}
	}
	for _, name := range m.Delete {
		if !slices.Contains(solution, name) {
			l.report(path.Join(dir, MutantFile), 0, "delete names %s, which the solution does not have", name)
		}
	}
	if _, err := m.FS(); err != nil {
		l.report(path.Join(dir, PatchFile), 0, "%v", errors.Unwrap(err))
	}
	if len(own) <= 1 && len(m.Delete) == 0 {
		l.report(path.Join(dir, MutantFile), m.at.Line, "the mutant changes nothing")
	}
}

// overlay judges one file of a mutant's folder.
func (l *linter) overlay(m Mutant, dir, name string, solution []string) {
	if name == MutantFile || name == PatchFile {
		return
	}
	inSolution, added := slices.Contains(solution, name), slices.Contains(m.Add, name)
	file := path.Join(dir, name)
	switch {
	case !inSolution && !added:
		l.report(file, 0, "the solution has no such file%s; list it under add if that is meant", yamlfile.DidYouMean(name, solution))
	case inSolution && added:
		l.report(file, 0, "add names it, but the solution has it too")
	case inSolution && l.same(file, path.Join("solution", name)):
		l.report(file, 0, "it is the same as in the solution")
	}
}
