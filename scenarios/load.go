package scenarios

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/policy"
	"ipclab/internal/yamlfile"
)

// File is the name of a scenario's file in the library.
const File = "scenario.yaml"

// maxFile bounds a scenario file, in bytes.
const maxFile = 1 << 20

// Mistake is one thing that is wrong with a scenario file. Load joins all that
// it finds, ordered by their place.
type Mistake = yamlfile.Mistake

// Load reads a scenario file of a folder; the CIL modules that it names lie
// below the same folder. shown is what people call the file. All mistakes in
// it are reported together, each as a *Mistake.
func Load(dir fs.FS, file, shown string) (*Scenario, error) {
	if !fs.ValidPath(file) {
		return nil, &fs.PathError{Op: "load scenario", Path: file, Err: fs.ErrInvalid}
	}
	data, err := fs.ReadFile(dir, file)
	if err != nil {
		return nil, fmt.Errorf("the scenario cannot be read: %w", err)
	}
	if base := path.Dir(file); base != "." {
		if dir, err = fs.Sub(dir, base); err != nil {
			return nil, fmt.Errorf("the scenario's folder: %w", err)
		}
	}
	return read(data, dir, shown)
}

// read reads the text of a scenario file.
func read(data []byte, dir fs.FS, shown string) (*Scenario, error) {
	p := &parser{Decoder: yamlfile.Decoder{Mistakes: yamlfile.Mistakes{File: shown}}, grammar: theGrammar()}
	if len(data) > maxFile {
		p.Add(Position{}, "the file has %d bytes; more than %d are no scenario", len(data), maxFile)
		return nil, p.Err()
	}
	var tree *value
	whole, _ := p.grammar.section("scenario")
	p.Document(data, func(n ast.Node) { tree = p.section(n, whole, "the scenario") })
	if err := p.Err(); err != nil {
		return nil, err
	}
	return assemble(p, tree, dir, shown)
}

// assemble makes the scenario, and tests what its values must be to one
// another, in itself and in each of its twins.
func assemble(p *parser, tree *value, dir fs.FS, shown string) (*Scenario, error) {
	s := build(tree)
	s.dir, s.file, s.tree = dir, shown, tree
	p.consistent(s)
	for _, twin := range s.Twins {
		p.consistentTwin(s, twin)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Shown is what people call the scenario's file.
func (s *Scenario) Shown() string { return s.file }

// MarshalJSON gives the scenario as its file has it, with what a twin changes.
func (s *Scenario) MarshalJSON() ([]byte, error) { return json.Marshal(s.tree.plain()) }

// With gives the scenario with more modules on top of its own.
func (s *Scenario) With(more []policy.Module) *Scenario {
	with := *s
	with.extra = slices.Concat(s.extra, more)
	return &with
}

// Modules gives the scenario's CIL: the files that it names, and after them
// what a twin adds, or With. Their names are those that people know.
func (s *Scenario) Modules() ([]policy.Module, error) {
	var all []policy.Module
	for _, name := range s.Policy {
		source, err := fs.ReadFile(s.dir, name)
		if err != nil {
			return nil, fmt.Errorf("the policy of scenario %s: %w", s.Name, err)
		}
		all = append(all, policy.Module{File: path.Join(path.Dir(s.file), name), Source: source})
	}
	return append(all, s.extra...), nil
}
