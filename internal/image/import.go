package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

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
