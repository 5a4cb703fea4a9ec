package host

import (
	"errors"
	"testing"
	"time"
)

func TestClocksAreCompared(t *testing.T) {
	zero := time.Unix(1000, 0)
	at := func(clock, asked, answered float64) reading {
		after := func(s float64) time.Time { return zero.Add(time.Duration(s * float64(time.Second))) }
		return reading{time.Duration(clock * float64(time.Second)), after(asked), after(answered)}
	}
	for _, c := range []struct {
		name          string
		first, second reading
		right         bool
	}{
		{"the same speed", at(20, 0, 0.1), at(21.1, 1.1, 1.2), true},
		{"a slow answer", at(20, 0, 3), at(24.5, 4, 9), true},
		{"five times too fast", at(20, 0, 0.1), at(26, 1.1, 1.2), false},
		{"a fifth too fast", at(20, 0, 0.01), at(21.25, 1.01, 1.02), false},
		{"a fifth too slow", at(20, 0, 0.01), at(20.8, 1.01, 1.02), false},
		{"standing still", at(20, 0, 0.1), at(20, 1.1, 1.2), false},
	} {
		err := compareClocks(c.first, c.second)
		var wrong *ClockError
		if (err == nil) != c.right || err != nil && (!errors.As(err, &wrong) || wrong.Hint() == "") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
