package intake

import (
	"context"
	"errors"
	"io"

	"ipclab/internal/workspace"
	"ipclab/labs"
)

var errUnfinished = errors.New("package intake is being written")

// Find finds the submissions in paths: files, folders, and folders of either.
// They are ordered by ID. Two names for one file are one submission. A
// submission that cannot be taken is among them, with its Problem. The error is
// an *ArgumentError, or the context's.
func Find(ctx context.Context, paths []string, o Options) ([]Submission, error) {
	return nil, errUnfinished
}

// Digest is a SHA-256 in hex of what was handed in, before anything is
// unpacked: of an archive, or of the files in a folder. Of more than can be
// taken only the beginning counts. The error is an *Error with the fault of the
// machine, or the context's.
func Digest(ctx context.Context, s Submission) (string, error) { return "", errUnfinished }

// Open reads a submission into memory. Single folders around the lab's files
// are taken off, and so are the lab's outputs. The error is an *Error for
// everything that a submission can do wrong, or the context's.
func Open(ctx context.Context, s Submission, lab *labs.Lab) (*Work, error) {
	return nil, errUnfinished
}

// Pack writes a tree with its manifest as a tar.gz. The same tree and manifest
// make the same bytes. What Open would refuse is not packed: the error is an
// *Error then.
func Pack(w io.Writer, tree *workspace.Tree, m Manifest) error { return errUnfinished }
