package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ipclab/internal/workspace"
)

// Digest is a SHA-256 in hex of what was handed in, before anything is
// unpacked: of an archive, or of the files in a folder. Of what is far too much
// to be taken only the beginning counts. The error is an *Error with the fault
// of the machine, or the context's.
func Digest(ctx context.Context, s Submission) (string, error) {
	d := &digester{ctx: ctx, sum: sha256.New(), left: maxArchive}
	err := d.path(s.Path, ".", 0)
	if err != nil {
		return "", named(ctx, s.Source, err)
	}
	return hex.EncodeToString(d.sum.Sum(nil)), nil
}

// digester sums up a file or a folder, whatever is in it.
type digester struct {
	ctx     context.Context
	sum     hash.Hash
	left    int64 // bytes that may still be read
	entries int
}

// path sums up what stands at a path: its kind and name, and what is in it.
func (d *digester) path(path, shown string, depth int) error {
	if d.ctx.Err() != nil {
		return context.Cause(d.ctx)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	mode := info.Mode()
	fmt.Fprintf(d.sum, "%q %s %t %d\n", shown, mode.Type(), mode.IsRegular() && mode&0o111 != 0, size(info))
	d.entries++
	if d.entries > workspace.DefaultEntries || depth > workspace.DefaultDepth || d.left < 0 {
		return nil
	}
	switch {
	case mode.IsDir():
		return d.folder(path, shown, depth)
	case mode.IsRegular():
		return d.file(path)
	}
	return nil // a link, a device or the like is refused, whatever it is
}

// size is that of a file. Those of folders are the file system's business.
func size(info os.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

func (d *digester) folder(dir, shown string, depth int) error {
	entries, err := entriesOf(dir, workspace.DefaultEntries+1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if d.entries > workspace.DefaultEntries {
			return nil
		}
		if err := d.path(filepath.Join(dir, e.Name()), strings.TrimPrefix(shown+"/"+e.Name(), "./"), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (d *digester) file(path string) error {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(d.sum, io.LimitReader(io.NewSectionReader(&patient{d.ctx, f}, 0, 1<<62), d.left+1))
	d.left -= n
	return err
}
