package leak

import (
	"slices"
	"testing"
	"time"
)

func TestReadingLearnsDelays(t *testing.T) {
	c := Code{Unit: 10, Values: []int{0, 1, 2}}
	symbols := []int{0, 1, 2, 0, 1, 2, 0, 1, 2}
	seen := []int64{100, 110, 120, 101, 113, 119, 99, 111, 900}
	r := learn(c, symbols, seen)
	var read []int
	for _, value := range []int64{0, 104, 106, 115, 117, 5000} {
		read = append(read, r.guess[r.bin(value)])
	}
	if want := []int{0, 0, 1, 1, 2, 2}; !slices.Equal(read, want) {
		t.Errorf("read %v, want %v", read, want)
	}
}

func TestReadingCountsTicks(t *testing.T) {
	c := GeometricDelays(time.Millisecond, 0)
	r := learn(c, []int{0, 1, 2}, []int64{1e6 + 9e4, 2e6 - 9e4, 3e6})
	m, wrong := r.score([]int{0, 1, 2, 1}, []int64{1e6, 2e6 + 4e5, 3e6, 3e6}, len(c.Values))
	if wrong != 0.25 || m.Total() != 4 {
		t.Errorf("%v of %d symbols wrong, want 0.25 of 4", wrong, m.Total())
	}
}

// Even where most of the training was lost, counts are told apart.
func TestReadingTellsCountsApart(t *testing.T) {
	c := Code{Slotted: true, Unit: 10, Values: []int{0, 1}}
	r := learn(c, []int{1, 1, 0, 1, 0}, []int64{0, 0, 0, 1, 0})
	if r.bin(0) == r.bin(1) || r.guess[r.bin(1)] != 1 {
		t.Errorf("bins %d and %d, guess %d", r.bin(0), r.bin(1), r.guess[r.bin(1)])
	}
}

func TestSlotsCountWhatLiesInThem(t *testing.T) {
	got := observe(Code{Slotted: true, Unit: 10}, []int64{5, 10, 19, 20, 41, 90}, 0, 4, 10)
	if want := []int64{2, 1, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestGapsBeginAfterTheQueueWasFilled(t *testing.T) {
	got := observe(Code{}, []int64{1, 2, 3, 13, 33, 34}, 2, 2, 0)
	if want := []int64{10, 20}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
