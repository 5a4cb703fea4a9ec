package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace/glob"
)

// Tree is the content of a workspace at one moment. It does not change.
type Tree struct {
	files   []api.File // ordered by path
	digests [][sha256.Size]byte
}

// NewTree makes a tree of files. It takes over the slice and the data.
func NewTree(files []api.File) *Tree {
	slices.SortFunc(files, func(a, b api.File) int { return compare(a.Path, b.Path) })
	t := &Tree{files: files}
	for _, f := range files {
		t.digests = append(t.digests, digest(f))
	}
	return t
}

// digest covers a file's name, permission to execute, and content.
func digest(f api.File) [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q %t %d\n", f.Path, f.Exec, len(f.Data))
	h.Write(f.Data)
	return [sha256.Size]byte(h.Sum(nil))
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// FromFS makes a tree of every regular file of fsys: a lab's solution, or a
// mutant. It has no limits, because it is not for strangers' files.
func FromFS(fsys fs.FS) (*Tree, error) {
	var files []api.File
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return &Error{Doing: reading, Path: name, Err: ErrSpecial}
		}
		data, err := fs.ReadFile(fsys, name)
		files = append(files, api.File{Path: name, Exec: info.Mode()&0o111 != 0, Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading a lab's files: %w", err)
	}
	return NewTree(files), nil
}

// API is the tree as the agent installs it in a folder of the guest. It shares
// the files' data with the tree: do not change it.
func (t *Tree) API(dir string) api.Tree {
	return api.Tree{Dir: dir, Files: slices.Clone(t.files)}
}

// Paths are the paths of all files, slash-separated and in order.
func (t *Tree) Paths() []string {
	var paths []string
	for _, f := range t.files {
		paths = append(paths, f.Path)
	}
	return paths
}

// File finds a file by its path. Do not change its data.
func (t *Tree) File(path string) (api.File, bool) {
	i, found := slices.BinarySearchFunc(t.files, path, func(f api.File, path string) int { return compare(f.Path, path) })
	if !found {
		return api.File{}, false
	}
	return t.files[i], true
}

// Size is the number of bytes in all files.
func (t *Tree) Size() int64 {
	var sum int64
	for _, f := range t.files {
		sum += int64(len(f.Data))
	}
	return sum
}

// FileDigest is a file's SHA-256 in hex, over its path, content and permission
// to execute; empty when there is no such file.
func (t *Tree) FileDigest(path string) string {
	for i, f := range t.files {
		if f.Path == path {
			return hex.EncodeToString(t.digests[i][:])
		}
	}
	return ""
}

// Digest is a SHA-256 in hex over the files that the patterns mean (see
// package glob); over all when there are no patterns. While it stays the same,
// none of those files changed, came or went.
func (t *Tree) Digest(patterns ...string) string {
	h := sha256.New()
	for i, f := range t.files {
		if glob.MatchAny(patterns, f.Path) {
			h.Write(t.digests[i][:])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
