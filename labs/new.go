package labs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// placeholder is the name of the lab that the template is. New puts the new
// lab's name in its place, in contents and in the names of files.
const placeholder = "newlab"

// ExistsError says that New would have to write over something.
type ExistsError struct{ Path string }

// Error names what is in the way.
func (e *ExistsError) Error() string { return e.Path + " exists already" }

// Hint says what to do.
func (e *ExistsError) Hint() string { return "choose another name, or move it away" }

// New makes dir/name: a small lab that works, to be changed into another. It
// appears whole or not at all. Names are small letters, digits and dashes.
func New(dir, name string) error {
	if err := isLabName(name); err != nil {
		return fmt.Errorf("a lab's name: %w", err)
	}
	return makeFolder(dir, name, func(temp string) error { return fill(temp, name) })
}

// fill writes the template into an empty folder under a new name.
func fill(dir, name string) error {
	skeleton := template()
	return fs.WalkDir(skeleton, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == "." {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(rename(file, name)))
		if d.IsDir() {
			return os.Mkdir(target, 0o755)
		}
		data, err := fs.ReadFile(skeleton, file)
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(rename(string(data), name)), 0o644)
	})
}

// rename puts a name in the placeholder's place. The names of SELinux types
// have underscores where the lab's name has dashes.
func rename(text, name string) string {
	inTypes := strings.ReplaceAll(name, "-", "_")
	text = strings.ReplaceAll(text, "ipclab_"+placeholder, "ipclab_"+inTypes)
	return strings.ReplaceAll(text, placeholder, name)
}
