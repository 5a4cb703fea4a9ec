package leak

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"ipclab/internal/ownipc"
	"ipclab/sipc"
)

// TestMain has the tests leave nothing on the computer, even when they are killed.
func TestMain(m *testing.M) {
	Act()
	os.Exit(ownipc.Main(m.Run))
}

// The pace that the tests hold everything against. Load only adds noise, so it makes less
// come through, and what must not come through does not come because of it. What must
// come through without a pace is some hundred times what this pace allows.
const quantum = 5 * time.Millisecond

const slotSize = 64

func pipelined(capacity int) sipc.Config {
	return sipc.Config{Capacity: capacity, SlotSize: slotSize}
}

func pacedConfig(capacity int, hold float64) sipc.Config {
	return sipc.Config{Mode: sipc.Paced, Quantum: quantum, Hold: hold, Capacity: capacity, SlotSize: slotSize}
}

// try attacks once, and says what came of it.
func try(t *testing.T, target Target, code Code, training, number int) Result {
	t.Helper()
	r, err := target.Attack(t.Context(), code, training, number)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %.0f bit/s ± %.0f, %.1f %% wrong, %d symbols in %v (%+v)",
		target.Name, r.Rate(), r.Deviation/r.Elapsed.Seconds(), 100*r.Errors, r.Symbols, r.Elapsed, code)
	return r
}

// quickCodes are few of the fast ones, from quick and fragile to slow and robust.
func quickCodes() []Code {
	return []Code{
		{Unit: 8 * time.Microsecond, Values: upTo(2)},
		{Unit: 50 * time.Microsecond, Values: upTo(2)},
		{Unit: 400 * time.Microsecond, Values: upTo(2)},
		{Unit: 400 * time.Microsecond, Values: upTo(2), Patient: true},
	}
}

// leaks says whether some code brings more than the pace would allow.
func leaks(t *testing.T, target Target) bool {
	t.Helper()
	for range 3 { // the machine may be busy with other things
		for _, code := range quickCodes() {
			if try(t, target, code, 200, 2000).Exceeds(quantum, 0) {
				return true
			}
		}
	}
	return false
}

// Without a pace, the attack succeeds: otherwise what it does not achieve against a
// pace would show nothing.
func TestWithoutAPaceMuchLeaks(t *testing.T) {
	for _, target := range []Target{
		{Name: "strict", Config: sipc.Config{Mode: sipc.Strict, SlotSize: slotSize}},
		{Name: "pipelined 1", Config: pipelined(1)},
		{Name: "pipelined 8", Config: pipelined(8)},
	} {
		if !leaks(t, target) {
			t.Errorf("%s: the attack brought no more than ticks of %v would", target.Name, quantum)
		}
	}
}

// A pace that the library keeps binds nobody who does without the library.
func TestAHostileSenderKeepsNoPace(t *testing.T) {
	target := Target{Name: "paced, hostile sender", Config: pacedConfig(8, 0), Raw: true}
	if !leaks(t, target) {
		t.Errorf("%s: the attack brought no more than ticks of %v would", target.Name, quantum)
	}
}

// bounded attacks with what is good against a pace, and with what is too quick for
// it. All these tests together raise less than one false alarm in ten thousand runs.
func bounded(t *testing.T, target Target, hold float64) {
	t.Helper()
	codes := []Code{
		CoarseDelays(quantum, hold),
		{Slotted: true, Unit: quantum, Quantum: quantum, Values: upTo(2), Patient: true},
		{Unit: 400 * time.Microsecond, Values: upTo(2), Patient: true},
	}
	for _, code := range codes {
		if r := try(t, target, code, 60, 200); r.Exceeds(quantum, hold) {
			t.Errorf("%s: %.1f bits (deviation %.1f) in %v: the bound is %.1f", target.Name,
				r.Bits, r.Deviation, r.Elapsed, PacedWithin(r.Elapsed, quantum, hold))
		}
	}
}

func TestPacedModeIsBounded(t *testing.T) {
	for _, hold := range []float64{0, 0.5} {
		bounded(t, Target{Name: "paced 1", Config: pacedConfig(1, hold)}, hold)
	}
	bounded(t, Target{Name: "paced 8", Config: pacedConfig(8, 0)}, 0)
}

// The pump binds two hostile ends, as the library's pace does not.
func TestThePumpBoundsHostileEnds(t *testing.T) {
	for _, hold := range []float64{0, 0.5} {
		target := Target{Name: "pump", Config: pipelined(8), Raw: true, Pump: &sipc.Pace{Quantum: quantum, Hold: hold}}
		bounded(t, target, hold)
	}
}

// An attack that leaks nothing at all would keep to every bound.
func TestSomethingComesThroughAPace(t *testing.T) {
	for _, target := range []Target{
		{Name: "paced", Config: pacedConfig(1, 0)},
		{Name: "pump", Config: pipelined(1), Raw: true, Pump: &sipc.Pace{Quantum: quantum}},
	} {
		came := false
		for attempt := 0; attempt < 4 && !came; attempt++ {
			r := try(t, target, Code{Slotted: true, Unit: 2 * quantum, Quantum: quantum, Values: upTo(2), Patient: true}, 40, 100)
			came = r.Bits > sure*r.Deviation
		}
		if !came {
			t.Errorf("%s: nothing came through", target.Name)
		}
	}
}

// The derivation of the bound counts completed sends: at most one a tick. However
// quick the receiver and however loaded the machine, the n-th one takes n ticks.
func TestAtMostOneSendATick(t *testing.T) {
	d, err := sipc.Create(pacedConfig(4, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	ctx := t.Context()
	go drain(ctx, d)
	began := time.Now()
	s, err := sipc.OpenSender(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := 1; n <= 30; n++ {
		if err := s.Send(ctx, make([]byte, payload)); err != nil {
			t.Fatal(err)
		}
		if spent := time.Since(began); spent < time.Duration(n)*quantum {
			t.Fatalf("%d sends completed within %v: there were fewer ticks", n, spent)
		}
	}
}

// drain takes what comes, at once.
func drain(ctx context.Context, d sipc.Descriptor) {
	r, err := sipc.OpenReceiver(ctx, d)
	if err != nil {
		return
	}
	defer r.Close()
	for buf := make([]byte, payload); err == nil; {
		_, err = r.Recv(ctx, buf)
	}
}

// The same of the pump, where the sender is one that does without the library.
func TestThePumpTakesAtMostOneATick(t *testing.T) {
	const capacity = 4
	near, err := sipc.Create(pipelined(capacity))
	if err != nil {
		t.Fatal(err)
	}
	defer near.Remove()
	far, err := sipc.Create(pipelined(capacity))
	if err != nil {
		t.Fatal(err)
	}
	defer far.Remove()
	go drain(t.Context(), far)
	began := time.Now()
	pump, err := start(t.Context(), job{Role: "pump", Channel: near, Next: far, Pace: sipc.Pace{Quantum: quantum}})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = pump.wait(), near.Remove() }() // without a pump, nobody waits for it
	for n := range uint64(30 + capacity) {
		if err := sendData(near.Queue, n, true); err != nil {
			t.Fatal(errors.Join(err, pump.wait()))
		}
		taken := time.Duration(n) + 1 - capacity // at least so many
		if spent := time.Since(began); spent < taken*quantum {
			t.Fatalf("%d messages were taken within %v: there were fewer ticks", taken, spent)
		}
	}
	if err := pump.stop(); err != nil {
		t.Error(err)
	}
}
