package labs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"ipclab/internal/yamlfile"
)

// Source is a place with lab folders.
type Source struct {
	fsys  fs.FS
	shown string // how messages name the root; empty for the embedded labs
	only  string // the single lab, when the root is itself a lab
}

// Dir is a folder of the host that holds lab folders, or that is one itself.
func Dir(path string) (Source, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Source{}, fmt.Errorf("labs folder %s: %w", path, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Source{}, fmt.Errorf("labs folder: %w", err)
	}
	if !info.IsDir() {
		return Source{}, fmt.Errorf("labs folder %s: not a folder", path)
	}
	if isThere(filepath.Join(abs, ManifestFile)) {
		parent, name := filepath.Split(abs)
		return Source{os.DirFS(parent), filepath.Dir(filepath.Clean(path)), name}, nil
	}
	return Source{fsys: os.DirFS(abs), shown: path}, nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// folders are the names of the source's lab folders: those with a manifest.
func (s Source) folders() ([]string, error) {
	if s.only != "" {
		return []string{s.only}, nil
	}
	entries, err := fs.ReadDir(s.fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("labs folder %s: %w", s.shown, err)
	}
	var names []string
	for _, e := range entries {
		if slices.Contains(reserved(), e.Name()) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if _, err := fs.Stat(s.fsys, e.Name()+"/"+ManifestFile); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Catalog is a set of labs, ordered as their manifests ask. Each is read when
// it is first asked for: a command about one lab need not read the others. A
// lab that cannot be read is in the catalogue too, as the reason why. Several
// goroutines may use a catalogue.
type Catalog struct {
	read map[string]func() (*Lab, error) // by the folder's name
}

// NewCatalog finds every lab of the sources. A lab of a later source hides one
// of the same name in an earlier. The error is for a source that cannot be
// read at all; mistakes in a lab come out when it is read.
func NewCatalog(sources ...Source) (*Catalog, error) {
	c := &Catalog{map[string]func() (*Lab, error){}}
	for _, s := range sources {
		names, err := s.folders()
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			shown := filepath.ToSlash(filepath.Join(s.shown, name))
			c.read[name] = sync.OnceValues(func() (*Lab, error) { return load(s.fsys, name, shown) })
		}
	}
	return c, nil
}

// All are the readable labs in their order.
func (c *Catalog) All() []*Lab {
	var all []*Lab
	for _, read := range c.read {
		if lab, err := read(); err == nil {
			all = append(all, lab)
		}
	}
	slices.SortFunc(all, func(a, b *Lab) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Names are the names of all labs in the order of the alphabet. It reads none
// of them, and so is quick enough for shell completion.
func (c *Catalog) Names() []string { return slices.Sorted(maps.Keys(c.read)) }

// Broken is why some labs cannot be read, joined; nil when all can.
func (c *Catalog) Broken() error {
	var all []error
	for _, name := range c.Names() {
		_, err := c.read[name]()
		all = append(all, err)
	}
	return errors.Join(all...)
}

// Find is the lab of that name. The error is an *UnknownError, or the reason
// why the lab cannot be read.
func (c *Catalog) Find(name string) (*Lab, error) {
	read, ok := c.read[name]
	if !ok {
		return nil, &UnknownError{Name: name, Known: c.Names()}
	}
	return read()
}

// UnknownError says that there is no lab of that name.
type UnknownError struct {
	Name  string
	Known []string
}

// Error names the lab, and the one that was perhaps meant.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no lab %q%s", e.Name, yamlfile.DidYouMean(e.Name, e.Known))
}

// Hint lists the labs that there are.
func (e *UnknownError) Hint() string {
	if len(e.Known) == 0 {
		return "no labs were found"
	}
	return "the labs are: " + strings.Join(e.Known, ", ")
}
