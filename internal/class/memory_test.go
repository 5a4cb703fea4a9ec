package class

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
)

func TestParseAvailable(t *testing.T) {
	tests := map[string]uint64{
		"MemTotal: 8 kB\nMemAvailable:   24105 kB\nBuffers: 1 kB\n": 24105 << 10,
		"":                      math.MaxInt64,
		"MemAvailable: much kB": math.MaxInt64,
	}
	for text, want := range tests {
		if got := parseAvailable(strings.NewReader(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestJobsFor(t *testing.T) {
	for _, test := range []struct {
		processors int
		memory     uint64
		want       int
	}{{2, 8 << 30, 2}, {16, 1 << 30, 2}, {4, 0, 1}, {1, math.MaxInt64, 1}} {
		if got := jobsFor(test.processors, test.memory); got != test.want {
			t.Errorf("%d processors and %d bytes: %d jobs", test.processors, test.memory, got)
		}
	}
}

// A class of two hundred, each with 180 kB of evidence, needs no more memory
// than a class of twenty.
func TestMemoryIsFlat(t *testing.T) {
	small, big := peakOf(t, 20), peakOf(t, 200)
	t.Logf("heap: %d kB with 20, %d kB with 200", small>>10, big>>10)
	if big > small+8<<20 {
		t.Errorf("%d kB with 20 submissions, and %d kB with 200", small>>10, big>>10)
	}
}

// peakOf is the most memory in use while a class is graded, looked at after
// every tenth submission.
func peakOf(t *testing.T, n int) (most uint64) {
	class := map[string]string{}
	for i := range n {
		class[fmt.Sprintf("s%03d", i)] = "big"
	}
	r := newRoom(t, class)
	r.run.Observe = func(e Event) {
		if f, ok := e.(Finished); ok && f.Done%10 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	r.grade()
	return most
}
