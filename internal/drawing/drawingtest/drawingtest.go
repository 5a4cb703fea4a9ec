// Package drawingtest builds, for tests, the program that lays out pictures. No
// test may import what that program does: every test binary would be ready a second
// later, and would keep what it made in a folder for all users.
package drawingtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"ipclab/internal/drawing"
)

// Build builds the program into a folder and gives it, with a cache there, too. The
// test runs somewhere below the module's root.
func Build(dir string) (drawing.Program, error) {
	p := drawing.Program{Path: filepath.Join(dir, drawing.ProgramName), Cache: filepath.Join(dir, "cache")}
	build := exec.Command("go", "build", "-o", p.Path, "ipclab/cmd/ipclab-draw")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return p, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return p, nil
}
