package cli

import (
	"errors"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"ipclab/internal/sipcdemo"
	"ipclab/sipc"
)

// The demonstration's processes are this program again, as these commands.
const (
	keeperName = "demo-keeper"
	endName    = "demo-end"
)

// newSipcDemoKeeper is the process that has the channel made and removes it.
func newSipcDemoKeeper(a *app) *cobra.Command {
	return &cobra.Command{
		Use: keeperName, Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			self, err := os.Executable()
			if err != nil {
				return err
			}
			helper := again(self, append([]string{"helper"}, args...)...)
			helper.Stderr = os.Stderr
			err = sipcdemo.Keep(c.Context(), helper, a.in, a.out)
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				return &exitError{exit.ExitCode()} // the helper has said why
			}
			return err
		},
	}
}

// newSipcDemoEnd is the process that is the sender or the receiver.
func newSipcDemoEnd() *cobra.Command {
	var free bool
	c := &cobra.Command{
		Use: endName, Hidden: true, Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := sipc.ParseDescriptor(args[1])
			if err != nil {
				return err
			}
			end := sipcdemo.End{Role: sipcdemo.Role(args[0]), Channel: d, Texts: args[2:], Free: free}
			return end.Run(c.Context(), os.NewFile(3, "steps"), os.NewFile(4, "leave"))
		},
	}
	c.Flags().BoolVar(&free, "free", false, "")
	return c
}

// endArgs is the command line of an end.
func endArgs(e sipcdemo.End) []string {
	args := []string{endName, string(e.Role), e.Channel.String()}
	if e.Free {
		args = append(args, "--free")
	}
	return append(append(args, "--"), e.Texts...)
}
