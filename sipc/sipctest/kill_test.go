package sipctest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipclab/sipc"
)

// Either end is killed at any time, and another one takes its place. What
// comes out is what the protocol promises, and after gc nothing is left.
func TestKill(t *testing.T) { testKill(t, pick(40, 1000), (*killRound).create) }

// The same with a pump between the ends, which nobody kills.
func TestKillAroundPump(t *testing.T) { testKill(t, pick(20, 200), (*killRound).createWithPump) }

func testKill(t *testing.T, rounds int, create func(*killRound)) {
	s, dir := seed(t), t.TempDir()
	total := tally{}
	for n := range rounds {
		round := newKillRound(t, dir, s, n)
		round.play(create)
		total.add(round)
		if t.Failed() {
			t.Fatalf("round %d of seed %d: %s", n, s, round)
		}
	}
	t.Logf("%d rounds: %+v", rounds, total)
}

// A tally is what the rounds had in them.
type tally struct{ Senders, Receivers, Killed, Complete, Sent, Got int }

func (t *tally) add(k *killRound) {
	h := k.history()
	t.Senders += len(h.Sent)
	t.Receivers += len(h.Got)
	t.Killed += k.killed
	if h.Complete {
		t.Complete++
	}
	for _, s := range h.Sent {
		t.Sent += int(s.Started)
	}
	for _, g := range h.Got {
		t.Got += len(g.IDs)
	}
}

// A killRound is one channel, from its making until nothing is left of it; or two
// of them, with a pump in between.
type killRound struct {
	t        *testing.T
	random   *rand.Rand
	config   sipc.Config
	part     role   // what all children have in common
	journals string // what their files' names begin with

	senders, receivers []*child
	died               []bool // of the receivers
	killed             int
	complete           bool

	channels []sipc.Descriptor // the sender has the first one, the receiver the last one
	pump     *pump             // nil: there is none
}

// newKillRound draws a channel.
func newKillRound(t *testing.T, dir string, seed uint64, n int) *killRound {
	random := newRandom(seed, n)
	k := &killRound{t: t, random: random, config: randomConfig(random), journals: filepath.Join(dir, fmt.Sprint(n))}
	k.part = role{
		Seed:    random.Uint64(),
		MaxSize: max(64, random.IntN(4*k.config.SlotSize)),
		Dawdle:  time.Duration(random.IntN(3)) * time.Millisecond,
	}
	return k
}

// randomConfig draws a channel's config, small enough for much to happen.
func randomConfig(random *rand.Rand) sipc.Config {
	c := sipc.Config{
		Mode:     sipc.Strict + sipc.Mode(random.IntN(3)),
		Capacity: 1 + random.IntN(8),
		SlotSize: 64 << random.IntN(7),
		Checksum: random.IntN(2) == 0,
	}
	switch c.Mode {
	case sipc.Strict:
		c.Capacity = 1
	case sipc.Paced:
		c.Quantum = time.Duration(100+random.IntN(400)) * time.Microsecond
		c.Hold = random.Float64() / 2
	}
	return c
}

func (k *killRound) String() string { return fmt.Sprintf("%+v %+v", k.config, k.part) }

func (k *killRound) play(create func(*killRound)) {
	k.t.Helper()
	before := objects(k.t)
	defer k.remove() // if the round breaks off
	create(k)
	k.begin()
	for range 1 + k.random.IntN(3) {
		k.killOne()
	}
	k.end()
	if err := k.history().check(); err != nil {
		k.t.Errorf("%v\n%+v", err, k.history())
	}
	k.collect(before)
}

// create makes the channel.
func (k *killRound) create() { k.addChannel(k.config) }

// createWithPump makes two channels, and starts the pump.
func (k *killRound) createWithPump() {
	k.addChannel(k.config)
	after := randomConfig(k.random)
	after.SlotSize = k.config.SlotSize
	k.addChannel(after)
	k.pump = startPump(k.t, k.channels[0], k.channels[1], sipc.Pace{Quantum: 50 * time.Microsecond, Hold: 0.1})
}

