package guest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSweptAway: an object is swept by whoever made it, also when it was given
// away, and one of the student's when others may reach it.
func TestSweptAway(t *testing.T) {
	for _, test := range []struct {
		mode, owner, creator string
		want                 bool
	}{
		{"600", "2001", "2001", true},
		{"666", "1000", "2002", true}, // IPC_SET gave it to the student
		{"600", "0", "2003", true},
		{"600", "1000", "1000", false},
		{"606", "1000", "1000", true},
		{"1600", "1000", "1000", false}, // the kernel's own bits say nothing about others
		{"666", "0", "0", false},
		{"perms", "uid", "cuid", false}, // the heading
	} {
		if got := sweptAway(test.mode, test.owner, test.creator); got != test.want {
			t.Errorf("mode %s of %s, made by %s: %v", test.mode, test.owner, test.creator, got)
		}
	}
}

// TestSweepReachesIntoOpenFolders: what the cast left in somebody else's folder
// goes, what others own stays, and the student's is closed.
func TestSweepReachesIntoOpenFolders(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files to others")
	}
	dir := t.TempDir()
	lay := func(name string, uid int, folder bool) string {
		path := filepath.Join(dir, name)
		err := os.WriteFile(path, nil, 0o666)
		if folder {
			err = errors.Join(os.Remove(path), os.Mkdir(path, 0o777))
		}
		if err == nil {
			err = os.Chown(path, uid, uid)
		}
		if err == nil {
			err = os.Chmod(path, 0o777)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	shared := lay("open", 0, true)
	hoard := lay("open/hoard", firstCast, false)
	roots := lay("open/roots", 0, false)
	built := lay("built", studentID, true)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(roots, link); err != nil || os.Lchown(link, studentID, studentID) != nil {
		t.Fatal(err)
	}
	if err := sweepDir(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(hoard); !os.IsNotExist(err) {
		t.Errorf("what the cast left in an open folder is still there: %v", err)
	}
	for path, want := range map[string]uint32{shared: 0o777, roots: 0o777, built: 0o700} {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || st.Mode&0o7777 != want {
			t.Errorf("%s: %v, mode %04o, want %04o", path, err, st.Mode&0o7777, want)
		}
	}
}

// TestStatTellsOfOneObject also of a link, which is not followed.
func TestStatTellsOfOneObject(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing")
	if o, err := statObject(path); err != nil || o.Kind != "absent" {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := statObject(filepath.Join("/dev/null", "below")); err != nil || o.Kind != "absent" {
		t.Errorf("below a file: %+v, %v", o, err)
	}
}
