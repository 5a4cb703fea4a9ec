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

// Catalog is a set of labs, ordered as their manifests ask. A lab that could
// not be read is in it too, as the reason why.
type Catalog struct {
	labs   []*Lab
	broken map[string]error
}

// NewCatalog reads every lab of the sources. A lab of a later source hides one
// of the same name in an earlier. Mistakes in a lab do not hide the others:
// see Broken. The error is for a source that cannot be read at all.
func NewCatalog(sources ...Source) (*Catalog, error) {
	good, broken := map[string]*Lab{}, map[string]error{}
	for _, s := range sources {
		names, err := s.folders()
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			delete(good, name)
			delete(broken, name)
			lab, err := load(s.fsys, name, filepath.ToSlash(filepath.Join(s.shown, name)))
			if err != nil {
				broken[name] = err
				continue
			}
			good[name] = lab
		}
	}
	return &Catalog{slices.SortedFunc(maps.Values(good), byOrder), broken}, nil
}

func byOrder(a, b *Lab) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Name, b.Name))
}

// All are the readable labs in their order.
func (c *Catalog) All() []*Lab { return slices.Clone(c.labs) }

// Names are the names of the readable labs in their order.
func (c *Catalog) Names() []string {
	var names []string
	for _, l := range c.labs {
		names = append(names, l.Name)
	}
	return names
}

// Broken is why some labs could not be read, joined; nil when all could.
func (c *Catalog) Broken() error {
	var all []error
	for _, name := range slices.Sorted(maps.Keys(c.broken)) {
		all = append(all, c.broken[name])
	}
	return errors.Join(all...)
}

// Find is the lab of that name. The error is an *UnknownError, or the reason
// why the lab could not be read.
func (c *Catalog) Find(name string) (*Lab, error) {
	if err := c.broken[name]; err != nil {
		return nil, err
	}
	for _, l := range c.labs {
		if l.Name == name {
			return l, nil
		}
	}
	return nil, &UnknownError{Name: name, Known: c.Names()}
}

// UnknownError says that there is no lab of that name.
type UnknownError struct {
	Name  string
	Known []string
}

// Error names the lab, and the one that was perhaps meant.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no lab %q%s", e.Name, didYouMean(e.Name, e.Known))
}

// Hint lists the labs that there are.
func (e *UnknownError) Hint() string {
	if len(e.Known) == 0 {
		return "no labs were found"
	}
	return "the labs are: " + strings.Join(e.Known, ", ")
}
