package intake

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// Open reads a submission into memory. Folders around the lab's files are taken
// off, with what lies beside them, and so are the lab's outputs. The error is
// an *Error for everything that a submission can do wrong, or the context's.
func Open(ctx context.Context, s Submission, lab *labs.Lab) (*Work, error) {
	if s.Problem != nil {
		return nil, s.Problem
	}
	h, err := gather(ctx, s.Path, lab.Build.Outputs)
	if err != nil {
		return nil, named(ctx, s.Source, err)
	}
	w, err := h.work(lab)
	return w, named(ctx, s.Source, err)
}

// gather reads what was handed in, whether folder or archive.
func gather(ctx context.Context, path string, outputs []string) (*hold, error) {
	path, folder, err := locate(path)
	switch {
	case err != nil:
		return nil, err
	case folder:
		return gatherFolder(path, outputs)
	}
	return unpack(ctx, path)
}

// locate finds what was handed in: an archive that lies alone in a folder
// stands for the folder.
func locate(path string) (at string, folder bool, err error) {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return path, false, err
	}
	entries, err := entriesOf(path, 2)
	if err != nil || len(entries) != 1 || !entries[0].Type().IsRegular() {
		return path, true, err
	}
	inside := filepath.Join(path, entries[0].Name())
	s, err := sniff(inside)
	if err != nil || !s.meant {
		return path, true, err
	}
	return inside, false, s.problem()
}

// entriesOf lists a folder's entries in order, without junk, and no more than
// so many; a negative number is all.
func entriesOf(dir string, most int) ([]fs.DirEntry, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []fs.DirEntry
	for {
		portion, err := f.ReadDir(256)
		for _, e := range portion {
			if !isJunk(e.Name()) {
				found = append(found, e)
			}
		}
		if err == io.EOF || most >= 0 && len(found) >= most {
			slices.SortFunc(found, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			return found, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// gatherFolder reads a folder as workspaces are read.
func gatherFolder(dir string, outputs []string) (*hold, error) {
	tree, err := workspace.Snapshot(dir, workspace.Limits{}, outputs...)
	if err != nil {
		return nil, fromWorkspace(dir, err)
	}
	return holdTree(tree)
}

// holdTree puts a tree to the same tests as the entries of an archive.
func holdTree(tree *workspace.Tree) (*hold, error) {
	h := newHold()
	for _, f := range tree.API("").Files {
		clean, err := h.enter(f.Path, false, false, false)
		if err != nil {
			return nil, err
		}
		if clean != "" {
			h.files = append(h.files, f)
		}
	}
	return h, nil
}

// work is what the files come to for a lab.
func (h *hold) work(lab *labs.Lab) (*Work, error) {
	if len(h.files) == 0 {
		return nil, refused("", ErrEmpty, "there is no file in it")
	}
	marks := marksOf(lab)
	root, err := h.root(lab.Name, marks)
	if err != nil {
		return nil, err
	}
	w := &Work{}
	var files []api.File
	for _, f := range h.files {
		rel, inside := strings.CutPrefix(f.Path, root)
		f.Path = rel
		switch {
		case !inside || slices.Contains(lab.Build.Outputs, rel):
		case rel == ManifestFile:
			w.Manifest, err = readManifest(f.Data, lab)
		default:
			files = append(files, f)
		}
	}
	if err != nil {
		return nil, err
	}
	w.Tree = workspace.NewTree(files)
	if !slices.ContainsFunc(w.Tree.Paths(), func(path string) bool { return slices.Contains(marks, path) }) {
		return nil, h.nothing()
	}
	w.Changed = w.Manifest.changed(w.Tree)
	return w, nil
}

// root finds the folder of the work; it is empty, or ends in a slash. A manifest
// says where it is. Otherwise it is the outermost folder with at least half as
// many of the lab's files, each at its place, as the folder that has most of
// them; and of several side by side, the one with the lab's name or with most.
func (h *hold) root(lab string, marks []string) (string, error) {
	roots := h.roots([]string{ManifestFile})
	if len(roots) == 0 {
		roots = h.roots(marks)
	}
	if len(roots) == 0 {
		return "", h.nothing()
	}
	most := slices.Max(slices.Collect(maps.Values(roots)))
	maps.DeleteFunc(roots, func(_ string, has int) bool { return 2*has < most })
	order := func(a, b string) int {
		return cmp.Or(
			cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")),
			-compareTrue(path.Base(a) == lab, path.Base(b) == lab),
			-cmp.Compare(roots[a], roots[b]))
	}
	best := slices.SortedFunc(maps.Keys(roots), func(a, b string) int { return cmp.Or(order(a, b), strings.Compare(a, b)) })
	if len(best) > 1 && order(best[0], best[1]) == 0 {
		return "", refused("", ErrAmbiguous, fmt.Sprintf("in %q and %q", short(best[0]), short(best[1])))
	}
	return best[0], nil
}

func compareTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// roots are the folders that have some of the marks at their places, and how
// many.
func (h *hold) roots(marks []string) map[string]int {
	roots := map[string]int{}
	for _, f := range h.files {
		for _, mark := range marks {
			if root, found := strings.CutSuffix(f.Path, mark); found && (root == "" || strings.HasSuffix(root, "/")) {
				roots[root]++
			}
		}
	}
	return roots
}

// nothing says why the lab's files were not found.
func (h *hold) nothing() *Error {
	archives := 0
	for _, f := range h.files {
		if k := kindOf(f.Data); k != isOther && k != isTar || stem(f.Path) != f.Path {
			archives++
		}
	}
	if archives == len(h.files) {
		return refused("", ErrNested, "")
	}
	return refused("", ErrNothing, "")
}

// taskFile is in a lab's starter and tells nothing: any folder may have one.
const taskFile = "README.md"

// marksOf are the paths that tell a lab's workspace: those of its starter, its
// solution and its policy.
func marksOf(lab *labs.Lab) []string {
	if lab == nil {
		return nil
	}
	marks := slices.Clone(lab.Policy.Student)
	for _, fsys := range []fs.FS{lab.Starter(), lab.Solution()} {
		_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && path.Base(name) != taskFile {
				marks = append(marks, name)
			}
			return nil // a student's edition has no solution
		})
	}
	slices.Sort(marks)
	return slices.Compact(marks)
}
