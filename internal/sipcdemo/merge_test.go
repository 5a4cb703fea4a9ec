package sipcdemo

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"ipclab/sipc"
)

// truth makes steps of both ends as they could happen on a queue of so many
// messages, and reports each with a time that is too late by up to jitter.
func truth(random *rand.Rand, capacity, messages int, jitter int64) (all []told) {
	inQueue, sent, took := 0, 0, 0
	stands := map[Role]bool{}
	last := map[Role]time.Duration{}
	report := func(now int, r Role, kind sipc.EventKind, sequence int) {
		at := max(last[r], time.Duration(now)+time.Duration(random.Int64N(jitter+1)))
		last[r] = at
		all = append(all, told{r, step{At: at, Kind: kind, Type: sipc.Data, Sequence: uint64(sequence)}})
	}
	for now := 0; took < messages; now += 10 {
		sender := random.IntN(2) == 0
		switch {
		case sender && sent < messages && inQueue < capacity:
			inQueue++
			report(now, Sender, sipc.Sent, sent)
			sent, stands[Sender] = sent+1, false
		case sender && sent < messages && !stands[Sender]:
			report(now, Sender, sipc.Blocked, sent)
			stands[Sender] = true
		case !sender && inQueue > 0:
			inQueue--
			report(now, Receiver, sipc.Took, took)
			took, stands[Receiver] = took+1, false
		case !sender && !stands[Receiver]:
			report(now, Receiver, sipc.Blocked, 0)
			stands[Receiver] = true
		}
	}
	return all
}

// Whatever the times say, the order must be one that can have been.
func TestMergedOrderIsPossible(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		capacity := 1 + random.IntN(4)
		all := truth(random, capacity, 40, 500)
		m := newMerger(capacity)
		for _, s := range all {
			m.add(s.Role, s.step)
		}
		order := m.next()
		if len(order) != len(all) {
			t.Fatalf("seed %d: %d steps of %d", seed, len(order), len(all))
		}
		if err := possible(order, capacity); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// possible plays an order on a queue.
func possible(order []told, capacity int) error {
	var queue []uint64
	var last time.Duration
	for i, s := range order {
		if s.At < last {
			return fmt.Errorf("step %d: time goes back", i)
		}
		last = s.At
		full, empty := len(queue) == capacity, len(queue) == 0
		switch {
		case s.Kind == sipc.Sent && full:
			return fmt.Errorf("step %d: sent into a full queue", i)
		case s.Kind == sipc.Sent:
			queue = append(queue, s.Sequence)
		case s.Kind == sipc.Took && (empty || queue[0] != s.Sequence):
			return fmt.Errorf("step %d: took %d from %v", i, s.Sequence, queue)
		case s.Kind == sipc.Took:
			queue = queue[1:]
		case s.Role == Sender && !full, s.Role == Receiver && !empty:
			return fmt.Errorf("step %d: the %s is blocked by %d messages", i, s.Role, len(queue))
		}
	}
	return nil
}

// Without jitter the order is the true one.
func TestMergedOrderIsTheTrueOne(t *testing.T) {
	for seed := range uint64(100) {
		all := truth(rand.New(rand.NewPCG(seed, 2)), 2, 40, 0)
		m := newMerger(2)
		for _, s := range all {
			m.add(s.Role, s.step)
		}
		for i, s := range m.next() {
			if s != all[i] {
				t.Fatalf("seed %d, step %d: %v, not %v", seed, i, s, all[i])
			}
		}
	}
}

// The test above must be able to fail.
func TestPossibleFindsWhatIsNot(t *testing.T) {
	sent := told{Sender, step{Kind: sipc.Sent}}
	took := told{Receiver, step{Kind: sipc.Took}}
	for name, order := range map[string][]told{
		"taken before sent":               {took, sent},
		"too many":                        {sent, sent},
		"blocked for no reason, sender":   {{Sender, step{Kind: sipc.Blocked}}},
		"blocked for no reason, receiver": {sent, {Receiver, step{Kind: sipc.Blocked}}},
		"back in time":                    {{Sender, step{At: 2, Kind: sipc.Wrote}}, {Sender, step{At: 1, Kind: sipc.Wrote}}},
	} {
		if possible(order, 1) == nil {
			t.Errorf("%s: not found", name)
		}
	}
}
