package guest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

func TestDirectoriesOfTheSystemAreNotEmptied(t *testing.T) {
	for _, path := range []string{"/etc", "/", "/run", "/run/ipclab", "/lab", "/run/ipclab/../systemd", "/lab/../etc", "relative"} {
		err := remake(api.Directory{Path: path, Owner: "root", Mode: "0755"})
		if err == nil || !strings.Contains(err.Error(), "lie below") {
			t.Errorf("remake %s: %v", path, err)
		}
	}
}

func TestInstallOnlyBelowLab(t *testing.T) {
	for _, dir := range []string{"/etc", "/", "/lab/../etc", "lab/src", "/labour/src"} {
		if err := install(api.Tree{Dir: dir}); err == nil {
			t.Errorf("installed into %s", dir)
		}
	}
}

func TestNamesOfATreeStayInIt(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	inside := filepath.Join(dir, "inside")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := emptied(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"../outside", "/etc/x", "a/../../outside"} {
		if err := put(root, api.File{Path: name, Data: []byte("x")}); err == nil {
			t.Errorf("wrote %s", name)
		}
	}
	if err := put(root, api.File{Path: "a/b/c", Data: []byte("x"), Exec: true}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file was written outside")
	}
}

func TestReadPlainTakesRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("program"), []byte("code"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", at("link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"program": "", "none": "is missing", "link": "is a symbolic link", "fifo": "is not a regular file", ".": "is not a regular file",
	} {
		data, reason := readPlain(at(name))
		if reason != want {
			t.Errorf("%s: reason %q, want %q", name, reason, want)
		}
		if (string(data) == "code") != (want == "") {
			t.Errorf("%s: data %q", name, data)
		}
	}
}

func TestPublishRefusesNamesWithAFolder(t *testing.T) {
	for _, name := range []string{"../x", "a/b", "/bin/sh", ".hidden"} {
		if _, err := publish([]string{name}); err == nil {
			t.Errorf("published %s", name)
		}
	}
}
