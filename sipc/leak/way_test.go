package leak

import (
	"testing"
	"time"
)

// Each of the other ways works where nothing forbids it: otherwise there would be
// nothing to close. Slots are long, for the machine may be busy.
func TestEveryWayBringsSomething(t *testing.T) {
	for _, w := range Ways() {
		t.Run(w.Name, func(t *testing.T) {
			switch {
			case w.Slots[0] >= time.Second && testing.Short():
				t.Skip("takes a second for a bit")
			case w.Name == "use of one processor":
				t.Skip("what others use of it hides what the receiver does")
			}
			for _, slot := range []time.Duration{5 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond} {
				training, number := 16, 300
				if w.Slots[0] >= time.Second {
					slot, training, number = w.Slots[0], 2, 12
				}
				r, err := w.Measure(t.Context(), slot, training, number)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%.0f bit/s ± %.0f, %.1f %% wrong, slots of %v", r.Rate(), r.Deviation/r.Elapsed.Seconds(), 100*r.Errors, slot)
				if r.Bits > sure*r.Deviation {
					return
				}
			}
			t.Error("nothing came through")
		})
	}
}
