package labs

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"testing/fstest"
)

// NoVariantsError says that a lab is the same for everybody.
type NoVariantsError struct{ Lab string }

// Error names the lab.
func (e *NoVariantsError) Error() string {
	return "the lab " + e.Lab + " has no variants: it is the same for everybody"
}

// Hint says what to leave out.
func (e *NoVariantsError) Hint() string { return "leave out the token or the secret" }

// HasVariants tells whether the lab is drawn for each student.
func (l *Lab) HasVariants() bool { return len(l.parameters) > 0 }

// Parameters are what differs from one variant to another.
func (l *Lab) Parameters() []Parameter { return append([]Parameter(nil), l.parameters...) }

// Seed is the seed of the variant that this lab is: DefaultSeed after Load.
func (l *Lab) Seed() Seed { return l.seed }

// Variant is the lab as drawn from a seed: in every file, and in the texts of
// the manifest, values stand in place of the placeholders. The same seed gives
// the same variant for ever. A variant has a digest of its own. The error is a
// *NoVariantsError, or one of Load's.
func (l *Lab) Variant(seed Seed) (*Lab, error) {
	if !l.HasVariants() {
		return nil, &NoVariantsError{l.Name}
	}
	return loadVariant(l.raw, l.Name, l.shown, seed)
}

// Samples are some variants to try a lab with, always the same; none for a lab
// without variants.
func (l *Lab) Samples(n int) ([]*Lab, error) {
	var all []*Lab
	for i := range n {
		if !l.HasVariants() {
			break
		}
		v, err := l.Variant(NewSeed([]byte("ipclab-sample-1"), l.Name, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Values are what the seed draws, by the names of placeholders: those of the
// parameters, and NAME.1, NAME.2, … for the elements of an order.
func (l *Lab) Values(seed Seed) map[string]string { return draw(l.parameters, seed) }

// placeholderPattern is @@NAME@@ or @@NAME.3@@. A hunk of a patch has blanks
// between its @@.
func placeholderPattern() *regexp.Regexp { return regexp.MustCompile(`@@([A-Za-z0-9_.-]+)@@`) }

// expander puts values in place of their placeholders. What it does not know
// stays; Lint reports it.
func expander(values map[string]string) func(string) string {
	pattern := placeholderPattern()
	return func(text string) string {
		return pattern.ReplaceAllStringFunc(text, func(found string) string {
			if v, ok := values[found[2:len(found)-2]]; ok {
				return v
			}
			return found
		})
	}
}

// expandFS is a folder with values in place of placeholders in every file.
func expandFS(raw fs.FS, values map[string]string) (fs.FS, error) {
	tree, expand := fstest.MapFS{}, expander(values)
	err := fs.WalkDir(raw, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := &fstest.MapFile{Mode: info.Mode(), ModTime: info.ModTime()}
		tree[name] = f
		if !info.Mode().IsRegular() {
			return nil // Lint reports it
		}
		data, err := fs.ReadFile(raw, name)
		f.Data = []byte(expand(string(data)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("drawing a variant: %w", err)
	}
	return tree, nil
}
