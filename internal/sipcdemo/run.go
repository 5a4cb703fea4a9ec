package sipcdemo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"ipclab/internal/sequence"
	"ipclab/sipc"
)

// Commands are the processes of a demonstration, not yet started.
type Commands struct {
	Keeper *exec.Cmd // calls Keep
	// End is a process that calls [End.Run], with descriptors 3 and 4.
	End func(End) *exec.Cmd
}

// Options say what is demonstrated.
type Options struct {
	Commands
	Texts []string // what is sent
	Free  bool     // let both ends go at full speed, and show it afterwards
	// Step is called before an end makes its next step; nil: at once.
	Step func(context.Context) error
	// Begin is given the diagram, still without events, before the first one.
	Begin func(*sequence.Diagram)
	// Show is given each event as it happens.
	Show func(sequence.Event) error
}

// Run makes a channel, has two processes use it, and removes it. It returns
// the whole diagram, as far as it came. Nothing is left running, and no object.
func Run(ctx context.Context, o Options) (d *sequence.Diagram, err error) {
	k, helper, channel, err := startKeeper(o.Keeper)
	if err != nil {
		return nil, err
	}
	defer func() {
		if failed := k.release(); failed != nil { // then the channel may still be there
			err = errors.Join(err, failed, channel.Remove())
		}
	}()
	p := &player{
		options: o, ctx: ctx, reports: make(chan report), state: map[Role]state{},
		ends: map[Role]*process{}, hellos: map[Role]hello{}, story: newStory(), merger: newMerger(0),
		diagram: &sequence.Diagram{},
	}
	defer p.endAll()
	for _, role := range []Role{Receiver, Sender} {
		if err := p.start(End{Role: role, Channel: channel, Texts: o.Texts, Free: o.Free}); err != nil {
			return nil, err
		}
	}
	if err := p.begin(helper); err != nil {
		return p.diagram, err
	}
	if o.Free {
		return p.diagram, p.record()
	}
	return p.diagram, p.play()
}

// report is what came from an end: its hello, a step, or its end.
type report struct {
	role  Role
	hello *hello
	step  *step
	ended bool
	err   error
}

// state is what an end is doing.
type state int

const (
	running state = iota
	paused        // has made a step and waits for leave
	blocked       // found the queue full, or empty
	ended
)

// player has two ends take their steps.
type player struct {
	options Options
	ctx     context.Context
	ends    map[Role]*process
	reports chan report
	state   map[Role]state
	hellos  map[Role]hello
	sent    int // messages, as reported so far
	took    int
	merger  *merger
	story   *story
	diagram *sequence.Diagram
	read    int // goroutines that read reports
}

// start starts an end and reads what it reports.
func (p *player) start(e End) error {
	proc, err := startEnd(e.Role, p.options.End(e))
	if err != nil {
		return err
	}
	p.ends[e.Role], p.read = proc, p.read+1
	go func() {
		dec := json.NewDecoder(proc.steps)
		h := &hello{}
		if err := dec.Decode(h); err == nil {
			p.reports <- report{role: e.Role, hello: h}
		}
		for {
			s := &step{}
			if err := dec.Decode(s); err != nil {
				break
			}
			p.reports <- report{role: e.Role, step: s}
		}
		p.reports <- report{role: e.Role, ended: true, err: proc.wait()}
	}()
	return nil
}

// endAll ends both ends and waits until they are gone.
func (p *player) endAll() {
	for _, proc := range p.ends {
		proc.end()
	}
	for p.read > 0 {
		if r := <-p.reports; r.ended {
			p.read--
		}
	}
}

