package labs

import (
	"strings"
	"testing"
	"testing/fstest"
)

const before = "one\ntwo\nthree\n"

func tree() fstest.MapFS {
	return fstest.MapFS{"a.c": {Data: []byte(before), Mode: 0o644}, "policy/p.cil": {Data: []byte("(x)\n")}}
}

func TestPatchChangesTheSolution(t *testing.T) {
	got := tree()
	patch := "--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n" +
		"--- a/policy/p.cil\n+++ b/policy/p.cil\n@@ -1 +1 @@\n-(x)\n+(y)\n"
	if err := Patch(got, []byte(patch)); err != nil {
		t.Fatal(err)
	}
	if text := string(got["a.c"].Data); text != "one\nTWO\nthree\n" {
		t.Errorf("a.c is %q", text)
	}
	if text := string(got["policy/p.cil"].Data); text != "(y)\n" {
		t.Errorf("policy/p.cil is %q", text)
	}
}

func TestPatchThatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct{ patch, want string }{
		"nothing":       {"", "changes no file"},
		"no patch":      {"hello\n", "changes no file"},
		"another text":  {"--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n one\n-zwei\n+TWO\n three\n", "a.c: "},
		"unknown file":  {"--- a/b.c\n+++ b/b.c\n@@ -1 +1 @@\n-x\n+y\n", "b.c: a patch may only change"},
		"a new file":    {"--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+x\n", "a patch may only change"},
		"a file lost":   {"--- a/a.c\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-two\n-three\n", "a patch may only change"},
		"out of folder": {"--- a/../a.c\n+++ b/../a.c\n@@ -1 +1 @@\n-x\n+y\n", "a patch may only change"},
		"cut off":       {"--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n one\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Patch(tree(), []byte(test.patch))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
