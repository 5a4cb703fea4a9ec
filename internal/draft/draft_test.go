package draft_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"ipclab/internal/draft"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplaceLeavesTheOldFileWhenWritingFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "file")
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	must(t, draft.Replace(path, 0o644, draft.Durable, hello))
	broken := func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return io.ErrShortWrite }
	if err := draft.Replace(path, 0o644, draft.Derived, broken); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the error is %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	data, err := os.ReadFile(path)
	must(t, err)
	if string(data) != "hello" || len(entries) != 1 {
		t.Errorf("the file says %q, beside %d others", data, len(entries)-1)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o644 {
		t.Errorf("its mode is %o", info.Mode().Perm())
	}
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o755)) // a folder is in the way
	if err := draft.Replace(path, 0o644, draft.Derived, hello); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, _ = os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Error("the draft is still there")
	}
}

// A draft that was finished can be looked at before it is put in place.
func TestFinishThenPut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	d, err := draft.New(path, 0o600)
	must(t, err)
	_, err = d.WriteString("whole")
	must(t, err)
	must(t, d.Finish(draft.Derived))
	if data, err := os.ReadFile(d.Name()); err != nil || string(data) != "whole" {
		t.Errorf("the draft says %q (%v)", data, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it is in place already")
	}
	must(t, d.Put(draft.Durable))
	d.Drop() // does nothing now
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %o", info.Mode().Perm())
	}
}
