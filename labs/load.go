package labs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/yamlfile"
)

// ManifestFile is the file that makes a folder a lab.
const ManifestFile = "lab.yaml"

// Load reads the lab in a folder of fsys. All mistakes of its manifests are
// reported together, each as a *ManifestError. The lab's name must be that of
// the folder, unless dir is ".".
func Load(fsys fs.FS, dir string) (*Lab, error) {
	return load(fsys, dir, dir)
}

// load is Load with the folder's path as people know it.
func load(fsys fs.FS, dir, shown string) (*Lab, error) {
	if !fs.ValidPath(dir) {
		return nil, &fs.PathError{Op: "load lab", Path: dir, Err: fs.ErrInvalid}
	}
	return loadVariant(sub(fsys, dir), folderName(dir), shown, DefaultSeed())
}

// loadVariant reads the lab in a folder as a seed draws it.
func loadVariant(raw fs.FS, folder, shown string, seed Seed) (*Lab, error) {
	l := &Lab{shown: shown, file: path.Join(shown, ManifestFile), raw: raw, dir: raw, seed: seed}
	l.student = isStudentEdition(raw)
	data, err := fs.ReadFile(raw, ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("the lab has no readable manifest: %w", err)
	}
	manifestErr := readManifest(l, data, folder)
	mutants, mutantErr := loadMutants(l, shown)
	if err := errors.Join(manifestErr, mutantErr); err != nil {
		return nil, err
	}
	l.mutants = mutants
	if l.digest, err = digestOf(l.dir); err != nil {
		return nil, fmt.Errorf("reading lab %s: %w", l.Name, err)
	}
	if l.machine, err = machineDigest(l); err != nil {
		return nil, fmt.Errorf("reading lab %s: %w", l.Name, err)
	}
	return l, nil
}

// folderName is what the lab must be called; empty when the folder is the
// root of a file system, whose name is not known.
func folderName(dir string) string {
	if dir == "." {
		return ""
	}
	return path.Base(dir)
}

// readManifest fills a lab from the text of its manifest.
func readManifest(l *Lab, data []byte, folder string) error {
	m := &manifest{Decoder: yamlfile.Decoder{Mistakes: yamlfile.Mistakes{File: l.file}}, lab: l}
	m.Document(data, func(n ast.Node) {
		m.read(n)
		m.consistent(folder)
	})
	return errors.Join(m.unreadable, m.Err())
}
