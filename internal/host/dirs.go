package host

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
)

// Dirs are ipclab's directories, by the XDG base directory specification.
type Dirs struct {
	Cache string // can be made again: images, snapshots, compiled policies
	State string // running machines, what checks came to
	Run   string // sockets; short
	Work  string // students' workspaces

	// Scratch is where an image is built, for as long as that lasts. Other
	// users can reach it: an ordinary user builds in a user namespace, whose
	// root is one.
	Scratch string
}

// FindDirs reads the environment. IPCLAB_WORK overrides where workspaces are,
// IPCLAB_SCRATCH where images are built.
func FindDirs(getenv func(string) string) (Dirs, error) {
	home := getenv("HOME")
	base := func(variable, fallback string) string {
		if dir := getenv(variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, "ipclab")
		}
		return filepath.Join(home, fallback, "ipclab")
	}
	d := Dirs{
		Cache: base("XDG_CACHE_HOME", ".cache"),
		State: base("XDG_STATE_HOME", ".local/state"),
		Work:  getenv("IPCLAB_WORK"),

		Scratch: cmp.Or(getenv("IPCLAB_SCRATCH"), "/var/tmp"),
	}
	if d.Work == "" {
		d.Work = filepath.Join(home, "ipclab")
	}
	if home == "" && (getenv("XDG_CACHE_HOME") == "" || getenv("XDG_STATE_HOME") == "") {
		return d, &HomeError{}
	}
	d.Run = runDir(getenv("XDG_RUNTIME_DIR"), d.State)
	return d, nil
}

// HomeError says that there is no place for ipclab's files.
type HomeError struct{}

func (*HomeError) Error() string { return "HOME is not set, so there is no place for ipclab's files" }

// Hint says what to set.
func (*HomeError) Hint() string { return "set HOME, or XDG_CACHE_HOME and XDG_STATE_HOME" }

// runDir names a short directory for sockets, one for each state directory so
// that two installations do not meet. It is made when a machine needs it.
func runDir(runtime, state string) string {
	sum := sha256.Sum256([]byte(state))
	name := "ipclab-" + hex.EncodeToString(sum[:4])
	if filepath.IsAbs(runtime) && len(runtime) < 50 {
		if info, err := os.Stat(runtime); err == nil && info.IsDir() {
			return filepath.Join(runtime, name)
		}
	}
	return filepath.Join(os.TempDir(), name+"-"+strconv.Itoa(os.Getuid()))
}
