package scenarios

import (
	"embed"
	"io/fs"
	"path"
	"sync"
)

//go:embed library
var libraryFiles embed.FS

// Catalog is a set of scenarios by name.
type Catalog struct{ all []*Scenario }

// theLibrary reads the embedded scenarios, once.
var theLibrary = sync.OnceValues(func() (*Catalog, error) { return NewCatalog(libraryFiles, "library", "scenarios/library") })

// Library gives the scenarios that come with ipclab: at least one for each
// mechanism, with broken twins.
func Library() *Catalog {
	c, err := theLibrary()
	if err != nil {
		panic(err.Error()) // embedded, and tested
	}
	return c
}

// NewCatalog reads all scenarios of a folder, one below each folder in it.
// shown is what people call the folder.
func NewCatalog(fsys fs.FS, dir, shown string) (*Catalog, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	c := &Catalog{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		s, err := Load(fsys, path.Join(dir, e.Name(), File), path.Join(shown, e.Name(), File))
		if err != nil {
			return nil, err
		}
		c.all = append(c.all, s)
	}
	return c, nil
}

// All gives the scenarios in the order of their names.
func (c *Catalog) All() []*Scenario { return append([]*Scenario(nil), c.all...) }

// Find gives the scenario of a name. The error is an *UnknownError.
func (c *Catalog) Find(name string) (*Scenario, error) {
	var known []string
	for _, s := range c.all {
		if s.Name == name {
			return s, nil
		}
		known = append(known, s.Name)
	}
	return nil, &UnknownError{Name: name, Known: known}
}
