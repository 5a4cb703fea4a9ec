// Package glob is the meaning of the patterns that labs use for the files of a
// workspace. It matches names; it does not look at a disk.
//
// A pattern without a slash is matched against the last element of a path, so
// that "*.c" means every C file at any depth. A pattern with a slash is matched
// against the whole path, so that "policy/*.cil" means that one folder. Inside
// an element the syntax is that of path.Match. There is no "**".
package glob

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Valid says what is wrong with a pattern.
func Valid(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is not a pattern: an open bracket or a lone backslash", pattern)
	}
	if strings.HasPrefix(pattern, "/") || strings.Contains(pattern, "**") {
		return fmt.Errorf("%s must be relative and without **: a pattern without a slash already matches at any depth", strconv.Quote(pattern))
	}
	return nil
}

// Match tells whether a pattern means the file at a slash-separated path. An
// invalid pattern means none.
func Match(pattern, name string) bool {
	if !strings.Contains(pattern, "/") {
		name = path.Base(name)
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// MatchAny tells whether one of the patterns means the file. No patterns mean
// every file.
func MatchAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if Match(p, name) {
			return true
		}
	}
	return len(patterns) == 0
}
