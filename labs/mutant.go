package labs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"testing/fstest"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/yamlfile"
)

// MutantFile is the description inside a mutant's folder. It is not part of
// the workspace that the mutant stands for.
const MutantFile = "mutant.yaml"

// Mutant is a wrong solution together with the one check that must catch it.
// Its folder holds what differs from the solution: a patch, or whole files.
type Mutant struct {
	Name   string   // the folder's name
	Fails  string   // id of the check that must fail
	Why    string   // one sentence: what is wrong
	Add    []string // files of the folder that the solution does not have
	Delete []string // files of the solution that the mutant lacks

	file     string            // of its description, as messages name it
	at       yamlfile.Position // of the value of "fails"
	overlay  fs.FS
	solution fs.FS
}

// FS is the mutant's workspace: the solution, patched, with the mutant's files
// over it. The error is a *PatchError when the patch does not fit.
func (m Mutant) FS() (fs.FS, error) {
	tree := fstest.MapFS{}
	if err := AddFiles(tree, m.solution); err != nil {
		return nil, err
	}
	if err := AddFiles(tree, m.overlay); err != nil {
		return nil, err
	}
	patch := tree[PatchFile]
	for _, name := range append([]string{MutantFile, PatchFile}, m.Delete...) {
		delete(tree, name)
	}
	if patch == nil {
		return tree, nil
	}
	if err := Patch(tree, patch.Data); err != nil {
		return nil, &PatchError{File: path.Join(path.Dir(m.file), PatchFile), Err: err}
	}
	return tree, nil
}

// AddFiles copies every file of fsys into the tree, over those of the same name.
func AddFiles(tree fstest.MapFS, fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		tree[name] = &fstest.MapFile{Data: data, Mode: info.Mode().Perm()}
		return nil
	})
}

// loadMutants reads the lab's mutants in the order of their names. A lab
// without any is none of Load's business: Lint complains.
func loadMutants(l *Lab, shown string) ([]Mutant, error) {
	entries, err := fs.ReadDir(l.dir, mutantsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the mutants of %s: %w", shown, err)
	}
	var all []Mutant
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue // a stray file, which Lint reports
		}
		m, err := loadMutant(l, e.Name(), shown)
		all, errs = append(all, m), append(errs, err)
	}
	return all, errors.Join(errs...)
}

func loadMutant(l *Lab, name, shown string) (Mutant, error) {
	dir := path.Join(mutantsDir, name)
	m := Mutant{Name: name, file: path.Join(shown, dir, MutantFile)}
	m.overlay, m.solution = sub(l.dir, dir), l.Solution()
	d := &yamlfile.Decoder{Mistakes: yamlfile.Mistakes{File: m.file}}
	data, err := fs.ReadFile(m.overlay, MutantFile)
	if err != nil {
		d.Add(yamlfile.Position{}, "the mutant's description cannot be read: %v", err)
		return m, d.Err()
	}
	if err := isName(name); err != nil {
		d.Add(yamlfile.Position{}, "the mutant's folder: %v", err)
	}
	d.Document(data, func(n ast.Node) { m.read(d, n, l) })
	return m, d.Err()
}

// read takes the description, and tests that the check exists if the lab's
// manifest was readable.
func (m *Mutant) read(d *yamlfile.Decoder, n ast.Node, l *Lab) {
	m.at = yamlfile.At(n)
	d.Mapping(n, "the mutant",
		yamlfile.Must("fails", func(n ast.Node) { m.at = yamlfile.At(n); d.Text(&m.Fails, "fails", isName)(n) }),
		yamlfile.Must("why", d.Text(&m.Why, "why")),
		yamlfile.May("add", d.Texts(&m.Add, "add", isFile)),
		yamlfile.May("delete", d.Texts(&m.Delete, "delete", isFile)),
	)
	var ids []string
	for _, c := range l.Checks() {
		ids = append(ids, c.ID)
	}
	if m.Fails == "" || len(ids) == 0 || slices.Contains(ids, m.Fails) {
		return
	}
	d.Add(m.at, "the lab has no check %q%s", m.Fails, yamlfile.DidYouMean(m.Fails, ids))
}
