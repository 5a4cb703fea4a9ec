package policy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

const testFlat = "testdata/flat.cil"

func given(t *testing.T) Module {
	t.Helper()
	src, err := os.ReadFile("testdata/given.cil")
	if err != nil {
		t.Fatal(err)
	}
	return Module{File: "policy/given.cil", Source: src}
}

// compileTest compiles the student's text over the test policy with the real
// secilc, which `make test` installs.
func compileTest(t *testing.T, student string) ([]byte, error) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	modules := []Module{given(t), {File: "policy/one-way.cil", Source: []byte(student)}}
	b, err := Compiler{}.Compile(t.Context(), testFlat, modules)
	left, _ := os.ReadDir(os.Getenv("TMPDIR"))
	if len(left) != 0 {
		t.Errorf("files left behind: %v", left)
	}
	if err != nil && (strings.Contains(err.Error(), os.TempDir()) || strings.Contains(err.Error(), "m0.cil") || strings.Contains(err.Error(), "m1.cil")) {
		t.Errorf("the error shows names of ours: %v", err)
	}
	return b, err
}

func TestCompile(t *testing.T) {
	b, err := compileTest(t, "; one way\n(allow lab_writer_t lab_fifo_t (fifo_file (write open)))\n")
	if err != nil {
		t.Fatal(err)
	}
	if !isPolicy(b) {
		t.Errorf("no policy: % x", b[:min(8, len(b))])
	}
	for _, name := range []string{"lab_writer_t", "lab_fifo_t"} {
		if !strings.Contains(string(b), name) {
			t.Errorf("the policy lacks %s", name)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		name, source string
		want         CompileError
	}{
		{"unknown type", "\n  (allow lab_writer_t lab_fif_t (fifo_file (write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 23}, Msg: `there is no type "lab_fif_t"`, Hint: `did you mean "lab_fifo_t"?`,
			Rules: []string{"policy/one-way.cil:2:3: (allow lab_writer_t lab_fif_t (fifo_file (write)))"}}},
		{"unknown permission, CRLF and tabs", "; x\r\n\r\n(allow lab_writer_t lab_fifo_t\r\n\t(fifo_file (open wriet)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 4, 19}, Msg: `class "fifo_file" has no permission "wriet"`, Hint: `did you mean "write"?`,
			Rules: []string{"policy/one-way.cil:3:1: (allow lab_writer_t lab_fifo_t (fifo_file (open wriet)))"}}},
		{"unknown class", "(allow lab_writer_t lab_fifo_t (fifo_fiel (write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 33}, Msg: `there is no class "fifo_fiel"`, Hint: `did you mean "fifo_file"?`,
			Rules: []string{"policy/one-way.cil:1:1: (allow lab_writer_t lab_fifo_t (fifo_fiel (write)))"}}},
		{"a class as a type", "(allow lab_writer_t fifo_file (fifo_file (write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 21}, Msg: `"fifo_file" is a class; a type belongs here`,
			Rules: []string{"policy/one-way.cil:1:1: (allow lab_writer_t fifo_file (fifo_file (write)))"}}},
		{"unknown result", "(typetransition lab_writer_t lab_fifo_t fifo_file lab_none_t)", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 51}, Msg: `there is no type "lab_none_t"`, Hint: "check the spelling, or declare it",
			Rules: []string{"policy/one-way.cil:1:1: (typetransition lab_writer_t lab_fifo_t fifo_file lab_none_t)"}}},
		{"inside a block", "(block b\n (allow lab_writer_t nobody (fifo_file (write))))", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 22}, Msg: `there is no type "nobody"`, Hint: "check the spelling, or declare it",
			Rules: []string{"policy/one-way.cil:2:2: (allow lab_writer_t nobody (fifo_file (write)))"}}},
		{"other statement", "(typeattributeset lab_subjects (lab_writer_t))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 19}, Msg: `"lab_subjects" is not declared`, Hint: `did you mean "lab_subject"?`,
			Rules: []string{"policy/one-way.cil:1:1: (typeattributeset lab_subjects (lab_writer_t))"}}},
		{"form", "\n(allow lab_writer_t\n (fifo_file (write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 1}, Msg: `this is not how "allow" is written`,
			Hint: "write it so: (allow SOURCE TARGET (CLASS (PERMISSION ...)))"}},
		{"no permissions", "(allow lab_writer_t lab_fifo_t (fifo_file ()))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 1}, Msg: `this is not how "allow" is written`,
			Hint: "write it so: (allow SOURCE TARGET (CLASS (PERMISSION ...)))"}},
		{"declared in the lab", "(type x_t)\n(type lab_fifo_t)", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 7}, Msg: `"lab_fifo_t" is declared twice`, Hint: "delete one of the two, or choose another name",
			Rules: []string{"policy/given.cil:4:1: (type lab_fifo_t)", "policy/one-way.cil:2:1: (type lab_fifo_t)"}}},
		{"declared in the base", "(type kernel_t)", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 7}, Msg: `"kernel_t" is declared twice`, Hint: "the base policy has this name already; choose another"}},
		{"conflict", "(typetransition lab_writer_t lab_fifo_t fifo_file lab_fifo_t)\n(typetransition lab_writer_t lab_fifo_t fifo_file lab_secret_t)", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 1}, Msg: `this rule contradicts another, whose result is "lab_fifo_t"`,
			Hint:  "for one source, target and class there can be one result only",
			Rules: []string{"policy/one-way.cil:2:1: (typetransition lab_writer_t lab_fifo_t fifo_file lab_secret_t)"}}},
		{"neverallow of the base", "(allow lab_writer_t lab_secret_t\n  (fifo_file (read write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 1}, Msg: "a neverallow rule forbids what this rule allows",
			Hint: "the neverallow rule (base policy, line 42) is there on purpose: change or delete yours",
			Rules: []string{"base policy, line 42: (neverallow lab_subject lab_secret_t (fifo_file (write)))",
				"policy/one-way.cil:1:1: (allow lab_writer_t lab_secret_t (fifo_file (read write)))"}}},
		{"no place", "(allowx lab_writer_t lab_fifo_t (ioctl fifo_file (0xzz)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 51}, Msg: "permissionx value 0xzz not valid number"}},
		{"no place but a keyword", "(type x_t)\n(classorder (none))", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 1}, Msg: "Failed to resolve class none in classorder"}},
		{"no place at all", "(macro m0 ((type x)) (allow x x (fifo_file (read))))\n" + bomb(30) + "(call m30 (lab_fifo_t))", CompileError{
			Pos: Pos{File: "policy/one-way.cil"}, Msg: "the policy with this module takes more than 512 MB of memory to compile",
			Hint: "are there macros or blocks that call each other many times?"}},
		{"neverallow with ioctl, both ours", "(neverallowx lab_writer_t lab_fifo_t (ioctl fifo_file (0x12)))\n(allow lab_writer_t lab_fifo_t (fifo_file (ioctl)))\n(allowx lab_writer_t lab_fifo_t (ioctl fifo_file (0x12)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 3, 1}, Msg: "a neverallow rule forbids what this rule allows",
			Hint: "the neverallow rule (policy/one-way.cil:1:1) is there on purpose: change or delete yours",
			Rules: []string{"policy/one-way.cil:1:1: (neverallowx lab_writer_t lab_fifo_t (ioctl fifo_file (0x12)))",
				"policy/one-way.cil:3:1: (allowx lab_writer_t lab_fifo_t (ioctl fifo_file (0x12)))"}}},
		{"bounds", "(typebounds lab_reader_t lab_writer_t)\n(allow lab_writer_t lab_fifo_t (fifo_file (write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 1}, Msg: "Child type lab_writer_t exceeds bounds of parent lab_reader_t",
			Rules: []string{"policy/one-way.cil:2:1: (allow lab_writer_t lab_fifo_t (fifo_file (write)))"}}},
		{"other message", "(type a_t)\n(context c (system_u system_r a_t ((s0) (s0))))\n(filecon \"/x\" any c)", CompileError{
			Pos: Pos{"policy/one-way.cil", 2, 1}, Msg: "Invalid named context",
			Rules: []string{"policy/one-way.cil:2:1: (context c (system_u system_r a_t ((s0) (s0))))"}}},
		{"all is no type", "(neverallow lab_writer_t all (fifo_file (write)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 26}, Msg: `there is no type "all"`, Hint: "check the spelling, or declare it",
			Rules: []string{"policy/one-way.cil:1:1: (neverallow lab_writer_t all (fifo_file (write)))"}}},
		{"a name that is a sid too", "(allow lab_writer_t lab_fifo_t (fifo_file (not (raed))))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 49}, Msg: `class "fifo_file" has no permission "raed"`, Hint: `did you mean "read"?`,
			Rules: []string{"policy/one-way.cil:1:1: (allow lab_writer_t lab_fifo_t (fifo_file (not (raed))))"}}},
		{"permissions are names too", "(classpermission p)(classpermissionset p (fifo_file (read wriet)))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 59}, Msg: `"wriet" is not declared`, Hint: "check the spelling, or declare it",
			Rules: []string{"policy/one-way.cil:1:20: (classpermissionset p (fifo_file (read wriet)))"}}},
		{"constraint", "(constrain (fifo_file (read)) (eq t1 none_t))", CompileError{
			Pos: Pos{"policy/one-way.cil", 1, 1}, Msg: "a name in this statement is not declared",
			Rules: []string{"policy/one-way.cil:1:1: (constrain (fifo_file (read)) (eq t1 none_t))"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := compileTest(t, tt.source)
			got, ok := errors.AsType[*CompileError](err)
			if !ok {
				t.Fatalf("got %T %v, want a CompileError", err, err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got  %#v\nwant %#v", *got, tt.want)
			}
		})
	}
}

