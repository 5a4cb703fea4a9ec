package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"ipclab/sipc"
)

func newSipcHelper(a *app) *cobra.Command {
	var f channelFlags
	c := &cobra.Command{
		Use: "helper", Short: "Make a channel, print its descriptor and exit",
		Long: "helper makes the two objects of a channel and prints its descriptor, which send and recv\n" +
			"take. The objects stay until `ipclab sipc gc DESCRIPTOR` removes them.",
		Args: exactly(0, "no arguments: `ipclab sipc helper`"),
		RunE: func(*cobra.Command, []string) error {
			config, err := f.config()
			if err != nil {
				return err
			}
			d, err := sipc.Create(config)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(a.out, d); err != nil {
				_ = d.Remove() // nobody knows of it
				return err
			}
			return nil
		},
	}
	f.add(c)
	c.Flags().StringVar(&f.KeyPath, "key", "", "make the keys from this `path`, as ftok does (default: random)")
	c.Flags().BoolVar(&f.QueueOnly, "queue-only", false, "make the queue only: the sender makes the segment")
	return c
}
