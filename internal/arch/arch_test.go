// Package arch_test keeps the packages' imports one way, as
// docs/architecture.md draws them. It has no code of its own.
package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "ipclab/"

// layers are the packages from the ground up: each may import only such as
// stand below it. A name that ends in a slash is all that lies under it.
func layers() [][]string {
	return [][]string{
		{"internal/ownipc", "sipc/internal/sysv"},
		{"sipc"},
		{"sipc/actor", "sipc/leak", "sipc/policy", "sipc/sipctest", "sipc/sipctest/student"},
		{"internal/bench/page", "internal/draft", "internal/drawing", "internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/scriptjobs", "internal/sequence", "internal/sparse", "internal/workspace/glob", "vagrant"},
		{"internal/drawing/drawingtest", "internal/drawing/graphviz", "internal/yamlfile"},
		{"internal/guest/actor", "internal/guest/tally"},
		{"internal/guest/play"},
		{"internal/guest", "internal/image", "internal/machine", "internal/policy/model", "internal/sipcdemo", "internal/workspace", "scenarios"},
		{"internal/flow", "internal/proof", "labs"},
		{"internal/bench/query", "internal/choose", "internal/explain", "internal/matrix", "internal/permitted"},
		{"internal/observed"},
		{"internal/machine/qemu", "grader"},
		{"internal/host", "grader/gradebook"},
		{"internal/session", "internal/intake", "grader/report"},
		{"internal/bench/tracing", "internal/class"},
		{"internal/cli"},
		{"cmd/", "internal/bench", "internal/bench/ipc", "internal/bench/leaks", "internal/bench/setools", "internal/vmtest", "internal/vmtest/", "grader/redteam", "grader/redteam/"},
	}
}

// bounds are what a package may reach of ours, directly or not, where that is
// less than what its layer would allow.
func bounds() map[string][]string {
	return map[string][]string{
		// what runs in the machine shares with the host its vocabulary, no more
		"internal/guest/actor": {"internal/guest/api"},
		"internal/guest/play":  {"internal/guest/actor", "internal/guest/api", "sipc", "sipc/internal/sysv", "sipc/leak"},
		"internal/guest":       {"internal/guest/actor", "internal/guest/api", "internal/guest/play", "sipc", "sipc/internal/sysv", "sipc/leak", "internal/guest/tally", "internal/policy"},
		"cmd/ipclab-guest":     {"internal/guest", "internal/guest/actor", "internal/guest/api", "internal/guest/play", "internal/guest/tally", "internal/policy", "sipc", "sipc/actor", "sipc/internal/sysv", "sipc/leak"},
		// a machine knows nothing of labs and checks
		"internal/machine":      {"internal/guest/api"},
		"internal/machine/qemu": {"internal/draft", "internal/guest/api", "internal/machine", "internal/sparse"},
		"internal/proof":        {"internal/policy", "internal/policy/model"},
		"internal/flow":         {"internal/nearest", "internal/policy", "internal/policy/model"},
		// only this program is to be slowed down by Graphviz
		"cmd/ipclab-draw": {"internal/drawing", "internal/drawing/graphviz"},
		// what is permitted is computed, without a machine
		"internal/permitted": {
			"internal/flow", "internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/policy/model", "internal/yamlfile", "scenarios",
		},
		// what was looked at is laid side by side, not looked at
		"internal/matrix": {"internal/drawing", "internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/yamlfile", "scenarios"},
		// which mechanism suits is told from what plays came to
		"internal/choose": {"internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/yamlfile", "scenarios"},
		// what denials mean is told from records, without a machine
		"internal/explain": {"internal/flow", "internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/policy/model", "internal/yamlfile", "scenarios"},
		// a lab is data, and so is a scenario
		"labs":              {"internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/workspace/glob", "internal/yamlfile", "scenarios"},
		"internal/observed": {"internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/yamlfile", "scenarios"},
		"scenarios":         {"internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy", "internal/yamlfile"},
		// the engine sees a guest through an interface of its own
		"grader":             {"internal/draft", "internal/guest/api", "internal/nearest", "internal/mechanism", "internal/policy", "internal/workspace/glob", "internal/yamlfile", "labs", "scenarios"},
		"internal/workspace": {"internal/guest/api", "internal/workspace/glob"},
		// what was handed in is taken without a machine
		"internal/intake": {
			"grader", "grader/gradebook", "internal/draft", "internal/guest/api", "internal/mechanism", "internal/nearest", "internal/policy",
			"internal/workspace", "internal/workspace/glob", "internal/yamlfile", "labs", "scenarios",
		},
		"cmd/ipclab": {
			"grader", "grader/gradebook", "grader/report", "internal/class", "internal/cli", "internal/draft", "internal/drawing", "internal/explain", "internal/flow", "internal/guest/api", "internal/host", "internal/image", "internal/intake", "internal/machine",
			"internal/choose", "internal/machine/qemu", "internal/matrix", "internal/mechanism", "internal/nearest", "internal/observed", "internal/permitted", "internal/policy", "internal/policy/model", "internal/proof", "internal/sequence", "internal/session", "internal/sipcdemo", "internal/sparse", "internal/workspace",
			"internal/workspace/glob", "internal/yamlfile", "labs", "scenarios", "sipc", "sipc/internal/sysv", "vagrant",
		},
	}
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir        string
	GoFiles, Imports, Deps []string
}

