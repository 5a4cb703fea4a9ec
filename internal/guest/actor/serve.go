package actor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Serve plays a subject until nobody gives orders any more.
func Serve() error {
	runtime.LockOSThread() // filters and signal masks belong to threads
	unix.CloseOnExec(ControlFD)
	unix.CloseOnExec(ParcelFD)
	p := &process{control: ControlFD, parcel: ParcelFD, ends: map[place]End{}, channels: map[place]Channel{}}
	return p.serve()
}

// process is the actor's state.
type process struct {
	control, parcel int
	ends            map[place]End
	channels        map[place]Channel
}

// place is one end of one object.
type place struct {
	object string
	side   Side
}

func (p *process) serve() error {
	for {
		o, more, err := hear(p.control)
		if err != nil || !more {
			return err
		}
		if err := say(p.control, p.do(o)); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

// do makes one step.
func (p *process) do(o Order) Answer {
	t := &Trace{parcel: p.parcel}
	var a Answer
	err := p.step(t, o, &a)
	a.Call, a.Text, a.Errno, a.Passed, a.Taken = t.call, t.text(), t.errno, t.passed, t.taken
	if refused := (*RefusedError)(nil); err != nil && !errors.As(err, &refused) {
		a.Trouble = err.Error()
	}
	return a
}

func (p *process) step(t *Trace, o Order, a *Answer) (err error) {
	switch o.Step {
	case StepSetup:
		a.PID, a.Context = os.Getpid(), context()
		return putOn(o.Filter)
	case StepClose:
		p.close()
		return nil
	case StepSignal, StepLook, StepSignals, StepLooks:
		return p.leak(t, o, a)
	}
	end, err := p.end(o.Role)
	if err != nil {
		return err
	}
	switch o.Step {
	case StepMake:
		return end.Make(t)
	case StepOpen:
		return end.Open(t)
	case StepSend:
		a.Data, err = end.Send(t, o.Secret)
	case StepReceive:
		a.Data, err = end.Receive(t)
	case StepKeep:
		err = keep(o, end)
	default:
		err = fmt.Errorf("there is no step %q", o.Step)
	}
	return err
}

// end finds the end of a role, or makes it.
func (p *process) end(r Role) (End, error) {
	at := place{r.Object.Name, r.Side}
	if e, ok := p.ends[at]; ok {
		return e, nil
	}
	e, err := New(r)
	if err == nil {
		p.ends[at] = e
	}
	return e, err
}

// leak makes a step of a back channel.
func (p *process) leak(t *Trace, o Order, a *Answer) error {
	if o.Back == nil {
		return errors.New("a step of a back channel without its part")
	}
	c, err := p.channel(*o.Back, o.Role)
	if err != nil {
		return err
	}
	switch o.Step {
	case StepSignal:
		return c.Signal(t, o.Bit)
	case StepSignals:
		return signals(c, o)
	case StepLooks:
		a.Bits, err = looks(c, o)
		return err
	}
	a.Bit, err = c.Look(t)
	return err
}

// channel finds this subject's side of a back channel, or makes it over its end.
func (p *process) channel(r, end Role) (Channel, error) {
	at := place{r.Object.Name, r.Side}
	if c, ok := p.channels[at]; ok {
		return c, nil
	}
	b, err := FindBack(r.Object.Kind, r.How)
	if err != nil {
		return nil, err
	}
	c := b.New(r, p.ends[place{end.Object.Name, end.Side}])
	p.channels[at] = c
	return c, nil
}

// close lets go of everything.
func (p *process) close() {
	for at, c := range p.channels {
		c.Close()
		delete(p.channels, at)
	}
	for at, e := range p.ends {
		e.Close()
		delete(p.ends, at)
	}
}

// context is the process's own SELinux context; empty where there is no SELinux.
func context() string {
	fd, err := unix.Open("/proc/self/attr/current", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	buf := make([]byte, 512)
	n, _ := unix.Read(fd, buf)
	return string(bytes.TrimRight(buf[:max(n, 0)], "\x00\n"))
}