// bomb is a text of a few lines that asks for 2^n rules.
func bomb(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "(macro m%d ((type x)) (call m%d (x)) (call m%d (x)))\n", i+1, i, i)
	}
	return b.String()
}

func TestCompileSyntaxError(t *testing.T) {
	_, err := compileTest(t, "(allow lab_writer_t")
	if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Pos != (Pos{"policy/one-way.cil", 1, 1}) {
		t.Errorf("got %T %v", err, err)
	}
	_, err = compileTest(t, strings.Repeat(";", MaxModule+1))
	if e, ok := errors.AsType[*SyntaxError](err); !ok || !strings.Contains(e.Msg, "too large") {
		t.Errorf("got %T %v", err, err)
	}
}

// What hides a rule from one reader must not show it to the other: here are
// texts whose comments end elsewhere for secilc's own lexer.
func TestCompileReadsWhatWeRead(t *testing.T) {
	hidden := "(allow lab_writer_t lab_fifo_t (fifo_file (wriet)))"
	for _, source := range []string{"; \"\r" + hidden + "\"", ";;* lms 1 x\n;;* lme\n" + hidden, "\uFEFF" + hidden} {
		if _, err := compileTest(t, source); err == nil {
			t.Errorf("%q: the rule was not seen", source)
		}
	}
	if _, err := compileTest(t, "; "+hidden); err != nil {
		t.Errorf("a comment was compiled: %v", err)
	}
}