// next takes in one report. One of an end that ended badly is an error.
func (p *player) next() error {
	select {
	case r := <-p.reports:
		return p.take(r)
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *player) take(r report) error {
	switch {
	case r.ended:
		p.state[r.role] = ended
		p.read--
		return r.err
	case r.hello != nil:
		p.hellos[r.role] = *r.hello
		p.state[r.role] = paused
	case r.step != nil:
		p.merger.add(r.role, *r.step)
		p.state[r.role] = paused
		if r.step.waits() {
			p.state[r.role] = blocked
		}
		switch r.step.Kind {
		case sipc.Sent:
			p.sent++
		case sipc.Took:
			p.took++
		}
	}
	return nil
}

// begin waits until both ends have the channel, and describes the diagram.
func (p *player) begin(helper int) error {
	for len(p.hellos) < 2 {
		if err := p.next(); err != nil {
			return err
		}
	}
	h := p.hellos[Sender]
	p.merger.capacity = h.Capacity
	p.describe(h, helper)
	if p.options.Begin != nil {
		p.options.Begin(p.diagram)
	}
	p.letGo(Receiver) // so that it waits already when the first message comes
	return nil
}

func (p *player) describe(h hello, helper int) {
	pace := "Each end stops after each step until it is told to go on."
	if p.options.Free {
		pace = "Both ends go at full speed."
	}
	pid := func(r Role) string { return fmt.Sprintf("pid %d", p.ends[r].cmd.Process.Pid) }
	p.diagram.Title = fmt.Sprintf("sipc, %s mode: %s", h.Mode, some(p.options.Texts))
	p.diagram.Summary = fmt.Sprintf("Two processes and the channel that a helper (pid %d) made before it exited. %s", helper, pace)
	p.diagram.Participants = []sequence.Participant{
		{ID: string(Sender), Name: "sender", Note: pid(Sender)},
		{ID: segment, Name: "segment", Note: count(h.Slots, "slot"), Thing: true},
		{ID: queue, Name: "queue", Note: fmt.Sprintf("capacity %d", h.Capacity), Thing: true},
		{ID: string(Receiver), Name: "receiver", Note: pid(Receiver)},
	}
}

// some names the first few texts.
func some(texts []string) string {
	const most = 4
	if len(texts) > most {
		return strings.Join(texts[:most-1], ", ") + fmt.Sprintf(" and %d more", len(texts)-most+1)
	}
	return cmp.Or(strings.Join(texts, ", "), "no message")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// record lets both go, and shows what they did when they have done it.
func (p *player) record() error {
	var err error
	for err == nil && (p.state[Sender] != ended || p.state[Receiver] != ended) {
		err = p.next()
	}
	return errors.Join(err, p.show())
}

// play lets one end make one step at a time.
func (p *player) play() error {
	for {
		err := p.settle()
		if err := errors.Join(err, p.show()); err != nil {
			return err
		}
		role, ok := p.whose()
		if !ok {
			return nil
		}
		if p.options.Step != nil {
			if err := p.options.Step(p.ctx); err != nil {
				return err
			}
		}
		p.letGo(role)
	}
}

func (p *player) letGo(r Role) {
	p.state[r] = running
	p.ends[r].letGo()
}

// settle waits until no end can go on by itself.
func (p *player) settle() error {
	for p.moves(Sender) || p.moves(Receiver) || p.stuck() {
		if err := p.next(); err != nil {
			return err
		}
	}
	return nil
}

// moves says whether an end goes on without leave: because it has some, or
// because what it was blocked on has changed.
func (p *player) moves(r Role) bool {
	switch {
	case p.state[r] != blocked:
		return p.state[r] == running
	case r == Sender:
		return p.sent-p.took < p.merger.capacity
	}
	return p.sent > p.took
}

// stuck says that neither end waits for leave, and not both have ended: then
// there is only waiting for what they do.
func (p *player) stuck() bool {
	_, can := p.whose()
	return !can && (p.state[Sender] != ended || p.state[Receiver] != ended)
}

// whose step is next: the sender's, as long as it can make one. So it runs ahead
// as far as the channel lets it.
func (p *player) whose() (Role, bool) {
	for _, r := range []Role{Sender, Receiver} {
		if p.state[r] == paused {
			return r, true
		}
	}
	return "", false
}

// show gives out what has happened since.
func (p *player) show() error {
	for _, t := range p.merger.next() {
		for _, e := range p.story.tell(t) {
			p.diagram.Events = append(p.diagram.Events, e)
			if p.options.Show == nil {
				continue
			}
			if err := p.options.Show(e); err != nil {
				return err
			}
		}
	}
	return nil
}
