package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"ipclab/internal/draft"
)

// An archive is a tar file, compressed by zstd, that `tar --zstd -x` can read:
// image.json first, then the files in the order of fileNames. Holes travel as
// zeros, of which zstd makes nothing. Beside FILE lies FILE.sha256, as
// sha256sum(1) writes it.

// Archive is a file that Export made.
type Archive struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// ExistsError says that a file is there already.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return e.Path + " is there already" }

// Hint says how to replace it.
func (e *ExistsError) Hint() string { return "give another name, or --force to replace it" }

// BusyError says that another process is writing the same file.
type BusyError struct{ Path string }

func (e *BusyError) Error() string { return "another ipclab is writing " + e.Path }

// Hint says what to do about it.
func (e *BusyError) Hint() string { return "wait for it, or give another name" }

func sumName(path string) string { return path + ".sha256" }

// Export writes the image into one file, and its checksum into another beside
// it. Neither is there before it is whole. Every file is compared with its
// checksum on the way.
func (i *Image) Export(ctx context.Context, path string, replace bool, progress Progress) (Archive, error) {
	for _, name := range []string{path, sumName(path)} {
		if _, err := os.Lstat(name); err == nil && !replace {
			return Archive{}, &ExistsError{name}
		}
	}
	part, err := openPart(path)
	if err != nil {
		return Archive{}, full(filepath.Dir(path), err)
	}
	defer part.Close()
	defer os.Remove(part.Name()) // a name that is gone after the rename
	progress.Step("compressing the image")
	a := Archive{Path: path}
	hash := sha256.New()
	if err := i.writeArchive(ctx, io.MultiWriter(part, hash), progress); err != nil {
		return Archive{}, full(filepath.Dir(path), err)
	}
	a.SHA256 = hex.EncodeToString(hash.Sum(nil))
	a.Size, err = place(part, path)
	if err == nil {
		err = writeSum(a)
	}
	return a, full(filepath.Dir(path), err)
}

// openPart opens the file beside path that becomes it. What an interrupted
// export left of it is overwritten.
func openPart(path string) (*os.File, error) {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		f.Close()
		return nil, &BusyError{path}
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil // a file system without locks is as good as one without rivals
}

// place gives a complete file its name. An old checksum would lie about it.
func place(part *os.File, path string) (size int64, err error) {
	if err := part.Sync(); err != nil {
		return 0, err
	}
	info, err := part.Stat()
	if err != nil {
		return 0, err
	}
	if err := os.Remove(sumName(path)); err != nil && !absent(err) {
		return 0, err
	}
	return info.Size(), os.Rename(part.Name(), path)
}

func writeSum(a Archive) error {
	line := fmt.Sprintf("%s  %s\n", a.SHA256, filepath.Base(a.Path))
	return draft.Write(sumName(a.Path), []byte(line), 0o644, draft.Derived)
}

// writeArchive writes the compressed archive.
func (i *Image) writeArchive(ctx context.Context, out io.Writer, progress Progress) error {
	packed, err := zstd.NewWriter(out)
	if err != nil {
		return err
	}
	defer packed.Close()
	archive := tar.NewWriter(packed)
	meta, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	if err := addEntry(archive, metaName, int64(len(meta)), i.Built, strings.NewReader(string(meta))); err != nil {
		return err
	}
	for _, name := range fileNames() {
		if err := i.archiveFile(ctx, archive, name, progress); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), packed.Close())
}

func addEntry(to *tar.Writer, name string, size int64, modified time.Time, from io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: modified, Format: tar.FormatPAX}
	if err := to.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(to, from)
	return err
}

func (i *Image) archiveFile(ctx context.Context, to *tar.Writer, name string, progress Progress) error {
	f, err := os.Open(i.path(name))
	if err != nil {
		return &DamagedError{i.Dir, err.Error()}
	}
	defer f.Close()
	want := i.Files[name]
	hash := sha256.New()
	in := &counter{ctx: ctx, in: io.LimitReader(&sparseReader{file: f}, want.Size), whole: want.Size, progress: progress}
	if name != diskName {
		in.progress = Silent{} // the disk is nearly all of the work
	}
	err = addEntry(to, name, want.Size, i.Built, io.TeeReader(in, hash))
	if err != nil {
		return err
	}
	if in.done != want.Size || hex.EncodeToString(hash.Sum(nil)) != want.SHA256 {
		return &DamagedError{i.Dir, name + " does not match its checksum"}
	}
	return nil
}
