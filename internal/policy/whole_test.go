package policy_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/internal/policy"
)

// tiny is a whole policy that secilc compiles.
const tiny = `
(handleunknown allow)(mls true)
(class process (fork))(classorder (process))
(sid kernel)(sidorder (kernel))
(user u)(userrole u r)(role r)(roletype r a_t)(type a_t)
(sensitivity s0)(sensitivityorder (s0))(category c0)(categoryorder (c0))(sensitivitycategory s0 (c0))
(level low (s0))(levelrange lows (low low))(userlevel u low)(userrange u lows)
(sidcontext kernel (u r a_t lows))
(allow a_t self (process (fork)))
`

// whole writes a file and reads it as a whole policy.
func whole(t *testing.T, content []byte) (policy.Module, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return policy.ReadWhole(context.Background(), file)
}

// binaryPolicy compiles tiny.
func binaryPolicy(t *testing.T) []byte {
	t.Helper()
	for _, tool := range []string{"secilc", "checkpolicy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	dir := t.TempDir()
	source, out := filepath.Join(dir, "tiny.cil"), filepath.Join(dir, "out")
	if err := os.WriteFile(source, []byte(tiny), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("secilc", "-M", "true", "-c", "33", "-o", out, "-f", os.DevNull, source).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestCILIsReadAsItIs(t *testing.T) {
	for _, text := range []string{tiny, "; a comment\n(type a)", " \n(type a)"} {
		if m, err := whole(t, []byte(text)); err != nil || string(m.Source) != text {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCompiledPolicyIsReadAsCIL(t *testing.T) {
	m, err := whole(t, binaryPolicy(t))
	if err != nil || !strings.Contains(string(m.Source), "(allow a_t a_t (process (fork)))") && !strings.Contains(string(m.Source), "(allow a_t self (process (fork)))") {
		t.Errorf("%v: %s", err, m.Source)
	}
	if _, err := policy.ParseCIL(m.File, m.Source); err != nil {
		t.Error(err)
	}
}

func TestPoliciesThatCannotBeRead(t *testing.T) {
	good := binaryPolicy(t)
	version := func(v uint32) []byte {
		other := append([]byte(nil), good...)
		binary.LittleEndian.PutUint32(other[16:], v)
		return other
	}
	for name, tt := range map[string]struct {
		content    []byte
		says, hint string
	}{
		"newer":     {version(99), "version 99 does not match", "made for another kernel"},
		"older":     {version(3), "version 3 does not match", "made for another kernel"},
		"cut off":   {good[:len(good)/2], "checkpolicy cannot read this policy", "is it whole?"},
		"garbage":   {[]byte("\x00\x01\x02 nothing"), "neither CIL nor a compiled policy", "/sys/fs/selinux/policy"},
		"a program": {[]byte("\x7fELF(type a)"), "neither CIL nor a compiled policy", "/sys/fs/selinux/policy"},
		"empty":     {nil, "neither CIL nor a compiled policy", "/sys/fs/selinux/policy"},
	} {
		_, err := whole(t, tt.content)
		unreadable, ok := errors.AsType[*policy.BinaryError](err)
		if !ok || !strings.Contains(err.Error(), tt.says) || !strings.Contains(unreadable.Hint(), tt.hint) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckpolicyIsNotInstalled(t *testing.T) {
	content := binaryPolicy(t)
	t.Setenv("PATH", t.TempDir())
	_, err := whole(t, content)
	if missing, ok := errors.AsType[*policy.BinaryError](err); !ok || !errors.Is(err, exec.ErrNotFound) || !strings.Contains(missing.Hint(), "install checkpolicy") {
		t.Errorf("%v", err)
	}
}
