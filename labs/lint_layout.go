package labs

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ipclab/internal/workspace/glob"
)

func matches(pattern string) func(string) bool {
	return func(name string) bool { return glob.Match(pattern, name) }
}

// layout reports every file that has no place in a lab, or that the program
// could not carry with it.
func (l *linter) layout() {
	for _, name := range l.sorted() {
		if why := l.stray(name); why != "" {
			l.report(name, 0, "stray file: %s", why)
		}
	}
}

// stray says why a file should not be there; empty when it should.
func (l *linter) stray(name string) string {
	mode := l.files[name]
	switch {
	case !mode.IsRegular():
		return "neither a file nor a folder"
	case hidden(name):
		return "names that begin with . or _ are for tools, not for labs"
	case isBackup(path.Base(name)):
		return "it looks like an editor's backup"
	case path.Base(name) == "go.mod":
		return "Go would leave the whole folder out of the program"
	case path.Ext(name) == ".go":
		return "Go would compile it with this project"
	case !l.belongs(name):
		return "no part of a lab's layout"
	case mode.Perm()&0o111 != 0:
		return "it is executable, and that is lost when the lab becomes part of the program"
	case l.isBinary(name):
		return "it is not text"
	}
	return ""
}

func hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(element string) bool {
		return strings.HasPrefix(element, ".") || strings.HasPrefix(element, "_")
	})
}

func isBackup(base string) bool {
	return slices.ContainsFunc([]string{"*~", "*.bak", "*.orig", "*.rej", "*.sw?", "#*#", "*.tmp"}, func(p string) bool {
		return glob.Match(p, base)
	})
}

// belongs tells whether a file has a place in the layout.
func (l *linter) belongs(name string) bool {
	top, rest, nested := strings.Cut(name, "/")
	switch {
	case !nested:
		return name == ManifestFile || name == "README.md" || name == l.lab.scenarioFile
	case top == "starter", top == solutionDir:
		return true
	case top == mutantsDir:
		return strings.Contains(rest, "/")
	case top == "policy":
		return slices.Contains(l.lab.Policy.Given, name)
	case top == "checks", top == hiddenDir:
		return slices.ContainsFunc(l.lab.Checks(), func(c *Check) bool {
			return c.Script() == name || c.Hidden && hiddenDir+"/"+c.ID+".yaml" == name
		})
	}
	return false
}

// isBinary looks for a zero byte, as git does.
func (l *linter) isBinary(name string) bool {
	data, err := fs.ReadFile(l.lab.dir, name)
	return err != nil || bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}
