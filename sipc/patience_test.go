package sipc

import "testing"

// waits says in which of n waits it is tried again, if it goes like this each time.
func waits(p *patience, n int, inVain bool) (tried []int) {
	for i := range n {
		if p.pays() {
			tried = append(tried, i)
			p.learn(inVain)
		}
	}
	return tried
}

func TestPatienceGivesUpInSteps(t *testing.T) {
	var p patience
	if tried := waits(&p, 100, false); len(tried) != 100 {
		t.Errorf("what is worth while was tried in %d of 100 waits", len(tried))
	}
	// after 1, 3, 7, 15, 31 and then each time 63 waits without
	tried := waits(&p, 1000, true)
	want := []int{0, 2, 6, 14, 30, 62, 126, 190}
	for i, w := range want {
		if tried[i] != w {
			t.Fatalf("tried in the waits %v, want %v", tried[:len(want)], want)
		}
	}
	if last := tried[len(tried)-1] - tried[len(tried)-2]; last != mostSkipped+1 {
		t.Errorf("in the end every %d waits, want every %d", last, mostSkipped+1)
	}
}

func TestPatienceComesBack(t *testing.T) {
	var p patience
	waits(&p, 1000, true)
	tried := waits(&p, 1000, false)
	if len(tried) < 850 {
		t.Errorf("worth while again, but only tried in %d of 1000 waits", len(tried))
	}
}

// Only a message that has to be cut anyway is cut smaller, and only while trying
// again is in vain.
func TestLargeMessagesAreCutSmallerOnOneProcessor(t *testing.T) {
	const slot = 128 << 10
	vain := patience{skip: 1}
	for _, c := range []struct {
		patience         patience
		slot, size, want int
	}{
		{patience{}, slot, 1 << 20, slot},
		{vain, slot, 1 << 20, smallPart},
		{vain, slot, slot, slot},
		{vain, slot, slot + 1, smallPart},
		{vain, 64, 1 << 20, 64},
	} {
		s := &Sender{endpoint: endpoint{header: Header{SlotSize: c.slot}, patience: c.patience}}
		if got := s.part(c.size); got != c.want {
			t.Errorf("%+v: %d bytes in slots of %d are cut into %d, want %d", c.patience, c.size, c.slot, got, c.want)
		}
	}
}
