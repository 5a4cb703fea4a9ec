package intake

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace"
)

// Pack writes a tree with its manifest as a tar.gz, the manifest first. The
// same tree and manifest make the same bytes. What Open would refuse is not
// packed: the error is an *Error then.
func Pack(w io.Writer, tree *workspace.Tree, m Manifest) error {
	h, err := holdTree(tree)
	if err != nil {
		return of(m.Lab, err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	files := slices.DeleteFunc(h.files, func(f api.File) bool { return f.Path == ManifestFile }) // of an archive that was unpacked there
	for _, f := range append([]api.File{{Path: ManifestFile, Data: append(text, '\n')}}, files...) {
		if err := packFile(t, f, m.Made); err != nil {
			return fmt.Errorf("packing %s: %w", f.Path, err)
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

// packFile writes one entry. Nothing of this computer is in it.
func packFile(t *tar.Writer, f api.File, made time.Time) error {
	mode := int64(0o644)
	if f.Exec {
		mode = 0o755
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Size: int64(len(f.Data)), Mode: mode, ModTime: made.Truncate(time.Second)}
	if err := t.WriteHeader(header); err != nil {
		return err
	}
	_, err := t.Write(f.Data)
	return err
}