func (k *killRound) addChannel(c sipc.Config) {
	k.t.Helper()
	d, err := sipc.Create(c)
	if err != nil {
		k.t.Fatal(err)
	}
	k.channels = append(k.channels, d)
}

func (k *killRound) remove() {
	for _, d := range k.channels {
		d.Remove()
	}
}

// begin starts both ends, in any order.
func (k *killRound) begin() {
	if k.random.IntN(2) == 0 {
		k.startSender()
		k.startReceiver()
		return
	}
	k.startReceiver()
	k.startSender()
}

func (k *killRound) startSender() {
	r := k.part
	r.Sends, r.Session, r.Descriptor = true, uint32(len(k.senders)), k.channels[0].String()
	r.Journal = fmt.Sprintf("%s-sender%d", k.journals, r.Session)
	k.senders = append(k.senders, start(k.t, r))
}

func (k *killRound) startReceiver() {
	r := k.part
	r.Descriptor = k.channels[len(k.channels)-1].String()
	r.Journal = fmt.Sprintf("%s-receiver%d", k.journals, len(k.receivers))
	k.receivers = append(k.receivers, start(k.t, r))
	k.died = append(k.died, false)
}

// killOne kills one end at some time, or both, and starts it again.
func (k *killRound) killOne() {
	time.Sleep(time.Duration(k.random.Int64N(int64(30 * time.Millisecond))))
	what := k.random.IntN(5)
	if what != 0 {
		k.kill(last(k.senders))
	}
	if what <= 2 {
		k.kill(last(k.receivers))
		k.died[len(k.died)-1] = true
	}
	if what != 0 {
		k.startSender()
	}
	if what <= 2 {
		k.startReceiver()
	}
}

func last(children []*child) *child { return children[len(children)-1] }

func (k *killRound) kill(c *child) {
	k.t.Helper()
	if c.ended() {
		k.t.Errorf("%+v ended by itself: %v\n%s", c.role, c.err, &c.stderr)
	}
	c.kill()
	k.killed++
}

// end has the sender finish and the receiver see the end, or kills both.
func (k *killRound) end() {
	k.t.Helper()
	if k.pump != nil {
		defer func() { k.pump.stop(k.t, k.complete) }()
	}
	if k.complete = k.random.IntN(4) != 0; k.complete {
		last(k.senders).finish(k.t, patience)
		last(k.receivers).finish(k.t, patience)
		return
	}
	k.kill(last(k.senders))
	k.kill(last(k.receivers))
	k.died[len(k.died)-1] = true
}

// history is what the children's journals say.
func (k *killRound) history() history {
	h := history{Complete: k.complete}
	for _, c := range k.senders {
		h.Sent = append(h.Sent, c.report(k.t).sent)
	}
	for n, c := range k.receivers {
		h.Got = append(h.Got, got{IDs: c.report(k.t).got, Died: k.died[n]})
	}
	return h
}

// collect removes what the round has left, which must be its channels, and
// wants that all is as before.
func (k *killRound) collect(before []string) {
	k.t.Helper()
	removed, err := sipc.Collect(context.Background(), 0)
	if err != nil {
		k.t.Error(err)
	}
	for _, d := range k.channels {
		if !slices.ContainsFunc(removed, func(c sipc.Channel) bool { return c.Queue == d.Queue && c.Segment == d.Segment }) {
			k.t.Errorf("gc removed %+v: %v is not among it", removed, d)
		}
	}
	if after := objects(k.t); !slices.Equal(before, after) {
		k.t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// objects are the lines of /proc/sysvipc: all System V objects there are.
func objects(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, kind := range []string{"msg", "sem", "shm"} {
		raw, err := os.ReadFile("/proc/sysvipc/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			all = append(all, kind+" "+strings.TrimSpace(line))
		}
	}
	return all
}
