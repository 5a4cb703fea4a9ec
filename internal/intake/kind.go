package intake

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// kind is what a file is, as its first bytes tell.
type kind string

// The kinds of files that can be unpacked.
const (
	isTar   kind = "tar"
	isGzip  kind = "gzip"
	isZstd  kind = "zstd"
	isZip   kind = "zip"
	isOther kind = "" // no archive that is known
)

// unpackable tells whether a file of that kind can be unpacked.
func (k kind) unpackable() bool { return k == isTar || k == isGzip || k == isZstd || k == isZip }

// headSize is how much of a file tells its kind: one block of a tar.
const headSize = 512

// kindOf tells a file's kind.
func kindOf(head []byte) kind {
	for _, k := range []struct {
		magic string
		kind
	}{
		{"PK\x03\x04", isZip}, {"PK\x05\x06", isZip}, {"PK00PK\x03\x04", isZip},
		{"\x1f\x8b", isGzip}, {"\x28\xb5\x2f\xfd", isZstd},
		{"Rar!\x1a\x07", "rar"}, {"7z\xbc\xaf\x27\x1c", "7z"},
		{"\xfd7zXZ\x00", "xz"}, {"BZh", "bzip2"},
	} {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k.kind
		}
	}
	if looksLikeTar(head) {
		return isTar
	}
	return isOther
}

// looksLikeTar accepts a block with the checksum of a tar header, and the empty
// block that an empty tar begins with.
func looksLikeTar(head []byte) bool {
	if len(head) < headSize {
		return false
	}
	block := head[:headSize]
	if bytes.Count(block, []byte{0}) == headSize {
		return true
	}
	want, err := strconv.ParseInt(strings.Trim(string(block[148:156]), " \x00"), 8, 64)
	sum := int64(8 * ' ') // the checksum's own field counts as blanks
	for i, b := range block {
		if i < 148 || i >= 156 {
			sum += int64(b)
		}
	}
	return err == nil && sum == want
}

// extensions are how names of archives end.
func extensions() []string {
	return []string{".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar", ".zip", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".rar", ".7z"}
}

// stem is a name without the end that archives have.
func stem(base string) string {
	for _, ext := range extensions() {
		if n := len(base) - len(ext); n > 0 && strings.EqualFold(base[n:], ext) {
			return base[:n]
		}
	}
	return base
}

// openFile opens a regular file and nothing else, without ever waiting.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refused("", ErrSpecial, "")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// sniffed is what a look at a file's beginning tells.
type sniffed struct {
	kind
	meant bool // somebody meant it as an archive: its content or its name says so
	empty bool
}

// sniff looks at the file at path.
func sniff(path string) (sniffed, error) {
	f, err := openFile(path)
	if err != nil {
		return sniffed{}, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, headSize))
	k := kindOf(head)
	return sniffed{k, k != isOther || stem(path) != path, len(head) == 0}, err
}

// problem is why a file cannot be unpacked, as far as its beginning tells.
func (s sniffed) problem() error {
	switch {
	case s.empty:
		return refused("", ErrEmpty, "")
	case !s.unpackable():
		return notKnown(s.kind)
	}
	return nil
}

func notKnown(k kind) *Error {
	if k == isOther {
		return refused("", ErrKind, "")
	}
	return refused("", ErrKind, "it is a "+string(k))
}
