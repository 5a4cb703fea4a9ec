package host

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/internal/image"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listener is a Progress that remembers notes.
type listener struct {
	image.Silent
	notes []string
}

func (l *listener) Note(what string) { l.notes = append(l.notes, what) }

// fakeHost is a computer with empty directories and a QEMU 7.2 that notes its
// command lines in the file that is returned, and then fails.
func fakeHost(t *testing.T) (h *Host, heard *listener, log string) {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o755))
	log = filepath.Join(dir, "log")
	program(t, bin, "qemu-img", "exit 0")
	program(t, bin, "qemu-system-x86_64", `[ "$1" = --version ] && { echo asked >>`+log+`; echo QEMU emulator version 7.2.1; exit; }
echo "$*" >>`+log+`; echo no such luck >&2; exit 1`)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	agent := filepath.Join(dir, "agent")
	must(t, os.WriteFile(agent, []byte("agent"), 0o755))
	heard = &listener{}
	h = &Host{
		Dirs:  Dirs{Cache: filepath.Join(dir, "cache"), State: filepath.Join(dir, "state"), Run: filepath.Join(dir, "run"), Scratch: dir},
		Agent: agent, Progress: heard,
	}
	must(t, os.Mkdir(h.Dirs.Cache, 0o755))
	return h, heard, log
}

func program(t *testing.T, dir, name, script string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// fakeImage is a whole image of tiny files.
func fakeImage(t *testing.T) *image.Image {
	t.Helper()
	i := &image.Image{Dir: t.TempDir(), Key: "key", Files: map[string]image.File{}}
	for _, name := range []string{"root.img", "vmlinuz", "initrd", "flat.cil", "base.cil", "packages"} {
		sum := sha256.Sum256([]byte(name))
		must(t, os.WriteFile(filepath.Join(i.Dir, name), []byte(name), 0o644))
		i.Files[name] = image.File{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(name))}
	}
	must(t, i.Verify())
	return i
}

// lines reads a log.
func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}
