package intake

import (
	"fmt"
	"io"
	"path"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace"
)

// Limits on what one submission may be. What is kept of it obeys those of a
// workspace; these bound what has to be read to get at it.
const (
	maxArchive  = 64 << 20  // bytes of an archive as it was handed in
	maxUnpacked = 256 << 20 // bytes that come out of it, also of what is left out
	maxEntries  = 20_000    // entries of an archive, also of what is left out
	maxPath     = 1024      // bytes of a path
	maxElement  = 255       // bytes of a file's name
)

// hold gathers the files of one submission and refuses what none may have. It
// never touches the disk.
type hold struct {
	files   []api.File
	bytes   int64
	entries int // files and folders that are kept
	passed  int // entries that were seen

	seen map[string]place // by path without regard to capitals
}

// place is what stands at a path.
type place struct {
	path   string
	folder bool
}

func newHold() *hold { return &hold{seen: map[string]place{}} }

// enter admits one entry of an archive by its name. It gives the clean path, or
// an empty one for what is to be left out.
func (h *hold) enter(name string, folder, link, special bool) (string, error) {
	if h.passed++; h.passed > maxEntries {
		return "", refused("", ErrTooMany, fmt.Sprintf("an archive may have %d entries", maxEntries))
	}
	clean, err := cleanPath(name)
	if err != nil || isLeftOut(clean) {
		return "", err
	}
	switch {
	case link:
		return "", refused(clean, ErrLink, "")
	case special:
		return "", refused(clean, ErrSpecial, "")
	}
	return clean, h.settle(clean, folder)
}

// settle notes what stands at a path, and the folders above it.
func (h *hold) settle(clean string, folder bool) error {
	if h.entries++; h.entries > workspace.DefaultEntries {
		return refused("", ErrTooMany, fmt.Sprintf("a submission may have %d", workspace.DefaultEntries))
	}
	dirs := strings.Count(clean, "/")
	if folder {
		dirs++
	}
	if dirs >= workspace.DefaultDepth+1 { // one more than a workspace: it may lie in a folder of its own
		return refused(clean, ErrTooDeep, fmt.Sprintf("the limit is %d", workspace.DefaultDepth))
	}
	for i, r := range clean {
		if r == '/' {
			if err := h.stand(place{clean[:i], true}); err != nil {
				return err
			}
		}
	}
	return h.stand(place{clean, folder})
}

// stand refuses two things at one place.
func (h *hold) stand(p place) error {
	key := strings.ToLower(strings.ToUpper(p.path))
	old, taken := h.seen[key]
	switch {
	case !taken:
		h.seen[key] = p
	case old.path != p.path:
		return refused(p.path, ErrCase, fmt.Sprintf("the other is %q", short(old.path)))
	case !old.folder || !p.folder:
		return refused(p.path, ErrTwice, "")
	}
	return nil
}

// file reads one file to its end, and never more of it than the limit allows.
func (h *hold) file(clean string, exec bool, size int64, r io.Reader) error {
	left := workspace.DefaultBytes - h.bytes
	tooBig := refused(clean, ErrTooBig, fmt.Sprintf("with it the submission would pass %d bytes", workspace.DefaultBytes))
	if size > left {
		return tooBig
	}
	data, err := io.ReadAll(io.LimitReader(r, left+1)) // the size may be a lie
	if err != nil {
		return err
	}
	if int64(len(data)) > left {
		return tooBig
	}
	h.bytes += int64(len(data))
	h.files = append(h.files, api.File{Path: clean, Exec: exec, Data: data})
	return nil
}

// cleanPath judges the name of an entry. The path of the top folder is ".".
func cleanPath(name string) (string, error) {
	switch {
	case name == "":
		return "", refused("", ErrName, "it has none")
	case len(name) > maxPath:
		return "", refused(name, ErrName, fmt.Sprintf("it is longer than %d bytes", maxPath))
	case strings.HasPrefix(name, "/"), len(name) > 1 && name[1] == ':':
		return "", refused(name, ErrAbsolute, "")
	}
	for element := range strings.SplitSeq(name, "/") {
		switch {
		case element == "..":
			return "", refused(name, ErrOutside, "")
		case !workspace.IsPlain(element):
			return "", refused(name, ErrName, "it has characters that cannot be shown")
		case len(element) > maxElement:
			return "", refused(name, ErrName, fmt.Sprintf("it is longer than %d bytes", maxElement))
		}
	}
	return path.Clean(name), nil
}

// isLeftOut tells what desktops, editors and version control put beside the
// work, and the top folder itself.
func isLeftOut(clean string) bool {
	for element := range strings.SplitSeq(clean, "/") {
		if element == "." || isJunk(element) {
			return true
		}
	}
	return false
}

// isJunk tells the names that are never part of a submission.
func isJunk(base string) bool { return base == "__MACOSX" || workspace.IsJunk(base) }
