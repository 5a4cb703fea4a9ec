package labs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Export writes the lab's folder into dir, under the lab's name: as it was
// written, or, for students, without what they do not get. It appears whole or
// not at all, and replaces nothing: the error may be an *ExistsError, and is an
// *EditionError when the whole lab is asked for and is not there.
func (l *Lab) Export(dir string, forStudents bool) error {
	if err := l.Whole(); err != nil && !forStudents {
		return err
	}
	var without []string
	if forStudents {
		without = instructorDirs()
	}
	return makeFolder(dir, l.Name, func(temp string) error { return copyFolder(temp, l.raw, without) })
}

// makeFolder makes dir/name by filling a temporary folder beside it.
func makeFolder(dir, name string, fill func(temp string) error) error {
	target := filepath.Join(dir, name)
	if isThere(target) {
		return &ExistsError{target}
	}
	temp, err := os.MkdirTemp(dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("making the lab %s: %w", name, err)
	}
	defer os.RemoveAll(temp) // is gone when all went well
	if err := os.Chmod(temp, 0o755); err != nil {
		return fmt.Errorf("making the lab %s: %w", name, err)
	}
	if err := fill(temp); err != nil {
		return fmt.Errorf("making the lab %s: %w", name, err)
	}
	if err := os.Rename(temp, target); err != nil {
		return fmt.Errorf("making the lab %s: %w", name, err)
	}
	return nil
}

// copyFolder copies all regular files but those below some folders.
func copyFolder(dir string, from fs.FS, without []string) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains(without, name) {
			return fs.SkipDir
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}
