package cli

import (
	"context"

	"github.com/spf13/cobra"

	"ipclab/sipc"
)

func newSipcPump() *cobra.Command {
	var pace sipc.Pace
	c := &cobra.Command{
		Use: "pump FROM TO", Short: "Carry messages from one channel to another, at ticks only",
		Long: "pump is a trusted relay between a sender and a receiver that nobody trusts. It takes\n" +
			"from the first channel at ticks of a clock, so that what the sender learns of its receiver\n" +
			"by being blocked is at most one bit a tick. docs/sipc-leaks.md has the bound.",
		Args: exactly(2, "two descriptors: `ipclab sipc pump FROM TO`"),
		RunE: func(c *cobra.Command, args []string) error {
			if pace.Quantum <= 0 || !(pace.Hold >= 0 && pace.Hold < 1) {
				return usagef("--quantum %v --hold %v: want more than 0, and from 0 to less than 1", pace.Quantum, pace.Hold)
			}
			from, err := sipc.ParseDescriptor(args[0])
			if err != nil {
				return err
			}
			to, err := sipc.ParseDescriptor(args[1])
			if err != nil {
				return err
			}
			return pump(c.Context(), from, to, pace)
		},
	}
	c.Flags().DurationVar(&pace.Quantum, "quantum", sipc.DefaultQuantum, "the `time` between two ticks")
	c.Flags().Float64Var(&pace.Hold, "hold", 0, "the `probability` that a tick is let pass unused")
	return c
}

func pump(ctx context.Context, from, to sipc.Descriptor, pace sipc.Pace) error {
	r, err := sipc.OpenReceiver(ctx, from)
	if err != nil {
		return explainChannel(from, receiving, err)
	}
	defer r.Close()
	s, err := sipc.OpenSender(ctx, to)
	if err != nil {
		return explainChannel(to, sending, err)
	}
	defer s.Close()
	return causeOf(ctx, sipc.Pump(ctx, r, s, pace))
}
