package actor

import (
	"errors"
	"maps"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Every back channel carries bits from one side to the other, as a play has them
// carried: one by one.
func TestBackChannelsCarryBits(t *testing.T) {
	keys := slices.SortedFunc(maps.Keys(backs()), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys {
		t.Run(key[0]+"/"+key[1], func(t *testing.T) {
			if key == [2]string{"pipe", "full"} {
				t.Skip("its ends need two processes")
			}
			if key[1] == "refused" {
				asNobody(t)
			}
			carry(t, newExchange(t, key[0], key[1]))
		})
	}
}

// asNobody takes from this thread what lets the administrator pass over modes.
func asNobody(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // and not unlocked: the thread ends with the test
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
	for _, c := range []int{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_IPC_OWNER} {
		sets[c/32].Effective &^= 1 << (c % 32)
	}
	if err := unix.Capset(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
}

// exchange is a back channel with both its sides in this process.
type exchange struct {
	back          Back
	leaks, looks  Channel
	keeper, maker End
}

func newExchange(t *testing.T, kind, name string) *exchange {
	t.Helper()
	b, err := FindBack(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/dev/mqueue"); kind == "posix-mq" && name == "refused" && err != nil {
		t.Skip(err)
	}
	r := objectOf(t, kind)
	r.Mode, r.How = 0o700, name
	end := func(side Side, makes bool) End {
		r.Side, r.Makes = side, makes
		e, err := New(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		return e
	}
	x := &exchange{back: b}
	x.maker = end(MakerSide, true)
	leaker, looker := end(b.Leaker, false), end(b.Looker, false)
	if socketKinds()[kind].family != 0 && !b.ByMaker {
		x.maker = end(ToSide, true)
		leaker = x.maker
	}
	t.Cleanup(func() {
		if err := x.maker.Remove(); err != nil {
			t.Error(err)
		}
		if b.Clean != nil {
			if err := b.Clean(r); err != nil {
				t.Error(err)
			}
		}
	})
	if err := x.maker.Make(NewTrace()); err != nil {
		t.Fatal(err)
	}
	x.keeper = x.maker
	if b.Keeper != "" {
		x.keeper = end(b.Keeper, false)
	}
	opened := map[Side][]End{b.Keeper: {x.keeper}}
	opened[b.Leaker] = append(opened[b.Leaker], leaker)
	opened[b.Looker] = append(opened[b.Looker], looker)
	for _, side := range []Side{ToSide, FromSide} {
		for _, e := range opened[side] {
			if err := e.Open(NewTrace()); err != nil {
				t.Fatal(err)
			}
		}
	}
	role := r
	role.Makes = false
	role.Side = FromSide
	x.leaks = b.New(role, leaker)
	role.Side = ToSide
	x.looks = b.New(role, looker)
	t.Cleanup(x.leaks.Close)
	t.Cleanup(x.looks.Close)
	return x
}

// carry has bits carried, after a first look.
func carry(t *testing.T, x *exchange) {
	t.Helper()
	x.keep(t, true)
	if _, err := x.looks.Look(NewTrace()); err != nil {
		t.Fatal(err)
	}
	for i, bit := range []bool{true, false, false, true, true, false, true, false} {
		x.keep(t, false)
		if err := x.leaks.Signal(NewTrace(), bit); err != nil {
			t.Fatal(err)
		}
		tr := NewTrace()
		if seen, err := x.looks.Look(tr); err != nil || seen != bit {
			t.Errorf("bit %d: %v became %v: %v; %s", i, bit, seen, err, tr.text())
		}
	}
}

func (x *exchange) keep(t *testing.T, first bool) {
	t.Helper()
	if x.back.Keep == nil || !first && !x.back.Each {
		return
	}
	if err := x.back.Keep(x.keeper, first); err != nil {
		t.Fatal(err)
	}
}

// A name that a scenario misspells is an error, not a panic.
func TestUnknownBackChannels(t *testing.T) {
	if _, err := FindBack("fifo", "fool"); err == nil {
		t.Error("there is a back channel fool")
	}
}

// Each side has its own step only.
func TestSidesDoTheirPart(t *testing.T) {
	x := newExchange(t, "msgq", "existence")
	if _, err := x.leaks.Look(NewTrace()); !errors.Is(err, errNoPart) {
		t.Error(err)
	}
	if err := x.looks.Signal(NewTrace(), true); !errors.Is(err, errNoPart) {
		t.Error(err)
	}
}

// Both work by the clock. How well, depends on who else uses the computer.
func TestBitsByTheClock(t *testing.T) {
	x := newExchange(t, "msgq", "existence")
	if _, err := x.looks.Look(NewTrace()); err != nil {
		t.Fatal(err)
	}
	o := Order{Bits: []bool{true, false, true, true, false, false, true, false}, Slot: 5e6}
	o.Begin = Clock() + 10e6
	leaked := make(chan error, 1)
	go func() { leaked <- signals(x.leaks, o) }()
	seen, err := looks(x.looks, o)
	if err := errors.Join(err, <-leaked); err != nil {
		t.Fatal(err)
	}
	if len(seen) > len(o.Bits) {
		t.Errorf("%d bits became %d", len(o.Bits), len(seen))
	}
}

// Who cannot keep pace gives up: the one who waits for an answer would.
func TestLateEndsGiveUp(t *testing.T) {
	x := newExchange(t, "msgq", "existence")
	o := Order{Bits: make([]bool, 8), Slot: 1, Begin: Clock() - int64(time.Second)}
	if seen, err := looks(x.looks, o); err != nil || len(seen) > 0 {
		t.Errorf("%v, %v", seen, err)
	}
	if err := signals(x.leaks, o); err != nil {
		t.Error(err)
	}
}
