package image

import (
	"os"
	"os/exec"
	"path/filepath"
)

// MissingToolError names a program that is needed to build an image.
type MissingToolError struct{ Tool, Package string }

func (e *MissingToolError) Error() string { return e.Tool + ", which builds the image, was not found" }

// Hint names the package.
func (e *MissingToolError) Hint() string {
	return "sudo apt-get install " + e.Package + "; or carry a ready image over with `ipclab image import`"
}

// Tools are the programs that a build runs, and Debian's packages of them.
func Tools() map[string]string {
	return map[string]string{
		"mmdebstrap": "mmdebstrap", "setfiles": "policycoreutils",
		"mke2fs": "e2fsprogs", "debugfs": "e2fsprogs",
	}
}

// FindTool finds a program in PATH or where the system's own tools are: an
// ordinary user's PATH on Debian leaves /usr/sbin out.
func FindTool(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, sbinErr := exec.LookPath(filepath.Join(dir, name)); sbinErr == nil {
			return path, nil
		}
	}
	return "", err
}

func needTools() error {
	for tool, pkg := range Tools() {
		if _, err := FindTool(tool); err != nil {
			return &MissingToolError{tool, pkg}
		}
	}
	if os.Geteuid() != 0 {
		if _, err := FindTool("newuidmap"); err != nil {
			return &MissingToolError{"newuidmap", "uidmap"}
		}
	}
	return nil
}
