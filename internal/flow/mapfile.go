package flow

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
)

// maxMap bounds a map's text; ours is a tenth of a hundredth of that.
const maxMap = 4 << 20

// mapFile reads permissions.map line by line.
type mapFile struct {
	file    string
	line    int
	commons map[string]map[string]Permission
	classes map[string]*class
	name    string                // of the class or common that is being read
	open    map[string]Permission // its permissions
	own     map[string]bool       // those that it says itself, and not its common
}

// ParseMap reads a permission map, in the form that permissions.map describes.
// An error is a *MapError.
func ParseMap(file string, src []byte) (*Map, error) {
	f := &mapFile{file: file, commons: map[string]map[string]Permission{}, classes: map[string]*class{}}
	err := eachLine(file, src, func(line int, text string, indented bool) error {
		f.line = line
		if indented {
			return f.permissions(text)
		}
		return f.head(strings.Fields(text))
	})
	if err != nil {
		return nil, err
	}
	return &Map{classes: f.classes}, nil
}

// eachLine calls f for each line that says something.
func eachLine(file string, src []byte, f func(line int, text string, indented bool) error) error {
	if len(src) > maxMap {
		return &MapError{File: file, Line: 1, Msg: fmt.Sprintf("the file is too large: %d bytes, at most %d are read", len(src), maxMap)}
	}
	number := 0
	for line := range bytes.Lines(src) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		if err := f(number, text, line[0] == ' ' || line[0] == '\t'); err != nil {
			return err
		}
	}
	return nil
}

func (f *mapFile) fail(format string, args ...any) error {
	return &MapError{File: f.file, Line: f.line, Msg: fmt.Sprintf(format, args...)}
}

// head reads: common NAME [of COMMON], class NAME [of COMMON] [process].
func (f *mapFile) head(words []string) error {
	if len(words) < 2 || words[0] != "class" && words[0] != "common" {
		return f.fail("this is neither a class nor a common, and no permission, which would be indented")
	}
	name, rest := words[1], words[2:]
	f.name, f.open, f.own = name, map[string]Permission{}, map[string]bool{}
	if len(rest) >= 2 && rest[0] == "of" {
		common, ok := f.commons[rest[1]]
		if !ok {
			return f.fail("there is no common %q above", rest[1])
		}
		f.open, rest = maps.Clone(common), rest[2:]
	}
	if words[0] == "common" {
		return f.common(name, rest)
	}
	return f.class(name, rest)
}

func (f *mapFile) common(name string, rest []string) error {
	if len(rest) > 0 || f.commons[name] != nil {
		return f.fail("the common %q is declared twice, or too much is said of it", name)
	}
	f.commons[name] = f.open
	return nil
}

func (f *mapFile) class(name string, rest []string) error {
	process := len(rest) == 1 && rest[0] == "process"
	if len(rest) > 0 && !process || f.classes[name] != nil {
		return f.fail("the class %q is declared twice, or too much is said of it", name)
	}
	f.classes[name] = &class{process: process, perms: f.open}
	return nil
}

// permissions reads: PERMISSION ...: FLOW, FLOW ...: why.
func (f *mapFile) permissions(text string) error {
	parts := strings.SplitN(text, ":", 3)
	if f.open == nil || len(parts) != 3 {
		return f.fail("permissions stand below a class or common, as PERMISSION ...: FLOW: why")
	}
	names, why := strings.Fields(parts[0]), strings.TrimSpace(parts[2])
	if len(names) == 0 || why == "" {
		return f.fail("permissions and a reason are needed")
	}
	flows, err := f.flows(parts[1])
	if err != nil {
		return err
	}
	for _, name := range names {
		if f.own[name] {
			return f.fail("%q is said twice of %q", name, f.name)
		}
		f.own[name] = true
		f.open[name] = Permission{Name: name, Flows: flows, Why: why}
	}
	return nil
}

// flows reads what stands between the colons.
func (f *mapFile) flows(text string) ([]Flow, error) {
	if strings.TrimSpace(text) == "none" {
		return nil, nil
	}
	var flows []Flow
	for part := range strings.SplitSeq(text, ",") {
		flow, err := f.flow(strings.Fields(part))
		if err != nil {
			return nil, err
		}
		flows = append(flows, flow)
	}
	return flows, nil
}

// flow reads: read|write|both [narrow] [.SIDE|@PLACE].
func (f *mapFile) flow(words []string) (flow Flow, err error) {
	if len(words) == 0 {
		return flow, f.fail("a flow is missing: read, write, both or none")
	}
	for d := Read; d <= Read|Write; d++ {
		if words[0] == d.String() {
			flow.Dir = d
		}
	}
	rest := words[1:]
	if len(rest) > 0 && rest[0] == "narrow" {
		flow.Narrow, rest = true, rest[1:]
	}
	if len(rest) == 1 && len(rest[0]) > 1 {
		switch name := rest[0][1:]; rest[0][0] {
		case '.':
			flow.Side, rest = name, nil
		case '@':
			flow.Medium, rest = name, nil
		}
	}
	if flow.Dir == 0 || len(rest) > 0 {
		return flow, f.fail("%q is no flow: read, write or both, then narrow, then .SIDE or @PLACE; or none", strings.Join(words, " "))
	}
	return flow, nil
}
