package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// unpacker reads an archive that nobody vouches for into an empty directory.
// Only names of its own choice are written, each once, and no more than
// image.json says and the bounds below allow.
type unpacker struct {
	dir      string
	want     want
	path     string // of the archive, for messages
	progress Progress
}

// Bounds on what an archive may hold, in bytes.
const (
	maxMeta = 64 << 10
	maxDisk = 8 << 30
	maxFile = 256 << 20
	maxPad  = 1 << 20 // zeros after the last file
)

// unpack reads a whole archive, uncompressed.
func (u *unpacker) unpack(in io.Reader) (*Image, error) {
	archive := tar.NewReader(in)
	i, err := u.readMeta(archive)
	if err != nil {
		return nil, err
	}
	for _, name := range fileNames() {
		if err := u.readFile(i, archive, name); err != nil {
			return nil, err
		}
	}
	if _, err := archive.Next(); err != io.EOF {
		return nil, u.bad("there is more in it than an image")
	}
	n, err := io.Copy(io.Discard, io.LimitReader(in, maxPad)) // to the end, where zstd's own checksum is
	if err == nil && n == maxPad {
		err = u.bad("there is more in it than an image")
	}
	return i, err
}

func (u *unpacker) bad(format string, args ...any) error {
	return &ArchiveError{Path: u.path, What: fmt.Sprintf(format, args...)}
}

// next reads the header of the entry that must come now.
func (u *unpacker) next(archive *tar.Reader, name string, most int64) (*tar.Header, error) {
	h, err := archive.Next()
	if err != nil {
		return nil, err
	}
	if h.Name != name || h.Typeflag != tar.TypeReg {
		return nil, u.bad("%.60q is there, where the file %s should be", h.Name, name)
	}
	if h.Size < 0 || h.Size > most {
		return nil, u.bad("%s has %d bytes; at most %d are allowed", name, h.Size, most)
	}
	return h, nil
}

func (u *unpacker) readMeta(archive *tar.Reader) (*Image, error) {
	if _, err := u.next(archive, metaName, maxMeta); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(archive)
	if err != nil {
		return nil, err
	}
	i := &Image{}
	if err := json.Unmarshal(data, i); err != nil {
		return nil, u.bad("%s: %v", metaName, err)
	}
	i.Dir = u.dir
	if i.Key != u.want.key || i.Format != formatVersion {
		return nil, &VersionError{Path: u.path, Have: fmt.Sprintf("%.60q", i.Key), Want: u.want.key}
	}
	i.Recipe = u.want.recipe
	return i, u.checkMeta(i)
}

// checkMeta checks what is said of the files before any of it is believed.
func (u *unpacker) checkMeta(i *Image) error {
	for name, file := range i.Files {
		if !isSum(file.SHA256) {
			return u.bad("%s has no checksum of %.60q", metaName, name)
		}
	}
	if len(i.Files) != len(fileNames()) {
		return u.bad("%s names %d files, not %d", metaName, len(i.Files), len(fileNames()))
	}
	return nil
}

// readFile writes one file and notes when.
func (u *unpacker) readFile(i *Image, archive *tar.Reader, name string) error {
	want, ok := i.Files[name]
	if !ok {
		return u.bad("%s does not name %s", metaName, name)
	}
	most := int64(maxFile)
	if name == diskName {
		most = maxDisk
	}
	h, err := u.next(archive, name, min(most, want.Size))
	if err != nil {
		return err
	}
	if h.Size != want.Size {
		return u.bad("%s has %d bytes, not %d as %s says", name, h.Size, want.Size, metaName)
	}
	hash := sha256.New()
	count := &counter{ctx: context.Background(), in: io.TeeReader(archive, hash), whole: h.Size, progress: u.progress}
	if name != diskName {
		count.progress = Silent{}
	}
	if err := writeSparse(i.path(name), count, h.Size); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != want.SHA256 {
		return u.bad("%s does not match its checksum", name)
	}
	info, err := os.Stat(i.path(name))
	if err != nil {
		return err
	}
	want.Modified = info.ModTime()
	i.Files[name] = want
	return nil
}
