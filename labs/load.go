package labs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"

	"github.com/goccy/go-yaml/ast"
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
	l := &Lab{dir: sub(fsys, dir), file: path.Join(shown, ManifestFile)}
	l.student = isStudentEdition(l.dir)
	data, err := fs.ReadFile(l.dir, ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("the lab has no readable manifest: %w", err)
	}
	manifestErr := readManifest(l, data, folderName(dir))
	mutants, mutantErr := loadMutants(l, shown)
	if err := errors.Join(manifestErr, mutantErr); err != nil {
		return nil, err
	}
	l.mutants = mutants
	if l.digest, err = digest(l.dir); err != nil {
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
	m := &manifest{decoder: decoder{mistakes{file: l.file}}, lab: l}
	m.document(data, func(n ast.Node) {
		m.read(n)
		m.consistent(folder)
	})
	return m.err()
}

// digest is a SHA-256 over the names, sizes and contents of all regular files.
func digest(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return digestFile(h, fsys, name)
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func digestFile(h hash.Hash, fsys fs.FS, name string) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%q %d\n", name, len(data))
	_, err = h.Write(data)
	return err
}
