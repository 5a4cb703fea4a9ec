package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
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
	temp := sumName(a.Path) + ".part"
	line := fmt.Sprintf("%s  %s\n", a.SHA256, filepath.Base(a.Path))
	if err := os.WriteFile(temp, []byte(line), 0o644); err != nil {
		return err
	}
	return os.Rename(temp, sumName(a.Path))
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

// counter passes bytes on until ctx ends, and tells every quarter of the whole.
type counter struct {
	ctx         context.Context
	in          io.Reader
	done, whole int64
	progress    Progress
}

func (c *counter) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.in.Read(p)
	before := c.quarter()
	c.done += int64(n)
	if q := c.quarter(); q != before {
		c.progress.Done(float64(q) / 4)
	}
	return n, err
}

func (c *counter) quarter() int64 { return c.done * 4 / max(c.whole, 1) }

// sparseReader reads a file without asking the disk for its holes.
type sparseReader struct {
	file      *os.File
	at        int64
	data, end int64 // the next data, from data to end
}

func (r *sparseReader) Read(p []byte) (int, error) {
	if r.at >= r.end {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	if r.at < r.data { // in a hole
		n := min(int64(len(p)), r.data-r.at)
		clear(p[:n])
		r.at += n
		return int(n), nil
	}
	n, err := r.file.ReadAt(p[:min(int64(len(p)), r.end-r.at)], r.at)
	r.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// next finds the data after r.at (lseek(2)). A hole at the end of the file is
// data of no length.
func (r *sparseReader) next() error {
	size, err := r.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if r.at >= size {
		return io.EOF
	}
	r.data, err = r.file.Seek(r.at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		r.data, r.end = size, size
		return nil
	}
	if err != nil {
		return err
	}
	r.end, err = r.file.Seek(r.data, unix.SEEK_HOLE)
	return err
}

// ArchiveError says that a file is not an archive that Export made, or not all
// of one.
type ArchiveError struct {
	Path, What string
	Err        error // the cause; may be nil
}

func (e *ArchiveError) Error() string { return e.Path + " cannot be imported: " + e.What }
func (e *ArchiveError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *ArchiveError) Hint() string {
	return "`ipclab image export FILE` makes such a file: copy it here again, with FILE.sha256 beside it"
}

// VersionError says that an archive holds an image for another ipclab.
type VersionError struct{ Path, Have, Want string }

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was made by another version of ipclab: it holds the image %s, and this ipclab needs %s", e.Path, e.Have, e.Want)
}

// Hint says what to do about it.
func (e *VersionError) Hint() string {
	return "export the image with the same ipclab and ipclab-guest that are installed here"
}

// Import puts the image of an archive into the cache, in place of one that is
// there already. If FILE.sha256 is there, the archive must match it; every
// file must match its checksum in any case.
func (c Cache) Import(ctx context.Context, path string, progress Progress) (*Image, error) {
	w, err := c.wanted()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := checkSum(ctx, f); err != nil {
		return nil, err
	}
	unlock, err := c.lock(ctx, progress)
	if err != nil {
		return nil, full(c.Dir, err)
	}
	defer unlock()
	c.sweep()
	i, err := c.unpack(ctx, f, w, progress)
	return i, full(c.Dir, err)
}

// checkSum compares an archive with the checksum beside it, if there is one.
func checkSum(ctx context.Context, f *os.File) error {
	data, err := os.ReadFile(sumName(f.Name()))
	if absent(err) {
		return nil
	}
	want, _, _ := strings.Cut(string(data), " ")
	if err == nil && !isSum(want) {
		err = errors.New("it holds no SHA-256 checksum")
	}
	if err != nil {
		return &ArchiveError{f.Name(), sumName(f.Name()) + ": " + err.Error(), err}
	}
	h := sha256.New()
	if _, err := io.Copy(h, &counter{ctx: ctx, in: f, progress: Silent{}}); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return &ArchiveError{Path: f.Name(), What: "it does not match the checksum in " + sumName(f.Name())}
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && strings.ToLower(s) == s
}

// unpack reads the archive into the cache. The caller holds the lock.
func (c Cache) unpack(ctx context.Context, f *os.File, w want, progress Progress) (*Image, error) {
	if err := needRoom(c.Dir, CacheRoom); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(c.Dir, makingPrefix)
	if err != nil {
		return nil, err
	}
	defer removeAll(work)
	progress.Step("unpacking the image")
	in, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	u := unpacker{dir: work, want: w, path: f.Name(), progress: progress}
	i, err := u.unpack(&counter{ctx: ctx, in: in, progress: Silent{}})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, u.explain(err)
	}
	return i, c.place(i)
}

// explain finds words for what is wrong with an archive.
func (u *unpacker) explain(err error) error {
	var path *fs.PathError
	var version *VersionError
	var archive *ArchiveError
	switch {
	case errors.As(err, &path), errors.As(err, &version), errors.As(err, &archive):
		return err // this computer's trouble, or explained already
	case errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, tar.ErrHeader):
		return &ArchiveError{u.path, "it is no archive of an image", err}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &ArchiveError{u.path, "it ends too early, as if it had been copied only in part", err}
	}
	return &ArchiveError{u.path, err.Error(), err}
}

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

// block is how many zeros make a hole.
const block = 4096

// writeSparse writes size bytes to a new file. Blocks of zeros become holes.
func writeSparse(path string, in io.Reader, size int64) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	zeros := make([]byte, block)
	buffered := bufio.NewReaderSize(in, 256<<10)
	piece := make([]byte, block)
	for at := int64(0); at < size; at += block {
		piece = piece[:min(block, size-at)]
		if _, err := io.ReadFull(buffered, piece); err != nil {
			return err
		}
		if bytes.Equal(piece, zeros[:len(piece)]) {
			continue
		}
		if _, err := out.WriteAt(piece, at); err != nil {
			return err
		}
	}
	if err := out.Truncate(size); err != nil {
		return err
	}
	return out.Close()
}