func TestCompileFlatError(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad flat.cil")
	if err := os.WriteFile(bad, []byte("(type a_t)\n(allow a_t b_t (file (read)))\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, modules := range [][]Module{nil, {{File: "s.cil", Source: []byte("(type c_t)")}}} {
		_, err := Compiler{}.Compile(t.Context(), bad, modules)
		if e, ok := errors.AsType[*FlatError](err); !ok || e.Line != 2 || !strings.Contains(e.Error(), "base policy, line 2: ") {
			t.Errorf("got %T %v", err, err)
		}
	}
	_, err := Compiler{}.Compile(t.Context(), "testdata/none.cil", nil)
	if _, ok := errors.AsType[*ToolError](err); !ok || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no flat policy: got %T %v", err, err)
	}
}

func TestCompileNoSecilc(t *testing.T) {
	for _, tool := range []string{"secilc-is-not-here", "/nonexistent/secilc"} {
		_, err := Compiler{Secilc: tool}.Compile(t.Context(), testFlat, []Module{given(t)})
		e, ok := errors.AsType[*ToolError](err)
		if !ok || !errors.Is(err, exec.ErrNotFound) || e.Hint != "apt-get install secilc" {
			t.Errorf("%s: got %T %v", tool, err, err)
		}
	}
}

func TestCompileToolFails(t *testing.T) {
	for name, script := range map[string]string{
		"killed":    "kill -9 $$",
		"no policy": "exit 0",
		"garbage":   "echo garbage >out",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compiler{Secilc: fakeSecilc(t, script)}.Compile(t.Context(), testFlat, nil)
			if _, ok := errors.AsType[*ToolError](err); !ok {
				t.Errorf("got %T %v", err, err)
			}
		})
	}
}

func TestCompileSilentFailure(t *testing.T) {
	_, err := Compiler{Secilc: fakeSecilc(t, "exit 1")}.Compile(t.Context(), testFlat, nil)
	if e, ok := errors.AsType[*FlatError](err); !ok || e.Msg != "secilc gave no reason" {
		t.Errorf("got %T %v", err, err)
	}
}

func TestCompileCancel(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	if err := syscall.Mkfifo(started, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		os.ReadFile(started) // until secilc's stand-in has written
	}()
	tool := fakeSecilc(t, "echo >"+started+"; mkfifo never; exec cat never")
	if _, err := (Compiler{Secilc: tool}).Compile(ctx, testFlat, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %T %v", err, err)
	}
}

func fakeSecilc(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secilc")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
