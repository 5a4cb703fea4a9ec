package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// selinuxFS is where the kernel's interface to SELinux is mounted.
const selinuxFS = "/sys/fs/selinux"

// SetBooleans sets booleans of the policy, all at once, and gives what those that
// it changed were before.
func (s *scenery) SetBooleans(values map[string]bool) (map[string]bool, error) {
	before := map[string]bool{}
	for name, value := range values {
		was, err := boolean(name)
		if err != nil {
			return before, err
		}
		if was == value {
			continue
		}
		if err := writeFile(filepath.Join(selinuxFS, "booleans", name), digit(value)); err != nil {
			return before, fmt.Errorf("set the boolean %s: %w", name, err)
		}
		before[name] = was
	}
	if len(before) == 0 {
		return before, nil
	}
	if err := writeFile(filepath.Join(selinuxFS, "commit_pending_bools"), "1"); err != nil {
		return before, fmt.Errorf("set booleans: %w", err)
	}
	return before, nil
}

// boolean tells what a boolean is set to. The file has the value and the one that is
// to be committed ("0 0").
func boolean(name string) (bool, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") || strings.HasPrefix(name, ".") {
		return false, fmt.Errorf("%q is no name of a boolean", name)
	}
	text, err := os.ReadFile(filepath.Join(selinuxFS, "booleans", name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("the policy in the machine has no boolean %s", name)
	}
	if err != nil {
		return false, fmt.Errorf("boolean %s: %w", name, err)
	}
	return strings.HasPrefix(string(text), "1"), nil
}

func digit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
