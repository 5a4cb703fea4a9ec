package grader

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"ipclab/internal/draft"
	"ipclab/internal/guest/api"
	"ipclab/internal/workspace/glob"
	"ipclab/labs"
)

// Memory remembers which checks have passed, so that a check is run again only
// when something changed that can change its outcome. It is a convenience for
// the student on the student's own machine: whoever grades must not use it,
// because its file can be edited. It is not for use by several goroutines.
type Memory struct {
	path   string
	passes map[string]pass // by lab and check
}

// pass is a check that has passed, and under which key it did.
type pass struct {
	Key    string `json:"key"`
	Result Result `json:"result"`
}

// memoryFile is the form of a Memory on disk.
type memoryFile struct {
	Version string          `json:"version"`
	Passes  map[string]pass `json:"passes"`
}

// OpenMemory reads a memory. A file that is missing, damaged or from another
// version is an empty memory: all that is lost is time.
func OpenMemory(path string) *Memory {
	m := &Memory{path: path, passes: make(map[string]pass)}
	data, err := os.ReadFile(path)
	if err != nil {
		return m
	}
	var f memoryFile
	if json.Unmarshal(data, &f) == nil && f.Version == Version && f.Passes != nil {
		m.passes = f.Passes
	}
	return m
}

// Remembered is for RunRequest.Remembered: it gives the passes that still hold
// for a lab, an image (any text that tells one image from another) and a
// workspace.
func (m *Memory) Remembered(lab *labs.Lab, image string, workspace []api.File) func(*labs.Check) (Result, bool) {
	return func(c *labs.Check) (Result, bool) {
		p, ok := m.passes[passName(lab, c)]
		return p.Result, ok && p.Key == Key(lab, image, c, workspace)
	}
}

// Learn takes in what a run has come to. A check that did not pass is
// forgotten; one that was not run stays as it was.
func (m *Memory) Learn(report *Report, lab *labs.Lab, image string, workspace []api.File) {
	for _, res := range report.Results {
		c := lab.Check(res.Check)
		if c == nil || res.Unchanged {
			continue
		}
		delete(m.passes, passName(lab, c))
		if res.Verdict == Pass {
			m.passes[passName(lab, c)] = pass{Key: Key(lab, image, c, workspace), Result: res}
		}
	}
}

// Forget forgets all checks of a lab.
func (m *Memory) Forget(lab *labs.Lab) {
	for _, c := range lab.Checks() {
		delete(m.passes, passName(lab, c))
	}
}

func passName(lab *labs.Lab, c *labs.Check) string { return lab.Name + "/" + c.ID }

// Save writes the memory to its file, in one step: readers see the old file or
// the new one.
func (m *Memory) Save() error {
	data, err := json.Marshal(memoryFile{Version: Version, Passes: m.passes})
	if err != nil {
		return fmt.Errorf("remembering results: %w", err)
	}
	if err := draft.Write(m.path, data, 0o600, draft.Derived); err != nil {
		return fmt.Errorf("remembering results: %w", err)
	}
	return nil
}

// Key is the digest of everything that the outcome of a check depends on: the
// engine, the image, the lab, and those files of the workspace that are inputs
// of the check or of one that it needs.
func Key(lab *labs.Lab, image string, c *labs.Check, workspace []api.File) string {
	h := sha256.New()
	for _, part := range []string{Version, image, lab.Digest(), c.ID} {
		addPart(h, part)
	}
	inputs := inputsOf(lab, c)
	byPath := func(a, b api.File) int { return strings.Compare(a.Path, b.Path) }
	for _, f := range slices.SortedFunc(slices.Values(workspace), byPath) {
		if inputs(f.Path) {
			addPart(h, f.Path)
			addPart(h, fmt.Sprint(f.Exec))
			addPart(h, string(f.Data))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// addPart adds a text so that no two lists of texts look the same.
func addPart(w io.Writer, text string) { fmt.Fprintf(w, "%d:%s", len(text), text) }

// inputsOf says whether a file can change the outcome of a check or of one
// that it needs.
func inputsOf(lab *labs.Lab, c *labs.Check) func(path string) bool {
	wanted := map[string]bool{c.ID: true}
	addNeeds(lab.Checks(), wanted)
	return func(path string) bool {
		for id := range wanted {
			if need := lab.Check(id); need != nil && glob.MatchAny(need.Inputs, path) {
				return true
			}
		}
		return false
	}
}
