package labs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for _, path := range []string{one, two} {
		if err := NewSecret(path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	a, err1 := ReadSecret(one)
	b, err2 := ReadSecret(two)
	if err := errors.Join(err1, err2); err != nil || len(a) != 32 || bytes.Equal(a, b) {
		t.Errorf("secrets %x, %x, %v", a, b, err)
	}
}

func TestSecretIsNeverReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := NewSecret(path)
	var bad *SecretError
	if !errors.As(err, &bad) || !errors.Is(err, fs.ErrExist) || !strings.Contains(bad.Hint(), "keep it") {
		t.Errorf("error is %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
		t.Errorf("it holds %q, %v", data, err)
	}
}

func TestNoSecret(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty": "", "mark alone": secretMark, "short": secretMark + " abcd", "long": secretMark + " " + strings.Repeat("a", 66),
		"not hex": secretMark + " " + strings.Repeat("g", 64), "other mark": "ipclab-secret-2 " + strings.Repeat("a", 64),
		"huge": strings.Repeat("a", 1<<20),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadSecret(path)
		var bad *SecretError
		if !errors.As(err, &bad) || bad.Hint() == "" || !strings.Contains(err.Error(), "it holds something else") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadSecret(dir); err == nil {
		t.Error("a folder is a secret")
	}
	if _, err := ReadSecret(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
