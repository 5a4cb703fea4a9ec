package labs

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ipclab/internal/yamlfile"
)

// placeholders demands that every placeholder means a parameter and that every
// parameter is used.
func (l *linter) placeholders() {
	values := l.lab.Values(l.lab.seed)
	used := map[string]bool{}
	for _, name := range l.sorted() {
		if strings.Contains(name, "@@") {
			l.report(name, 0, "names of files have no placeholders")
		}
		data, err := fs.ReadFile(l.lab.raw, name)
		if err != nil {
			continue // the layout test reports it
		}
		for i, line := range strings.Split(string(data), "\n") {
			l.lineOfPlaceholders(name, i+1, line, values, used)
		}
	}
	for _, p := range l.lab.parameters {
		if !used[p.Name] {
			l.reportAt(ManifestFile, p.at, "parameter %q is used nowhere: write @@%s@@ where its value belongs", p.Name, p.Name)
		}
	}
	l.tellTale()
}

// lineOfPlaceholders judges the placeholders of one line, and notes which
// parameters they mean.
func (l *linter) lineOfPlaceholders(file string, line int, text string, values map[string]string, used map[string]bool) {
	pattern := placeholderPattern()
	for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		if _, known := values[name]; !known {
			l.reportAt(file, yamlfile.Position{Line: line, Column: at[0] + 1}, "unknown placeholder @@%s@@%s", name, yamlfile.DidYouMean(name, slices.Sorted(maps.Keys(values))))
		}
		parameter, _, _ := strings.Cut(name, ".")
		used[parameter] = true
	}
	if !l.lab.HasVariants() {
		return
	}
	rest := pattern.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) })
	if at := regexp.MustCompile(`@@[A-Za-z0-9]`).FindStringIndex(rest); at != nil {
		l.reportAt(file, yamlfile.Position{Line: line, Column: at[0] + 1}, "a placeholder is not closed: it ends with @@, and has no blanks")
	}
}

// tellTale demands something in what students get that shows whose variant a
// submission was made from.
func (l *linter) tellTale() {
	if !l.lab.HasVariants() {
		return
	}
	handout, err := l.lab.Handout()
	if err != nil {
		return // the layout test reports it
	}
	values := l.lab.Values(l.lab.seed)
	for _, p := range l.lab.parameters {
		if p.Distinctive() && holds(handout, values[p.Name]) {
			return
		}
	}
	l.reportAt(ManifestFile, l.lab.parameters[0].at, "nothing that students get tells whose variant it is: put a parameter such as {hex: 16} into the starter")
}

// holds tells whether a text stands in any file.
func holds(fsys fs.FS, text string) bool {
	found := false
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, _ := fs.ReadFile(fsys, name) // what cannot be read holds nothing
			found = found || strings.Contains(string(data), text)
		}
		return err
	})
	return found
}
