package class

import (
	"os/exec"
	"runtime"
)

// starter starts processes from one thread that lives until the end: the kernel
// sends PR_SET_PDEATHSIG's signal when the thread that forked ends, not the
// process (prctl(2)).
type starter struct{ orders chan order }

type order struct {
	cmd  *exec.Cmd
	done chan error
}

func newStarter() *starter {
	s := &starter{orders: make(chan order)}
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with this
		for o := range s.orders {
			o.done <- o.cmd.Start()
		}
	}()
	return s
}

func (s *starter) do(cmd *exec.Cmd) error {
	o := order{cmd, make(chan error, 1)}
	s.orders <- o
	return <-o.done
}

// end kills whatever it has started that still runs.
func (s *starter) end() { close(s.orders) }
