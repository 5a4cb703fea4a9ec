package workspace

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// put writes files into a folder; a name that ends in a slash is a folder.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotReadsSources(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"b.c": "bb", "a/x.c": "a", "policy/one.cil": "(p)", "empty": ""})
	must(t, os.Chmod(filepath.Join(dir, "b.c"), 0o755))
	tree, err := Snapshot(dir, Limits{})
	must(t, err)
	if got, want := tree.Paths(), []string{"a/x.c", "b.c", "empty", "policy/one.cil"}; !slices.Equal(got, want) {
		t.Errorf("paths are %v, want %v", got, want)
	}
	f, ok := tree.File("b.c")
	if !ok || string(f.Data) != "bb" || !f.Exec {
		t.Errorf("b.c is %+v", f)
	}
	api := tree.API("/lab/src")
	if api.Dir != "/lab/src" || len(api.Files) != 4 || tree.Size() != 6 {
		t.Errorf("API %+v, size %d", api, tree.Size())
	}
}

func TestSnapshotLeavesJunkAndOutputs(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{
		"a.c": "", "a.c~": "", ".a.c.swp": "", "#a.c#": "", ".git/config": "", "sub/.DS_Store": "",
		"writer": "ELF", "sub/writer": "source", "4913": "", ".ipclab-part-x": "", unfinished: "",
	})
	// Emacs locks a file with a link that leads nowhere.
	must(t, os.Symlink("me@host.1:2", filepath.Join(dir, ".#a.c")))
	tree, err := Snapshot(dir, Limits{}, "writer")
	must(t, err)
	if got, want := tree.Paths(), []string{"a.c", "sub/writer"}; !slices.Equal(got, want) {
		t.Errorf("paths are %v, want %v", got, want)
	}
}

func TestSnapshotRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  error
		path  string
	}{
		{"link loop", func(t *testing.T, dir string) { must(t, os.Symlink(".", filepath.Join(dir, "loop"))) }, ErrSymlink, "loop"},
		{"link to itself", func(t *testing.T, dir string) { must(t, os.Symlink("self", filepath.Join(dir, "self"))) }, ErrSymlink, "self"},
		{"link out", func(t *testing.T, dir string) { must(t, os.Symlink("/etc/shadow", filepath.Join(dir, "out.c"))) }, ErrSymlink, "out.c"},
		{"link in", func(t *testing.T, dir string) { must(t, os.Symlink("a.c", filepath.Join(dir, "b.c"))) }, ErrSymlink, "b.c"},
		{"FIFO", func(t *testing.T, dir string) { must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.c"), 0o644)) }, ErrSpecial, "pipe.c"},
		{"socket", listen, ErrSpecial, "sock"},
		{"control character", func(t *testing.T, dir string) { put(t, dir, map[string]string{"a\x1b[2J.c": ""}) }, ErrName, "a\x1b[2J.c"},
		{"not UTF-8", func(t *testing.T, dir string) { put(t, dir, map[string]string{"a\xff.c": ""}) }, ErrName, "a\xff.c"},
		{"3,000 files", func(t *testing.T, dir string) { many(t, filepath.Join(dir, "obj"), 3000) }, ErrTooMany, "obj"},
		{"3,000 backups", func(t *testing.T, dir string) { many(t, filepath.Join(dir, "obj"), 3000, "~") }, ErrTooMany, "obj"},
		{"big file", func(t *testing.T, dir string) { must(t, os.Truncate(create(t, dir, "big"), DefaultBytes+1)) }, ErrTooBig, "big"},
		{"deep folders", func(t *testing.T, dir string) { put(t, dir, map[string]string{strings.Repeat("d/", 20) + "x": ""}) }, ErrTooDeep, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, map[string]string{"a.c": "int x;"})
			test.spoil(t, dir)
			_, err := Snapshot(dir, Limits{})
			var e *Error
			if !errors.Is(err, test.want) || !errors.As(err, &e) {
				t.Fatalf("error is %v, want %v", err, test.want)
			}
			if e.Hint() == "" || test.path != "" && e.Path != filepath.Join(dir, test.path) {
				t.Errorf("path %q, hint %q", e.Path, e.Hint())
			}
		})
	}
}

func listen(t *testing.T, dir string) {
	l, err := net.Listen("unix", filepath.Join(dir, "sock"))
	must(t, err)
	t.Cleanup(func() { l.Close() })
}

func create(t *testing.T, dir, name string) string {
	put(t, dir, map[string]string{name: ""})
	return filepath.Join(dir, name)
}

