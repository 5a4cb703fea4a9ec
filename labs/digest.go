package labs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io/fs"
	"slices"

	"ipclab/internal/guest/api"
)

// Digest identifies the content of the lab's folder, with the values of its
// variant: labs with the same digest have the same files with the same content.
// It is in hex.
func (l *Lab) Digest() string { return l.digest }

// PublicDigest identifies what students have of the lab. It is the same for
// the student's edition and the whole lab, and for all variants.
func (l *Lab) PublicDigest() (string, error) { return digestOf(l.raw, instructorDirs()...) }

// MachineDigest identifies what the machine depends on that the lab begins in:
// the given policy, the directories and the subjects. Variants that agree in
// these share the machine's snapshot.
func (l *Lab) MachineDigest() string { return l.machine }

func machineDigest(l *Lab) (string, error) {
	h := sha256.New()
	for _, name := range l.Policy.Given {
		if err := digestFile(h, l.dir, name); err != nil {
			return "", fmt.Errorf("policy module: %w", err)
		}
	}
	err := json.NewEncoder(h).Encode(struct {
		Stage    api.Stage
		Subjects []Subject
	}{l.Stage(), l.Subjects})
	return hex.EncodeToString(h.Sum(nil)), err
}

// digestOf is a SHA-256 over the names, sizes and contents of all regular files
// outside of some folders.
func digestOf(fsys fs.FS, without ...string) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains(without, name) {
			return fs.SkipDir
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return digestFile(h, fsys, name)
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func digestFile(h hash.Hash, fsys fs.FS, name string) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%q %d\n", name, len(data))
	_, err = h.Write(data)
	return err
}
