package labs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/internal/yamlfile"
	"ipclab/scenarios"
)

// The rules for single values of a manifest. Each returns what is wrong.

const nameRule = "must be small letters, digits and single dashes, beginning with a letter"

// reserved are the folders beside the labs that are none.
func reserved() []string { return []string{"template", "testdata"} }

// maxName bounds a name because sockets and cgroups of the guest carry it,
// and their paths are short.
const maxName = 40

func isName(s string) error {
	words := strings.Split(s, "-")
	first := s != "" && s[0] >= 'a' && s[0] <= 'z'
	if !first || slices.ContainsFunc(words, func(w string) bool { return w == "" || strings.Trim(w, lower+digits) != "" }) {
		return fmt.Errorf("%q %s", s, nameRule)
	}
	if len(s) > maxName {
		return fmt.Errorf("%q is longer than %d characters", s, maxName)
	}
	return nil
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

func isLabName(s string) error {
	if slices.Contains(reserved(), s) {
		return fmt.Errorf("%q is not the name of a lab: the folder serves another purpose", s)
	}
	if len(s) < minLabName {
		return fmt.Errorf("%q is shorter than %d characters", s, minLabName)
	}
	return isName(s)
}

// minLabName is what the pattern in embed.go asks for.
const minLabName = 3

// isLine accepts a text that fits in a list.
func isLine(s string) error {
	if strings.ContainsAny(s, "\n\r\t") {
		return errors.New("must be a single line")
	}
	return nil
}

// isType accepts the identifiers that CIL accepts for types (and that the
// base policy's naming uses).
func isType(s string) error {
	if s == "" || !strings.Contains(lower, s[:1]) || strings.Trim(s, lower+digits+"_") != "" {
		return fmt.Errorf("%q is not the name of an SELinux type", s)
	}
	return nil
}

// oneOf accepts the words of a closed set.
func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s%s", s, strings.Join(words, ", "), yamlfile.DidYouMean(s, words))
	}
}

// cast are the users that the image has for labs.
func cast() []string { return []string{"student", "alice", "bob", "carol"} }

func isUser(s string) error  { return oneOf(cast()...)(s) }
func isOwner(s string) error { return oneOf(append(cast(), "root")...)(s) }
func isGroup(s string) error { return oneOf(append(cast(), "channel", "root")...)(s) }
func isKind(s string) error {
	return oneOf(append([]string{"fifo", "file", "dir", "symlink", "socket", "char", "block"}, api.SysVKinds()...)...)(s)
}
func isLayer(s string) error {
	return oneOf(string(scenarios.ByDAC), string(scenarios.BySELinux), string(scenarios.BySeccomp), string(scenarios.ByNamespace), string(scenarios.ByCgroup))(s)
}

func isMode(s string) error {
	if _, err := strconv.ParseUint(s, 8, 12); err != nil || len(s) < 3 || len(s) > 4 {
		return fmt.Errorf(`%q is not an octal mode such as "0750" or "2750"`, s)
	}
	return nil
}

// isGuestPath accepts absolute paths without ".." and double slashes.
func isGuestPath(s string) error {
	if !path.IsAbs(s) || path.Clean(s) != s || s == "/" {
		return fmt.Errorf("%q is not a plain absolute path", s)
	}
	return nil
}

// isKeyPath accepts paths that can be written in a script as part of a name.
func isKeyPath(s string) error {
	if strings.ContainsAny(s, ": \t") {
		return fmt.Errorf("%q has a blank or a colon", s)
	}
	return isGuestPath(s)
}

// isProject accepts what ftok takes beside the path.
func isProject(s string) error {
	if len(s) != 1 || s[0] <= ' ' || s[0] > '~' || s[0] == ':' {
		return fmt.Errorf("%q is not one letter", s)
	}
	return nil
}

// isFile accepts paths inside a folder.
func isFile(s string) error {
	if !fs.ValidPath(s) || s == "." || strings.Contains(s, `\`) {
		return fmt.Errorf("%q is not a plain path inside the folder", s)
	}
	return nil
}

func isModule(s string) error {
	if path.Ext(s) != ".cil" {
		return fmt.Errorf("%q does not end in .cil", s)
	}
	return isFile(s)
}

// isProgram accepts the name of a program in /lab/bin.
func isProgram(s string) error {
	if strings.ContainsAny(s, "/ \t\n") || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "@") || strings.HasPrefix(s, "-") {
		return fmt.Errorf("%q is not the bare name of a program", s)
	}
	return nil
}
