package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode"

	"ipclab/internal/workspace"
	"ipclab/labs"
)

// ManifestFile is the name of the manifest in a packed submission.
const ManifestFile = "ipclab-submission.json"

// ManifestSchema names the form of the manifest.
const ManifestSchema = "ipclab/submission/v1"

// Manifest says what a packed submission is. The student's own computer made
// it: it is a claim, no proof.
type Manifest struct {
	Schema    string            `json:"schema"`
	Lab       string            `json:"lab"`
	LabDigest string            `json:"lab_digest"`        // labs.Lab.PublicDigest of what the student worked from
	Student   string            `json:"student,omitempty"` // as the student gave it
	Variant   string            `json:"variant,omitempty"` // fingerprint of the student's variant; empty for a lab without variants
	Made      time.Time         `json:"made"`
	Files     map[string]string `json:"files"` // SHA-256 in hex of each file's content, by path
}

// NewManifest describes a tree that was made for a lab. The variant is that of
// the lab as it is given.
func NewManifest(lab *labs.Lab, tree *workspace.Tree, student string, made time.Time) (Manifest, error) {
	digest, err := lab.PublicDigest()
	m := Manifest{
		Schema: ManifestSchema, Lab: lab.Name, LabDigest: digest, Student: student,
		Made: made.UTC().Truncate(time.Second), Files: digests(tree),
	}
	if lab.HasVariants() {
		m.Variant = lab.Seed().Fingerprint()
	}
	return m, err
}

// digests are the files of a tree as a manifest lists them.
func digests(tree *workspace.Tree) map[string]string {
	all := map[string]string{}
	for _, f := range tree.API("").Files {
		if f.Path != ManifestFile {
			sum := sha256.Sum256(f.Data)
			all[f.Path] = hex.EncodeToString(sum[:])
		}
	}
	return all
}

// maxClaim bounds the texts of a manifest that may be shown.
const maxClaim = 200

// readManifest reads a manifest that somebody handed in for a lab.
func readManifest(data []byte, lab *labs.Lab) (*Manifest, error) {
	m, err := parseManifest(data)
	if err != nil {
		return nil, refused(ManifestFile, ErrManifest, err.Error())
	}
	if m.Lab != lab.Name {
		return nil, refused(ManifestFile, ErrOtherLab, fmt.Sprintf("it is for %q", m.Lab))
	}
	return m, nil
}

// parseManifest reads a manifest. Keys that it does not know are for later
// versions of this program.
func parseManifest(data []byte) (*Manifest, error) {
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("it is no JSON of this form")
	}
	if m.Schema != ManifestSchema {
		return nil, fmt.Errorf("its schema is not %s", ManifestSchema)
	}
	for _, claim := range []string{m.Lab, m.LabDigest, m.Student, m.Variant} {
		if !isClaim(claim) {
			return nil, fmt.Errorf("a text in it is longer than %d bytes or cannot be shown", maxClaim)
		}
	}
	if len(m.Files) > workspace.DefaultEntries {
		return nil, fmt.Errorf("it lists more than %d files", workspace.DefaultEntries)
	}
	return m, nil
}

// isClaim accepts what can be shown in a line.
func isClaim(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return len(s) <= maxClaim
}

// changed lists the paths that are not as the manifest says.
func (m *Manifest) changed(tree *workspace.Tree) []string {
	if m == nil {
		return nil
	}
	found := digests(tree)
	var paths []string
	for path, digest := range found {
		if m.Files[path] != digest {
			paths = append(paths, path)
		}
	}
	for path := range maps.Keys(m.Files) {
		if _, there := found[path]; !there {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// ReadManifest reads the manifest of the packed submission at path. The error
// is an *Error if there is none that can be read, or the context's.
func ReadManifest(ctx context.Context, path string) (*Manifest, error) {
	h, err := unpack(ctx, path)
	if err != nil {
		return nil, named(ctx, path, err)
	}
	for _, f := range h.files {
		if f.Path == ManifestFile {
			m, err := parseManifest(f.Data)
			if err != nil {
				return nil, of(path, refused(ManifestFile, ErrManifest, err.Error()))
			}
			return m, nil
		}
	}
	return nil, of(path, refused(ManifestFile, ErrManifest, "it is not there"))
}
