package guest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// Without a reader, a FIFO answers ENXIO to a non-blocking O_WRONLY after all
// permissions were granted: that is not a refusal.
func TestAttemptOnAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, op := range []api.Op{api.OpRead, api.OpWrite, api.OpAppend, api.OpRdwr, api.OpStat, api.OpChmod, api.OpUnlink, api.OpCreate} {
		if err := attempt(op, path); err != nil {
			t.Errorf("%s: %v", op, err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != "fifo" {
		t.Errorf("the attempts left %v behind (%v)", entries, err)
	}
}

func TestAttemptDoesNotFollowLinks(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	if err := attempt(api.OpRead, link); !errors.Is(err, unix.ELOOP) {
		t.Errorf("reading through a link: %v, want ELOOP", err)
	}
}

func TestAttemptOnNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	for _, op := range []api.Op{api.OpRead, api.OpWrite, api.OpAppend, api.OpRdwr, api.OpStat, api.OpChmod, api.OpUnlink} {
		if err := attempt(op, path); !errors.Is(err, unix.ENOENT) {
			t.Errorf("%s: %v, want ENOENT", op, err)
		}
	}
}

func TestAttemptOfNoOperation(t *testing.T) {
	if err := attempt("dance", "/"); err == nil {
		t.Error("an operation that does not exist was done")
	}
}

func TestErrnoName(t *testing.T) {
	for want, err := range map[string]error{
		"": nil, "EACCES": unix.EACCES, "ENXIO": &os.PathError{Op: "open", Path: "x", Err: unix.ENXIO}, "odd": errors.New("odd"),
	} {
		if got := errnoName(err); got != want {
			t.Errorf("errnoName(%v) = %q, want %q", err, got, want)
		}
	}
}
