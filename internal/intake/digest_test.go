package intake

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func digest(t *testing.T, path string) string {
	t.Helper()
	d, err := Digest(t.Context(), Submission{Path: path, Source: "ann"})
	must(t, err)
	if len(d) != 64 {
		t.Errorf("digest %q", d)
	}
	return d
}

func TestDigestFollowsTheContent(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	files := map[string]string{"a.c": "1", "policy/x.cil": "2"}
	put(t, dir, files)
	put(t, other, files)
	before := digest(t, dir)
	if digest(t, other) != before {
		t.Error("it depends on where the folder is")
	}
	put(t, dir, map[string]string{".git/index": "3", ".DS_Store": "4"})
	if digest(t, dir) != before {
		t.Error("it depends on what is no part of the submission")
	}
	seen := map[string]bool{before: true}
	for _, step := range []struct { // in this order: what is renamed has to be there
		name   string
		change func()
	}{
		{"content", func() { put(t, dir, map[string]string{"a.c": "2"}) }},
		{"exec", func() { must(t, os.Chmod(filepath.Join(dir, "a.c"), 0o755)) }},
		{"new file", func() { put(t, dir, map[string]string{"b.c": ""}) }},
		{"rename", func() { must(t, os.Rename(filepath.Join(dir, "b.c"), filepath.Join(dir, "c.c"))) }},
		{"link", func() { must(t, os.Symlink("/etc/shadow", filepath.Join(dir, "l"))) }},
		{"FIFO", func() { must(t, syscall.Mkfifo(filepath.Join(dir, "p"), 0o644)) }},
		{"empty dir", func() { put(t, dir, map[string]string{"d/": ""}) }},
	} {
		step.change()
		d := digest(t, dir)
		if seen[d] {
			t.Errorf("%s does not change it", step.name)
		}
		seen[d] = true
	}
}

// What will be refused for its size is not read to its end.
func TestDigestIsBounded(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "big.zip")
	put(t, dir, map[string]string{"big.zip": ""})
	must(t, os.Truncate(path, 1<<40))
	first := digest(t, path)
	must(t, os.Truncate(path, 1<<41))
	if digest(t, path) == first {
		t.Error("the size does not count")
	}
	deep := t.TempDir()
	for at, i := deep, 0; i < 100; i++ {
		at = filepath.Join(at, "d")
		must(t, os.Mkdir(at, 0o755))
	}
	digest(t, deep)
}
