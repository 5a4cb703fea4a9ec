package labs

import (
	"io/fs"
	"testing/fstest"
)

// MutantFile is the description inside a mutant's folder. It is not part of
// the workspace that the mutant stands for.
const MutantFile = "mutant.yaml"

// Mutant is a wrong solution together with the one check that must catch it.
// Its folder holds only the files that differ from the solution.
type Mutant struct {
	Name   string   // the folder's name
	Fails  string   // id of the check that must fail
	Why    string   // one sentence: what is wrong
	Add    []string // files of the folder that the solution does not have
	Delete []string // files of the solution that the mutant lacks

	at       position // of the value of "fails"
	overlay  fs.FS
	solution fs.FS
}

// FS is the mutant's workspace: the solution with the mutant's files over it.
func (m Mutant) FS() (fs.FS, error) {
	tree := fstest.MapFS{}
	if err := addFiles(tree, m.solution); err != nil {
		return nil, err
	}
	if err := addFiles(tree, m.overlay); err != nil {
		return nil, err
	}
	for _, name := range append([]string{MutantFile}, m.Delete...) {
		delete(tree, name)
	}
	return tree, nil
}

// addFiles copies every file of fsys into the tree.
func addFiles(tree fstest.MapFS, fsys fs.FS) error {
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
