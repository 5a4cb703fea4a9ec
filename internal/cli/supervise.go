package cli

import (
	"os"

	"github.com/spf13/cobra"

	"ipclab/internal/machine/qemu"
)

const superviseName = "supervise-machine"

// newSupervise is the life of one clone. `ipclab start` runs it; people do not.
func newSupervise() *cobra.Command {
	return &cobra.Command{
		Use: superviseName + " FOLDER", Hidden: true, Args: exactly(1, "the machine's folder"),
		RunE: func(c *cobra.Command, args []string) error {
			unbound()
			return qemu.Supervise(c.Context(), args[0], os.NewFile(3, "report"))
		},
	}
}
