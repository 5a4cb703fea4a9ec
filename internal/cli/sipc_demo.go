package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"ipclab/internal/draft"
	"ipclab/internal/sequence"
	"ipclab/internal/sipcdemo"
	"ipclab/sipc"
)

type demoFlags struct {
	mode     string
	capacity int
	messages int
	step     bool
	free     bool
	delay    time.Duration
	svg      string
}

// livelyDelay is slow enough for eyes to follow.
const livelyDelay = 600 * time.Millisecond

// mostMessages keeps a diagram to what somebody may want to look at.
const mostMessages = 200

func newSipcDemo(a *app) *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use: "demo", Short: "Show two processes using a channel, step by step",
		Long: "demo has a helper make a channel, starts a sender and a receiver, and shows what they do:\n" +
			"what lies in the segment and in the queue, and who is blocked. Every step is one that they\n" +
			"made. Each end stops after each step until it is told to go on, so that it can be followed;\n" +
			"with --free both go at full speed, and what they did is shown afterwards.",
		Args: exactly(0, "no arguments: `ipclab sipc demo`"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if !c.Flags().Changed("delay") && a.terminal() {
				f.delay = livelyDelay
			}
			return a.demo(c.Context(), f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.mode, "mode", sipc.Strict.String(), "the `mode`: strict, pipelined or paced")
	flags.IntVar(&f.capacity, "capacity", 2, "how many `messages` the queue holds; in strict mode always 1")
	flags.IntVarP(&f.messages, "messages", "n", 2, "how `many` messages are sent")
	flags.BoolVar(&f.step, "step", false, "wait for a key before each step")
	flags.DurationVar(&f.delay, "delay", 0, fmt.Sprintf("wait for this `time` before each step (default %v on a terminal)", livelyDelay))
	flags.BoolVar(&f.free, "free", false, "let both ends go at full speed")
	flags.StringVar(&f.svg, "svg", "", "write the sequence diagram to this `file`")
	return c
}

func (f demoFlags) check() error {
	if _, err := sipc.ParseMode(f.mode); err != nil {
		return err
	}
	switch {
	case f.messages < 0 || f.messages > mostMessages:
		return usagef("--messages %d: want 0 to %d", f.messages, mostMessages)
	case f.free && (f.step || f.delay > 0):
		return usagef("--free goes at full speed: it does not go with --step and --delay")
	}
	if dir := filepath.Dir(f.svg); f.svg != "" && !exists(dir) {
		return usagef("--svg %s: there is no folder %s", f.svg, dir)
	}
	return nil
}

// texts are the messages that are sent.
func (f demoFlags) texts() []string {
	var all []string
	for n := range f.messages {
		text := []string{"wash", "rinse", "repeat"}[n%3]
		if n >= 3 {
			text = fmt.Sprintf("%s-%d", text, n/3+1)
		}
		all = append(all, text)
	}
	return all
}

// helperArgs are the helper's.
func (f demoFlags) helperArgs() []string {
	args := []string{"--mode", f.mode, "--slot", "64"}
	if f.mode != sipc.Strict.String() {
		args = append(args, "--capacity", fmt.Sprint(f.capacity))
	}
	return args
}

func (a *app) demo(ctx context.Context, f demoFlags) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	show := &demoScreen{app: a, flags: f}
	if f.step {
		restore, err := a.takeKeys()
		if err != nil {
			return err
		}
		defer restore()
	}
	options := sipcdemo.Options{
		Commands: sipcdemo.Commands{
			Keeper: again(self, append([]string{keeperName, "--"}, f.helperArgs()...)...),
			End:    func(e sipcdemo.End) *exec.Cmd { return again(self, endArgs(e)...) },
		},
		Texts: f.texts(), Free: f.free, Begin: show.begin, Show: show.event, Step: show.wait,
	}
	diagram, err := sipcdemo.Run(ctx, options)
	if errors.Is(err, errEnough) {
		err = nil
	}
	err = errors.Join(causeOf(ctx, err), show.end())
	if err == nil && f.svg != "" {
		err = writeDiagram(f.svg, diagram)
	}
	return err
}

// errEnough ends a demonstration before its end, because somebody wants that.
var errEnough = errors.New("enough")

// again is this program with other arguments, by the same name.
func again(self string, args ...string) *exec.Cmd {
	cmd := exec.Command(self, append([]string{"sipc"}, args...)...)
	cmd.Args[0] = os.Args[0]
	return cmd
}

// demoScreen shows a demonstration: live on a terminal, else line by line.
type demoScreen struct {
	app     *app
	flags   demoFlags
	diagram *sequence.Diagram
	live    *sequence.Terminal // nil: line by line
}

func (s *demoScreen) begin(d *sequence.Diagram) {
	s.diagram = d
	if columns := s.columns(); columns >= sequence.NarrowestTerminal(len(d.Participants)) {
		s.live = sequence.NewTerminal(s.app.out, d, columns, s.app.style.on)
		return
	}
	fmt.Fprintf(s.app.out, "%s\n%s\n", d.Title, d.Summary)
	for _, p := range d.Participants {
		fmt.Fprintf(s.app.out, "  %s: %s\n", p.Name, p.Note)
	}
}

// columns is how wide the terminal is, 0 if there is none.
func (s *demoScreen) columns() int {
	out, ok := s.app.out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return 0
	}
	columns, _, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

func (s *demoScreen) event(e sequence.Event) error {
	if s.live != nil {
		return s.live.Show(e, s.below())
	}
	_, err := fmt.Fprintln(s.app.out, s.diagram.Line(e))
	return err
}

func (s *demoScreen) below() string {
	if s.flags.step {
		return "any key: the next step    q: end"
	}
	return ""
}

// wait waits before a step.
func (s *demoScreen) wait(ctx context.Context) error {
	if s.flags.step {
		return s.key(ctx)
	}
	select {
	case <-time.After(s.flags.delay):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// key waits for a key. Where no more can come, or it is q, the demonstration ends.
func (s *demoScreen) key(ctx context.Context) error {
	return interruptible(ctx, func() error {
		var b [1]byte
		if n, err := s.app.in.Read(b[:]); n == 0 || err != nil || b[0] == 'q' {
			return errEnough
		}
		return nil
	})
}

func (s *demoScreen) end() error {
	if s.live == nil {
		return nil
	}
	return s.live.Finish()
}

// takeKeys has a terminal give keys at once, and shows none of them. Ctrl-C
// stays what it is. Where there is no terminal there is nothing to do.
func (a *app) takeKeys() (restore func(), err error) {
	fd := int(a.in.Fd())
	if !term.IsTerminal(fd) {
		return func() {}, nil
	}
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	keys := *before
	keys.Lflag &^= unix.ICANON | unix.ECHO
	keys.Cc[unix.VMIN], keys.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &keys); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }, nil
}

// writeDiagram writes an SVG, whole or not at all.
func writeDiagram(name string, d *sequence.Diagram) error {
	return draft.Replace(name, 0o644, draft.Derived, d.SVG)
}
