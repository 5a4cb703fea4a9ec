package host

import (
	"os"
	"slices"

	"ipclab/internal/image"
	"ipclab/internal/policy"
)

// WholePolicy gives all that the machine's policy consists of: the
// distribution's, ipclab's own, and modules on top.
func (h *Host) WholePolicy(i *image.Image, modules []policy.Module) ([]policy.Module, error) {
	flat, err := os.ReadFile(i.FlatPolicy())
	if err != nil {
		return nil, err
	}
	base, err := os.ReadFile(i.BasePolicy())
	if err != nil {
		return nil, err
	}
	return slices.Concat([]policy.Module{{File: "Debian's policy", Source: flat}, {File: "ipclab.cil", Source: base}}, modules), nil
}
