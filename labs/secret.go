package labs

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// secretMark begins a secret's file, before 64 hexadecimal digits.
const secretMark = "ipclab-secret-1"

// SecretError says that a file holds no course's secret, or cannot.
type SecretError struct {
	Path string
	Err  error
}

// Error names the file.
func (e *SecretError) Error() string { return "the secret " + e.Path + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *SecretError) Unwrap() error { return e.Err }

// Hint says how to come to a secret.
func (e *SecretError) Hint() string {
	if errors.Is(e.Err, fs.ErrExist) {
		return "keep it: with another secret every student's variant would be another"
	}
	return "`ipclab variant --new-secret FILE` makes a course's secret; keep it for the whole course"
}

// NewSecret makes a file with a new secret that only its owner may read. It
// replaces none. The error is a *SecretError.
func NewSecret(path string) error {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &SecretError{path, plainReason(err)}
	}
	_, err = fmt.Fprintf(f, "%s %x\n", secretMark, secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return &SecretError{path, errors.Join(err, os.Remove(path))}
	}
	return nil
}

// ReadSecret reads a course's secret. The error is a *SecretError.
func ReadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &SecretError{path, plainReason(err)}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 200))
	if err != nil {
		return nil, &SecretError{path, plainReason(err)}
	}
	mark, digits, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	secret, err := hex.DecodeString(digits)
	if mark != secretMark || err != nil || len(secret) != 32 {
		return nil, &SecretError{path, errors.New("it holds something else")}
	}
	return secret, nil
}

// plainReason is an error without the path, which is said already.
func plainReason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
