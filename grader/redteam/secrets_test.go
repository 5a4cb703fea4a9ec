package redteam

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/labs"
)

// TestNothingToBeFound looks for the solution, the check scripts and what they
// compare with in all that a student's program could ever look at: the disk of
// the guest, and its memory and its disk as every clone begins with them.
func TestNothingToBeFound(t *testing.T) {
	needsMachines(t)
	p := newPlace(t)
	for _, lab := range labsOf(t, []*Attack{{Name: "vault", Lab: "vault"}, {Name: "fifo", Lab: "fifo"}}) {
		p.must(t, nil, "start", lab.Name, "--no-shell")
		p.must(t, nil, "stop", lab.Name)
		needles := secretsOf(t, lab)
		for i, file := range machineFiles(t, lab.Name) {
			if i == 0 && len(search(t, file, map[string]string{"itself": "; ipclab: the base policy of the teaching machine."})) == 0 {
				t.Fatalf("%s: what certainly is there was not found", file)
			}
			for _, found := range search(t, file, needles) {
				t.Errorf("%s holds a line of %s", file, found)
			}
		}
	}
}

// secretsOf are telling lines of what students must not see, by the file that
// each is from.
func secretsOf(t *testing.T, lab *labs.Lab) map[string]string {
	t.Helper()
	given := textOf(t, lab.Starter())
	secrets := map[string]string{}
	for _, dir := range []string{"solution", "checks", "hidden"} {
		err := fs.WalkDir(lab.FS(), dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return ignoreMissing(err)
			}
			data, err := fs.ReadFile(lab.FS(), name)
			if line := longest(string(data), given); line != "" {
				secrets[name] = line
			}
			return err
		})
		check(t, err)
	}
	if len(secrets) == 0 {
		t.Fatal("the lab has no secrets")
	}
	return secrets
}

func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

func textOf(t *testing.T, fsys fs.FS) string {
	t.Helper()
	var all strings.Builder
	check(t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		all.Write(data)
		return err
	}))
	return all.String()
}

// longest is the longest line of a text that is not in the other one, if it is
// long enough to be found by nothing but itself.
func longest(text, other string) string {
	best := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if len(line) > len(best) && len(line) < 200 && !strings.Contains(other, line) {
			best = line
		}
	}
	if len(best) < 24 {
		return ""
	}
	return best
}

// machineFiles are what a machine of the lab consists of, newest of each kind.
func machineFiles(t *testing.T, lab string) []string {
	t.Helper()
	cache := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "ipclab")
	var all []string
	for _, pattern := range []string{"images/*/root.img", "snapshots/" + lab + "-*/ram", "snapshots/" + lab + "-*/disk.qcow2"} {
		all = append(all, newest(t, filepath.Join(cache, pattern)))
	}
	return all
}

func newest(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	check(t, err)
	var best os.FileInfo
	var at string
	for _, file := range found {
		info, err := os.Stat(file)
		check(t, err)
		if best == nil || info.ModTime().After(best.ModTime()) {
			best, at = info, file
		}
	}
	if at == "" {
		t.Fatalf("there is no %s", pattern)
	}
	return at
}

// search says from which files lines are in a large file.
func search(t *testing.T, file string, needles map[string]string) []string {
	t.Helper()
	f, err := os.Open(file)
	check(t, err)
	defer f.Close()
	var found []string
	const piece, overlap = 8 << 20, 256
	buf := make([]byte, piece+overlap)
	for kept := 0; ; {
		n, err := io.ReadFull(f, buf[kept:])
		for from, line := range needles {
			if bytes.Contains(buf[:kept+n], []byte(line)) {
				found = append(found, from)
				delete(needles, from)
			}
		}
		if err != nil {
			return found
		}
		kept = copy(buf, buf[len(buf)-overlap:])
	}
}
