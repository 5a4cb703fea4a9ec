package cli

import (
	"io/fs"
	"os"
	"strings"
)

// walk calls visit for the files and folders below root, with names relative to
// it. Links and special files are left out.
func walk(fsys fs.FS, root string, visit func(rel string, dir bool, mode os.FileMode) error) error {
	return fs.WalkDir(fsys, root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() && !info.IsDir() {
			return nil
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
		return visit(rel, d.IsDir(), info.Mode())
	})
}
