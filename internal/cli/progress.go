package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress shows long work on stderr: a line a step, and on a terminal a clock
// with an estimate that is made from what was measured so far.
type progress struct {
	out  io.Writer
	live bool

	mu    sync.Mutex
	step  string
	begun time.Time
	part  float64
	stop  chan struct{}
}

func newProgress(a *app) *progress {
	f, ok := a.err.(*os.File)
	return &progress{out: a.err, live: ok && term.IsTerminal(int(f.Fd()))}
}

// Step begins a step.
func (p *progress) Step(what string) {
	p.Finish()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.begun, p.part = what, time.Now(), 0
	if !p.live {
		fmt.Fprintf(p.out, "%s …\n", what)
		return
	}
	p.stop = make(chan struct{})
	go p.tick(p.stop)
}

// Note tells something once.
func (p *progress) Note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.out, "note: %s\n", what)
}

// Done says which part of the step is done.
func (p *progress) Done(part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.part = part
	if !p.live && part > 0.2 {
		fmt.Fprintf(p.out, "  %s%s\n", time.Since(p.begun).Round(time.Second), p.rest())
	}
}

// Finish ends the step that is shown, if there is one.
func (p *progress) Finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop == nil {
		return
	}
	close(p.stop)
	p.stop = nil
	p.clear()
	fmt.Fprintf(p.out, "%s: %s\n", p.step, time.Since(p.begun).Round(100*time.Millisecond))
}

func (p *progress) tick(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(500 * time.Millisecond):
		}
		p.mu.Lock()
		if p.stop == stop {
			p.clear()
			fmt.Fprintf(p.out, "%s … %s%s", p.step, time.Since(p.begun).Round(time.Second), p.rest())
		}
		p.mu.Unlock()
	}
}

// rest is the time that is left, if the rest goes as fast as what is done.
func (p *progress) rest() string {
	if p.part < 0.1 || p.part >= 1 {
		return ""
	}
	left := time.Duration(float64(time.Since(p.begun)) * (1 - p.part) / p.part)
	return fmt.Sprintf(", about %s left", left.Round(5*time.Second))
}

func (p *progress) clear() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