// touch looks at the package's files. `go test` keeps a result for as long as
// the files that the test looked at stay the same; those that `go list` reads
// it does not see.
func (p listed) touch(t *testing.T) {
	for _, file := range p.GoFiles {
		if _, err := os.Stat(filepath.Join(p.Dir, file)); err != nil {
			t.Error(err)
		}
	}
}

func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// ours picks the module's own packages from a list, without the module's name.
func ours(paths []string) []string {
	var names []string
	for _, path := range paths {
		if name, ok := strings.CutPrefix(path, module); ok {
			names = append(names, name)
		}
	}
	return names
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,Deps", module+"...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Logf("%s", exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.touch(t)
		if p.name() != "internal/arch" {
			all = append(all, p)
		}
	}
}

// layerOf is the number of a package's layer, -1 if it has none.
func layerOf(name string) int {
	return slices.IndexFunc(layers(), func(layer []string) bool {
		return slices.ContainsFunc(layer, func(entry string) bool {
			return entry == name || strings.HasSuffix(entry, "/") && strings.HasPrefix(name, entry)
		})
	})
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range list(t) {
		own := layerOf(p.name())
		if own < 0 {
			t.Errorf("%s has no layer: give it one here, and a line in docs/architecture.md", p.name())
			continue
		}
		for _, imported := range ours(p.Imports) {
			if layerOf(imported) >= own {
				t.Errorf("%s imports %s, which does not stand below it", p.name(), imported)
			}
		}
	}
}

func TestPackagesKeepTheirBounds(t *testing.T) {
	all := list(t)
	for name, allowed := range bounds() {
		at := slices.IndexFunc(all, func(p listed) bool { return p.name() == name })
		if at < 0 {
			t.Errorf("%s is no package any more: take it out of this table", name)
			continue
		}
		for _, dep := range ours(all[at].Deps) {
			if !slices.Contains(allowed, dep) {
				t.Errorf("%s reaches %s", name, dep)
			}
		}
	}
}

// The policy package is meant to be lifted out and used elsewhere.
func TestPolicyNeedsTheStandardLibraryOnly(t *testing.T) {
	for _, p := range list(t) {
		if p.name() != "internal/policy" {
			continue
		}
		for _, dep := range p.Imports {
			if first, _, _ := strings.Cut(dep, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", p.name(), dep)
			}
		}
	}
}

// The tables of docs/architecture.md name files and functions.
var tableRow = regexp.MustCompile("^\\| `([a-z0-9/_-]+\\.(?:go|c))` \\| ((?:`[A-Za-z_]+`(?:, )?)+) \\|")

func TestArchitecturePageNamesWhatExists(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(page)) {
		row := tableRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		source, err := os.ReadFile(filepath.Join("../..", row[1]))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for name := range strings.SplitSeq(row[2], ", ") {
			found++
			name = strings.Trim(name, "`")
			if !regexp.MustCompile(`(?m)^(func (\([^)]+\) )?|static .*\b)` + name + `[\[(]`).Match(source) {
				t.Errorf("%s has no function %s", row[1], name)
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d functions were found in the page: have its tables another form?", found)
	}
}
