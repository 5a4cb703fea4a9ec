package actor

import (
	"context"
	"errors"
	"time"

	"ipclab/sipc"
)

// pump is the part of the relay between two channels.
func pump(ctx context.Context, args []string, std Stdio) error {
	o := newOptions(std)
	from, to := o.String("from", "", ""), o.String("to", "", "")
	pace := sipc.Pace{}
	o.DurationVar(&pace.Quantum, "quantum", 10*time.Millisecond, "")
	o.Float64Var(&pace.Hold, "hold", 0, "")
	if err := o.read(args, 0); err != nil {
		return err
	}
	if *from == "" || *to == "" {
		return errors.New("-from and -to are needed")
	}
	ctx, cancel := o.limited(ctx)
	defer cancel()
	in, err := open(ctx, *from, func(d sipc.Descriptor) (*sipc.Receiver, error) { return sipc.OpenReceiver(ctx, d) })
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := open(ctx, *to, func(d sipc.Descriptor) (*sipc.Sender, error) { return sipc.OpenSender(ctx, d) })
	if err != nil {
		return err
	}
	defer out.Close()
	ready(std)
	return sipc.Pump(ctx, in, out, pace)
}
