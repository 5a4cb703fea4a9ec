package sparse

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// layout writes a file with data at some places and holes elsewhere.
func layout(t *testing.T, size int64, at ...int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "from")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for _, offset := range at {
		if _, err := f.WriteAt([]byte("data"), offset); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestCopyKeepsContentAndHoles(t *testing.T) {
	const size = 64 << 20
	for name, at := range map[string][]int64{
		"empty": nil, "begin": {0}, "middle": {32 << 20}, "end": {size - 4}, "several": {0, 10 << 20, size - 4},
	} {
		t.Run(name, func(t *testing.T) {
			from := layout(t, size, at...)
			to := filepath.Join(t.TempDir(), "to")
			if err := Copy(to, from); err != nil {
				t.Fatal(err)
			}
			want, _ := os.ReadFile(from)
			got, err := os.ReadFile(to)
			if err != nil || !bytes.Equal(want, got) {
				t.Fatalf("the copy differs (%v)", err)
			}
			if taken := Allocated(to); taken > 4<<20 {
				t.Errorf("the copy takes %d bytes of the disk: the holes were written", taken)
			}
		})
	}
}

func TestCopyDoesNotOverwrite(t *testing.T) {
	from := layout(t, 10, 0)
	to := filepath.Join(t.TempDir(), "to")
	if err := os.WriteFile(to, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Copy(to, from); err == nil {
		t.Fatal("copied over a file that was there")
	}
	if got, _ := os.ReadFile(to); string(got) != "mine" {
		t.Errorf("the file that was there is now %q", got)
	}
}

func TestAllocatedOfNothing(t *testing.T) {
	if n := Allocated(filepath.Join(t.TempDir(), "none")); n != 0 {
		t.Errorf("a file that is not there takes %d bytes", n)
	}
}
