package labs

import (
	"bytes"
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// PatchFile is a mutant's change of the solution, as `diff -u` writes it: it
// says at a glance what is wrong, and a solution that moves on cannot leave an
// old copy of itself behind.
const PatchFile = "change.patch"

// PatchError says that a mutant's patch does not fit the solution.
type PatchError struct {
	File string // the patch
	Err  error
}

// Error names the patch and what does not fit.
func (e *PatchError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *PatchError) Unwrap() error { return e.Err }

// Hint says how to make the patch anew.
func (e *PatchError) Hint() string {
	return "make it anew with: diff -u a/FILE b/FILE, where a is the solution and b the mutant"
}

// Patch changes the files of a tree as a patch says.
func Patch(tree fstest.MapFS, patch []byte) error {
	files, _, err := gitdiff.Parse(bytes.NewReader(patch))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("it changes no file")
	}
	for _, f := range files {
		if err := applyToFile(tree, f); err != nil {
			return err
		}
	}
	return nil
}

func applyToFile(tree fstest.MapFS, f *gitdiff.File) error {
	name := strings.TrimPrefix(strings.TrimPrefix(f.NewName, "a/"), "b/")
	file, ok := tree[name]
	if !ok || f.IsNew || f.IsDelete || f.IsRename || f.IsBinary {
		return fmt.Errorf("%s: a patch may only change files of the solution", name)
	}
	var changed bytes.Buffer
	if err := gitdiff.Apply(&changed, bytes.NewReader(file.Data), f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	tree[name] = &fstest.MapFile{Data: changed.Bytes(), Mode: file.Mode}
	return nil
}
