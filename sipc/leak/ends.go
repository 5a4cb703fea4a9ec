package leak

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// payload is what is sent. Nobody looks at it.
const payload = 64

// send sends without end, and notes when each send has completed.
func (j job) send() error {
	t, err := openTape(j.Tape)
	if err != nil {
		return err
	}
	alone()
	if j.Raw {
		return j.sendRaw(t)
	}
	ctx := context.Background()
	s, err := sipc.OpenSender(ctx, j.Channel)
	if err != nil {
		return err
	}
	defer s.Close()
	clock, data := newClock(), make([]byte, payload)
	for more := true; more; {
		if err := s.Send(ctx, data); err != nil {
			return err
		}
		more = t.note(clock.now())
	}
	return nil
}

// sendRaw is the sender that has thrown the library away.
func (j job) sendRaw(t *tape) error {
	clock := newClock()
	for n, more := uint64(0), true; more; n++ {
		if err := sendData(j.Channel.Queue, n, j.Code.Patient); err != nil {
			return err
		}
		more = t.note(clock.now())
	}
	return nil
}

// sendData puts a message into the queue, as soon as there is room: it sleeps until then
// if it is patient, and else asks again and again.
func sendData(queue int, sequence uint64, patient bool) error {
	m := dataMessage(sequence)
	for {
		errno := sysv.TrySend(queue, &m)
		if errno == syscall.EAGAIN && patient {
			_, errno = sysv.Send(queue, &m)
		}
		if errno == 0 {
			return nil
		}
		if errno != syscall.EAGAIN && errno != syscall.EINTR {
			return errno
		}
	}
}

// take is the receiver: it takes messages at the times that its code wants.
func (j job) take() error {
	t, err := openTape(j.Tape)
	if err != nil {
		return err
	}
	alone()
	taker := &taker{queue: j.Channel.Queue, clock: newClock(), patient: j.Code.Patient}
	if j.Code.Slotted {
		return j.takeInSlots(taker)
	}
	return j.takeDelayed(taker, t)
}

// takeDelayed waits before each take for as long as the symbol says. It notes how
// long its takes took, which tells what a wake-up costs.
func (j job) takeDelayed(k *taker, t *tape) error {
	// A library sender in strict mode has one send completed by the first takes.
	for range j.Takes - 1 {
		if err := k.takeOne(); err != nil {
			return err
		}
	}
	for _, symbol := range j.Symbols {
		if err := k.await(); err != nil {
			return err
		}
		k.wait(k.clock.now() + int64(j.Code.Base) + int64(j.Code.Values[symbol])*int64(j.Code.Unit))
		t.note(k.clock.now())
		for range j.Takes {
			if err := k.takeOne(); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeInSlots takes at the beginning of each slot as many as the symbol says. What is
// not there before half of the slot has passed is not taken.
func (j job) takeInSlots(k *taker) error {
	start, err := j.startBetweenTicks(k)
	if err != nil {
		return err
	}
	for i, symbol := range j.Symbols {
		begin := start + int64(i)*int64(j.Code.Unit)
		k.wait(begin)
		for range j.Code.Values[symbol] * j.Takes {
			if err := k.takeBy(begin + int64(j.Code.Unit)/2); err != nil {
				return err
			}
		}
	}
	k.wait(start + int64(len(j.Symbols)+1)*int64(j.Code.Unit)) // the last slot is over
	return nil
}

// startBetweenTicks is the first time from the start on that lies halfway
// between two ticks. Where nobody keeps to ticks it is the start. It takes what
// is there, so that it sees messages arrive.
func (j job) startBetweenTicks(k *taker) (int64, error) {
	quantum := int64(j.Code.Quantum)
	if quantum == 0 {
		return j.Start, nil
	}
	var phases []int64 // of arrivals after the first, from -quantum/2 on
	first := int64(0)
	for len(phases) < 15 {
		if err := k.takeOne(); err != nil {
			return 0, err
		}
		if first == 0 {
			first = k.clock.now()
		}
		if k.empty() { // so this one has just arrived
			phases = append(phases, (k.clock.now()-first+quantum/2)%quantum-quantum/2)
		}
	}
	slices.Sort(phases)
	tick := first + phases[len(phases)/2]
	return tick + quantum/2 + (max(j.Start-tick, 0)/quantum+1)*quantum, nil
}

// A taker takes messages by its own calls: it does not need the library.
type taker struct {
	queue   int
	clock   clock
	patient bool
	message sysv.Message
}

func (k *taker) wait(until int64) {
	if k.patient {
		k.clock.sleep(until)
	} else {
		k.clock.spin(until)
	}
}

// await waits until there is a message, and leaves it there: it asks for one of no
// bytes, and is told that there is one, but larger.
func (k *taker) await() error {
	flags := sysv.NoWait
	if k.patient {
		flags = 0
	}
	for {
		_, _, err := sysv.MsgReceive(k.queue, nil, 0, flags)
		if errors.Is(err, syscall.E2BIG) {
			return nil
		}
		if !errors.Is(err, syscall.ENOMSG) && !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// takeOne takes a message, as soon as there is one.
func (k *taker) takeOne() error {
	for {
		_, errno := sysv.TryReceive(k.queue, &k.message)
		if errno == syscall.ENOMSG && k.patient {
			_, errno = sysv.Receive(k.queue, &k.message)
		}
		if errno == 0 {
			return nil
		}
		if errno != syscall.ENOMSG && errno != syscall.EINTR {
			return errno
		}
	}
}

// empty says that there is no message.
func (k *taker) empty() bool {
	_, _, err := sysv.MsgReceive(k.queue, nil, 0, sysv.NoWait)
	return errors.Is(err, syscall.ENOMSG)
}

// takeBy takes a message, if there is one before a time.
func (k *taker) takeBy(deadline int64) error {
	for {
		_, errno := sysv.TryReceive(k.queue, &k.message)
		if errno == 0 {
			return nil
		}
		if errno != syscall.ENOMSG {
			return errno
		}
		if k.patient || k.clock.now() >= deadline {
			return nil
		}
	}
}

// pump is the process between two ends that nobody trusts.
func (j job) pump() error {
	ctx := context.Background()
	from, err := sipc.OpenReceiver(ctx, j.Channel)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := sipc.OpenSender(ctx, j.Next)
	if err != nil {
		return err
	}
	defer to.Close()
	return sipc.Pump(ctx, from, to, j.Pace)
}
