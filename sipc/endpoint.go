package sipc

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/sipc/internal/sysv"
)

// endpoint is what a sender and a receiver have in common: the attached
// segment, the queue, and calls that wait in the kernel and can be interrupted.
//
// A System V call that a signal interrupts returns EINTR, with or without
// SA_RESTART (signal(7)). So a waiting call is interrupted by a SIGURG to its
// very thread, which Go's runtime handles and nobody else notices. The signal
// may come before the call has gone to sleep; hence it is sent until the call is out.
type endpoint struct {
	desc   Descriptor
	header Header
	trace  func(Event)
	call   systemCall    // what waits: msgsnd or msgrcv
	try    systemCall    // the same, if it had not to wait
	busy   syscall.Errno // what try says if it would have to
	op     string        // its name

	mu       sync.Mutex // held by a call as long as it lasts; guards what follows
	segment  sysv.Segment
	slots    []byte       // of the segment
	message  sysv.Message // what travels
	patience patience
	held     bool  // the caller has a slice of the segment
	failed   error // why no call can do anything any more
	detached bool

	closed atomic.Bool
	quit   chan struct{} // closed with it
	tasks  sync.WaitGroup

	tid     atomic.Int32           // the thread that waits in the kernel; 0: none
	waits   atomic.Uint64          // how often one has
	expired atomic.Uint64          // the wait that has lasted too long
	watched <-chan struct{}        // what the watcher was told to watch
	watch   chan (<-chan struct{}) // tells it; nil until there is a watcher
}

// systemCall sends or takes a message and returns its size.
type systemCall func(queue int, m *sysv.Message) (int, syscall.Errno)

// open attaches the segment and reads its header. On failure nothing stays.
func (e *endpoint) open(d Descriptor, flags int, o options) error {
	e.desc, e.trace, e.quit = d, o.trace, make(chan struct{})
	segment, err := sysv.Attach(d.Segment, flags)
	if err != nil {
		return &Error{Op: "shmat", Object: segmentName(d.Segment), Err: err}
	}
	if e.header, err = readHeader(segment.Bytes); err != nil {
		segment.Detach()
		return err
	}
	e.segment = segment
	e.slots = segment.Bytes[headerSize:]
	return nil
}

// slot is the memory of the slot that a sequence number falls on.
func (e *endpoint) slot(sequence uint64) []byte {
	at := e.index(sequence) * e.header.SlotSize
	return e.slots[at : at+e.header.SlotSize : at+e.header.SlotSize]
}

func (e *endpoint) index(sequence uint64) int { return int(sequence % uint64(e.header.Slots)) }

// enter begins a call of the caller's, which ends the use of the slice that he
// may have. If it returns an error, there is nothing to leave.
func (e *endpoint) enter(ctx context.Context) error {
	e.mu.Lock()
	err := e.usable(ctx)
	if err != nil {
		e.held = e.held && err != ErrClosed
		e.leave()
	}
	return err
}

func (e *endpoint) usable(ctx context.Context) error {
	if e.closed.Load() {
		return ErrClosed
	}
	if e.failed != nil {
		return e.failed
	}
	return ctx.Err()
}

// leave ends a call. If Close came meanwhile, it is the last one.
func (e *endpoint) leave() {
	if e.closed.Load() {
		e.detach()
	}
	e.mu.Unlock()
}

// detach unmaps the segment, unless the caller still has a slice of it.
func (e *endpoint) detach() {
	if e.held || e.detached {
		return
	}
	e.detached, e.slots = true, nil
	e.segment.Detach()
}

// close ends everything. It interrupts a call that waits.
func (e *endpoint) close() {
	if !e.closed.CompareAndSwap(false, true) {
		return
	}
	close(e.quit)
	for wait := firstKick; !e.mu.TryLock(); wait = min(2*wait, lastKick) {
		e.kick()
		time.Sleep(wait)
	}
	e.leave()
	e.tasks.Wait()
}

// How long to wait between one signal and the next.
const (
	firstKick = 20 * time.Microsecond
	lastKick  = 5 * time.Millisecond
)