func many(t *testing.T, dir string, n int, suffix ...string) {
	must(t, os.Mkdir(dir, 0o755))
	for i := range n {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.o%s", i, strings.Join(suffix, ""))))
		must(t, err)
		must(t, f.Close())
	}
}

func TestSnapshotSumsSizes(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a": "12345", "b": "12345"})
	if _, err := Snapshot(dir, Limits{Bytes: 10}); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	if _, err := Snapshot(dir, Limits{Bytes: 9}); !errors.Is(err, ErrTooBig) {
		t.Errorf("over the limit: %v", err)
	}
}

func TestSnapshotOfWhatIsNoFolder(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	must(t, syscall.Mkfifo(pipe, 0o644)) // must not be opened: that would wait for ever
	for path, want := range map[string]error{
		create(t, dir, "file"):     ErrNotFolder,
		pipe:                       ErrNotFolder,
		filepath.Join(dir, "gone"): ErrGone,
	} {
		if _, err := Snapshot(path, Limits{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		if _, err := Open(path); !errors.Is(err, want) {
			t.Errorf("Open %s: %v, want %v", path, err, want)
		}
	}
}

// Reading needs no right to write: neither on the folder nor on its files.
func TestSnapshotOfReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a.c": "x"})
	must(t, os.Chmod(filepath.Join(dir, "a.c"), 0o444))
	must(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	before, err := os.Stat(dir)
	must(t, err)
	if tree, err := Snapshot(dir, Limits{}); err != nil || len(tree.Paths()) != 1 {
		t.Errorf("tree %v, error %v", tree, err)
	}
	after, err := os.Stat(dir)
	must(t, err)
	if !before.ModTime().Equal(after.ModTime()) {
		t.Error("reading changed the folder")
	}
}

// The system's answers that a test cannot provoke everywhere.
func TestReasons(t *testing.T) {
	for _, test := range []struct {
		doing string
		errno syscall.Errno
		want  error
	}{
		{reading, syscall.EACCES, ErrUnreadable},
		{watching, syscall.EACCES, ErrUnreadable},
		{making, syscall.EACCES, ErrReadOnly},
		{resetting, syscall.EROFS, ErrReadOnly},
		{making, syscall.ENOSPC, ErrFull},
		{making, syscall.EDQUOT, ErrFull},
		{watching, syscall.ENOSPC, ErrWatches},
		{watching, syscall.EMFILE, ErrWatches},
		{reading, syscall.EIO, syscall.EIO},
	} {
		err := failure(test.doing, "fifo/a.c", &os.PathError{Op: "openat", Path: "a.c", Err: test.errno})
		want := fmt.Sprintf(`%s: "fifo/a.c": %v`, test.doing, test.want)
		if err.Error() != want || !errors.Is(err, test.want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

func TestUnreadableFileAsUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	must(t, os.Chmod(create(t, dir, "a.c"), 0))
	if _, err := Snapshot(dir, Limits{}); !errors.Is(err, ErrUnreadable) {
		t.Errorf("error is %v", err)
	}
}

func TestDigest(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a.c": "1", "lib/b.c": "2", "Makefile": "3"})
	digests := func() (all, c, rest string) {
		tree, err := Snapshot(dir, Limits{})
		must(t, err)
		return tree.Digest(), tree.Digest("*.c"), tree.Digest("Makefile", "*.cil")
	}
	all1, c1, rest1 := digests()
	put(t, dir, map[string]string{"lib/b.c": "changed"})
	all2, c2, rest2 := digests()
	if all1 == all2 || c1 == c2 || rest1 != rest2 {
		t.Error("a changed C file must change the C files' digest and no other")
	}
	must(t, os.Rename(filepath.Join(dir, "a.c"), filepath.Join(dir, "z.c")))
	if _, c3, rest3 := digests(); c3 == c2 || rest3 != rest2 {
		t.Error("a renamed C file must change the C files' digest and no other")
	}
	must(t, os.Chmod(filepath.Join(dir, "Makefile"), 0o755))
	if _, _, rest4 := digests(); rest4 == rest2 {
		t.Error("permission to execute must be part of the digest")
	}
}

func TestFromFS(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a.c": "1", "lib/b.c": "2"})
	disk, err := Snapshot(dir, Limits{})
	must(t, err)
	memory, err := FromFS(fstest.MapFS{"a.c": {Data: []byte("1")}, "lib/b.c": {Data: []byte("2")}})
	must(t, err)
	if disk.Digest() != memory.Digest() || disk.FileDigest("a.c") != memory.FileDigest("a.c") {
		t.Error("the same files have different digests")
	}
	if memory.FileDigest("none") != "" {
		t.Error("a digest of no file")
	}
}
