package policy

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// cacheFormat begins every entry; change it when what a key covers changes.
const cacheFormat = "ipclab policy 1 "

// Cache keeps compiled policies in a directory, by the digest of everything
// that went into them. Several processes may share it, and any entry may be
// deleted at any time. An entry is about 2 MB.
type Cache struct {
	Dir  string // made when needed, mode 0700
	Keep int    // entries; the oldest beyond are removed. 0 keeps all
}

// Compile is c.Compile with the cache in front of it. flatDigest is the
// caller's digest of the file flat, which is not read when there is an entry.
// A damaged entry is compiled anew. That an entry cannot be written (a full
// disk) is no error: the next time is slow again.
func (k Cache) Compile(ctx context.Context, c Compiler, flat, flatDigest string, modules []Module) ([]byte, error) {
	key, err := k.Key(c, flatDigest, modules)
	if err != nil {
		return nil, err
	}
	if policy, ok := k.Get(key); ok {
		return policy, nil
	}
	policy, err := c.Compile(ctx, flat, modules)
	if err != nil {
		return nil, err
	}
	if k.Put(key, policy) == nil {
		k.prune()
	}
	return policy, nil
}

// prune removes the entries that were written longest ago.
func (k Cache) prune() {
	entries, err := filepath.Glob(k.path("*"))
	if err != nil || k.Keep == 0 || len(entries) <= k.Keep {
		return
	}
	age := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(entries, func(a, b string) int { return cmp.Compare(age(a), age(b)) })
	for _, path := range entries[:len(entries)-k.Keep] {
		os.Remove(path)
	}
}

// Key names the entry for a compiler, a flattened policy and modules. The
// names of modules are not in it: the binary policy does not hold them.
func (k Cache) Key(c Compiler, flatDigest string, modules []Module) (string, error) {
	version, err := c.version()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, part := range []string{cacheFormat, secilcFlags, version, flatDigest} {
		addPart(h, []byte(part))
	}
	for _, m := range modules {
		addPart(h, m.Source)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// addPart writes the length first, so that no two lists of parts are alike.
func addPart(w io.Writer, part []byte) {
	fmt.Fprintf(w, "%d:", len(part))
	w.Write(part)
}

func (c Compiler) version() (string, error) {
	if c.Version != "" {
		return c.Version, nil
	}
	path, err := findTool(c.tool())
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return "", &ToolError{Tool: c.tool(), Msg: err.Error(), Hint: "apt-get install secilc", Err: fmt.Errorf("%w: %w", exec.ErrNotFound, err)}
	}
	return digest(program), nil
}

// Get reads an entry, and reports whether it is there and whole.
func (k Cache) Get(key string) ([]byte, bool) {
	b, err := os.ReadFile(k.path(key))
	if err != nil {
		return nil, false
	}
	header, policy, ok := bytes.Cut(b, []byte("\n"))
	return policy, ok && string(header) == cacheFormat+digest(policy)
}

// Put writes an entry as a whole or not at all.
func (k Cache) Put(key string, policy []byte) error {
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return fmt.Errorf("policy cache: %w", err)
	}
	f, err := os.CreateTemp(k.Dir, ".new-*")
	if err != nil {
		return fmt.Errorf("policy cache: %w", err)
	}
	defer os.Remove(f.Name()) // no longer there after the rename
	_, err = f.Write(append([]byte(cacheFormat+digest(policy)+"\n"), policy...))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), k.path(key))
	}
	if err != nil {
		return fmt.Errorf("policy cache: %w", err)
	}
	return nil
}

func (k Cache) path(key string) string { return filepath.Join(k.Dir, key+".policy") }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
