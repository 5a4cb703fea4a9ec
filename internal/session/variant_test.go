package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipclab/internal/host"
	"ipclab/labs"
)

// stamped opens a session of a lab with variants, on a host of the test's own.
func stamped(t *testing.T, h *host.Host, dir string) *Session {
	t.Helper()
	lab, err := labs.Load(os.DirFS("../vmtest/testdata/labs"), "stamp")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(h, lab, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newHost(t *testing.T) *host.Host {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	return &host.Host{Dirs: host.Dirs{Cache: in("cache"), State: in("state"), Run: in("run"), Work: in("work")}}
}

func seedOf(student string) labs.Seed { return labs.NewSeed([]byte("secret"), "stamp", student) }

func TestVariantIsKept(t *testing.T) {
	h := newHost(t)
	s := stamped(t, h, "")
	if s.Lab.Seed() != labs.DefaultSeed() {
		t.Error("a new session has a variant")
	}
	for _, student := range []string{"ann", "bob"} {
		if err := s.TakeVariant(seedOf(student).Token("stamp")); err != nil {
			t.Fatal(err)
		}
		kept, err := s.Reset(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s = stamped(t, h, "")
		task, err := os.ReadFile(filepath.Join(s.Dir, "README.md"))
		if key := s.Lab.Values(seedOf(student))["key"]; err != nil || !strings.Contains(string(task), key) || s.Lab.Seed() != seedOf(student) {
			t.Errorf("%s has %s, %v", student, task, err)
		}
		if student == "bob" && stamped(t, h, kept).Lab.Seed() != seedOf("ann") {
			t.Error("what was kept is no longer ann's variant")
		}
	}
	if other := stamped(t, h, t.TempDir()); other.Lab.Seed() != labs.DefaultSeed() {
		t.Error("another workspace has the variant of the first")
	}
}

func TestVariantOfABegunWorkspace(t *testing.T) {
	h := newHost(t)
	s := stamped(t, h, "")
	if err := s.TakeVariant(seedOf("ann").Token("stamp")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reset(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := stamped(t, h, "").UseVariant(t.Context(), seedOf("ann").Token("stamp")); err != nil {
		t.Errorf("the same variant again: %v", err)
	}
	s = stamped(t, h, "")
	err := s.UseVariant(t.Context(), seedOf("bob").Token("stamp"))
	var begun *VariantError
	if !errors.As(err, &begun) || begun.Dir != s.Dir || s.Lab.Seed() != seedOf("ann") {
		t.Errorf("another variant: %v", err)
	}
}

// What the checks of one variant came to is not another's.
func TestUseVariantForgetsReports(t *testing.T) {
	h := newHost(t)
	s := stamped(t, h, "")
	if err := s.save("report.json", struct{}{}); err != nil {
		t.Fatal(err)
	}
	if err := s.UseVariant(t.Context(), seedOf("ann").Token("stamp")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Report(); !errors.Is(err, os.ErrNotExist) || s.Lab.Seed() != seedOf("ann") {
		t.Errorf("report: %v", err)
	}
}

func TestBadTokens(t *testing.T) {
	h := newHost(t)
	s := stamped(t, h, "")
	var bad *labs.TokenError
	if err := s.UseVariant(t.Context(), "nonsense"); !errors.As(err, &bad) {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the workspace: %v", err)
	}
	lab, err := labs.Load(os.DirFS("../../labs"), "fifo")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Open(h, lab, "")
	if err != nil {
		t.Fatal(err)
	}
	var none *labs.NoVariantsError
	if err := plain.TakeVariant(seedOf("ann").Token("fifo")); !errors.As(err, &none) || none.Hint() == "" {
		t.Errorf("error is %v", err)
	}
}
