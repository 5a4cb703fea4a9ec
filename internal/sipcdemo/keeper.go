package sipcdemo

import (
	"context"
	"fmt"
	"io"
	"os/exec"

	"ipclab/sipc"
)

// Keep runs a helper, says on out what it made ("PID DESCRIPTOR"), and removes
// that when in ends or ctx does, whatever else happens. It is the destroyer. What
// the helper complains of goes where its Stderr says.
func Keep(ctx context.Context, helper *exec.Cmd, in io.Reader, out io.Writer) error {
	printed, err := helper.Output()
	if err != nil {
		return err
	}
	d, err := sipc.ParseDescriptor(string(printed))
	if err != nil {
		return err
	}
	// If nobody listens, in has ended as well.
	_, _ = fmt.Fprintf(out, "%d %s\n", helper.Process.Pid, d)
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return d.Remove()
}
