package qemu

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755))
	return path
}

func TestVersion(t *testing.T) {
	for name, tt := range map[string]struct{ script, version, trouble string }{
		"Debian":     {"echo 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)'", "7.2.22", ""},
		"two digits": {"echo 'QEMU emulator version 10.0.2'", "10.0.2", ""},
		"least":      {"echo 'QEMU emulator version " + minVersion + ".0'", minVersion + ".0", ""},
		"too old":    {"echo 'QEMU emulator version 4.2.1'", "", "too old"},
		"else":       {"echo hello", "", "not understood"},
		"silent":     {"", "", "not understood"},
		"fails":      {"exit 1", "", "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			version, err := Version(context.Background(), program(t, tt.script))
			if version != tt.version || (err == nil) != (tt.trouble == "") || (err != nil && !strings.Contains(err.Error(), tt.trouble)) {
				t.Errorf("got %q, %v", version, err)
			}
		})
	}
	var old *TooOldError
	if _, err := Version(context.Background(), program(t, "echo QEMU emulator version 4.2.1")); !errors.As(err, &old) || old.Need != minVersion {
		t.Errorf("too old: %v", err)
	}
}

func TestFindNamesThePackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var missing *MissingError
	if _, err := Binary(); !errors.As(err, &missing) || !strings.Contains(missing.Hint(), "qemu-system-x86") {
		t.Errorf("Binary: %v", err)
	}
}

func TestConsoleTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "console")
	must(t, os.WriteFile(path, []byte("one\r\ntwo\x1b[0m\x00\nthree\n\n"), 0o600))
	if got, want := consoleTail(path, 2), "two[0m\nthree"; got != want {
		t.Errorf("tail %q, want %q", got, want)
	}
	if got := consoleTail(path+"-none", 2); got != "" {
		t.Errorf("tail of nothing: %q", got)
	}
	must(t, os.WriteFile(path, []byte(strings.Repeat("x\n", 1<<20)+"end"), 0o600))
	if got := consoleTail(path, 2); got != "x\nend" {
		t.Errorf("tail of much: %q", got)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	w := &tail{max: 5}
	for _, s := range []string{"abc", "def", "gh"} {
		if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	if w.String() != "defgh" {
		t.Errorf("kept %q", w)
	}
}

func TestDiedErrorShowsEverything(t *testing.T) {
	msg := (&DiedError{Status: "exit status 1", Stderr: "no memory", Console: "panic"}).Error()
	for _, want := range []string{"exit status 1", "no memory", "panic"} {
		if !strings.Contains(msg, want) {
			t.Errorf("no %q in %q", want, msg)
		}
	}
}
