package policy

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// countingSecilc is a stand-in that writes a policy and a line to a log.
func countingSecilc(t *testing.T) (c Compiler, runs func() int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	tool := fakeSecilc(t, `printf '\214\377\174\371policy' >out; echo >>`+log)
	return Compiler{Secilc: tool}, func() int {
		b, _ := os.ReadFile(log)
		return len(b)
	}
}

func TestCacheCompile(t *testing.T) {
	c, runs := countingSecilc(t)
	k := Cache{Dir: filepath.Join(t.TempDir(), "a", "b")}
	m := []Module{{File: "a.cil", Source: []byte("(type a)")}}
	compile := func(c Compiler, digest string, m []Module, want int) {
		t.Helper()
		b, err := k.Compile(t.Context(), c, testFlat, digest, m)
		if err != nil || !bytes.HasSuffix(b, []byte("policy")) {
			t.Fatalf("got %q, %v", b, err)
		}
		if got := runs(); got != want {
			t.Fatalf("secilc ran %d times, want %d", got, want)
		}
	}
	compile(c, "d1", m, 1)
	compile(c, "d1", m, 1)
	compile(c, "d1", []Module{{File: "other name", Source: m[0].Source}}, 1)
	compile(c, "d2", m, 2)
	compile(c, "d1", []Module{{Source: []byte("(type b)")}}, 3)
	compile(c, "d1", []Module{{Source: []byte("(type ")}, {Source: []byte("a)")}}[:0], 4)
	c.Version = "3.5"
	compile(c, "d1", m, 5)
	left, _ := filepath.Glob(filepath.Join(k.Dir, ".new-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCacheDamaged(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":       func([]byte) []byte { return nil },
		"cut":         func(b []byte) []byte { return b[:len(b)-1] },
		"changed":     func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"longer":      func(b []byte) []byte { return append(b, 0) },
		"bad header":  func(b []byte) []byte { b[0] ^= 1; return b },
		"bare policy": func(b []byte) []byte { _, p, _ := bytes.Cut(b, []byte("\n")); return p },
	} {
		t.Run(name, func(t *testing.T) {
			k := Cache{Dir: t.TempDir()}
			if err := k.Put("key", []byte("policy\n\x00")); err != nil {
				t.Fatal(err)
			}
			if b, ok := k.Get("key"); !ok || string(b) != "policy\n\x00" {
				t.Fatalf("whole entry: got %q, %v", b, ok)
			}
			b, err := os.ReadFile(k.path("key"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(k.path("key"), damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if b, ok := k.Get("key"); ok {
				t.Errorf("a damaged entry was believed: %q", b)
			}
		})
	}
}

func TestCacheDamagedIsCompiledAnew(t *testing.T) {
	c, runs := countingSecilc(t)
	k := Cache{Dir: t.TempDir()}
	key, err := k.Key(c, "d", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.path(key), []byte("half a po"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if b, err := k.Compile(t.Context(), c, testFlat, "d", nil); err != nil || !isPolicy(b) {
			t.Fatalf("got %q, %v", b, err)
		}
	}
	if runs() != 1 {
		t.Errorf("secilc ran %d times, want 1", runs())
	}
}

func TestCacheWithoutRoom(t *testing.T) {
	c, _ := countingSecilc(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k := Cache{Dir: filepath.Join(file, "cache")}
	if b, err := k.Compile(t.Context(), c, testFlat, "d", nil); err != nil || !isPolicy(b) {
		t.Errorf("got %q, %v", b, err)
	}
	if err := k.Put("key", nil); err == nil {
		t.Error("Put into no directory: no error")
	}
}

func TestCacheErrors(t *testing.T) {
	k := Cache{Dir: t.TempDir()}
	_, err := k.Compile(t.Context(), Compiler{Secilc: "secilc-is-not-here"}, testFlat, "d", nil)
	if !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("no secilc: %v", err)
	}
	_, err = k.Compile(t.Context(), Compiler{Version: "1"}, testFlat, "d", []Module{{File: "s.cil", Source: []byte("(")}})
	if _, ok := errors.AsType[*SyntaxError](err); !ok {
		t.Errorf("syntax error: %v", err)
	}
	if entries, _ := os.ReadDir(k.Dir); len(entries) != 0 {
		t.Errorf("an error was kept: %v", entries)
	}
}

func TestCacheKeepsTheNewest(t *testing.T) {
	c, _ := countingSecilc(t)
	k := Cache{Dir: t.TempDir(), Keep: 2}
	var keys []string
	for i, name := range []string{"a", "b", "c"} {
		m := []Module{{File: "m.cil", Source: []byte("(type " + name + ")")}}
		if _, err := k.Compile(t.Context(), c, testFlat, "d", m); err != nil {
			t.Fatal(err)
		}
		key, err := k.Key(c, "d", m)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(k.path(key), at, at); err != nil && i < 2 {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	for i, want := range []bool{false, true, true} {
		if _, ok := k.Get(keys[i]); ok != want {
			t.Errorf("entry %d is there: %v, want %v", i, ok, want)
		}
	}
}