// kick interrupts the thread that waits. It reports whether there is one.
func (e *endpoint) kick() bool {
	tid := e.tid.Load()
	if tid != 0 {
		unix.Tgkill(unix.Getpid(), int(tid), unix.SIGURG)
	}
	return tid != 0
}

// exchange sends or takes the message, and waits for as long as it takes. m is
// what is sent, for the trace. It returns the size of what came.
func (e *endpoint) exchange(ctx context.Context, m Message) (int, error) {
	size, errno := e.try(e.desc.Queue, &e.message)
	if errno == e.busy {
		if e.trace != nil {
			e.event(Blocked, m)
		}
		size, errno = e.persist()
	}
	if errno == e.busy {
		return e.wait(ctx)
	}
	return size, e.failure(errno)
}

// persist tries again for a moment, where that pays.
func (e *endpoint) persist() (size int, errno syscall.Errno) {
	if !e.patience.pays() {
		return 0, e.busy
	}
	begun, passed := time.Now(), time.Duration(0)
	for errno = e.busy; errno == e.busy && passed < longestTry; {
		passed = pause(begun)
		size, errno = e.try(e.desc.Queue, &e.message)
	}
	e.patience.learn(errno == e.busy)
	return size, errno
}

// wait makes the call, and waits in the kernel for as long as it takes. It
// returns the size of what came. The error is why it gave up.
func (e *endpoint) wait(ctx context.Context) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e.arm(ctx.Done())
	this := e.waits.Add(1)
	e.tid.Store(int32(unix.Gettid()))
	defer e.tid.Store(0)
	for {
		// After the thread is known: who interrupts either sees it, or is seen.
		if err := e.interrupted(ctx, this); err != nil {
			return 0, err
		}
		n, errno := e.call(e.desc.Queue, &e.message)
		if errno != syscall.EINTR {
			return n, e.failure(errno)
		}
	}
}

func (e *endpoint) interrupted(ctx context.Context, wait uint64) error {
	switch {
	case e.closed.Load():
		return ErrClosed
	case e.expired.Load() == wait:
		return ErrSilent
	}
	return ctx.Err()
}

// failure is what the kernel said of the queue.
func (e *endpoint) failure(errno syscall.Errno) error {
	switch errno {
	case 0:
		return nil
	case syscall.E2BIG:
		return e.fail(violation(FieldSize, MessageSize+1, "24")) // or more: nobody can tell
	}
	return &Error{Op: e.op, Object: queueName(e.desc.Queue), Err: errno}
}

// fail has every further call fail, too.
func (e *endpoint) fail(err error) error {
	e.failed = err
	return err
}

// arm has the watcher interrupt waiting calls once done is closed, and not for
// what it watched before. Most calls come with the same context as the one
// before, and cost nothing here.
func (e *endpoint) arm(done <-chan struct{}) {
	if done == e.watched {
		return
	}
	if e.watch == nil {
		e.watch = make(chan (<-chan struct{}))
		e.tasks.Go(e.watchContexts)
	}
	select {
	case e.watch <- done:
		e.watched = done
	case <-e.quit:
	}
}

// watchContexts is the watcher.
func (e *endpoint) watchContexts() {
	var done <-chan struct{}
	for {
		select {
		case <-e.quit:
			return
		case done = <-e.watch:
		case <-done:
			done = e.rouse()
		}
	}
}

// rouse interrupts the waiting call until it is out, and returns what is to
// be watched next.
func (e *endpoint) rouse() <-chan struct{} {
	for wait := firstKick; e.kick(); wait = min(2*wait, lastKick) {
		select {
		case <-e.quit:
			return nil
		case done := <-e.watch:
			return done
		case <-time.After(wait):
		}
	}
	return nil
}

// event tells the trace of a step.
func (e *endpoint) event(kind EventKind, m Message) {
	slot := -1
	if m.Type == Data {
		slot = e.index(m.Sequence)
	}
	e.trace(Event{At: time.Now(), Kind: kind, Message: m, Slot: slot})
}
